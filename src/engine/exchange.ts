/**
 * One prompt while it runs: what the agent says is shown and kept, what it asks goes to a person, its silence
 * is watched, and a cancel reaches it.
 */
import type { AssistantPart, EntryBody, StepUsage } from '../session/facts/entries.ts';
import type { AnswerEnd } from '../session/facts/engine-entries.ts';
import { engineNameIn } from '../session/settings/engine-settings.ts';
import { monotonicMs } from '../std/clock.ts';
import { answerBegun, afterRequest, beforeCall } from '../worker/interceptors.ts';
import type { CallApproval, TurnPorts, TurnResult } from '../worker/turn-ports.ts';
import type { EngineAgent } from './agent.ts';
import { chargeOf } from './charge.ts';
import { type AskedCall, CallBook } from './call-book.ts';
import { callNeed } from './call-need.ts';
import { EngineFailed } from './connection.ts';
import { Silence, type SilenceLimits } from './silence.ts';
import type { EngineUpdate, OptionKind, PermissionRequest, PromptEnd } from './updates.ts';

/** From a cancel to the end of its process. */
const cancelMs = 5_000;
/** The same, where it has fallen silent. */
const silentCancelMs = 10_000;
const textCharsMax = 1024 * 1024;
const thoughtCharsMax = 32 * 1024;

export class Exchange {
  readonly #ports: TurnPorts;
  readonly #agent: EngineAgent;
  readonly #book: CallBook;
  readonly #silence: Silence;
  readonly #stallMs: number;
  #step: number;
  #text = '';
  #thought = '';
  /** Calls stand behind the text of this step: more text is of the next one. */
  #hasCallsInStep = false;
  #messageOf = 0;
  #questions = 0;
  #isOver = false;
  /** The log has refused something: the turn is abandoned. */
  #failure: unknown = null;
  #ended: EngineFailed | null = null;
  lastText = '';

  constructor(
    ports: TurnPorts,
    agent: EngineAgent,
    given: { step: number; prompt: number; limits: SilenceLimits },
  ) {
    this.#ports = ports;
    this.#agent = agent;
    const { turn } = ports;
    this.#book = new CallBook(engineNameIn(agent.name) ?? '', { turn, prompt: given.prompt });
    this.#silence = new Silence(given.limits, monotonicMs());
    this.#stallMs = given.limits.stallMs;
    this.#step = given.step;
  }

  get hasCalls(): boolean {
    return !this.#book.isEmpty;
  }

