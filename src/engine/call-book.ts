/**
 * The calls that an agent makes of its own tools in one prompt, as entries for people to look at: nothing of
 * them is run by us. An agent says what it knows of a call piece by piece, and gives ids that it may give
 * again; a call stands here under a name of its own once what it is given is known. Pure.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../std/json.ts';
import type { EntryBody } from '../session/facts/entries.ts';
import type { CallUpdate } from './updates.ts';

/** What comes behind them in one prompt is not kept. */
const callsMax = 2_000;
const resultCharsMax = 16 * 1024;

interface BookedCall {
  /** Null until it is in the log. */
  id: string | null;
  step: number;
  title: string;
  kind: string;
  given: JsonValue | null;
  output: string;
  isOver: boolean;
  isDenied: boolean;
}

/** A call as a person is asked about it. */
export interface AskedCall {
  readonly call: string;
  readonly step: number;
  readonly tool: string;
  /** Of the protocol, as the agent says it. */
  readonly kind: string;
  readonly input: JsonObject;
}

export class CallBook {
  readonly #agent: string;
  readonly #turn: string;
  readonly #prompt: number;
  readonly #calls = new Map<string, BookedCall>();
  #made = 0;
  #begun = 0;

  /** `agent`: as in `acp/NAME`. `prompt`: the seq of its entry, which no other prompt of the turn has. */
  constructor(agent: string, { turn, prompt }: { turn: string; prompt: number }) {
    this.#agent = agent;
    this.#turn = turn;
    this.#prompt = prompt;
  }

  /** Of those that the agent has begun and not ended, whether in the log or not. */
  get openCount(): number {
    return [...this.#calls.values()].filter(({ isOver }) => !isOver).length;
  }

  get isEmpty(): boolean {
    return this.#calls.size === 0;
  }

  /** What is to be committed now. */
  take(update: CallUpdate, step: number): EntryBody[] {
    const known = this.#noted(update, step);
    if (known === null) return [];
    const isEnded = update.status === 'completed' || update.status === 'failed';
    const isKnown = isEnded || hasInput(known.given) || update.status === 'inProgress';
    const entries = known.id === null && isKnown ? this.#begin(known, step) : [];
    if (!isEnded || known.isOver) return entries;
    known.isOver = true;
    return [...entries, ...this.#result(known, update.status === 'failed')];
  }

  /** It is asked about with what it is given now, whatever the log said before. Null: there are too many. */
  ask(update: CallUpdate, step: number): { readonly asked: AskedCall; readonly entries: EntryBody[] } | null {
    const before = this.#calls.get(update.call);
    const said = before === undefined ? '' : JSON.stringify(inputOf(before));
    const known = this.#noted(update, step);
    if (known === null) return null;
    const entries: EntryBody[] = [];
    if (known.id !== null && JSON.stringify(inputOf(known)) !== said) {
      entries.push(...this.#closed(known, 'It was asked about with another input.'));
      known.id = null;
    }
    known.isOver = false;
    if (known.id === null) entries.push(...this.#begin(known, step));
    const { id, kind } = known;
    const tool = this.#toolOf(known);
    return id === null
      ? null
      : { asked: { call: id, step: known.step, tool, kind, input: inputOf(known) }, entries };
  }

  /** A person has said no to it. */
  deny(call: string): void {
    for (const one of this.#calls.values()) if (one.id === call) one.isDenied = true;
  }

  /** What the agent has left open. */
  end(why: string): EntryBody[] {
    return [...this.#calls.values()].flatMap((call) => {
      if (call.isOver) return [];
      call.isOver = true;
      return call.id === null ? [] : this.#closed(call, why);
    });
  }

  #noted(update: CallUpdate, step: number): BookedCall | null {
    let known = this.#calls.get(update.call);
    // It begins again under an id that it has given before.
    if (known?.isOver === true && update.begins) known = undefined;
    if (known === undefined) {
      if (this.#made >= callsMax) return null;
      this.#made += 1;
      const nothing = { title: '', kind: 'other', given: null, output: '', isOver: false, isDenied: false };
      known = { id: null, step, ...nothing };
      this.#calls.set(update.call, known);
    }
    known.title = update.title ?? known.title;
    if (known.id === null) known.kind = update.tool ?? known.kind;
    known.given = update.input ?? known.given;
    known.output = update.output ?? known.output;
    if (known.output.length < resultCharsMax) known.output += update.more ?? '';
    return known;
  }

  /** Its kind under a name that no tool of podkin's has. */
  #toolOf({ kind }: BookedCall): string {
    return `acp__${this.#agent}__${kind.replaceAll(/[^A-Za-z0-9_-]/g, '').slice(0, 24) || 'other'}`;
  }

  #begin(call: BookedCall, step: number): EntryBody[] {
    this.#begun += 1;
    call.id = `${this.#turn.slice(-12)}-${this.#prompt}-${this.#begun}`;
    call.step = step;
    const { id } = call;
    const tool = this.#toolOf(call);
    return [{ type: 'toolCall', turn: this.#turn, step, call: id, tool, input: inputOf(call) }];
  }

  #result(call: BookedCall, isError: boolean): EntryBody[] {
    const { id, step, isDenied } = call;
    const tool = this.#toolOf(call);
    if (id === null) return [];
    const text = call.output.slice(0, resultCharsMax).toWellFormed();
    const denied = isDenied ? { denied: true } : {};
    const result = { turn: this.#turn, step, call: id, tool, text, isError: isError || isDenied };
    return [{ type: 'toolResult', ...result, ...denied }];
  }

  #closed(call: BookedCall, text: string): EntryBody[] {
    const { id, step } = call;
    const tool = this.#toolOf(call);
    if (id === null) return [];
    const result = { turn: this.#turn, step, call: id, tool, text, isError: true, interrupted: true };
    return [{ type: 'toolResult', ...result }];
  }
}

function hasInput(given: JsonValue | null): boolean {
  return given !== null && (!isJsonObject(given) || Object.keys(given).length > 0);
}

function inputOf({ title, given }: BookedCall): JsonObject {
  const named = title === '' ? {} : { title };
  if (!hasInput(given) || given === null) return named;
  return isJsonObject(given) ? { ...named, ...given } : { ...named, input: given };
}
