/**
 * `podkin send` and `podkin notify`: a run, or a notice, for a pod; with `--wait` until all that follows from
 * it is settled.
 */
import { tailEntries } from '../../session/log/read-log.ts';
import { uuidv7 } from '../../std/uuid.ts';
import { answerInLog } from '../../client/answer-in-log.ts';
import { askPod } from '../../client/ask-pod.ts';
import { noticeInput, runInput } from '../../client/run-input.ts';
import type { CommandContext } from '../invocation/context.ts';
import { exitStatus } from '../invocation/context.ts';
import { givenText } from '../invocation/given-text.ts';
import { requestFor } from '../invocation/request-id.ts';
import type { StdinOptions } from '../invocation/stdin-options.ts';
import { findPod, type FoundPod } from '../../client/find-pod.ts';
import { HomeIndex } from '../../client/home-index.ts';
import { restoredFirst } from './restored-first.ts';
import { endOf, type WaitEnd, waitForPod } from './wait.ts';

export interface SendOptions {
  readonly kind: 'run' | 'notice';
  readonly wait: boolean;
  /** A pod that does not run is started again first. */
  readonly restore: boolean;
  readonly stdin: StdinOptions;
  /** An id of the caller's: given again, nothing is sent twice. */
  readonly request?: string | undefined;
}

/** `words` is `-` for what comes on stdin. */
export async function sendCommand(
  context: CommandContext,
  called: string,
  words: string | undefined,
  options: SendOptions,
): Promise<number> {
  const pod = findPod(context.home, called);
  const message = await givenText(context, { noun: 'text', words, stdin: options.stdin });
  const sent = await sentOnce(context, pod, message, options);
  if (!options.wait) return exitStatus.done;
  const { text, end } = await answerTo(context, pod, sent);
  if (text !== '') context.stdout.write(`${text}\n`);
  if (end.status !== exitStatus.done) context.stderr.write(`${end.text}\n`);
  return end.status;
}

interface Sent {
  readonly submission: string;
  /** The seq of an entry before it; 0 where it was there already. */
  readonly behind: number;
}

/** Of what was sent, and no other: also where the pod has gone on with something else since. */
async function answerTo(
  context: CommandContext,
  pod: FoundPod,
  { submission, behind }: Sent,
): Promise<{ text: string; end: WaitEnd }> {
  const read = async () => (await answerInLog(pod, [submission], { behind })).answer;
  const before = behind === 0 ? await read() : null;
  if (before?.isOver === true && !(await owesReports(context, pod)))
    return { text: before.tally.text, end: endOf(pod.name, before.tally.lastTurn) };
  const end = await waitForPod(context, pod, null);
  const { isOver, tally } = await read();
  return { text: tally.text, end: isOver && end.isOfTurn === true ? endOf(pod.name, tally.lastTurn) : end };
}

/** Of a child; they may be refused for good. */
async function owesReports({ home }: CommandContext, pod: FoundPod): Promise<boolean> {
  if (pod.spec.parent === null) return false;
  const { outbox } = await new HomeIndex(home).factsOf(pod);
  return outbox.pending.size > 0;
}

/** With `--request`, what the pod has taken in before is not sent again. */
async function sentOnce(
  context: CommandContext,
  pod: FoundPod,
  message: string,
  options: SendOptions,
): Promise<Sent> {
  const { kind, request } = options;
  const content = { command: 'send', kind, instance: pod.instance, message };
  const asked =
    request === undefined ? null : requestFor(context.home, { id: request, content, instance: pod.instance });
  const submission = asked?.request.submission ?? uuidv7();
  if (asked?.isNew === false && (await isTaken(context, pod, submission))) {
    context.stderr.write(`${pod.name} has had it already.\n`);
    return { submission, behind: 0 };
  }
  const behind = options.wait ? await newestSeq(pod) : 0;
  await restoredFirst(context, pod, options);
  if (kind === 'run') {
    const { accepted } = await askPod(pod, 'run', runInput(message, submission));
    context.stderr.write(`${pod.name} has ${accepted === 'started' ? 'started' : 'queued it'}.\n`);
  } else {
    await askPod(pod, 'notify', noticeInput(message, submission));
    context.stderr.write(`${pod.name} has received the notice.\n`);
  }
  return { submission, behind };
}

async function newestSeq({ folder }: FoundPod): Promise<number> {
  const [newest] = await tailEntries(folder.log, 1).catch(() => []);
  return newest?.entry.seq ?? 0;
}

async function isTaken({ home }: CommandContext, pod: FoundPod, submission: string): Promise<boolean> {
  const facts = await new HomeIndex(home).factsOf(pod);
  return facts.submissions.has(submission);
}
