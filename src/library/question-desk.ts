/** Questions of the whole tree, each handed to the program once, and its answers. */
import { rpcCodes } from '../protocol/errors.ts';
import type { ApprovalRequest } from '../protocol/approval.ts';
import type { LiveEvent } from '../client/pod-stream.ts';
import type { Client } from '../transport/client.ts';
import { RemoteError } from '../transport/failures.ts';
import { thrownText } from '../std/thrown-text.ts';
import type { TreeOptions } from './api.ts';
import { type AnswerRead, answerRead, denialBecause, type PodAnswer } from './question-answer.ts';
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

  /** Never rejects. */
  async #ask(ask: NonNullable<TreeOptions['onQuestion']>, request: ApprovalRequest): Promise<void> {
    const given = await answerOf(ask, request);
    if (given.kind === 'left' || this.#closed) return;
    if (given.kind === 'answer') return await this.#give(request.request, given.answer);
    await this.#deny(request.request, given.why);
  }

  async #give(request: string, answer: PodAnswer): Promise<void> {
    try {
      await this.#ports.client().call('approve', { request, ...answer });
    } catch (error) {
      if (!(error instanceof RemoteError)) return this.#notTaken(request, error);
      // Somebody else was first, or its turn has ended.
      if (error.code === 'unknownPod' || 'decision' in error.data) return;
      // It is about the answer, not about the pod.
      const isRefused = error.code === 'forbidden' || error.rpcCode === rpcCodes.invalidParams;
      if (isRefused) await this.#deny(request, thrownText(error));
      else this.#notTaken(request, error);
    }
  }

  /** What was meant is not known, and nobody else is asked: a call that waits for ever helps nobody. */
  async #deny(request: string, why: string): Promise<void> {
    this.#ports.alert(`onQuestion gave no answer, which denies: ${why}`);
    try {
      await this.#ports.client().call('approve', { request, ...denialBecause(why) });
    } catch (error) {
      if (!(error instanceof RemoteError && error.code === 'unknownPod')) this.#notTaken(request, error);
    }
  }

  /** It is asked again with the next connection. */
  #notTaken(request: string, error: unknown): void {
    this.#asked.delete(request);
    this.#ports.alert(`the answer to a question was not taken: ${thrownText(error)}`);
  }
}

async function answerOf(
  ask: NonNullable<TreeOptions['onQuestion']>,
  request: ApprovalRequest,
): Promise<AnswerRead> {
  try {
    return answerRead(await ask(questionOf(request)));
  } catch (error) {
    return { kind: 'wrong', why: `it has thrown: ${thrownText(error)}` };
  }
}
