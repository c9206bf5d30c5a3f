/**
 * Damage done on purpose to the logs of a right run, each of a kind that the oracle has to find: a campaign
 * that cannot fail proves nothing.
 */
import type { Entry } from '../../src/session/facts/entries.ts';
import type { AuditedPod, BrokenPromise } from './oracle.ts';

export interface Damage {
  what: string;
  finds: BrokenPromise;
  /** Changes entries of the one log; false where it holds nothing of the kind. */
  hurt(entries: Entry[]): boolean;
}

export const damages: readonly Damage[] = [
  { what: 'a receipt is missing', finds: 'lost', hurt: (log) => remove(log, isReceipt) },
  { what: 'the last receipt is missing', finds: 'lost', hurt: (log) => removeLast(log, isReceipt) },
  { what: 'a receipt says something else', finds: 'lost', hurt: rewordReceipt },
  { what: 'a receipt stands twice', finds: 'doubled', hurt: (log) => double(log, isReceipt) },
  { what: 'two receipts are exchanged', finds: 'outOfOrder', hurt: exchangeReceipts },
  { what: 'an item is missing in the history', finds: 'stranded', hurt: (log) => remove(log, isItem) },
  { what: 'an item stands twice in the history', finds: 'doubled', hurt: (log) => double(log, isItem) },
  { what: 'a silent event is shown', finds: 'doubled', hurt: showSilent },
  { what: 'the last items were in no answered request', finds: 'stranded', hurt: forgetAnswers },
  { what: 'work that was given has no end', finds: 'stranded', hurt: leaveWorkOpen },
  {
    what: 'a turn has no end',
    finds: 'stranded',
    hurt: (log) => removeLast(log, ({ type }) => type === 'turnEnded'),
  },
  { what: 'a run has no turn', finds: 'stranded', hurt: (log) => remove(log, startsRun) },
  { what: 'a death is not told', finds: 'undeclaredEnd', hurt: (log) => remove(log, isDeath) },
  { what: 'a death is told twice', finds: 'doubled', hurt: (log) => double(log, isDeath) },
  { what: 'an incarnation says something behind its end', finds: 'outOfOrder', hurt: speakBehindEnd },
];

/** The pods with one log damaged: the first that has something to damage. Null where none has. */
export function damaged(pods: readonly AuditedPod[], damage: Damage): AuditedPod[] | null {
  for (const pod of pods) {
    const entries = [...pod.entries];
    if (damage.hurt(entries)) return pods.map((other) => (other === pod ? { ...pod, entries } : other));
  }
  return null;
}

type Test = (entry: Entry) => boolean;

function isReceipt(entry: Entry): boolean {
  return entry.type === 'podEventReceived' && entry.eventSeq !== null;
}

function isDeath(entry: Entry): boolean {
  return entry.type === 'podEventReceived' && entry.event.kind === 'died';
}

function isItem(entry: Entry): boolean {
  return entry.type === 'systemItem' && entry.item.kind === 'podEvent';
}

function startsRun(entry: Entry): boolean {
  return entry.type === 'turnStarted' && entry.kind === 'run';
}

function remove(log: Entry[], test: Test): boolean {
  const at = log.findIndex(test);
  if (at === -1) return false;
  log.splice(at, 1);
  return true;
}

function removeLast(log: Entry[], test: Test): boolean {
  const at = log.findLastIndex(test);
  if (at === -1) return false;
  log.splice(at, 1);
  return true;
}

function double(log: Entry[], test: Test): boolean {
  const at = log.findIndex(test);
  if (at === -1) return false;
  log.splice(at, 0, log[at]!);
  return true;
}

function rewordReceipt(log: Entry[]): boolean {
  const at = log.findIndex((entry) => entry.type === 'podEventReceived' && entry.event.kind === 'turnEnded');
  const entry = log[at];
  if (entry?.type !== 'podEventReceived' || entry.event.kind !== 'turnEnded') return false;
  log[at] = { ...entry, event: { ...entry.event, text: `${entry.event.text} and more` } };
  return true;
}

/** Of one child, as if the second had overtaken the first. */
function exchangeReceipts(log: Entry[]): boolean {
  const [first, second] = twoOfOneChild(log);
  if (first === undefined || second === undefined) return false;
  [log[first], log[second]] = [log[second]!, log[first]!];
  return true;
}

function twoOfOneChild(log: readonly Entry[]): number[] {
  const places = new Map<string, number[]>();
  for (const [index, entry] of log.entries()) {
    if (entry.type !== 'podEventReceived' || entry.eventSeq === null) continue;
    places.set(entry.from.instance, [...(places.get(entry.from.instance) ?? []), index]);
  }
  return [...places.values()].find((found) => found.length > 2)?.slice(1, 3) ?? [];
}

function showSilent(log: Entry[]): boolean {
  const at = log.findIndex(
    (entry) => entry.type === 'podEventReceived' && !entry.reads && entry.eventSeq !== null,
  );
  const entry = log[at];
  if (entry?.type !== 'podEventReceived') return false;
  const { from, eventSeq, event, seq, time } = entry;
  const item = { kind: 'podEvent' as const, from, seq: eventSeq, event, body: 'Shown all the same.' };
  log.splice(at + 1, 0, { type: 'systemItem', turn: '', item, seq, time });
  return true;
}

function forgetAnswers(log: Entry[]): boolean {
  const from = log.findLastIndex(isItem);
  if (from === -1) return false;
  const kept = log.filter((entry, index) => index < from || entry.type !== 'stepCompleted');
  if (kept.length === log.length) return false;
  log.splice(0, log.length, ...kept);
  return true;
}

function leaveWorkOpen(log: Entry[]): boolean {
  const at = log.findIndex((entry) => entry.type === 'podEventReceived' && entry.closes.length > 0);
  const entry = log[at];
  if (entry?.type !== 'podEventReceived') return false;
  log[at] = { ...entry, closes: [] };
  return true;
}

/** A death moved in front of the last thing that this incarnation said. */
function speakBehindEnd(log: Entry[]): boolean {
  for (const [at, entry] of log.entries()) {
    if (entry.type !== 'podEventReceived' || entry.event.kind !== 'died') continue;
    const { instance, incarnation } = entry.from;
    const said = log.findLastIndex(
      (other, index) =>
        index < at &&
        other.type === 'podEventReceived' &&
        other.from.instance === instance &&
        other.from.incarnation === incarnation,
    );
    if (said === -1) continue;
    log.splice(at, 1);
    log.splice(said, 0, entry);
    return true;
  }
  return false;
}
