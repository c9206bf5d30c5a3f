/**
 * What the campaign believes and nothing else: reads the logs of a home and says which promise of delivery §1
 * they break. Pure; shares no code with delivery or with `podkin verify`, which has to agree, but the format
 * of an entry.
 */
import type { Entry } from '../../src/session/facts/entries.ts';
import { type EntryOf, noticesOf, ofType, receiptsOf } from '../support/audit.ts';
import { stateOf } from '../../src/cli/chaos/pod-state.ts';

export type BrokenPromise = 'lost' | 'doubled' | 'outOfOrder' | 'stranded' | 'undeclaredEnd';
export interface Finding {
  promise: BrokenPromise;
  text: string;
}

export interface AuditedPod {
  name: string;
  instance: string;
  /** Null for a root. */
  parent: string | null;
  /** Whole, or from where the campaign began to look. */
  entries: readonly Entry[];
  /** Its process runs and is linked, and was given the time to come to rest. */
  up: boolean;
}

/**
 * Every broken promise, when all that is up has come to rest. What a dead parent has not been told yet waits,
 * and breaks none.
 */
export function auditLogs(pods: readonly AuditedPod[]): Finding[] {
  const byInstance = new Map(pods.map((pod) => [pod.instance, pod]));
  return pods.flatMap((pod) => {
    const parent = pod.parent === null ? undefined : byInstance.get(pod.parent);
    return [...strandedIn(pod, parent), ...(parent === undefined ? [] : auditPair(parent, pod))];
  });
}

function strandedIn(pod: AuditedPod, parent: AuditedPod | undefined): Finding[] {
  if (!pod.up) return [];
  const { open } = stateOf(pod.entries);
  return (
    open
      // A dead parent cannot be told.
      .filter((text) => parent?.up === true || !text.endsWith('is not acknowledged'))
      .map((text) => ({ promise: 'stranded', text: `${pod.name}: ${text}` }))
  );
}

function auditPair(parent: AuditedPod, child: AuditedPod): Finding[] {
  const receipts = receiptsOf(parent.entries, child.instance);
  return [
    ...numbersOf(child),
    ...eventsOf(parent, child, receipts),
    ...itemsOf(parent, child, receipts),
    ...orderOf(child, receipts),
    ...endsOf(parent, child, receipts),
  ];
}

/** The child's own outbox: 1, 2, 3 … */
function numbersOf(child: AuditedPod): Finding[] {
  const numbers = ofType(child.entries, 'podEventEmitted').map(({ eventSeq }) => eventSeq);
  const first = numbers[0] ?? 1;
  const wrong = numbers.findIndex((number, index) => number !== first + index);
  if (wrong === -1) return [];
  return [{ promise: 'outOfOrder', text: `${child.name} numbered its events ${numbers.join(', ')}` }];
}

function eventsOf(
  parent: AuditedPod,
  child: AuditedPod,
  receipts: readonly EntryOf<'podEventReceived'>[],
): Finding[] {
  const acked = stateOf(child.entries).acked;
  return ofType(child.entries, 'podEventEmitted').flatMap(({ eventSeq, event, incarnation }): Finding[] => {
    const what = `event ${eventSeq} (${event.kind}) of ${child.name}`;
    const found = receipts.filter((receipt) => receipt.eventSeq === eventSeq);
    if (found.length > 1) return [{ promise: 'doubled', text: `${what} was received ${found.length} times` }];
    const receipt = found[0];
    if (receipt === undefined) {
      const must = eventSeq <= acked || (parent.up && child.up);
      return must ? [{ promise: 'lost', text: `${what} was not received by ${parent.name}` }] : [];
    }
    if (receipt.from.incarnation !== incarnation || JSON.stringify(receipt.event) !== JSON.stringify(event))
      return [{ promise: 'lost', text: `${what} was received by ${parent.name} as something else` }];
    return [];
  });
}

