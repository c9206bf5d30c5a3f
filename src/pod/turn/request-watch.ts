/**
 * How the running turn's request to the provider fares, for those who look at the pod: asked, failing since
 * when and until when, answered.
 */
import type { ModelRequest } from '../../model/port.ts';
import type { Interceptor, RequestOutcome } from '../../worker/turn-ports.ts';
import type { Pod } from '../pod.ts';

/** What passes sooner is nobody's to read later. */
const loggedFromMs = 5_000;

export class RequestWatch implements Interceptor {
  readonly #pod: Pod;

  constructor(pod: Pod) {
    this.#pod = pod;
  }

  /** A try is sent. */
  beforeRequest(request: ModelRequest): ModelRequest {
    const { provider } = this.#pod.core.live;
    provider.askedAt = this.#pod.host.clock.wallTime();
    if (provider.failing !== null) provider.failing.until = null;
    return request;
  }

  /** Nobody is waited for any more: a part of the answer has come, or the turn is over. */
  answerBegun(): void {
    this.#pod.core.live.provider = { askedAt: null, failing: null };
  }

  afterRequest(outcome: RequestOutcome): void {
    if (outcome.kind === 'failed') this.#failed(outcome.delayMs, outcome.why);
    else this.answerBegun();
  }

  /**
   * The try has failed, and the next comes after the delay. It goes into the log once the failing lasts
   * longer than a moment.
   */
  #failed(delayMs: number, why: string): void {
    const { provider } = this.#pod.core.live;
    const nowMs = this.#pod.host.clock.wallMs();
    const since = provider.failing?.since ?? provider.askedAt ?? new Date(nowMs).toISOString();
    const until = new Date(nowMs + delayMs).toISOString();
    this.#pod.core.live.provider = { askedAt: null, failing: { since, until, reason: why } };
    this.#pod.input((core) => core.ports.perform({ type: 'statusChanged' }));
    if (nowMs + delayMs - Date.parse(since) < loggedFromMs) return;
    const text = `${why} It has not answered since ${since}; the next try is at ${until}.`;
    this.#pod.tryCommit([{ type: 'alert', level: 'warning', code: 'providerWaiting', text }]);
  }
}
