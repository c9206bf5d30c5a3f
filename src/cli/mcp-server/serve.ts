/** The MCP server itself: what the SDK is told, and how a call of a host becomes one of ours. */
import type {
  CallToolResult,
  InputRequiredResult,
  InputRequests,
  Server,
  ServerContext,
} from '@modelcontextprotocol/server';
import type { ApprovalRequest } from '../../protocol/approval.ts';
import { deferred } from '../../std/deferred.ts';
import { version } from '../../version.ts';
import { type Answer, answerIn, ApprovalDialogs, dialogOf } from './dialogs.ts';
import { offeredTools } from './tool-table.ts';
import type { HostTools, ToolCall, ToolResult } from './tools.ts';
import type { StdioParts } from '../invocation/stdio-lines.ts';
import { BoundedStdio } from './transport.ts';
import type { MailboxWatch } from './watch.ts';

export interface ServeParts extends StdioParts {
  readonly instructions: string;
  readonly tools: HostTools;
  readonly watch: MailboxWatch;
  answer(request: string, answer: Answer): Promise<void>;
}

/** Of one host at one time; a call beyond is refused at once. */
const callsMax = 64;
/** A person may be away: the question stays until somebody answers it, here or elsewhere. */
const questionMs = 24 * 3_600_000;
const keyPrefix = 'approval-';
const capabilitiesKey = 'io.modelcontextprotocol/clientCapabilities';

/** Fulfils when the host has gone. */
export async function serve(parts: ServeParts): Promise<void> {
  const { Server: ServerClass } = await import('@modelcontextprotocol/server');
  const { serveStdio } = await import('@modelcontextprotocol/server/stdio');
  const closed = deferred<void>();
  const transport = new BoundedStdio(parts);
  const sessions: Session[] = [];
  const handle = serveStdio(
    ({ era }) => {
      const server = new ServerClass(
        { name: 'podkin', title: 'podkin: trees of agents', version },
        { capabilities: { tools: {} }, instructions: parts.instructions },
      );
      const session = new Session(parts, server, era === 'legacy');
      sessions.push(session);
      return server;
    },
    {
      transport,
      onerror: (error) => {
        if (!transport.isClosed) parts.tell(error.message);
      },
    },
  );
  transport.afterClose = () => closed.resolve();
  await closed.promise;
  for (const session of sessions) session.close();
  await handle.close();
}

class Session {
  readonly #parts: ServeParts;
  readonly #server: Server;
  /** The protocol in which a server may ask its host by itself. */
  readonly #mayPush: boolean;
  readonly #dialogs: ApprovalDialogs;
  /** Asked by the results of calls. */
  readonly #asked = new Map<string, ApprovalRequest>();
  #calls = 0;

  constructor(parts: ServeParts, server: Server, mayPush: boolean) {
    this.#parts = parts;
    this.#server = server;
    this.#mayPush = mayPush;
    this.#dialogs = new ApprovalDialogs({
      open: () => parts.watch.approvals,
      ask: async (form, signal) =>
        await server.elicitInput({ mode: 'form', ...form }, { signal, timeout: questionMs }),
      answer: (request, answer) => parts.answer(request, answer),
      tell: (text) => parts.tell(text),
    });
    server.setRequestHandler('tools/list', () => ({ tools: offeredTools() }));
    server.setRequestHandler('tools/call', async ({ params }, context) => {
      if (this.#calls >= callsMax)
        return resultOf({ text: 'Too many calls at once: wait for some.', isError: true });
      this.#calls += 1;
      try {
        await this.#takeAnswers(context);
        const call = this.#callOf(context);
        return this.#resultOf(await parts.tools.call(params.name, params.arguments, call));
      } finally {
        this.#calls -= 1;
      }
    });
    server.oninitialized = () => {
      if (!this.#canPush()) return;
      const { watch } = parts;
      watch.onApprovals = () => this.#dialogs.changed();
      this.#dialogs.changed();
    };
  }

  close(): void {
    this.#dialogs.close();
  }

  #canPush(): boolean {
    const elicitation = this.#server.getClientCapabilities()?.elicitation;
    // An empty one means forms.
    return this.#mayPush && elicitation !== undefined && !('url' in elicitation && !('form' in elicitation));
  }

  #callOf({ mcpReq }: ServerContext): ToolCall {
    const { signal, _meta } = mcpReq;
    const progressToken = _meta?.progressToken;
    let progress = 0;
    return {
      signal,
      progress: (message) => {
        if (progressToken === undefined) return;
        progress += 1;
        const params = { progressToken, progress, message };
        mcpReq.notify({ method: 'notifications/progress', params }).catch(() => undefined);
      },
      questions: this.#questionsOf(mcpReq),
    };
  }

  #questionsOf({ envelope }: ServerContext['mcpReq']): ToolCall['questions'] {
    if (this.#mayPush) return { kind: this.#canPush() ? 'shown' : 'none' };
    const declared: Readonly<Record<string, unknown>> = { ...envelope };
    const capabilities = declared[capabilitiesKey];
    const can = typeof capabilities === 'object' && capabilities !== null && 'elicitation' in capabilities;
    return can ? { kind: 'byResult', asked: new Set(this.#asked.keys()) } : { kind: 'none' };
  }

  #resultOf(result: ToolResult): CallToolResult | InputRequiredResult {
    const { ask = [] } = result;
    const inputRequests: InputRequests = {};
    for (const request of ask) {
      this.#asked.set(request.request, request);
      const params = dialogOf(request);
      if (params !== null)
        inputRequests[`${keyPrefix}${request.request}`] = { method: 'elicitation/create', params };
    }
    if (Object.keys(inputRequests).length > 0) return { resultType: 'input_required', inputRequests };
    if (ask.length > 0) return resultOf({ text: tooLong(ask), isError: false });
    return resultOf(result);
  }

  /** What the host's person has said to the questions of an earlier result of this call. */
  async #takeAnswers({ mcpReq }: ServerContext): Promise<void> {
    for (const [key, response] of Object.entries(mcpReq.inputResponses ?? {})) {
      const request = key.startsWith(keyPrefix) ? key.slice(keyPrefix.length) : '';
      // Only to what was asked here.
      const asked = this.#asked.get(request);
      if (asked === undefined || typeof response !== 'object' || response === null) continue;
      const action = 'action' in response ? String(response.action) : '';
      const answer = answerIn({ ...response, action }, asked);
      if (answer === null) continue;
      await this.#parts.answer(request, answer).catch((error: unknown) => this.#parts.tell(String(error)));
    }
  }
}

function tooLong(ask: readonly ApprovalRequest[]): string {
  const ids = ask.map(({ request }) => request).join(', ');
  return `Calls that are too long to be asked about here wait for a person (${ids}): "podkin approvals --full" shows them.`;
}

function resultOf({ text, isError, data }: ToolResult): CallToolResult {
  return {
    content: [{ type: 'text', text }],
    isError,
    ...(data !== undefined && { structuredContent: data }),
  };
}
