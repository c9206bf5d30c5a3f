/**
 * What must be true of all logs of a history when everything has come to rest. The shipped oracle is asked
 * first: it believes no field that the judged code wrote, so that those which are believed here (`reads`,
 * `closes`, `seenThrough`) have been found right.
 */
import type { Entry } from '../../src/session/facts/entries.ts';
import { verifyLogs } from '../../src/delivery/verify/verify.ts';
import { replay } from '../../src/session/facts/replay.ts';
import { totalsOf } from '../../src/session/log/totals.ts';
import { differences } from './deep-equal.ts';
import { checkModes, checkNarrowed, modesOf } from './modes.ts';
import { isTooLarge } from './prompts.ts';
import type { SimPod } from './pods.ts';
import type { World } from './world.ts';

export function checkEnd(world: World): void {
  const pods = [...world.pods.values()].filter((pod) => !pod.removed);
  askOracle(world, pods);
  if (world.watch.violations.length > 0) return;
  for (const pod of pods) {
    const process = world.processOf(pod);
    if (process !== null) world.watch.checkReplay(process, 'atEnd');
    checkInbox(world, pod);
    checkSettledReports(world, pod);
    checkCalls(world, pod);
    checkTotals(world, pod);
    checkLastWord(world, pod);
    checkPermission(world, pod);
    checkNarrowed(world, pod);
    checkSpawns(world, pod);
    const parent = world.pods.get(pod.spec.parent?.instance ?? '');
    if (parent !== undefined && !parent.removed && world.processOf(parent) !== null)
      checkPair(world, parent, pod);
    if (parent !== undefined && !parent.removed) checkModes(world, parent, pod);
  }
  checkMemory(world);
}

/** I1, I2, I3, I7 between one child and its living parent. */
function checkPair(world: World, parent: SimPod, child: SimPod): void {
  const record = world.processOf(parent)?.pod?.facts.children.get(child.spec.instance);
  // Undone, or never heard of: it had no work.
  if (record === undefined) return;
  const sent = world
    .logOf(child)
    .entries.flatMap((entry) => (entry.type === 'podEventEmitted' ? [entry] : []));
  const got = world
    .logOf(parent)
    .entries.flatMap((entry) =>
      entry.type === 'podEventReceived' && entry.from.instance === child.spec.instance ? [entry] : [],
    );
  const numbered = got.filter((entry) => entry.eventSeq !== null);
  for (const [index, emitted] of sent.entries()) {
    const receipt = numbered[index];
    if (receipt === undefined) {
      world.watch.violation(
        'I1',
        child,
        `event ${emitted.eventSeq} (${emitted.event.kind}) never reached ${parent.spec.instance}`,
      );
      return;
    }
    if (receipt.eventSeq !== index + 1) {
      world.watch.violation(
        receipt.eventSeq !== null && receipt.eventSeq <= index ? 'I2' : 'I3',
        child,
        `receipt ${index + 1} is of event ${receipt.eventSeq}`,
      );
      return;
    }
    if (differences(receipt.event, { ...emitted.event }).length > 0) {
      world.watch.violation('I8', child, `event ${emitted.eventSeq} was received as something else`);
      return;
    }
  }
  if (numbered.length > sent.length) {
    world.watch.violation('I8', child, `${numbered.length} events received, ${sent.length} committed`);
    return;
  }
  world.money.checkPair(parent, child);
  checkNotStarted(world, parent, child);
  checkLives(world, child, { got, linked: record.incarnation });
}

/** What the parent's model was told as never begun was never begun. */
function checkNotStarted(world: World, parent: SimPod, child: SimPod): void {
  const begun = new Set(
    world.logOf(child).entries.flatMap((entry) => (entry.type === 'userMessage' ? [entry.submission] : [])),
  );
  for (const entry of world.logOf(parent).entries) {
    if (entry.type !== 'assignment' || entry.outcome !== 'notStarted') continue;
    if (begun.has(entry.assignment)) {
      world.watch.violation('I8', child, `${entry.assignment} was told as never begun, and was begun`);
    }
  }
}

