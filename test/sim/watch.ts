/** What is watched in a history all the time: each finding is a violation. */
import type { Core } from '../../src/pod/machine/core.ts';
import { replay } from '../../src/session/facts/replay.ts';
import type { Entry } from '../../src/session/facts/entries.ts';
import type { BufferedItem, Facts, UnseenItem } from '../../src/session/facts/facts.ts';
import { systemCode } from '../../src/std/system-code.ts';
import { differences } from './deep-equal.ts';
import { type SimPod, type Violation, entriesOf } from './pods.ts';
import type { SimProcess } from './process.ts';
import type { World } from './world.ts';

export class Watch {
  readonly violations: Violation[] = [];
  /** Calls that were really executed: call → times. */
  readonly executions = new Map<string, number>();
  /** By instance: the last entry that its model has really been asked with. */
  readonly seen = new Map<string, number>();
  entryCount = 0;
  eventCount = 0;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /**
   * I6, where it can be seen: whatever a child knows to be received has outlived the loss of power at its
   * parent.
   */
  checkAcknowledged(pod: SimPod): void {
    const parent = pod.spec.parent === null ? undefined : this.#world.pods.get(pod.spec.parent.instance);
    if (parent === undefined || parent.removed || parent.isOldCopy) return;
    let acked = 0;
    for (const entry of this.#world.logOf(pod).entries)
      if (entry.type === 'podEventAcked') acked = entry.through;
    let received = 0;
    for (const entry of this.#world.logOf(parent).entries) {
      if (entry.type !== 'podEventReceived' || entry.from.instance !== pod.spec.instance) continue;
      received = Math.max(received, entry.eventSeq ?? 0);
    }
    if (acked > received) this.violation('I6', pod, `event ${acked} was acknowledged and is not on disk`);
  }

  violation(rule: string, pod: SimPod | null, text: string): void {
    this.violations.push({
      rule,
      pod: pod?.spec.name ?? '',
      text,
      atMs: Math.round(this.#world.clock.nowMs),
    });
  }

  /** The product threw what it should not have. */
  defect(process: SimProcess, error: unknown): void {
    if (process.dead || (this.#world.wasAway && systemCode(error) === 'ENOENT')) return;
    this.violation(
      'defect',
      process.simPod,
      error instanceof Error ? (error.stack ?? error.message) : String(error),
    );
  }

  /** The numbers of entries that were lost are given again. */
  forgetUnwritten({ spec, folder }: SimPod): void {
    const last = entriesOf(this.#world.files.get(folder.log)).entries.at(-1)?.seq ?? 0;
    this.seen.set(spec.instance, Math.min(this.seen.get(spec.instance) ?? 0, last));
  }

  /** A request that held everything up to this entry was answered. */
  modelSaw(pod: SimPod, through: number): void {
    this.seen.set(pod.spec.instance, Math.max(this.seen.get(pod.spec.instance) ?? 0, through));
  }

  executed(process: SimProcess, call: string): void {
    const times = (this.executions.get(call) ?? 0) + 1;
    this.executions.set(call, times);
    if (times > 1) this.violation('I12', process.simPod, `call ${call} was executed ${times} times`);
  }

  onCommit(process: SimProcess, entries: readonly Entry[]): void {
    this.entryCount += entries.length;
    this.#world.order.committed(process, entries);
    for (const entry of entries) {
      this.#checkContext(process, entry);
      if (entry.type === 'compaction' && entry.turn === '') this.#world.hit('compaction.betweenTurns');
      if (this.#world.isTraced) this.#world.note(process, JSON.stringify(entry));
      if (entry.type === 'podEventReceived') {
        this.eventCount += 1;
        this.#world.hit(`received.${entry.event.kind}`);
        if (entry.readAt !== undefined) this.#world.hit('received.alreadyRead');
      } else if (entry.type === 'assignment' && entry.tell === true) this.#world.hit('assignment.notStarted');
      else if (entry.type === 'interrupted') this.#world.hit('turn.interrupted');
      else if (entry.type === 'turnStarted') this.#world.hit(`turn.${entry.kind}`);
      else if (entry.type === 'turnEnded') this.#world.hit(`turn.ended.${entry.outcome}`);
      else if (entry.type === 'child') this.#world.hit(`child.${entry.state}`);
      else if (entry.type === 'alert') this.#world.hit(`alert.${entry.code}`);
      else this.#world.hit(`entry.${entry.type}`);
    }
  }

  /** K1: a compaction covers nothing that no completed request held. */
  #checkContext({ simPod, pod }: SimProcess, entry: Entry): void {
    if (entry.type !== 'compaction' || simPod === null || pod === null) return;
    const { seenThrough, unseen } = pod.facts;
    if (entry.through > seenThrough || unseen.some(({ entrySeq }) => entrySeq <= entry.through))
      this.violation('K1', simPod, `entry ${entry.through} is covered, and ${seenThrough} was seen`);
  }

  checkReplay(process: SimProcess, when: 'atCrash' | 'atStep' | 'atEnd'): void {
    const { pod, simPod } = process;
    if (pod === null || simPod === null || simPod.removed || !process.listening) return;
    this.#world.hit(`replay.${when}`);
    const read = entriesOf(this.#world.files.get(simPod.folder.log));
    if (read.damaged > 0) return;
    this.#world.checkpoints.check(simPod, when);
    const found = differences(pod.facts, replay(read.entries));
    if (found.length > 0) this.violation('replay', simPod, `${when}: ${found.slice(0, 3).join(', ')}`);
  }

  /** I4 as a level: after an input has been handled, nothing wake-worthy lies in a pod that could start. */
  afterEvent(): void {
    const process = this.#world.acting;
    this.#world.acting = null;
    if (process === null || process.dead || !process.listening || !process.begun) return;
    const core = process.pod?.core;
    if (core === undefined || core.facts.session === null) return;
    this.#checkBudget(process, core);
    if (isDue(core)) this.violation('I4', process.simPod, 'idle with a compaction that was asked for');
    if (!mayBegin(core)) return;
    const waits = wakesWaiting(core.facts).length > 0;
    if (waits || hasWork(core)) {
      this.violation('I4', process.simPod, `idle with ${waits ? 'unread events' : 'work'}`);
    }
  }

  /** What still has budget waits for nobody who has none. */
  #checkBudget({ simPod }: SimProcess, { live, facts, limits }: Core): void {
    const { overBudget } = live;
    const holds = live.storage !== null || facts.paused;
    if (overBudget === null || live.mode !== 'idle' || holds) return;
    const waiting = wakesWaiting(facts);
    if (waiting.length === 0) return;
    if (overBudget === 'hops' && waiting.some(({ hops }) => hops < limits.hops))
      this.violation('I4', simPod, 'items of a short chain wait for those of a long one');
    if (overBudget === 'turnsPerMinute' && waiting.some((item) => 'content' in item && isOwnReport(item)))
      this.violation('I4', simPod, 'a report of its own work waits for the minute to pass');
  }
}

function isOwnReport({ content }: BufferedItem): boolean {
  return content.kind === 'podEvent' && content.closes.length > 0;
}

/** What a person asks of the history waits for nothing but a disk and a pause. */
function isDue({ live, facts }: Core): boolean {
  const holds = live.storage !== null || facts.paused || facts.scopeWait !== null;
  return facts.context.asked !== null && live.mode === 'idle' && !holds;
}

function mayBegin({ live, facts }: Core): boolean {
  const holds = live.storage !== null || live.coalescing || live.overBudget !== null;
  return live.mode === 'idle' && !holds && !facts.paused && facts.scopeWait === null;
}

function wakesWaiting(facts: Facts): (BufferedItem | UnseenItem)[] {
  const { through = 0, before = 0 } = facts.held ?? {};
  return [
    ...facts.notifyBuffer.filter((item) => item.wakes && item.entrySeq > before),
    ...facts.unseen.filter((item) => item.wakes && item.entrySeq > through),
  ];
}

function hasWork({ facts }: Core): boolean {
  return facts.queue.length > 0 || facts.resumable !== null || facts.turn !== null;
}
