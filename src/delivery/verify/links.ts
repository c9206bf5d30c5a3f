/**
 * What the logs of parents and children say of each other: nothing acknowledged or numbered is missing (I1),
 * a death stands behind everything that the dead incarnation had committed (I3), every incarnation's end is
 * told (I7), every event is the one that its sender committed, at the sender's own parent (I8).
 *
 * Relies on each child's log having been read before its parent's: then whatever a child knows to be received
 * must stand at the parent.
 */
import type { Tombstone } from '../../session/home/home.ts';
import { isGivenUp } from './given-up.ts';
import { type Finding, type Stretch, drawTogether, holesIn, lengthOf, sequenceList } from './finding.ts';
import { checkGivenWork } from './given-work.ts';
import type { SenderView } from './inbox.ts';
import type { Incarnation, LogView } from './log.ts';
import { checkLease, checkTrees } from './leases.ts';
import { isSameEvent } from './same-event.ts';

/** A parent that lives has so long to find out about a death that nobody told it of. */
const declareWithinMs = 60_000;

export interface HomeView {
  logs: readonly LogView[];
  tombstones: readonly Tombstone[];
  /** Names of pods whose log could not be read; that has been told. */
  unread: ReadonlySet<string>;
  /** Instances whose parent is in the home of another machine, where both ends are checked. */
  parentsElsewhere?: ReadonlySet<string>;
  nowMs: number;
}

export function checkLinks(home: HomeView): Finding[] {
  const logs = new Map(home.logs.map((log) => [log.instance, log]));
  const tombstones = new Map(home.tombstones.map((tombstone) => [tombstone.instance, tombstone]));
  const findings = checkTrees(home.logs);
  for (const parent of home.logs) {
    for (const instance of new Set([...parent.senders.keys(), ...parent.children.keys()])) {
      findings.push(
        ...checkPair(
          { parent, instance, child: logs.get(instance), tombstone: tombstones.get(instance) },
          home,
        ),
      );
    }
  }
  for (const child of home.logs) {
    findings.push(...refusesForGood(child, logs), ...refusedForGood(child, logs, tombstones));
    if (child.parent === null || logs.has(child.parent.instance)) continue;
    findings.push(
      ...checkWithoutParent(child, child.parent.name, tombstones.get(child.parent.instance), home),
    );
  }
  return findings;
}

/**
 * C4: what a parent will never take. A person who removed the parent has decided that; any other refusal is
 * to be fixed.
 */
function refusedForGood(
  child: LogView,
  logs: ReadonlyMap<string, LogView>,
  tombstones: ReadonlyMap<string, Tombstone>,
): Finding[] {
  const { parent, refusal } = child;
  if (parent === null || refusal === null) return [];
  if (refusal === 'parentRemoved' && tombstones.has(parent.instance)) return [];
  const received = logs.get(parent.instance)?.senders.get(child.instance)?.max ?? 0;
  const held = Math.max(child.acked, child.discarded, received);
  const refused = [...child.emitted.keys()].filter((seq) => seq > held);
  if (refused.length === 0) return [];
  const text = `event(s) ${sequenceList(drawTogether(refused))} are refused for good by its parent "${parent.name}" (${refusal})`;
  return [{ rule: 'C4', pod: child.name, text, count: refused.length }];
}

/** C4 by the parent's log alone: the child's does not tell of it, or is not there. */
function refusesForGood(parent: LogView, logs: ReadonlyMap<string, LogView>): Finding[] {
  return [...parent.refuses].flatMap(([instance, { name, code }]): Finding[] => {
    const child = logs.get(instance);
    const received = parent.senders.get(instance)?.max ?? 0;
    const waits = child === undefined || [...child.emitted.keys()].some((seq) => seq > received);
    // What its own log tells of is judged there.
    if (!waits || (child !== undefined && child.refusal !== null)) return [];
    const text = `refuses its child "${name}" for good (${code}): what it has to say is not taken in`;
    return [{ rule: 'C4', pod: parent.name, text, count: 1 }];
  });
}

interface Pair {
  parent: LogView;
  instance: string;
  child: LogView | undefined;
  tombstone: Tombstone | undefined;
}