/** Exactly one end for each life that has ended, behind all that it said. */
function checkLives(
  world: World,
  child: SimPod,
  known: { got: Extract<Entry, { type: 'podEventReceived' }>[]; linked: number },
): void {
  const lives = world.logOf(child).entries.filter((entry) => entry.type === 'started').length;
  const running = world.processOf(child) !== null ? lives : 0;
  for (let life = 1; life <= lives; life += 1) {
    const of = known.got.filter((entry) => entry.from.incarnation === life);
    const ends = of.filter(({ event }) => event.kind === 'shutDown' || event.kind === 'died');
    if (ends.length > 1)
      world.watch.violation('I7', child, `the end of life ${life} was told ${ends.length} times`);
    const ended = life !== running;
    if (ended && ends.length === 0)
      world.watch.violation('I7', child, `the end of life ${life} was never told`);
    if (!ended && ends.some(({ event }) => event.kind === 'died'))
      world.watch.violation('I7', child, `life ${life} was called dead and lives`);
    const death = of.findIndex(({ event }) => event.kind === 'died');
    if (death >= 0 && of.slice(death + 1).some(({ eventSeq }) => eventSeq !== null)) {
      world.watch.violation('I3', child, `life ${life} reported after its death`);
    }
  }
}

/**
 * I1, I5: whatever the model is to read stands in the history once, in order, and in a request that
 * completed.
 */
function checkInbox(world: World, pod: SimPod): void {
  const inbox = new InboxView(world, pod);
  for (const entry of world.logOf(pod).entries) inbox.take(entry);
  const process = world.processOf(pod);
  // What no request can hold waits, and that was told.
  if (process === null || world.money.isStuck(pod)) return;
  if (process.pod !== null && isTooLarge(process.pod.facts)) return;
  for (const key of inbox.waiting.keys()) {
    world.watch.violation('I1', pod, `${key} was received and never given to the model`);
  }
  for (const { seq, what } of inbox.unseen) {
    world.watch.violation('I5', pod, `${what} (entry ${seq}) was in no completed request`);
  }
}

class InboxView {
  readonly waiting = new Map<string, { of: string; life: number; ends: boolean }>();
  unseen: { seq: number; what: string }[] = [];
  /** By instance: the life whose end a StopPod result told. */
  readonly #told = new Map<string, number>();
  /** Notices that wake nobody wait for the next turn, however long. */
  readonly #patient = new Set<string>();
  readonly #world: World;
  readonly #pod: SimPod;

  constructor(world: World, pod: SimPod) {
    this.#world = world;
    this.#pod = pod;
  }

