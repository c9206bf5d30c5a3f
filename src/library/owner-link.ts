/**
 * The connection by which a program owns a root: while it is there the tree is not alone, and calls of the
 * program's tools come over it. Made again where it breaks while the pod lives; a call that came over the old
 * one was answered by the pod as interrupted.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Lifetime } from '../protocol/own-tools.ts';
import { readLiveEvent } from '../protocol/live-events.ts';
import { asJson, type JsonValue } from '../std/json.ts';
import { thrownText } from '../std/thrown-text.ts';
import { type Client, clientOver } from '../transport/client.ts';
import { dial } from '../transport/dial.ts';
import { MessageTooLarge } from '../transport/failures.ts';
import type { OwnTool } from './api.ts';
import { answerIn, answerOfThrown, type ShownAnswer } from './own-tool-answer.ts';
import { thisProgram } from './this-program.ts';

export interface OwnerOptions {
  /** Where the root listens now. */
  readonly socket: () => string;
  readonly token: string;
  readonly lifetime: Lifetime;
  readonly tools: readonly OwnTool[];
  /** Something came to nothing, for the program. */
  readonly alert: (text: string) => void;
}

const dialTimeoutMs = 5_000;
const callTimeoutMs = 10_000;
const redialMs = 200;

export class OwnerLink {
  readonly #options: OwnerOptions;
  readonly #running = new Map<string, AbortController>();
  #client: Client | null = null;
  #lifetime: Lifetime;
  #closed = false;

  constructor(options: OwnerOptions) {
    this.#options = options;
    this.#lifetime = options.lifetime;
  }

  /** Throws as `dial` and `Client.call` do: the pod refuses a token or a tool. */
  async open(): Promise<void> {
    const { socket, token, tools } = this.#options;
    const connection = await dial(socket(), {
      timeoutMs: dialTimeoutMs,
      onEvent: (method, params) => {
        if (method === 'event') this.#take(client, params);
      },
    });
    const client = clientOver(connection);
    try {
      const options = { timeoutMs: callTimeoutMs };
      await client.call('own', { token, lifetime: this.#lifetime, process: thisProgram() }, options);
      if (tools.length > 0)
        await client.call('offerTools', { token, tools: tools.map(offeredTool) }, options);
    } catch (error) {
      connection.destroy();
      throw error;
    }
    this.#client = client;
    void connection.closed.then(() => this.#lost());
  }

  /** The tree stays when this program ends. */
  async detach(): Promise<void> {
    this.#lifetime = 'own';
    await this.#client?.call('detach', { token: this.#options.token }, { timeoutMs: callTimeoutMs });
  }

  close(): void {
    this.#closed = true;
    this.#client?.connection.destroy();
    this.#abortAll();
  }

  async #lost(): Promise<void> {
    this.#client = null;
    this.#abortAll();
    while (!this.#closed) {
      // Nobody is kept from ending by a pod that has ended.
      await pause(redialMs, undefined, { ref: false });
      if (this.#closed) return;
      try {
        await this.open();
        return;
      } catch {
        // It has ended, or begins again.
      }
    }
  }

  #abortAll(): void {
    for (const running of this.#running.values()) running.abort(new Error('the call was interrupted'));
    this.#running.clear();
  }

  #take(client: Client, params: unknown): void {
    const event = readLiveEvent(params);
    if (event?.type === 'toolCallEnded') {
      this.#running.get(event.call)?.abort(new Error('the turn was ended'));
      this.#running.delete(event.call);
    }
    if (event?.type === 'toolCalled') void this.#run(client, event);
  }

  /** Never rejects. */
  async #run(client: Client, called: { call: string; tool: string; input: JsonValue }): Promise<void> {
    const { call, tool: name, input } = called;
    const abort = new AbortController();
    this.#running.set(call, abort);
    const answer = await this.#answer(name, input, { call, signal: abort.signal });
    // Whoever asked is gone, or wants no answer.
    if (!this.#running.delete(call)) return;
    try {
      await client.call('answerTool', { call, ...answer }, { timeoutMs: callTimeoutMs });
    } catch (error) {
      const why = thrownText(error);
      this.#options.alert(`the answer of ${name} was not taken: ${why}`);
      if (!(error instanceof MessageTooLarge)) return;
      const text = `The tool ran, and its answer is too long to be told: ${why}.`;
      await client.call('answerTool', { call, text }, { timeoutMs: callTimeoutMs }).catch(() => undefined);
    }
  }

  /** Never rejects. */
  async #answer(
    name: string,
    input: JsonValue,
    context: { call: string; signal: AbortSignal },
  ): Promise<ShownAnswer> {
    let given: unknown;
    try {
      const tool = this.#options.tools.find((one) => one.name === name);
      if (tool === undefined) throw new Error('this program has no such tool');
      given = await tool.run(input, context);
    } catch (error) {
      return answerOfThrown(name, error);
    }
    return answerIn(given);
  }
}

/** As the wire has it. */
export function offeredTool({ name, description, inputSchema }: OwnTool): {
  name: string;
  description: string;
  inputSchema: Record<string, JsonValue>;
} {
  return { name, description, inputSchema: asJson(inputSchema) };
}
