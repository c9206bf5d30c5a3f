/**
 * The event `activity`: what the running turn is at, for those who are not sent each word of it. Nothing is
 * made while nobody wants it, and nothing while no turn runs.
 *
 * Invariants
 * - AF1 At most one probe a second, and an event only where it says something new.
 * - AF2 While a turn runs and somebody wants it there is a probe each second: silence is news too.
 */
import type { ShownEvent } from '../../protocol/live-events.ts';
import type { EntryBody } from '../../session/facts/entries.ts';
import type { End } from '../host.ts';
import { type Activity, activityOf, noOutput, type Output, tokensOf } from '../machine/activity.ts';
import type { Pod } from '../pod.ts';

const periodMs = 1_000;

export interface ActivityReaders {
  /** Somebody is sent `activity`. */
  isWanted(): boolean;
  show(event: ShownEvent): void;
}

export class ActivityFeed {
  readonly #pod: Pod;
  readonly #readers: ActivityReaders;
  #place = '';
  #output: Output = noOutput;
  #probedAtMs = Number.NEGATIVE_INFINITY;
  #endWait: End | null = null;
  #shown = '';

  constructor(pod: Pod, readers: ActivityReaders) {
    this.#pod = pod;
    this.#readers = readers;
  }

  /** Each event of the live lane. */
  shown(event: ShownEvent): void {
    const { type } = event;
    if (type === 'textDelta' || type === 'reasoningDelta' || type === 'toolInputDelta')
      return this.#note(event);
    const isAgain = type === 'alert' && event.code === 'providerRetry';
    if (isAgain) this.#output = noOutput;
    if (isAgain || type === 'status') this.wake();
  }

  committed(bodies: readonly EntryBody[]): void {
    if (bodies.some(({ type }) => type === 'assistantMessage' || type === 'turnEnded'))
      this.#output = noOutput;
    this.wake();
  }

  /** Somebody has come who wants it, or something may be another. */
  wake(): void {
    if (this.#endWait !== null || !this.#readers.isWanted() || this.#pod.facts.turn === null) return;
    const { clock } = this.#pod.host;
    const waitMs = this.#probedAtMs + periodMs - clock.now();
    this.#endWait = clock.after(Math.max(0, waitMs), () => this.#probe());
  }

  /** As it is now, with what the model has said of it. */
  now(): Activity | null {
    const { core, claims, host } = this.#pod;
    return activityOf(core, {
      scope: claims.conflict,
      nowMs: host.clock.wallMs(),
      output: this.#output,
    });
  }

  /** For an observer that has just come to the end of the history. */
  event(): Extract<ShownEvent, { type: 'activity' }> | null {
    const { turn } = this.#pod.facts;
    const activity = turn === null ? null : this.now();
    if (turn === null || activity === null) return null;
    return { type: 'activity', turn: turn.turn, ...activity, outputTokens: tokensOf(this.#output) };
  }

  close(): void {
    this.#endWait?.();
  }

  #note({ turn, step, text }: { turn: string; step: number; text: string }): void {
    const place = `${turn} ${step}`;
    const nowMs = this.#pod.host.clock.wallMs();
    const before = place === this.#place ? this.#output : noOutput;
    this.#place = place;
    this.#output = {
      chars: before.chars + text.length,
      firstAtMs: before.firstAtMs ?? nowMs,
      lastAtMs: nowMs,
    };
    this.wake();
  }

  #probe(): void {
    this.#endWait = null;
    this.#probedAtMs = this.#pod.host.clock.now();
    const event = this.event();
    if (event === null) {
      this.#shown = '';
      return;
    }
    const shown = JSON.stringify(event);
    if (shown !== this.#shown && this.#readers.isWanted()) this.#readers.show(event);
    this.#shown = shown;
    this.wake();
  }
}