function checkPair(pair: Pair, home: HomeView): Finding[] {
  const { parent, instance, child } = pair;
  const sender = parent.senders.get(instance);
  if (child !== undefined && child.parent?.instance !== parent.instance) {
    if (sender === undefined) return [];
    const text = `holds events of "${child.name}", whose parent is ${child.parent === null ? 'nobody' : `"${child.parent.name}"`}`;
    return [{ rule: 'I8', pod: parent.name, text, count: 1 }];
  }
  return [
    ...lost(pair, sender),
    ...(child === undefined || sender === undefined ? [] : changed(parent, child, sender)),
    ...(child === undefined || sender === undefined ? [] : earlyDeaths(parent, child, sender)),
    ...passedOverEnds(pair, sender),
    ...(child === undefined ? [] : untoldEnd(parent, child, home.nowMs)),
    ...(child?.isWhole === true ? unknownIncarnation(parent, child) : []),
    ...(child?.isWhole === true && parent.isWhole
      ? [...checkGivenWork(parent, child, home.nowMs), ...checkLease(parent, child)]
      : []),
  ];
}

/** I1: holes below what is there, and what the child knows to be received. */
function lost(pair: Pair, sender: SenderView | undefined): Finding[] {
  const { parent, child } = pair;
  const max = sender?.max ?? 0;
  const missing = holesIn(sender?.receipts.keys() ?? [], Math.max(max, dueOf(pair)));
  const finding = (holes: Stretch[], although: string): Finding[] => {
    if (holes.length === 0) return [];
    const text = `event(s) ${sequenceList(holes)} of "${nameOf(pair)}" are not there, although ${although}`;
    return [{ rule: 'I1', pod: parent.name, text, count: lengthOf(holes) }];
  };
  const why = child === undefined ? 'it was removed as delivered' : 'it holds an acknowledgement for them';
  return [
    ...finding(
      missing.filter(({ from }) => from <= max),
      `event ${max} is`,
    ),
    ...finding(
      missing.filter(({ from }) => from > max),
      why,
    ),
  ];
}

function nameOf({ parent, instance, child, tombstone }: Pair): string {
  return child?.name ?? tombstone?.name ?? parent.children.get(instance)?.name ?? instance;
}

/** Up to which number the parent must hold the child's events. */
function dueOf({ parent, instance, child, tombstone }: Pair): number {
  if (child !== undefined) return child.acked;
  // A spawn that was undone had no work and is not waited for.
  return parent.children.get(instance)?.state === 'undone' ? 0 : dueOfRemoved(tombstone);
}

function dueOfRemoved(tombstone: Tombstone | undefined): number {
  if (tombstone === undefined) return 0;
  return tombstone.discarded ? tombstone.acked : tombstone.emitted;
}

/** I8: a receipt says what its sender committed. */
function changed(parent: LogView, child: LogView, sender: SenderView): Finding[] {
  const findings: Finding[] = [];
  for (const [seq, { event, incarnation, entrySeq }] of sender.receipts) {
    const sent = child.emitted.get(seq);
    // Committed since the child's log was read.
    if (sent === undefined) continue;
    const what = `event ${seq} of "${child.name}" (entry ${entrySeq})`;
    if (!isSameEvent(event, sent.event)) {
      findings.push({
        rule: 'I8',
        pod: parent.name,
        text: `${what} is not what that pod committed`,
        count: 1,
      });
    } else if (incarnation !== sent.incarnation) {
      const text = `${what} is noted as of incarnation ${incarnation}, it was incarnation ${sent.incarnation}`;
      findings.push({ rule: 'I8', pod: parent.name, text, count: 1 });
    }
  }
  return findings;
}

