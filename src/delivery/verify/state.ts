/**
 * What one pod has in hand at each point of its log: the open turn, runs that wait, work that it gave and was
 * given, items that its model has not been given or has not seen. Folded by rules of the oracle's own; the
 * checks ask it before they let it take the entry that they judge.
 */
import type { PodEvent } from '../../protocol/pod-event.ts';
import type { CommandEndedEntry } from '../../session/facts/command-entries.ts';
import type { PodEventReceivedEntry } from '../../session/facts/delivery-entries.ts';
import type {
  Entry,
  InputReceivedEntry,
  InputSource,
  PodRef,
  StepCompletedEntry,
  SystemItem,
  SystemItemEntry,
  ToolResultEntry,
  TurnEndedEntry,
} from '../../session/facts/entries.ts';
import { type Takers, takeBy } from './takers.ts';
import { isEnd, namesIn, tableRow } from './table.ts';

export interface Turn {
  readonly turn: string;
  readonly at: number;
  readonly submissions: readonly string[];
  /** Entry seq behind which the next request was prepared: the turn's start, or its last response. */
  preparedAt: number;
}

export interface WaitingRun {
  readonly submission: string;
  readonly from: InputSource;
  readonly text: string;
  readonly at: number;
}

/** A run that this pod gave to a child. */
export interface Given {
  readonly child: PodRef;
  readonly text: string;
  readonly time: string;
}

/** Received, and not seen by the model yet. */
export interface Item {
  readonly key: string;
  /** Entry seq of the receipt. */
  readonly at: number;
  readonly wakes: boolean;
  /** Entry seq of the systemItem; 0 while it waits. */
  itemAt: number;
  /** A response was completed without it although it was there before the request was prepared. */
  missedAt: number;
  /** It was told already that the history lacks it. */
  isShown: boolean;
  /** How many incarnations had died when it came. */
  readonly deathsBefore: number;
  readonly content:
    | {
        kind: 'podEvent';
        event: PodEvent;
        name: string;
        ofInstance: string;
        incarnation: number;
        asked: string;
      }
    | { kind: 'notice'; text: string; from: InputSource }
    | { kind: 'assignment'; text: string; name: string }
    | { kind: 'command'; name: string; tail: string };
}

/** Items of a turn that failed, met a limit or was cancelled: they wait for something new. */
interface Held {
  readonly isFailure: boolean;
  readonly through: number;
  readonly before: number;
}

export class PodState {
  /** It has a parent. */
  isChild = false;
  /** It stands for a host outside: what waits, waits for that. */
  isMailbox = false;
  incarnation = 0;
  /** The newest incarnation ended in order. */
  hasStopped = false;
  deaths = 0;
  turn: Turn | null = null;
  /** Submissions of an interrupted or paused turn that will go on. */
  resumable: readonly string[] | null = null;
  isPaused = false;
  queue: WaitingRun[] = [];
  /** Open assignments that this pod gave, by id. */
  readonly given = new Map<string, Given>();
  /** Open assignments that its parent gave it. */
  readonly own = new Map<string, 'queued' | 'begun'>();
  /** That run in the background. */
  readonly commands = new Set<string>();
  /** Submissions of which a turn has finished. */
  readonly finished = new Set<string>();
  waiting: Item[] = [];
  unseen: Item[] = [];
  /** Entry seq through which a completed response had everything. */
  seenThrough = 0;
  /** The model's last text since the newest input. */
  lastText = '';
  /** Turns of children whose whole end ReadPodOutput has given to the model: the newest result of each. */
  readonly readTurns = new Map<string, { at: number; instance: string }>();
  /** By instance: the highest incarnation whose end a StopPod result told. */
  readonly stopReported = new Map<string, number>();
  #held: Held | null = null;