  take(entry: Entry): void {
    if (entry.type === 'podEventReceived') this.#receipt(entry);
    else if (entry.type === 'systemItem') this.#item(entry);
    else if (entry.type === 'toolResult' && entry.stopped !== undefined) this.#stopped(entry.stopped);
    else if (entry.type === 'inputReceived' && !entry.wake) this.#patient.add(entry.submission);
    else if (entry.type === 'stepCompleted') {
      const through = Math.min(entry.seenThrough, this.#world.watch.seen.get(this.#pod.spec.instance) ?? 0);
      this.unseen = this.unseen.filter((item) => item.seq > through);
    }
  }

  #receipt({ from, event, eventSeq, reads }: Extract<Entry, { type: 'podEventReceived' }>): void {
    const ends = event.kind === 'shutDown' || event.kind === 'died';
    if (!reads || (ends && from.incarnation <= (this.#told.get(from.instance) ?? 0))) return;
    const key = keyOf(from, eventSeq, event.kind);
    this.waiting.set(key, { of: from.instance, life: from.incarnation, ends });
  }

  #stopped({ instance, incarnation }: { instance: string; incarnation: number }): void {
    this.#told.set(instance, Math.max(this.#told.get(instance) ?? 0, incarnation));
    for (const [key, { of, life, ends }] of this.waiting) {
      if (ends && of === instance && life <= incarnation) this.waiting.delete(key);
    }
  }

  #item({ seq, item }: Extract<Entry, { type: 'systemItem' }>): void {
    if (item.kind === 'notice' && this.#patient.has(item.submission)) return;
    // Of its own turn alone; that one which finished has seen it is the oracle's to say.
    if (item.kind === 'unmet') return;
    const what = item.kind === 'podEvent' ? keyOf(item.from, item.seq, item.event.kind) : item.kind;
    if (item.kind === 'podEvent' && !this.waiting.delete(what)) {
      this.#world.watch.violation(
        'I2',
        this.#pod,
        `${what} stands in the history without a receipt that waits`,
      );
    }
    this.unseen.push({ seq, what });
  }
}

function keyOf(from: { instance: string; incarnation: number }, seq: number | null, kind: string): string {
  return `${from.instance} ${from.incarnation} ${kind} ${seq ?? '-'}`;
}

/** A report that says settled is made by a pod that has nothing outstanding below it. */
function checkSettledReports(world: World, pod: SimPod): void {
  /** Assignment → to whom it was given. */
  const open = new Map<string, string>();
  for (const entry of world.logOf(pod).entries) {
    if (entry.type === 'assignment') {
      if (entry.state === 'open') open.set(entry.assignment, entry.child.instance);
      else open.delete(entry.assignment);
    } else if (entry.type === 'podEventReceived') for (const id of entry.closes) open.delete(id);
    else if (entry.type === 'child' && entry.state === 'undone') {
      for (const [id, instance] of open) if (instance === entry.child.instance) open.delete(id);
    } else if (
      entry.type === 'podEventEmitted' &&
      'settled' in entry.event &&
      entry.event.settled &&
      open.size > 0
    ) {
      world.watch.violation(
        'settled',
        pod,
        `event ${entry.eventSeq} says settled while ${open.size} assignment(s) are open`,
      );
    }
  }
  if (world.processOf(pod) !== null && !world.money.isStuck(pod) && open.size > 0)
    world.watch.violation('settled', pod, `${[...open.keys()].join(', ')} never closed`);
}

/** I12: every call has one result. */
function checkCalls(world: World, pod: SimPod): void {
  const results = new Map<string, number>();
  for (const entry of world.logOf(pod).entries) {
    if (entry.type === 'toolCall') results.set(entry.call, 0);
    else if (entry.type === 'toolResult') results.set(entry.call, (results.get(entry.call) ?? 0) + 1);
  }
  for (const [call, count] of results) {
    if (count > 1) world.watch.violation('I12', pod, `call ${call} has ${count} results`);
    if (count === 0 && world.processOf(pod) !== null)
      world.watch.violation('I12', pod, `call ${call} has no result`);
  }
}

/** What a pod says in its last entry is what its log comes to. */
function checkTotals(world: World, pod: SimPod): void {
  const entries = world.logOf(pod).entries;
  for (const [i, entry] of entries.entries()) {
    if (entry.type !== 'stopped') continue;
    const folded = totalsOf(replay(entries.slice(0, i + 1)));
    const wrong = differences(entry.totals, folded);
    if (wrong.length > 0)
      world.watch.violation('replay', pod, `the totals of entry ${entry.seq}: ${wrong.join('; ')}`);
  }
}

/** What is kept against repeats grows with senders, not with events. */
function checkMemory(world: World): void {
  for (const pod of world.pods.values()) {
    const facts = world.processOf(pod)?.pod?.facts;
    if (facts === undefined) continue;
    const senders = world.pods.size;
    if (facts.children.size > senders || facts.origins.size > senders) {
      world.watch.violation('memory', pod, 'dedupe memory is larger than the number of senders');
    }
    if (facts.outbox.pending.size > facts.outbox.emitted - facts.outbox.acked) {
      world.watch.violation('memory', pod, 'acknowledged events are kept');
    }
  }
}

function askOracle(world: World, pods: readonly SimPod[]): void {
  const logs = [...pods]
    .sort((a, b) => b.spec.depth - a.spec.depth)
    .filter((pod) => world.logOf(pod).entries.length > 0)
    .map((pod) => ({
      name: pod.spec.name,
      instance: pod.spec.instance,
      entries: world.logOf(pod).entries,
      damaged: world.logOf(pod).damaged,
      alive: world.processOf(pod) !== null,
    }));
  const report = verifyLogs(logs, world.tombstones, { nowMs: world.clock.wallMs });
  for (const { rule, pod, text } of report.violations) {
    // An older copy of a log has granted less than its children hold: that is what is to be found there.
    if (rule === 'B2' && world.podNamed(pod)?.isOldCopy === true) continue;
    world.watch.violation(`verify ${rule}`, world.podNamed(pod) ?? null, text);
  }
}

/** What a pod says of its own end is its last word: what it gives up stands before it. */
function checkLastWord(world: World, pod: SimPod): void {
  const late = new Set(['interrupted', 'toolResult', 'toolCall', 'turnStarted', 'turnEnded', 'userMessage']);
  let saidAt: number | null = null;
  for (const entry of world.logOf(pod).entries) {
    if (entry.type === 'started') saidAt = null;
    else if (entry.type === 'podEventEmitted' && entry.event.kind === 'shutDown') saidAt = entry.seq;
    else if (saidAt !== null && late.has(entry.type)) {
      world.watch.violation(
        'C5',
        pod,
        `entry ${entry.seq} (${entry.type}) stands behind its own shutDown (${saidAt})`,
      );
      return;
    }
  }
}

/** A spawn comes to its first run, or nothing of it is left. */
function checkSpawns(world: World, pod: SimPod): void {
  if (world.processOf(pod) === null) return;
  const begun = new Set<string>();
  const open = new Set<string>();
  for (const entry of world.logOf(pod).entries) {
    if (entry.type === 'assignment') begun.add(entry.child.instance);
    // Its end was told: the model knows of it.
    else if (entry.type === 'podEventReceived') begun.add(entry.from.instance);
    if (entry.type !== 'child') continue;
    const { instance } = entry.child;
    if (entry.state === 'reserved') open.add(instance);
    // A full disk may have kept the undoing out of the log: then its folder is found to be removed.
    if (entry.state === 'undone' || entry.state === 'removed') open.delete(instance);
    if (entry.state !== 'undone') continue;
    const child = world.pods.get(instance);
    if (child !== undefined && (!child.removed || child.processes.size > 0))
      world.watch.violation('spawn', child, 'its spawn was undone, and it is there');
  }
  for (const instance of open) {
    if (!begun.has(instance))
      world.watch.violation(
        'spawn',
        world.pods.get(instance) ?? pod,
        'its spawn came to no run and was not undone',
      );
  }
}

function isToAsk(entry: Entry): entry is Extract<Entry, { type: 'toolCall' }> {
  return entry.type === 'toolCall' && entry.tool === 'Bash' && JSON.stringify(entry.input).includes('ask');
}

/** A call that had to be asked about ran with a person's yes to this very call, or to all like it. */
function checkPermission(world: World, pod: SimPod): void {
  // An old copy may have lost the yes by which a call ran.
  if (pod.isOldCopy) return;
  const asks = new Set<string>();
  const yes = new Set<string>();
  const decided = new Map<string, boolean>();
  let always = false;
  for (const { entry, mode } of modesOf(world.logOf(pod).entries)) {
    // While it waits it may be let run by another mode, and one that was let run goes on.
    if (mode === 'bypassPermissions') asks.clear();
    else if (isToAsk(entry)) {
      asks.add(entry.call);
      if (always) yes.add(entry.call);
    }
    if (entry.type !== 'approval') continue;
    if (entry.state === 'answered') {
      decided.set(entry.request, entry.decision !== 'deny');
      always ||= entry.decision === 'allowAlways';
      if (entry.decision !== 'deny' && entry.call !== undefined) yes.add(entry.call);
    } else if (entry.state === 'taken' && decided.get(entry.request) === true) yes.add(entry.call);
  }
  for (const call of asks) {
    // A yes to all of them may have come while this one waited.
    if (world.watch.executions.has(call) && !yes.has(call) && !always) {
      world.watch.violation('permission', pod, `call ${call} ran without a yes`);
    }
  }
}