/** What the model reads stands once in the history, what it does not read not at all. */
function itemsOf(
  parent: AuditedPod,
  child: AuditedPod,
  receipts: readonly EntryOf<'podEventReceived'>[],
): Finding[] {
  const shown = new Map<string, number>();
  for (const { item } of noticesOf(parent.entries, child.instance)) {
    if (item.kind !== 'podEvent') continue;
    const key = identityOf(item.seq, item.event.kind, item.from.incarnation);
    shown.set(key, (shown.get(key) ?? 0) + 1);
  }
  const findings: Finding[] = [];
  for (const { eventSeq, event, from, reads } of receipts) {
    const key = identityOf(eventSeq, event.kind, from.incarnation);
    const count = shown.get(key) ?? 0;
    shown.delete(key);
    const what = `event ${key} (${event.kind}) of ${child.name}`;
    if (count > 1 && event.kind !== 'unreachable')
      findings.push({ promise: 'doubled', text: `${what} stands ${count} times in ${parent.name}` });
    if (count > 0 && !reads)
      findings.push({
        promise: 'doubled',
        text: `${what} stands in the history, its receipt says it should not`,
      });
  }
  for (const key of shown.keys())
    findings.push({
      promise: 'doubled',
      text: `${parent.name} shows ${key} of ${child.name}, never received`,
    });
  return findings;
}

function identityOf(seq: number | null, kind: string, incarnation: number): string {
  return seq === null ? `${kind} of life ${incarnation}` : String(seq);
}

function orderOf(child: AuditedPod, receipts: readonly EntryOf<'podEventReceived'>[]): Finding[] {
  const numbers = receipts.flatMap(({ eventSeq }) => (eventSeq === null ? [] : [eventSeq]));
  const first = numbers[0] ?? 1;
  const findings: Finding[] = [];
  const text = `events of ${child.name} were received as ${numbers.join(', ')}`;
  // One that came twice is told as that; here each counts by its first coming.
  const different = [...new Set(numbers)];
  if (Math.max(0, ...different) - first + 1 > different.length) findings.push({ promise: 'lost', text });
  else if (different.some((number, index) => number !== first + index))
    findings.push({ promise: 'outOfOrder', text });
  let life = 0;
  for (const { from, event, eventSeq } of receipts) {
    if (from.incarnation < life)
      findings.push({
        promise: 'outOfOrder',
        text: `${event.kind} ${eventSeq ?? ''} of life ${from.incarnation} of ${child.name} came behind life ${life}`,
      });
    life = Math.max(life, from.incarnation);
  }
  return findings;
}

/**
 * One end for each life that is over, its own shutDown where it committed one, else `died`, and nothing of
 * that life behind it.
 */
function endsOf(
  parent: AuditedPod,
  child: AuditedPod,
  receipts: readonly EntryOf<'podEventReceived'>[],
): Finding[] {
  const lives = ofType(child.entries, 'started');
  const farewells = new Set(
    ofType(child.entries, 'podEventEmitted').flatMap(({ event, incarnation }) =>
      event.kind === 'shutDown' ? [incarnation] : [],
    ),
  );
  return lives.flatMap(({ incarnation }, index): Finding[] => {
    const ofLife = receipts.filter(({ from }) => from.incarnation === incarnation);
    const ends = ofLife.filter(({ event }) => event.kind === 'died' || event.kind === 'shutDown');
    const kinds = ends.map(({ event }) => event.kind).join(', ') || 'none';
    const over = index < lives.length - 1 || !child.up;
    const what = `life ${incarnation} of ${child.name}`;
    if (!over)
      return ends.length === 0
        ? []
        : [{ promise: 'undeclaredEnd', text: `${what} runs and is told as ended (${kinds})` }];
    // A parent that is down is told when it is back.
    if (ends.length === 0 && !parent.up) return [];
    const wanted = farewells.has(incarnation) ? 'shutDown' : 'died';
    if (kinds !== wanted) {
      const promise = ends.length > 1 ? 'doubled' : 'undeclaredEnd';
      return [{ promise, text: `${what} should have one end (${wanted}) at ${parent.name}, has: ${kinds}` }];
    }
    if (ofLife.at(-1) === ends[0]) return [];
    return [{ promise: 'outOfOrder', text: `${what} says something behind its own end` }];
  });
}