  readonly #takers: Takers = {
    ...this.#ofPods(),
    ...this.#ofTurns(),
  };

  apply(entry: Entry): void {
    takeBy(this.#takers, entry);
  }

  /** Lives, inputs, and what passes between pods. */
  #ofPods(): Takers {
    return {
      session: ({ parent, settings }) => {
        this.isChild = parent !== null;
        this.isMailbox = 'mailbox' in settings;
      },
      started: ({ incarnation }) => {
        if (this.incarnation > 0 && !this.hasStopped) this.deaths += 1;
        this.incarnation = incarnation;
        this.hasStopped = false;
        if (this.#held?.isFailure === true) this.#held = null;
      },
      stopped: () => {
        this.hasStopped = true;
        this.#giveUp();
      },
      inputReceived: (entry) => this.#input(entry),
      inputDropped: ({ submission }) => this.#leaveQueue(submission),
      assignment: (entry) => {
        const { assignment, child, text, time } = entry;
        if (entry.state === 'open') this.given.set(assignment, { child, text, time });
        else this.#closeUnbegun(entry);
      },
      child: ({ child, state }) => {
        if (state !== 'undone' && state !== 'removed') return;
        for (const id of this.openOf(child.instance)) this.given.delete(id);
      },
      commandStarted: ({ command }) => void this.commands.add(command),
      commandEnded: (entry) => this.#commandEnded(entry),
      podEventReceived: (entry) => this.#receipt(entry),
      podEventEmitted: ({ event }) => this.#emitted(event),
    };
  }

  #ofTurns(): Takers {
    return {
      userMessage: ({ submission }) => {
        this.lastText = '';
        this.#leaveQueue(submission);
        if (this.own.has(submission)) this.own.set(submission, 'begun');
      },
      turnStarted: ({ turn, seq, submissions }) => {
        this.turn = { turn, at: seq, submissions, preparedAt: seq };
        this.resumable = null;
      },
      assistantMessage: ({ parts }) => {
        let text = '';
        for (const part of parts) if (part.type === 'text') text += part.text;
        if (text !== '') this.lastText = text;
      },
      toolResult: (entry) => this.#result(entry),
      systemItem: (entry) => this.#item(entry),
      stepCompleted: (entry) => this.#step(entry),
      itemsSeen: ({ items }) => {
        this.unseen = this.unseen.filter(({ itemAt }) => !items.includes(itemAt));
      },
      turnEnded: (entry) => this.#turnEnded(entry),
      interrupted: ({ turn }) => {
        if (this.turn === null || this.turn.turn !== turn) return;
        this.resumable = this.turn.submissions;
        this.turn = null;
      },
    };
  }

  /** Open assignments of one child. */
  openOf(instance: string): string[] {
    return [...this.given].flatMap(([id, { child }]) => (child.instance === instance ? [id] : []));
  }

  /** Names of children that have work of this pod, each once. */
  outstanding(): string[] {
    return [...new Set([...this.given.values()].map(({ child }) => child.name))];
  }

  ownWork(state: 'queued' | 'begun'): string[] {
    return [...this.own].flatMap(([id, is]) => (is === state ? [id] : []));
  }

  /** What the table makes a receipt close, of the work that is open now. */
  endedBy({ from, event }: PodEventReceivedEntry): string[] {
    const ends = tableRow(event)?.ends ?? 'none';
    if (ends === 'none') return [];
    const open = this.openOf(from.instance);
    const named = new Set(namesIn(event, 'assignments'));
    return ends === 'all' ? open : open.filter((id) => named.has(id));
  }

  /** Items that would wake the pod: neither seen nor held. */
  wakeWorthy(): Item[] {
    const { through = 0, before = 0 } = this.#held ?? {};
    return [
      ...this.waiting.filter((item) => item.wakes && item.at > before),
      ...this.unseen.filter((item) => item.wakes && item.itemAt > through),
    ];
  }

  /**
   * Nothing is left to do or to wait for. `isHolding`: the turn that ends now failed, met a limit or was
   * cancelled, so that what it had in hand will be held.
   */
  isSettled(options: { isHolding: boolean }): boolean {
    const begunAt = this.turn?.at ?? 0;
    const isWoken = options.isHolding
      ? this.waiting.some((item) => item.wakes && item.at > begunAt)
      : this.wakeWorthy().length > 0;
    return this.given.size === 0 && this.queue.length === 0 && this.resumable === null && !isWoken;
  }

  /** Work of the parent that was begun and not reported on by a pod that has nothing left to do. */
  owed(): string[] {
    const isIdle = this.turn === null && !this.isPaused && !this.hasStopped && this.#held === null;
    return isIdle && this.isSettled({ isHolding: false }) ? this.ownWork('begun') : [];
  }

  #giveUp(): void {
    this.resumable = null;
    this.queue = this.queue.filter(({ from }) => from.kind !== 'parent');
  }

  #leaveQueue(submission: string): void {
    this.queue = this.queue.filter((run) => run.submission !== submission);
  }

  #input(entry: Entry<InputReceivedEntry>): void {
    const { submission, from, text, seq: at } = entry;
    switch (entry.kind) {
      case 'run':
        this.queue.push({ submission, from, text, at });
        if (from.kind === 'parent') this.own.set(submission, 'queued');
        this.#held = null;
        return;
      case 'notice':
        this.#wait({
          key: `notice ${submission}`,
          at,
          wakes: entry.wake,
          content: { kind: 'notice', text, from },
        });
        return;
      case 'pause':
        this.isPaused = true;
        return;
      case 'resume':
        this.isPaused = false;
        this.#held = null;
        return;
      case 'cancel':
        if (this.resumable !== null && this.unseen.length > 0) {
          this.#held = { isFailure: false, through: at, before: 0 };
        }
        this.resumable = null;
        this.isPaused = false;
    }
  }

  #wait(item: Pick<Item, 'key' | 'at' | 'wakes' | 'content'>): void {
    this.waiting.push({ ...item, itemAt: 0, missedAt: 0, isShown: false, deathsBefore: this.deaths });
    if (item.wakes) this.#held = null;
  }

  #commandEnded({ command, seq: at, reads, wakes, tail }: Entry<CommandEndedEntry>): void {
    if (!this.commands.delete(command) || !reads) return;
    this.#wait({ key: `command ${command}`, at, wakes, content: { kind: 'command', name: command, tail } });
  }

  #closeUnbegun(entry: Extract<Entry, { type: 'assignment' }>): void {
    const { assignment, child, seq: at } = entry;
    const text = this.given.get(assignment)?.text ?? entry.text;
    this.given.delete(assignment);
    if (entry.tell !== true) return;
    const held = this.#held;
    const content = { kind: 'assignment' as const, text, name: child.name };
    this.#wait({ key: `assignment ${assignment}`, at, wakes: true, content });
    // Of work that was never begun nobody is told anew that what is held may go on.
    this.#held = held;
  }

  #receipt(entry: Entry<PodEventReceivedEntry>): void {
    const { from, event, eventSeq, closes, seq: at } = entry;
    const ended = new Set([...this.endedBy(entry), ...closes]);
    const asked = closes.map((id) => this.given.get(id)?.text ?? '').find((text) => text !== '') ?? '';
    for (const id of ended) this.given.delete(id);
    if (!entry.reads) return;
    this.#wait({
      key: eventKey({ from, seq: eventSeq, event }),
      at,
      wakes: entry.wakes,
      content: {
        kind: 'podEvent',
        event,
        name: from.name,
        ofInstance: from.instance,
        incarnation: from.incarnation,
        asked,
      },
    });
  }

  #result({ seq, stopped, readOutput }: Entry<ToolResultEntry>): void {
    if (stopped !== undefined) {
      const { instance, incarnation } = stopped;
      this.stopReported.set(instance, Math.max(this.stopReported.get(instance) ?? 0, incarnation));
      this.waiting = this.waiting.filter(
        ({ content }) =>
          content.kind !== 'podEvent' ||
          content.ofInstance !== instance ||
          content.incarnation > incarnation ||
          !isEnd(content.event),
      );
    }
    if (readOutput !== undefined && readOutput.coversTurn !== null) {
      this.readTurns.set(readOutput.coversTurn, { at: seq, instance: readOutput.instance });
    }
  }

  #item({ item, seq }: Entry<SystemItemEntry>): void {
    this.lastText = '';
    const index = this.waiting.findIndex(({ key }) => key === itemKey(item));
    const [known] = index < 0 ? [] : this.waiting.splice(index, 1);
    if (known === undefined) return;
    known.itemAt = seq;
    this.unseen.push(known);
  }

  #step({ seq, seenThrough }: Entry<StepCompletedEntry>): void {
    const { turn } = this;
    for (const item of this.waiting) {
      if (turn !== null && item.at < turn.preparedAt) item.missedAt ||= seq;
    }
    this.seenThrough = Math.max(this.seenThrough, Math.min(seenThrough, seq - 1));
    this.unseen = this.unseen.filter((item) => item.itemAt > seenThrough);
    if (turn !== null) turn.preparedAt = seq;
  }

  #emitted(event: PodEvent): void {
    if (event.kind === 'shutDown') this.#giveUp();
    if ((tableRow(event)?.ends ?? 'none') === 'none') return;
    for (const id of [...namesIn(event, 'assignments'), ...namesIn(event, 'notStarted')]) this.own.delete(id);
  }

  #turnEnded({ outcome, seq }: Entry<TurnEndedEntry>): void {
    const { turn } = this;
    this.isPaused = outcome === 'paused';
    this.turn = null;
    if (turn === null) return;
    if (outcome === 'paused') this.resumable = turn.submissions;
    if (outcome === 'finished') for (const id of turn.submissions) this.finished.add(id);
    const isHeld = outcome === 'errored' || outcome === 'limitReached' || outcome === 'cancelled';
    const hasInHand = this.unseen.length > 0 || this.waiting.some((item) => item.at < turn.at);
    if (isHeld && hasInHand) {
      this.#held = { isFailure: outcome === 'errored', through: seq, before: turn.at };
    }
  }
}

/** One name for an event at both of its places, receipt and item. */
export function eventKey(of: {
  from: { instance: string; incarnation: number };
  seq: number | null;
  event: { kind: string };
}): string {
  const { from, seq, event } = of;
  return seq === null ? `${from.instance} ${from.incarnation} ${event.kind}` : `${from.instance} ${seq}`;
}

export function itemKey(item: SystemItem): string {
  if (item.kind === 'podEvent') return eventKey(item);
  if (item.kind === 'unmet') return `unmet ${item.of}`;
  if (item.kind === 'command') return `command ${item.command}`;
  return item.kind === 'notice' ? `notice ${item.submission}` : `assignment ${item.assignment}`;
}