  /** Rejects with `EngineFailed` and `StorageFailed`; what was said until then is in the log. */
  async run(text: string): Promise<PromptEnd> {
    const { signal } = this.#ports;
    const cancel = (): void => this.#cancel(cancelMs);
    signal.addEventListener('abort', cancel, { once: true });
    const periodMs = Math.max(20, Math.min(1_000, this.#stallMs / 10));
    const timer = setInterval(() => this.#watch(), periodMs);
    try {
      const prompt = this.#agent.prompt(text, {
        onUpdate: (update) => this.#take(update),
        onPermission: (request, cancelled) => this.#permit(request, cancelled),
      });
      if (signal.aborted) cancel();
      const end = await prompt;
      if (this.#ended !== null) throw this.#ended;
      if (this.#failure !== null) throw this.#failure;
      return end;
    } catch (error) {
      this.#flush(true);
      this.#commit(this.#open(this.#book.end('The agent ended before this call did.')));
      throw this.#failure ?? this.#ended ?? error;
    } finally {
      this.#isOver = true;
      clearInterval(timer);
      signal.removeEventListener('abort', cancel);
    }
  }

  /** All that the answer comes to, in one append. */
  answer(end: PromptEnd, seenThrough: number, result: TurnResult): EntryBody[] {
    const { turn } = this.#ports;
    const isPartial = end.stopReason === 'cancelled';
    const left = this.#open(this.#book.end('The agent did not say how this call ended.'));
    const message = this.#message(isPartial);
    return [
      ...left,
      ...message,
      {
        type: 'stepCompleted',
        turn,
        step: this.#step,
        finishReason: end.stopReason,
        usage: this.#used(end),
        seenThrough,
        ...(isSuccess(result) ? {} : { comesTo: result }),
      },
    ];
  }

  /** Of what it does not say, what was taken of the budget is the best that is known. */
  #used({ usage }: PromptEnd): StepUsage {
    const { charge, promptCost } = this.#agent;
    const cost = chargeOf(charge, usage, promptCost);
    if (usage !== null) return { ...usage, cost };
    const none = { inputTokens: 0, outputTokens: 0 };
    const reserved = this.#ports.context?.facts.budget.tokens.reserved ?? 0;
    return reserved === 0 ? { ...none, cost } : { ...none, inputTokens: reserved, cost, said: none };
  }

  #take(update: EngineUpdate): void {
    if (this.#isOver) return;
    this.#silence.heard(monotonicMs());
    answerBegun(this.#ports.interceptors);
    switch (update.kind) {
      case 'text':
        return this.#takeText(update.text);
      case 'thought':
        return this.#takeThought(update.text);
      case 'call': {
        if (update.begins) this.#flush(false);
        const entries = this.#open(this.#book.take(update, this.#step));
        return this.#commit(entries);
      }
      case 'usage':
      case 'userText':
      case 'mode':
      case 'other':
    }
  }

  #takeText(text: string): void {
    if (text === '') return;
    if (this.#hasCallsInStep) this.#nextStep();
    const taken = text.slice(0, Math.max(0, textCharsMax - this.#text.length));
    const place = { turn: this.#ports.turn, step: this.#step, offset: this.#text.length };
    this.#text += taken;
    this.lastText = this.#text;
    if (taken !== '') this.#ports.show({ type: 'textDelta', ...place, text: taken });
  }

  #takeThought(text: string): void {
    if (this.#hasCallsInStep) this.#nextStep();
    const taken = text.slice(0, Math.max(0, thoughtCharsMax - this.#thought.length));
    const place = { turn: this.#ports.turn, step: this.#step, offset: this.#thought.length };
    this.#thought += taken;
    if (taken !== '') this.#ports.show({ type: 'reasoningDelta', ...place, text: taken });
  }

  #nextStep(): void {
    this.#flush(false);
    this.#step += 1;
    this.#hasCallsInStep = false;
    this.#text = '';
    this.#thought = '';
  }

  /** What was said stands in the log before the calls behind it. */
  #flush(isPartial: boolean): void {
    this.#hasCallsInStep = true;
    if (this.#text === '' && this.#thought === '') return;
    if (this.#messageOf === this.#step) return;
    this.#commit(this.#message(isPartial));
  }

  /** None where this step has its own already. */
  #message(isPartial: boolean): EntryBody[] {
    if (this.#messageOf === this.#step) return [];
    this.#messageOf = this.#step;
    const parts: AssistantPart[] = [
      ...(this.#thought === '' ? [] : [{ type: 'reasoning' as const, text: this.#thought.toWellFormed() }]),
      ...(this.#text === '' ? [] : [{ type: 'text' as const, text: this.#text.toWellFormed() }]),
    ];
    const { turn } = this.#ports;
    const cut = isPartial ? { partial: true } : {};
    return [{ type: 'assistantMessage', turn, step: this.#step, model: this.#agent.name, parts, ...cut }];
  }

  async #permit(request: PermissionRequest, cancelled: AbortSignal): Promise<string | null> {
    this.#silence.heard(monotonicMs());
    this.#flush(false);
    const made = this.#book.ask(request.call, this.#step);
    if (this.#isOver || made === null) return null;
    this.#questions += 1;
    try {
      await this.#ports.commit(this.#open(made.entries));
      return this.#chosen(request, made.asked, await this.#approval(made.asked, cancelled));
    } catch (error) {
      this.#fail(error);
      return null;
    } finally {
      this.#questions -= 1;
      this.#silence.heard(monotonicMs());
    }
  }

  async #approval(asked: AskedCall, ends: AbortSignal): Promise<CallApproval> {
    const { call, step, tool, kind, input } = asked;
    const needed = callNeed(kind, input, this.#ports.toolContext(call));
    return await beforeCall(this.#ports.interceptors, { step, call, tool, input, ...needed, ends });
  }

  /** "Always" is podkin's to remember: the agent is never told of it where it takes a single yes. */
  #chosen({ options }: PermissionRequest, { call }: AskedCall, approval: CallApproval): string | null {
    const first = (...kinds: OptionKind[]): string | null =>
      kinds.flatMap((kind) => options.filter((option) => option.kind === kind)).at(0)?.id ?? null;
    if (approval.kind === 'allowed') return first('allowOnce', 'allowAlways');
    if (approval.kind === 'denied') this.#book.deny(call);
    return this.#ports.signal.aborted ? null : first('rejectOnce', 'rejectAlways');
  }

  /** Results of calls that are closed already are dropped (I12). */
  #open(entries: EntryBody[]): EntryBody[] {
    const begun = new Set(entries.flatMap((entry) => (entry.type === 'toolCall' ? [entry.call] : [])));
    return entries.filter(
      (entry) => entry.type !== 'toolResult' || begun.has(entry.call) || this.#ports.isOpen(entry.call),
    );
  }

  /** For looking: nobody waits for the disk. */
  #commit(entries: EntryBody[]): void {
    if (entries.length === 0) return;
    this.#ports.commit(entries).catch((error: unknown) => this.#fail(error));
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#cancel(cancelMs);
  }

  #cancel(graceMs: number): void {
    this.#agent.cancel();
    this.#ports.after(graceMs, () => {
      if (!this.#isOver) void this.#agent.rest();
    });
  }

  #watch(): void {
    const busy = { calls: this.#book.openCount, questions: this.#questions };
    const silent = this.#silence.silent(monotonicMs(), busy);
    const { name } = this.#agent;
    if (silent === 'stalls') {
      const why = `${name} has said nothing for ${Math.round(this.#stallMs / 1_000)} s, and no tool of it runs.`;
      afterRequest(this.#ports.interceptors, { kind: 'failed', delayMs: this.#stallMs, why });
    }
    if (silent !== 'over' || this.#ended !== null) return;
    const of = busy.calls > 0 ? 'while a tool of it ran' : 'and no tool of it ran';
    this.#ended = new EngineFailed('stalled', `said nothing for too long, ${of}, and was ended.`);
    this.#cancel(silentCancelMs);
  }
}

/** A pause and an append that was refused are no ends of an answer. */
function isSuccess(result: TurnResult): result is Exclude<TurnResult, AnswerEnd> {
  return result.kind === 'finished' || result.kind === 'paused' || result.kind === 'abandoned';
}
