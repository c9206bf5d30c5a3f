/**
 * `podkin run --request ID`: a run that may be repeated at any point. What it makes is named on disk first;
 * a repetition goes on from wherever the first has come to, and prints what the logs say where that was the
 * end.
 */
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { type AnswerInLog, answerInLog, answersBelow } from '../../client/answer-in-log.ts';
import type { FoundPod } from '../../client/find-pod.ts';
import { HomeIndex } from '../../client/home-index.ts';
import { NoFreeName, PathHeld } from '../../client/errors.ts';
import { isPodRunning } from '../../client/pod-probe.ts';
import { BadSetting } from '../../configuration/bad-setting.ts';
import { type FoundRequest, forgetRequest, isPodMade, notePodMade } from '../../session/home/requests.ts';
import { NameTaken } from '../../session/home/name-taken.ts';
import { isRemoved } from '../../session/home/home.ts';
import { type HeldLock, LockUnavailable, takeLock } from '../../session/lock/lock.ts';
import { limitsOf } from '../../session/settings/settings.ts';
import type { JsonObject } from '../../std/json.ts';
import { type CommandContext, CommandFailed, exitStatus } from '../invocation/context.ts';
import { requestFor } from '../invocation/request-id.ts';
import { begun, goOnWith, hasMore, hasReports, restored } from './continue.ts';
import type { Root } from '../../library/roots/create-root.ts';
import { detached } from './detached.ts';
import { foreground } from './foreground.ts';
import { runResult } from '../../client/run-result.ts';
import { exitOf } from './exit-of.ts';
import { startedOr } from './root-start.ts';
import type { RunReport } from './run-report.ts';

export interface Requested {
  readonly id: string;
  /** All that makes it this request and no other. */
  readonly content: JsonObject;
  readonly task: string;
  readonly headless: boolean;
  readonly detach: boolean;
  /** Throws `NameTaken`. */
  create(instance: string): Promise<Root>;
  report(submission: string): RunReport;
}

/** Answers the exit status. Throws `CommandFailed`: 6 where the id was used for something else. */
export async function requestedRun(context: CommandContext, requested: Requested): Promise<number> {
  const { found, lock } = await alone(context, requested);
  try {
    const index = new HomeIndex(context.home);
    const pod = index.get(found.request.instance) ?? (await madeFor(context, requested, found));
    notePodMade(found);
    return await worked(context, requested, { index, pod, submission: found.request.submission });
  } finally {
    await lock.release();
  }
}

const pollMs = 250;

/** One command at a time works on a request; whoever comes while it does waits for the same answer. */
async function alone(
  context: CommandContext,
  { id, content }: Requested,
): Promise<{ found: FoundRequest; lock: HeldLock }> {
  for (let tries = 0; ; tries += 1) {
    const found = requestFor(context.home, { id, content });
    const { folder, request } = found;
    try {
      const lock = await takeLock({ instance: request.instance, folder, purpose: 'loan' });
      if (lock.taken) return { found, lock };
    } catch (error) {
      // Given up in between, where its name was taken.
      if (!(error instanceof LockUnavailable) || existsSync(folder)) throw error;
    }
    if (tries === 0)
      context.stderr.write(`podkin: another command works on the request "${id}"; waiting for its answer\n`);
    await pause(pollMs);
  }
}

/** Nothing was made of it: the same id may be given again. */
function isRefused(error: unknown): boolean {
  const refusals = [NameTaken, CommandFailed, BadSetting, PathHeld, NoFreeName];
  return refusals.some((refusal) => error instanceof refusal);
}

/** Throws `CommandFailed` where there was one, which a person has removed. */
async function madeFor(
  context: CommandContext,
  requested: Requested,
  found: FoundRequest,
): Promise<FoundPod> {
  const { instance } = found.request;
  if (isPodMade(found) || isRemoved(context.home, instance)) {
    throw new CommandFailed(
      exitStatus.failed,
      `what the request "${requested.id}" has made was removed since: its answer is gone, and another id runs it again`,
    );
  }
  try {
    await requested.create(instance);
  } catch (error) {
    if (isRefused(error)) forgetRequest(found);
    throw error;
  }
  const pod = new HomeIndex(context.home).get(instance);
  if (pod === null) throw new Error(`the pod ${instance} was made and cannot be found`);
  return pod;
}

interface Doing {
  readonly index: HomeIndex;
  readonly pod: FoundPod;
  readonly submission: string;
}

async function worked(context: CommandContext, requested: Requested, doing: Doing): Promise<number> {
  const { index, pod, submission } = doing;
  const { headless, task } = requested;
  const facts = await index.factsOf(pod);
  const isTaken = facts.submissions.has(submission);
  const isRunning = await isPodRunning(pod);
  if (requested.detach) return await handedOver(context, requested, { ...doing, isTaken, isRunning });
  const said = isTaken ? await answerInLog(pod, [submission], { behind: 0 }) : null;
  const isDone = !isRunning && !hasMore(facts) && !(await hasReports(index, pod));
  if (said !== null && (said.answer.isOver || isDone))
    return await answered(context, requested, { ...doing, said });
  const limits = limitsOf(pod.spec.settings);
  return await foreground(
    {
      context,
      name: pod.name,
      instance: pod.instance,
      folder: pod.folder,
      limits,
      headless,
      start: async (interruption) => {
        if (isRunning) return null;
        if (!existsSync(pod.folder.log)) return await startedOr({ context, root: pod, limits }, interruption);
        const reason = await restored(context, pod, '', { headless });
        return reason === null ? null : { kind: 'notStarted', signal: null, reason };
      },
      submission,
      begin: (client) => begun(client, { task: isTaken ? '' : task, submission }),
      endsTree: true,
    },
    requested.report(submission),
  );
}

async function handedOver(
  context: CommandContext,
  { task }: Requested,
  { pod, submission, isTaken, isRunning }: Doing & { isTaken: boolean; isRunning: boolean },
): Promise<number> {
  if (isTaken) {
    context.stdout.write(`${pod.name}\n`);
    return exitStatus.done;
  }
  if (existsSync(pod.folder.log)) return await goOnWith(context, pod, { task, submission, isRunning });
  return await detached({ context, root: pod, limits: limitsOf(pod.spec.settings), task, submission });
}

/** What the logs say of this one request, whatever its pod has done since. */
async function answered(
  context: CommandContext,
  requested: Requested,
  { index, submission, said }: Doing & { readonly said: AnswerInLog },
): Promise<number> {
  const { headless } = requested;
  const { answer, durationMs } = said;
  const descendants = (await answersBelow(index, answer)).map(({ tally }) => tally);
  const end = { kind: 'settled' } as const;
  const result = runResult({ root: answer.tally, descendants, end, durationMs });
  if (!headless && result.text !== '') context.stdout.write(`${result.text}\n`);
  requested.report(submission).result(result, end);
  await context.stdout.drained();
  return exitOf(result, end, { headless });
}
