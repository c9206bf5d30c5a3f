/**
 * What a server asks a person in the middle of a call: handed to the pod as a form, one at a time and so
 * often. What belongs to no call, or cannot be shown, is declined.
 */
import { type Form, type FormContent, formIn } from '../protocol/form.ts';
import type { JsonObject } from '../std/json.ts';

export type FormAnswer =
  | { readonly action: 'accept'; readonly content: FormContent }
  | { readonly action: 'decline' | 'cancel' };

export interface AskedForm {
  readonly server: string;
  /** As it is offered. */
  readonly tool: string;
  /** The call that it is asked in. */
  readonly call: string;
  readonly form: Form;
}

/** Never rejects; `cancel` once the signal aborts. The answer is on disk when this fulfils. */
export type AskForm = (asked: AskedForm, signal: AbortSignal) => Promise<FormAnswer>;

/** In one call. */
const asksMax = 20;

/** What one call may ask. */
export class CallForms {
  readonly #of: Omit<AskedForm, 'form'>;
  readonly #ask: AskForm;
  readonly #over = new AbortController();
  #asks = 0;
  #isOpen = false;

  constructor(of: Omit<AskedForm, 'form'>, ask: AskForm) {
    this.#of = of;
    this.#ask = ask;
  }

  /** A person has it in hand: the call's time does not run. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The call is over: what is open is cancelled. */
  end(): void {
    this.#over.abort();
  }

  /** Rejects with an `Error` for the server, where what it asks is no form. */
  async ask(params: JsonObject, signal: AbortSignal): Promise<FormAnswer> {
    if (this.#isOpen || this.#asks >= asksMax) return { action: 'decline' };
    const form = formIn(params);
    if (typeof form === 'string') throw new Error(`This form cannot be asked: ${form}`);
    this.#asks += 1;
    this.#isOpen = true;
    try {
      return await this.#ask({ ...this.#of, form }, AbortSignal.any([signal, this.#over.signal]));
    } finally {
      this.#isOpen = false;
    }
  }
}
