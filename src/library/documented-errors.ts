/**
 * What a program is refused with is one of the classes that are exported (docs/library.md), with what it came
 * from as its cause. Absent: what is no situation but a defect, and the reason of a signal, which is the
 * program's own; both are left as they are.
 */
import * as classes from '../client/errors.ts';
import type { FoundPod } from '../client/find-pod.ts';
import { isPodRunning } from '../client/pod-probe.ts';
import { BadSetting } from '../configuration/bad-setting.ts';
import { stderrTail } from '../pod/process/start-process.ts';
import { rpcCodes } from '../protocol/errors.ts';
import { NameTaken } from '../session/home/name-taken.ts';
import { tailEntries } from '../session/log/read-log.ts';
import { withErrorOutput } from '../std/error-output.ts';
import { PodkinError } from '../std/podkin-error.ts';
import { systemCode } from '../std/system-code.ts';
import { thrownText } from '../std/thrown-text.ts';
import {
  ConnectionClosed,
  MessageTooLarge,
  RemoteError,
  TimedOut,
  UnexpectedAnswer,
} from '../transport/failures.ts';

const { CallRefused, HomeFailed, NoAnswer, NotEnded, StartFailed } = classes;
const documented = [...Object.values(classes), BadSetting, NameTaken];

/** Of a home: its files, its sockets, the machine. */
export async function ofHome<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (documented.some((one) => error instanceof one)) throw error;
    const isSituation = error instanceof PodkinError || systemCode(error) !== undefined;
    throw isSituation ? new HomeFailed(thrownText(error), { cause: error }) : error;
  }
}

/** Of a call over a connection that is there. */
export async function ofCall<T>(podName: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof RemoteError)
      throw new CallRefused(podName, error.code ?? String(error.rpcCode), error.message);
    if (error instanceof MessageTooLarge) throw new CallRefused(podName, 'tooLarge', error.message);
    const isSilent = [ConnectionClosed, TimedOut, UnexpectedAnswer].some((one) => error instanceof one);
    throw isSilent ? new NoAnswer(podName, thrownText(error), 'unknown') : error;
  }
}

/** Why a tree whose root was there cannot be had. Asked before it is ended. */
export async function whyNotHad(root: FoundPod, error: unknown): Promise<unknown> {
  if (!(error instanceof PodkinError) || error instanceof BadSetting || error instanceof NotEnded)
    return error;
  // A handle that counts no more.
  if (error instanceof RemoteError && error.code === 'badToken')
    return new CallRefused(root.name, error.code, error.message);
  const isOfTask = error instanceof CallRefused && badInput.has(error.code);
  if (isOfTask) return new BadSetting(`start: task: ${error.reason}`);
  return new StartFailed(root.name, (await endOf(root)) ?? thrownText(error), { cause: error });
}

const badInput = new Set(['tooLarge', String(rpcCodes.invalidParams)]);

const entriesMax = 8;

/** Null while its process lives. */
async function endOf(root: FoundPod): Promise<string | null> {
  if (await isPodRunning(root)) return null;
  const entries = await tailEntries(root.folder.log, entriesMax).catch(() => []);
  const stopped = entries.map(({ entry }) => entry).findLast(({ type }) => type === 'stopped');
  const why = stopped?.type === 'stopped' ? `: ${stopped.reason}` : '';
  return withErrorOutput(`its process has ended${why}`, stderrTail(root.folder));
}
