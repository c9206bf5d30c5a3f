/**
 * A mailbox as it is watched: that something has come, and which approvals are open below it. Only a hint of
 * when to look: what is there is asked for.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { FoundPod } from '../../client/find-pod.ts';
import { type LiveEvent, openPodStream, type PodStream } from '../../client/pod-stream.ts';
import type { ApprovalRequest } from '../../protocol/approval.ts';
import { type Deferred, deferred } from '../../std/deferred.ts';

const redialMs = 500;

export class MailboxWatch {
  readonly #pod: FoundPod;
  readonly #open = new Map<string, ApprovalRequest>();
  readonly #closing = new AbortController();
  #changed: Deferred<void> = deferred();
  #stream: PodStream | null = null;
  /** Called with each change of the open approvals. Must not throw. */
  onApprovals: () => void = () => undefined;

  constructor(pod: FoundPod) {
    this.#pod = pod;
    void this.#follow();
  }

  get approvals(): readonly ApprovalRequest[] {
    return [...this.#open.values()];
  }

  /** Fulfils with the next event that may bring a report. */
  changed(): Promise<void> {
    return this.#changed.promise;
  }

  close(): void {
    this.#closing.abort();
    this.#stream?.close();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#closing;
    const { instance } = this.#pod;
    while (!signal.aborted) {
      try {
        const onEvent = (event: LiveEvent): void => this.#take(event);
        const path = this.#pod.socket;
        // Only what comes: of the history, nothing.
        this.#stream = await openPodStream({
          path,
          instance,
          since: 0,
          last: 0,
          deltas: false,
          onEvent,
          signal,
        });
        this.#notify();
        if (signal.aborted) this.#stream.close();
        await this.#stream.closed;
      } catch {
        // It does not run: whoever calls it next starts it.
      }
      this.#stream = null;
      this.#open.clear();
      this.onApprovals();
      await pause(redialMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  #take(event: LiveEvent): void {
    if (event.type === 'approvalRequested') {
      const { type: _, ...request } = event;
      this.#open.set(request.request, request);
    } else if (event.type === 'approvalAnswered') this.#open.delete(event.request);
    else if (event.type !== 'deliveryChanged' && event.type !== 'entry') return;
    if (event.type.startsWith('approval')) this.onApprovals();
    this.#notify();
  }

  #notify(): void {
    const before = this.#changed;
    this.#changed = deferred();
    before.resolve();
  }
}
