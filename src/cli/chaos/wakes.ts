/**
 * How long idle pods took from a report to the turn that reads it, by their logs alone. For chaos and the
 * campaign of the tests. Pure.
 */
import type { Entry } from '../../session/facts/entries.ts';
import { type EntryOf, ofType } from './entry-lists.ts';

export interface WakePod {
  readonly instance: string;
  readonly entries: readonly Entry[];
}

export interface WakeLatency {
  /**
   * From the child's commit, where the first sending arrived; null where a death or a cut link lay between.
   */
  sinceEmittedMs: number | null;
  sinceReceivedMs: number;
  /** Wall time of the receipt. */
  receivedAtMs: number;
}

/** Of wall time. */
export interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Of one parent, coalescing included. Times are the logs' own. */
export function wakeLatencies(parent: WakePod, children: readonly WakePod[]): WakeLatency[] {
  const byInstance = new Map(children.map((child) => [child.instance, child]));
  const found: WakeLatency[] = [];
  let waiting: EntryOf<'podEventReceived'>[] = [];
  let busy = false;
  let startedAt = '';
  for (const entry of parent.entries) {
    if (entry.type === 'started') startedAt = entry.time;
    const stops = entry.type === 'inputReceived' && entry.kind === 'pause';
    if (entry.type === 'started' || stops) waiting = [];
    if (stops) busy = true;
    if (entry.type === 'podEventReceived' && entry.wakes && !busy) waiting.push(entry);
    if (entry.type === 'turnStarted') {
      busy = true;
      if (entry.kind === 'runForNotification')
        found.push(...waiting.map((receipt) => latencyOf(receipt, entry.time, { byInstance, startedAt })));
      waiting = [];
    }
    if (entry.type === 'turnEnded') busy = entry.outcome === 'paused';
    if (entry.type === 'interrupted') busy = false;
    if (entry.type === 'inputReceived' && entry.kind === 'resume') busy = false;
  }
  return found;
}

function latencyOf(
  receipt: EntryOf<'podEventReceived'>,
  wokenAt: string,
  among: { byInstance: ReadonlyMap<string, WakePod>; startedAt: string },
): WakeLatency {
  const sinceReceivedMs = Date.parse(wokenAt) - Date.parse(receipt.time);
  const child = among.byInstance.get(receipt.from.instance)?.entries ?? [];
  const { eventSeq } = receipt;
  const emitted = ofType(child, 'podEventEmitted').find((entry) => entry.eventSeq === eventSeq);
  const sent = ofType(child, 'podEventAcked')
    .flatMap((entry) => entry.sent ?? [])
    .find(({ seq }) => seq === eventSeq);
  const straight =
    eventSeq !== null &&
    emitted !== undefined &&
    sent?.attempts === 1 &&
    emitted.time >= among.startedAt &&
    !ofType(child, 'started').some(({ time }) => time > emitted.time && time <= receipt.time);
  return {
    sinceReceivedMs,
    receivedAtMs: Date.parse(receipt.time),
    sinceEmittedMs: straight ? Date.parse(wokenAt) - Date.parse(emitted.time) : null,
  };
}

/** Whether the pod could run all the time between the receipt and the turn. */
export function wasFree(
  { receivedAtMs, sinceReceivedMs }: WakeLatency,
  frozen: readonly Interval[],
): boolean {
  return frozen.every(({ fromMs, toMs }) => toMs < receivedAtMs || fromMs > receivedAtMs + sinceReceivedMs);
}
