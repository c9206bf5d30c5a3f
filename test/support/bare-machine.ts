/**
 * A pod's machine without its shell: facts from entries, commits in memory, effects noted and never
 * performed. A turn is played by hand: `request` is what its next request holds, `answer` the completed
 * response.
 */
import { type Core, type Effect, freshLive } from '../../src/pod/machine/core.ts';
import { onPodEvent, onRun } from '../../src/pod/machine/inputs.ts';
import { boot, endTurn, onTimer, preLlmRequest, recoverPreviousRun } from '../../src/pod/machine/state.ts';
import type { TurnEnd } from '../../src/pod/machine/reports.ts';
import type { PodEvent, SentPodEvent } from '../../src/protocol/pod-event.ts';
import type { Entry, EntryBody, SystemItem } from '../../src/session/facts/entries.ts';
import { type Facts, sessionOf } from '../../src/session/facts/facts.ts';
import { applyEntry, replay } from '../../src/session/facts/replay.ts';
import { type Limits, defaultLimits } from '../../src/session/settings/settings.ts';
import type { LogBuilder } from './log-builder.ts';

const usage = { inputTokens: 1, outputTokens: 1, cost: 0 };

export class BareMachine {
  readonly entries: Entry[];
  readonly effects: Effect[] = [];
  readonly core: Core;
  /** Milliseconds; moves only by hand. */
  nowMs = 0;
  #ids = 0;
  #seenThrough = 0;
  #step = 0;

  /** Goes on behind these entries, as a restored pod does. */
  constructor(entries: readonly Entry[], limits: Partial<Limits> = {}) {
    this.entries = [...entries];
    this.core = {
      facts: replay(this.entries),
      live: freshLive(),
      limits: { ...defaultLimits, ...limits },
      ports: {
        commit: (bodies) => this.commit(bodies),
        perform: (effect) => void this.effects.push(effect),
        now: () => this.nowMs,
        wallMs: () => this.nowMs,
        newId: () => {
          this.#ids += 1;
          return `id-${this.entries.length}-${this.#ids}`;
        },
      },
    };
  }

  get facts(): Facts {
    return this.core.facts;
  }

  commit(bodies: readonly EntryBody[]): void {
    for (const body of bodies) {
      const entry: Entry = {
        seq: this.entries.length + 1,
        time: new Date(this.nowMs).toISOString(),
        ...body,
      };
      this.entries.push(entry);
      applyEntry(this.facts, entry);
    }
  }

  /** The entries of a type, in order. */
  all<T extends EntryBody['type']>(type: T): Entry<Extract<EntryBody, { type: T }>>[] {
    return this.entries.filter(
      (entry): entry is Entry<Extract<EntryBody, { type: T }>> => entry.type === type,
    );
  }

  newest<T extends EntryBody['type']>(type: T): Entry<Extract<EntryBody, { type: T }>> | undefined {
    return this.all(type).at(-1);
  }

  /** What the events say that it has emitted. */
  said(): SentPodEvent[] {
    return this.all('podEventEmitted').map(({ event }) => event);
  }

  /** The items in its history, as kind and sender or text. */
  items(): SystemItem[] {
    return this.all('systemItem').map(({ item }) => item);
  }

  /** The process is gone without a word, and the next one has read its log. */
  restarted(): BareMachine {
    const next = new BareMachine(this.entries, this.core.limits);
    next.nowMs = this.nowMs;
    const incarnation = this.facts.incarnation + 1;
    next.commit([{ type: 'started', incarnation, pid: 1, startTime: '1', bootId: 'b', podkin: '0.0.0' }]);
    recoverPreviousRun(next.core);
    boot(next.core);
    return next;
  }

  runFrom(who: 'person' | 'parent', submission: string): 'started' | 'queued' {
    const { parent } = sessionOf(this.facts);
    const from = who === 'parent' && parent !== null ? { kind: 'parent' as const, ...parent } : null;
    const input = { text: `do ${submission}`, submission, ifBusy: 'queue', hops: 0 } as const;
    return onRun(this.core, { ...input, from: from ?? { kind: 'person' } });
  }

  /** A child as after its spawn: linked, with these assignments open. */
  adopt(child: LogBuilder, ...assignments: string[]): void {
    const { facts } = this;
    const turn = facts.turn === null ? {} : { turn: facts.turn.turn };
    this.commit([
      { type: 'child', child: child.ref, state: 'reserved', tokenHash: 'x', task: 'work' },
      {
        type: 'child',
        child: child.ref,
        state: 'linked',
        incarnation: 1,
        pid: 1,
        startTime: '1',
        bootId: 'b',
      },
      ...assignments.map((assignment): EntryBody => {
        return { type: 'assignment', assignment, child: child.ref, state: 'open', text: assignment, ...turn };
      }),
    ]);
  }

  /** An event over the link of that child's present incarnation. */
  hear(child: LogBuilder, seq: number, event: SentPodEvent): 'accepted' | 'duplicate' {
    const from = { instance: child.instance, incarnation: child.incarnation };
    return onPodEvent(this.core, { from, seq, event }).outcome;
  }

  /** The running turn makes its next request. */
  request(): void {
    preLlmRequest(this.core);
    this.#seenThrough = this.facts.lastSeq;
  }

  /** The response to it completes. */
  answer(text = 'ok', calls: readonly string[] = []): void {
    const turn = this.facts.turn?.turn ?? '';
    this.#step += 1;
    const step = this.#step;
    this.commit([
      { type: 'assistantMessage', turn, step, model: 'm', parts: [{ type: 'text', text }] },
      ...calls.map((call): EntryBody => ({ type: 'toolCall', turn, step, call, tool: 'Tool', input: {} })),
      { type: 'stepCompleted', turn, step, finishReason: 'stop', usage, seenThrough: this.#seenThrough },
    ]);
  }

  end(outcome: TurnEnd['outcome'] = 'finished', fields: Partial<TurnEnd> = {}): void {
    endTurn(this.core, { outcome, durationMs: 1, ...fields });
  }

  /** A whole request and the end of the turn behind it. */
  finish(text = 'ok'): void {
    this.request();
    this.answer(text);
    this.end();
  }

  /** The coalescing timer runs out. */
  coalesced(): void {
    onTimer(this.core, 'coalesce');
  }
}

/** A child's report about these assignments. */
export function report(
  outcome: Extract<SentPodEvent, { kind: 'turnEnded' }>['outcome'],
  assignments: string[],
  fields: Partial<Extract<PodEvent, { kind: 'turnEnded' }>> = {},
): Extract<SentPodEvent, { kind: 'turnEnded' }> {
  return {
    kind: 'turnEnded',
    outcome,
    turn: 'turn of the child',
    assignments,
    outstanding: [],
    settled: true,
    text: 'done',
    textChars: 4,
    usage,
    durationMs: 1,
    hops: 0,
    ...fields,
  };
}