/** I3: everything that a dead incarnation had committed stands before its death. */
function earlyDeaths(parent: LogView, child: LogView, sender: SenderView): Finding[] {
  const findings: Finding[] = [];
  for (const [incarnation, death] of sender.terminals) {
    if (death.event.kind !== 'died' || isGivenUp(death.event)) continue;
    const behind = [...child.emitted].filter(([seq, sent]) => {
      if (sent.incarnation > incarnation || seq <= child.discarded) return false;
      const receipt = sender.receipts.get(seq);
      // What is acknowledged and not there is lost, and told as that.
      return receipt === undefined
        ? seq > Math.max(child.acked, sender.max)
        : receipt.entrySeq > death.entrySeq;
    });
    if (behind.length === 0) continue;
    const seqs = sequenceList(drawTogether(behind.map(([seq]) => seq)));
    const text = `the death of incarnation ${incarnation} of "${child.name}" (entry ${death.entrySeq}) is before event(s) ${seqs}, which were committed before it`;
    findings.push({ rule: 'I3', pod: parent.name, text, count: behind.length });
  }
  return findings;
}

/**
 * I7, from the parent's log alone: when a later incarnation has linked, the ends of all earlier ones are
 * known.
 */
function passedOverEnds(pair: Pair, sender: SenderView | undefined): Finding[] {
  const linked = pair.parent.children.get(pair.instance)?.linked ?? 0;
  const untold = holesIn(sender?.terminals.keys() ?? [], linked - 1);
  if (untold.length === 0) return [];
  const text = `the end of incarnation(s) ${sequenceList(untold)} of "${nameOf(pair)}" was never reported, although incarnation ${linked} has linked`;
  return [{ rule: 'I7', pod: pair.parent.name, text, count: lengthOf(untold) }];
}

/**
 * I7, by time: a living parent finds out by itself. A child that was never put to work, or is gone from the
 * parent's list, is no loss.
 */
function untoldEnd(parent: LogView, child: LogView, nowMs: number): Finding[] {
  const record = parent.children.get(child.instance);
  if (record === undefined || !parent.alive) return [];
  if (record.state === 'reserved' || record.state === 'undone' || record.state === 'removed') return [];
  const terminals = parent.senders.get(child.instance)?.terminals;
  const parentSinceMs = Date.parse(parent.incarnations.at(-1)?.startedAt ?? '');
  return child.incarnations.flatMap((one, index): Finding[] => {
    const next = child.incarnations[index + 1];
    const ended = next !== undefined || !child.alive;
    if (!ended || one.stopped || one.incarnation < record.linked) return [];
    if (terminals?.has(one.incarnation) === true) return [];
    const sinceMs = Math.max(endOf(child, next), parentSinceMs);
    if (!(nowMs - sinceMs > declareWithinMs)) return [];
    const text = `incarnation ${one.incarnation} of "${child.name}" has ended without a shutdown, and this pod, which is running, does not say so`;
    return [{ rule: 'I7', pod: parent.name, text, count: 1, fresh: true }];
  });
}

/** I7: what has linked has begun. It may have begun since the child's log was read. */
function unknownIncarnation(parent: LogView, child: LogView): Finding[] {
  const linked = parent.children.get(child.instance)?.linked ?? 0;
  const newest = child.incarnations.at(-1)?.incarnation ?? 0;
  if (linked <= newest) return [];
  const text = `"${parent.name}" knows a link of incarnation ${linked}, and the newest start here is of incarnation ${newest}`;
  return [{ rule: 'I7', pod: child.name, text, count: 1, fresh: true }];
}

/** The last incarnation may have ended long after its last word: that is why the finding is `fresh`. */
function endOf(child: LogView, next: Incarnation | undefined): number {
  return Date.parse(next?.startedAt ?? child.lastAt);
}

/** The parent is gone: what its tombstone says, or that there is nothing to judge by. */
function checkWithoutParent(
  child: LogView,
  parentName: string,
  tombstone: Tombstone | undefined,
  home: HomeView,
): Finding[] {
  if (tombstone === undefined) {
    if (child.acked === 0 || home.unread.has(parentName)) return [];
    if (home.parentsElsewhere?.has(child.instance) === true) return [];
    const text = `its parent "${parentName}" has neither a log nor a tombstone in this home: ${child.acked} acknowledged event(s) cannot be checked`;
    return [{ rule: 'log', pod: child.name, text, count: 1 }];
  }
  const received = tombstone.received[child.instance] ?? 0;
  if (child.acked <= received) return [];
  const text = `holds an acknowledgement through event ${child.acked}, but its removed parent "${tombstone.name}" had received only ${received}`;
  return [{ rule: 'I1', pod: child.name, text, count: child.acked - received }];
}
