/**
 * Ends the process of a pod: asks, waits for its real exit, then insists. Every deadline runs from when the
 * step began, and only the exit ends it.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { monotonicMs } from '../../std/clock.ts';
import { type ProcessIdentity, isRunning } from '../../std/process-identity.ts';
import { signalProcess } from '../../std/signal-process.ts';
import { connectAndSend, type SendFailure } from '../../transport/connect-and-send.ts';

export interface StopOrder {
  /** The pod's socket. */
  socket: string;
  process: ProcessIdentity | null;
  /** From `shutdown` to SIGTERM, and again to SIGKILL. */
  graceMs: number;
  cascade: boolean;
  reason: string;
  from?: { instance: string; token: string };
}

export type Stopped =
  | { kind: 'wasGone' }
  /** `asked`: it ended by itself; else the signal that it took. */
  | { kind: 'ended'; by: 'asked' | 'SIGTERM' | 'SIGKILL' }
  /** It answers, and refuses for good. */
  | { kind: 'refused'; message: string }
  | { kind: 'stillThere'; message: string };

const lookEveryMs = 20;
const killWaitMs = 5_000;
/** Each as long as the grace: two are what one level below may need. */
const busyRoundsMax = 6;
const sightMs = 1_000;

/** Signals go to the process group, and only while pid, start time and boot still name the same process. */
export async function stopProcess(order: StopOrder): Promise<Stopped> {
  const { process: target, graceMs } = order;
  if (target !== null && !isRunning(target)) return { kind: 'wasGone' };
  const asked = await connectAndSend(
    order.socket,
    'shutdown',
    {
      cascade: order.cascade,
      graceMs,
      reason: order.reason,
      ...(order.from === undefined ? {} : { from: order.from }),
    },
    { deadlineMs: Math.max(1_000, graceMs) },
  );
  if (!asked.ok && asked.failure === 'refused') return { kind: 'refused', message: asked.message };
  if (target === null) return withoutProcess(asked.ok ? null : asked);
  // A pod that has not been reached may be starting or frozen: it gets its grace all the same, then the
  // signal.
  if (await gone(target, asked.ok ? graceMs : 0)) return { kind: 'ended', by: 'asked' };
  if (asked.ok && order.cascade && (await goneWhileBusy(order, target)))
    return { kind: 'ended', by: 'asked' };
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!signalProcess(target, signal, { group: true })) return { kind: 'ended', by: signal };
    if (await gone(target, signal === 'SIGTERM' ? graceMs : killWaitMs)) return { kind: 'ended', by: signal };
  }
  return {
    kind: 'stillThere',
    message: `process ${target.pid} did not end after SIGKILL; the system may be waiting for a disk`,
  };
}

/**
 * A pod that ends a tree of its own may have to insist below, which takes it longer than its own grace:
 * killing it meanwhile would leave those below
 * alone. So it is waited for, within bounds, as long as it answers.
 */
async function goneWhileBusy(order: StopOrder, target: ProcessIdentity): Promise<boolean> {
  for (let round = 1; round <= busyRoundsMax; round += 1) {
    const sight = await connectAndSend(order.socket, 'status', {}, { deadlineMs: sightMs });
    const busy = sight.ok && sight.result.status === 'stopping';
    if (await gone(target, busy ? order.graceMs : 0)) return true;
    if (!busy) return false;
  }
  return false;
}

function withoutProcess(failure: SendFailure | null): Stopped {
  return failure === null || failure.failure === 'closedBeforeAnswer'
    ? { kind: 'ended', by: 'asked' }
    : { kind: 'wasGone' };
}

/** The system says nothing when a process that is not our child ends, so it is looked for. */
export async function gone(target: ProcessIdentity, withinMs: number): Promise<boolean> {
  const deadlineAt = monotonicMs() + withinMs;
  for (;;) {
    if (!isRunning(target)) return true;
    if (monotonicMs() >= deadlineAt) return false;
    await wait(lookEveryMs);
  }
}
