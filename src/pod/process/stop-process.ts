/**
 * Ends the process of a pod: asks, waits for its real exit, then insists. Every deadline runs from when the
 * step began, and only the exit ends it.
 */
import type { ProcessIdentity } from '../../std/process-identity.ts';
import type { SendFailure } from '../../transport/connect-and-send.ts';
import type { Host } from '../host.ts';

/** What of the host is needed to end a process. */
export type Stopper = Pick<Host, 'clock' | 'processes' | 'wire'>;

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

const pollMs = 20;
const killWaitMs = 5_000;
/** Each as long as the grace: two are what one level below may need. */
const busyRoundsMax = 6;
const probeMs = 1_000;

/** Signals go to the process group, and only while pid, start time and boot still name the same process. */
export async function stopProcess(host: Stopper, order: StopOrder): Promise<Stopped> {
  const { process: target, graceMs } = order;
  if (target !== null && !host.processes.isRunning(target)) return { kind: 'wasGone' };
  const asked = await host.wire.send(
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
  if (await gone(host, target, asked.ok ? graceMs : 0)) return { kind: 'ended', by: 'asked' };
  if (asked.ok && order.cascade && (await goneWhileBusy(host, order, target)))
    return { kind: 'ended', by: 'asked' };
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!host.processes.signal(target, signal)) return { kind: 'ended', by: signal };
    if (await gone(host, target, signal === 'SIGTERM' ? graceMs : killWaitMs))
      return { kind: 'ended', by: signal };
  }
  return {
    kind: 'stillThere',
    message: `process ${target.pid} did not end after SIGKILL; the system may be waiting for a disk`,
  };
}

/**
 * A pod that ends a tree of its own may have to insist below, which takes it longer than its own grace:
 * killing it meanwhile would leave those below alone. So it is waited for, within bounds, as long as it
 * answers.
 */
async function goneWhileBusy(host: Stopper, order: StopOrder, target: ProcessIdentity): Promise<boolean> {
  for (let round = 1; round <= busyRoundsMax; round += 1) {
    const probed = await host.wire.send(order.socket, 'status', {}, { deadlineMs: probeMs });
    const busy = probed.ok && probed.result.status === 'stopping';
    if (await gone(host, target, busy ? order.graceMs : 0)) return true;
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
export async function gone(
  host: Pick<Host, 'clock' | 'processes'>,
  target: ProcessIdentity,
  withinMs: number,
): Promise<boolean> {
  const deadlineAt = host.clock.now() + withinMs;
  for (;;) {
    if (!host.processes.isRunning(target)) return true;
    if (host.clock.now() >= deadlineAt) return false;
    await host.clock.pause(pollMs);
  }
}
