/**
 * A provider on this machine that tells when a request has reached it: the moment that counts for wake and
 * spawn. Speaks the stream of chat completions.
 */
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Arrival {
  atMs: number;
  body: string;
}
export type Reply = { say: string } | { call: string; tool: string; input: object };

export class ModelServer {
  readonly #server: Server;
  #waiting: ((arrival: Arrival) => void)[] = [];
  /** Requests so far. */
  count = 0;
  /** When the last answer had been sent. */
  answeredAtMs = 0;

  private constructor(reply: (body: string) => Reply) {
    this.#server = createServer((request, response) => {
      const atMs = performance.now();
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        this.count += 1;
        const waiting = this.#waiting;
        this.#waiting = [];
        for (const tell of waiting) tell({ atMs, body });
        response.setHeader('content-type', 'text/event-stream');
        response.end(streamOf(reply(body)));
        this.answeredAtMs = performance.now();
      });
    });
  }

  static async listen(reply: (body: string) => Reply): Promise<ModelServer> {
    const made = new ModelServer(reply);
    await new Promise<void>((resolve) => made.#server.listen(0, '127.0.0.1', resolve));
    return made;
  }

  /** What a pod needs in its environment to ask here, as `openai-compatible/…`. */
  get environment(): NodeJS.ProcessEnv {
    const { port } = this.#server.address() as AddressInfo;
    return { OPENAI_COMPATIBLE_BASE_URL: `http://127.0.0.1:${port}/v1` };
  }

  next(): Promise<Arrival> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export const modelName = 'openai-compatible/bench';

function streamOf(reply: Reply): string {
  const delta =
    'say' in reply
      ? { content: reply.say }
      : {
          tool_calls: [
            {
              index: 0,
              id: reply.call,
              type: 'function',
              function: { name: reply.tool, arguments: JSON.stringify(reply.input) },
            },
          ],
        };
  const reason = 'say' in reply ? 'stop' : 'tool_calls';
  const chunk = (choice: object, more: object = {}) =>
    `data: ${JSON.stringify({ id: 'b', object: 'chat.completion.chunk', created: 1, model: 'bench', choices: [{ index: 0, finish_reason: null, ...choice }], ...more })}\n\n`;
  const usage = { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 };
  return `${chunk({ delta: { role: 'assistant', ...delta } })}${chunk({ delta: {}, finish_reason: reason }, { usage })}data: [DONE]\n\n`;
}
