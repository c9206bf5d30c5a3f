/**
 * Requests that this side has made and that wait for their answers. Each settles once, whichever of its ends
 * comes first.
 */
import { realClock } from '../std/clock.ts';
import { afterWaiting } from '../std/patient-timer.ts';
import { RemoteError, TimedOut } from './failures.ts';
import type { Incoming, MessageId } from './parse-message.ts';

export interface RequestOptions {
  /** From the call to the answer; without it the request waits as long as the connection lives. */
  timeoutMs?: number | undefined;
  /** Aborting rejects with the signal's reason; a late answer is passed over. */
  signal?: AbortSignal | undefined;
}

export type ResultCheck = (result: unknown) => void;

interface Waiting {
  resolve(result: unknown): void;
  reject(error: unknown): void;
  /** Throws where the result is not what was asked for. */
  check: ResultCheck | undefined;
  /** Lets go of timer and abort listener. */
  release: (() => void) | undefined;
}

export class PendingRequests {
  readonly #waiting = new Map<MessageId, Waiting>();

  add(
    request: { id: number; method: string; options: RequestOptions },
    check?: ResultCheck,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(request.id, { resolve, reject, check, release: this.#bound(request) });
    });
  }

  /** An answer to nothing, or to what was given up, is passed over. */
  settle(message: Extract<Incoming, { kind: 'response' | 'errorResponse' }>): void {
    const waiting = this.#remove(message.id);
    if (waiting === undefined) return;
    if (message.kind === 'response') fulfil(waiting, message.result);
    else waiting.reject(new RemoteError(message.error.code, message.error.message, message.error.data));
  }

  rejectAll(error: Error): void {
    for (const id of this.#waiting.keys()) this.#remove(id)?.reject(error);
  }

  #remove(id: MessageId): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(id);
    waiting.release?.();
    return waiting;
  }

  #bound(request: { id: number; method: string; options: RequestOptions }): (() => void) | undefined {
    const { id, method } = request;
    const { timeoutMs, signal } = request.options;
    if (timeoutMs === undefined && signal === undefined) return undefined;
    const giveUp = (timeoutMs: number) => this.#remove(id)?.reject(new TimedOut(`"${method}"`, timeoutMs));
    const endWait =
      timeoutMs === undefined ? undefined : afterWaiting(realClock, timeoutMs, () => giveUp(timeoutMs));
    const onAbort = () => this.#remove(id)?.reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    return () => {
      endWait?.();
      signal?.removeEventListener('abort', onAbort);
    };
  }
}

function fulfil(waiting: Waiting, result: unknown): void {
  try {
    waiting.check?.(result);
  } catch (error) {
    return waiting.reject(error);
  }
  waiting.resolve(result);
}
