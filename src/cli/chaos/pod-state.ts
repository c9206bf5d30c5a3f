/**
 * What a pod's log says of its state: idle, in a request, in a tool, with something waiting. A reading of the
 * entries for chaos and the campaign of the tests; it shares no code with the pods but the format. Pure.
 */
import type { Entry } from '../../session/facts/entries.ts';
import { ofType, seenThrough } from './entry-lists.ts';

export interface PodState {
  /** What is open or waits, as sentences; empty when nothing does. */
  open: string[];
  turn: 'none' | 'inRequest' | 'inTool';
  paused: boolean;
  /** Highest event number that this pod committed, and that its parent acknowledged. */
  emitted: number;
  acked: number;
  /** The newest incarnation, and whether it ended in order. */
  incarnation: number;
  stopped: boolean;
}

const known = new WeakMap<readonly Entry[], { length: number; state: PodState }>();

/** The same array may be given again when it has grown. */
export function stateOf(entries: readonly Entry[]): PodState {
  const before = known.get(entries);
  if (before?.length === entries.length) return before.state;
  const state = read(entries);
  known.set(entries, { length: entries.length, state });
  return state;
}

function read(entries: readonly Entry[]): PodState {
  const open = [...openRuns(entries), ...openAssignments(entries), ...unreadReceipts(entries)];
  const turn = turnOf(entries);
  if (turn.now !== 'none') open.push(`a turn is open (${turn.now})`);
  if (turn.resumes) open.push('an interrupted turn waits to be resumed');
  const started = ofType(entries, 'started').at(-1);
  const stopped = ofType(entries, 'stopped').at(-1);
  const emitted = ofType(entries, 'podEventEmitted').at(-1)?.eventSeq ?? 0;
  const acked = Math.max(0, ...ofType(entries, 'podEventAcked').map(({ through }) => through));
  if (acked < emitted) open.push(`event ${acked + 1} of ${emitted} is not acknowledged`);
  return {
    open,
    turn: turn.now,
    paused: turn.paused,
    emitted,
    acked,
    incarnation: started?.incarnation ?? 0,
    stopped: started !== undefined && stopped !== undefined && stopped.seq > started.seq,
  };
}

function turnOf(entries: readonly Entry[]): { now: PodState['turn']; paused: boolean; resumes: boolean } {
  let now: PodState['turn'] = 'none';
  let paused = false;
  let resumes = false;
  const calls = new Set<string>();
  for (const entry of entries) {
    if (entry.type === 'turnStarted') {
      now = 'inRequest';
      if (entry.kind === 'resume') resumes = false;
    }
    if (entry.type === 'toolCall') calls.add(entry.call);
    if (entry.type === 'toolResult') calls.delete(entry.call);
    if (entry.type === 'toolCall' || entry.type === 'toolResult')
      now = calls.size > 0 ? 'inTool' : 'inRequest';
    if (entry.type === 'inputReceived' && entry.kind === 'pause') paused = true;
    if (entry.type === 'inputReceived' && entry.kind === 'resume') paused = false;
    if (entry.type === 'turnEnded' || entry.type === 'interrupted') {
      now = 'none';
      calls.clear();
      const goesOn = entry.type === 'interrupted' || entry.outcome === 'paused';
      resumes = goesOn;
      if (entry.type === 'turnEnded' && entry.outcome === 'paused') paused = true;
    }
  }
  return { now, paused, resumes };
}

function openRuns(entries: readonly Entry[]): string[] {
  const waiting = new Map<string, string>();
  for (const entry of entries) {
    if (entry.type === 'inputReceived' && entry.kind === 'run') waiting.set(entry.submission, entry.text);
    if (entry.type === 'inputDropped') waiting.delete(entry.submission);
    if (entry.type === 'turnStarted') for (const id of entry.submissions) waiting.delete(id);
  }
  return [...waiting.values()].map((text) => `the run "${text.slice(0, 60)}" has not begun`);
}

function openAssignments(entries: readonly Entry[]): string[] {
  const given = new Map<string, string>();
  for (const entry of entries) {
    if (entry.type === 'assignment' && entry.state === 'open') given.set(entry.assignment, entry.child.name);
    if (entry.type === 'assignment' && entry.state === 'closed') given.delete(entry.assignment);
    if (entry.type === 'podEventReceived') for (const id of entry.closes) given.delete(id);
  }
  return [...given].map(([id, child]) => `the work ${id} given to ${child} has no end`);
}

/** The ends that results of StopPod have told, as instance → the latest incarnation. */
function reportedByResult(entries: readonly Entry[]): Map<string, number> {
  const reported = new Map<string, number>();
  for (const { stopped } of ofType(entries, 'toolResult')) {
    if (stopped === undefined) continue;
    const { instance, incarnation } = stopped;
    reported.set(instance, Math.max(reported.get(instance) ?? 0, incarnation));
  }
  return reported;
}

/** Received for the model, and not in a request that was answered. */
function unreadReceipts(entries: readonly Entry[]): string[] {
  const shown = new Map<string, number>();
  for (const { seq, item } of ofType(entries, 'systemItem')) {
    if (item.kind === 'podEvent') shown.set(itemKey(item.from, item.seq, item.event.kind), seq);
  }
  const seen = seenThrough(entries);
  const reported = reportedByResult(entries);
  return ofType(entries, 'podEventReceived').flatMap(({ from, eventSeq, event, reads }) => {
    const isEnd = event.kind === 'shutDown' || event.kind === 'died';
    if (!reads || (isEnd && from.incarnation <= (reported.get(from.instance) ?? 0))) return [];
    const at = shown.get(itemKey(from, eventSeq, event.kind));
    const what = `${event.kind} ${eventSeq ?? ''} of ${from.name} (incarnation ${from.incarnation})`;
    if (at === undefined) return [`${what} was received and is not in the history`];
    return at > seen ? [`${what} is in the history and in no answered request`] : [];
  });
}

function itemKey(from: { instance: string; incarnation: number }, seq: number | null, kind: string): string {
  return `${from.instance} ${seq ?? `${kind} ${from.incarnation}`}`;
}
