/** A submission's answer from the logs on disk: of its pod, and of what was handed down for it. */
import { offsetBehind } from '../session/log/checkpoint-start.ts';
import { readEntries } from '../session/log/read-log.ts';
import type { FoundPod } from './find-pod.ts';
import type { HomeIndex } from './home-index.ts';
import { OwnAnswer } from './own-answer.ts';

export interface AnswerInLog {
  readonly answer: OwnAnswer;
  /** From its arrival to the last that came of it, by the log's own times. */
  readonly durationMs: number;
}

/** `behind`: an entry seq that is known to be older than the submission; 0 where nothing is known. */
export async function answerInLog(
  pod: FoundPod,
  submissions: Iterable<string>,
  { behind }: { readonly behind: number },
): Promise<AnswerInLog> {
  const answer = new OwnAnswer(pod, submissions);
  const { log } = pod.folder;
  let firstMs = Number.NaN;
  let lastMs = Number.NaN;
  for await (const { entry } of readEntries(log, { from: offsetBehind(log, behind) })) {
    if (entry.seq <= behind) continue;
    const wasOver = answer.isOver;
    answer.take(entry);
    if (!answer.isTaken || (wasOver && answer.isOver)) continue;
    lastMs = Date.parse(entry.time);
    if (Number.isNaN(firstMs)) firstMs = lastMs;
  }
  return { answer, durationMs: Math.max(0, lastMs - firstMs) || 0 };
}

/** Of the pods below, each behind the one that it works for; those whose folder is gone are left out. */
export async function answersBelow(index: HomeIndex, root: OwnAnswer): Promise<OwnAnswer[]> {
  const found = new Map<string, OwnAnswer>();
  const from = [root];
  for (let next = from.shift(); next !== undefined; next = from.shift()) {
    const given = [...next.handedDown];
    for (const instance of new Set(given.map(([, child]) => child))) {
      const pod = index.get(instance);
      if (pod === null || found.has(instance)) continue;
      const submissions = given.filter(([, child]) => child === instance).map(([submission]) => submission);
      const { answer } = await answerInLog(pod, submissions, { behind: 0 });
      found.set(instance, answer);
      from.push(answer);
    }
  }
  return [...found.values()];
}
