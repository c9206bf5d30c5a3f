/** Questions of the whole tree, each handed to the program once, and its answers. */
import type { ApprovalRequest } from '../protocol/approval.ts';
import type { LiveEvent } from '../client/pod-stream.ts';
import type { Client } from '../transport/client.ts';
import { RemoteError } from '../transport/failures.ts';
import type { QuestionAnswer, TreeOptions } from './api.ts';
import { questionOf } from './tree-events.ts';

export interface QuestionPorts {
  /** Throws `NotConnected`. */
  client(): Client;
  /** For the program: the answer came to nothing. */
  alert(text: string): void;
}

export class QuestionDesk {
  readonly #answer: TreeOptions['onQuestion'];
  readonly #ports: QuestionPorts;
  /** Open ones, sent again with each connection. */
  readonly #asked = new Set<string>();
  #closed = false;

  constructor(answer: TreeOptions['onQuestion'], ports: QuestionPorts) {
    this.#answer = answer;
    this.#ports = ports;
  }

  /** Of the root, which tells of those below it too. */
  take(event: LiveEvent): void {
    if (event.type === 'approvalAnswered') this.#asked.delete(event.request);
    if (event.type !== 'approvalRequested' || this.#asked.has(event.request)) return;
    this.#asked.add(event.request);
    if (this.#answer !== undefined) void this.#ask(this.#answer, event);
  }

  /** The program answers nothing any more. */
  close(): void {
    this.#closed = true;
  }

  async #ask(answer: NonNullable<TreeOptions['onQuestion']>, request: ApprovalRequest): Promise<void> {
    let said: QuestionAnswer | undefined;
    try {
      said = await answer(questionOf(request));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#ports.alert(`onQuestion has thrown, which denies: ${why}`);
      said = { decision: 'deny', reason: 'the program that was asked could not answer' };
    }
    if (said === undefined || this.#closed) return;
    const given = typeof said === 'string' ? { decision: said } : said;
    try {
      const params = { request: request.request, ...given };
      await this.#ports.client().call('approve', params);
    } catch (error) {
      // Somebody else was first, or its turn has ended.
      if (error instanceof RemoteError && error.code === 'unknownPod') return;
      this.#asked.delete(request.request);
      this.#ports.alert(
        `the answer to a question was not taken: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}
