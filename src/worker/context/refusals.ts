/**
 * What a provider has refused of one request as too long, try for try; and how much shorter the next one is
 * to be.
 */
import type { Model, ModelFailure, ModelRequest } from '../../model/port.ts';
import { effectiveWindow } from '../../session/facts/learned-window.ts';
import type { TurnPorts } from '../turn-ports.ts';
import { type Fit, tokensOfRequest } from './fit.ts';
import { isTooLong, refusalEntries, windowBy } from './refusal.ts';

/** Of one request: after each the window is taken for smaller. */
const refusalsMax = 3;

export class Refusals {
  readonly #ports: TurnPorts;
  #count = 0;
  /** A bound in bytes, that nobody has named: one shorter request is tried. */
  #tooLarge: { readonly failure: ModelFailure; readonly compactions: number } | null = null;
  /** Tokens that the provider takes, as far as this request goes. */
  taken = Number.POSITIVE_INFINITY;

  constructor(ports: TurnPorts) {
    this.#ports = ports;
  }

  /** True: it is too long, and a shorter one is worth a try. What holds for later ones is in the log then. */
  async take(model: Model, request: ModelRequest, failure: ModelFailure): Promise<boolean> {
    const { context, turn } = this.#ports;
    if (context === undefined || !isTooLong(failure) || this.#count >= refusalsMax) return false;
    if (failure.category === 'requestTooLarge') {
      if (this.#tooLarge !== null) return false;
      this.#tooLarge = { failure, compactions: context.facts.context.failures.count };
    }
    this.#count += 1;
    const { facts, window } = context;
    const tokens = tokensOfRequest(context, model, request);
    const believed = Math.min(this.taken, effectiveWindow(facts, model.name, window));
    const refused = { failure, tokens, window: believed };
    const answered = facts.context.answered.get(model.name) ?? 0;
    const entries = refusalEntries(turn, model.name, { refused, answered, given: window.given });
    if (entries.length > 0) await this.#ports.commit(entries);
    this.taken = windowBy(refused);
    return true;
  }

  /**
   * Throws the refusal where what is too large in bytes cannot become shorter: there is no window to speak
   * of.
   */
  check(fitted: Fit): void {
    if (this.#tooLarge === null) return;
    const { failure, compactions } = this.#tooLarge;
    const isFull =
      fitted.kind === 'ended' &&
      fitted.result.kind === 'limitReached' &&
      fitted.result.reason.startsWith('context:');
    const failures = this.#ports.context?.facts.context.failures.count ?? 0;
    if (isFull || failures > compactions) throw failure;
  }
}
