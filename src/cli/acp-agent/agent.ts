/** The agent itself: what the SDK is told, and how a request of a client becomes one of ours. */
import type {
  AgentApp,
  AgentContext,
  InitializeResponse,
  ResumeSessionRequest,
  SessionModeState,
} from '@agentclientprotocol/sdk';
import { thrownText } from '../../std/thrown-text.ts';
import { PodkinError } from '../../std/podkin-error.ts';
import { version } from '../../version.ts';
import { errorText } from '../format/printable.ts';
import type { StdioParts } from '../invocation/stdio-lines.ts';
import { modeState } from './modes.ts';
import { Outbox } from './outbox.ts';
import { AcpRefusal, refusalCodes } from './refusal.ts';
import type { SessionPorts } from './session.ts';
import type { OpenedSession, Sessions, SessionsParts } from './sessions.ts';
import { type AcpWire, acpWire } from './stream.ts';

export interface AgentParts extends StdioParts {
  /** Made once there is somebody to tell. */
  sessions(ports: SessionsParts['ports']): Sessions;
}

/** Of one client at one time; one beyond is refused at once. */
const requestsMax = 64;

const about: InitializeResponse = {
  protocolVersion: 1,
  agentInfo: { name: 'podkin', title: 'podkin: trees of agents', version },
  agentCapabilities: {
    loadSession: true,
    promptCapabilities: { image: true, embeddedContext: true, audio: false },
    mcpCapabilities: { http: true, sse: false },
    sessionCapabilities: { list: {}, resume: {}, close: {} },
  },
  authMethods: [],
};

/** Fulfils when the client has gone; no pod is ended by that. */
export async function serveAgent(parts: AgentParts): Promise<void> {
  const { agent, RequestError } = await import('@agentclientprotocol/sdk');
  const wire = acpWire(parts);
  const app = agent({ name: 'podkin' });
  const line: ClientLine = { client: null };
  const sessions = parts.sessions(portsOver(line, wire, parts));
  const door = new Door(parts, (code, message) => new RequestError(code, message));
  handleSessions(app, sessions, door);
  app.onNotification('session/cancel', async ({ params: { sessionId } }) => {
    // Nobody is answered, and however many requests are open, this one is heard.
    try {
      await sessions.of(sessionId).cancel();
    } catch (error) {
      parts.tell(thrownText(error));
    }
  });
  const connection = app.connect(wire.stream);
  line.client = connection.client;
  await connection.closed;
  await sessions.letGo();
}

interface ClientLine {
  client: AgentContext | null;
}

function portsOver(line: ClientLine, wire: AcpWire, parts: AgentParts): SessionsParts['ports'] {
  const outbox = new Outbox({
    send: (notification) => void line.client?.notify('session/update', notification).catch(() => undefined),
    isBehind: () => wire.isBehind(),
    caughtUp: () => wire.caughtUp(),
  });
  return (sessionId, restore): SessionPorts => {
    return {
      update: (update) => outbox.push(sessionId, update),
      flushed: () => outbox.flushed(),
      ask: async (asked, signal) => {
        await outbox.flushed();
        const { client } = line;
        if (client === null || signal.aborted) return null;
        const options = { cancellationSignal: signal, stopWaitingOnCancel: true };
        const said = await client.request('session/request_permission', { sessionId, ...asked }, options);
        return said.outcome;
      },
      restore,
      tell: (text) => parts.tell(text),
    };
  };
}

/** Each request passes here: so many at a time, and a failure is one of the protocol. */
class Door {
  readonly #parts: AgentParts;
  readonly #error: (code: number, message: string) => Error;
  #requests = 0;

  constructor(parts: AgentParts, error: (code: number, message: string) => Error) {
    this.#parts = parts;
    this.#error = error;
  }

  async answered<T>(work: () => Promise<T>): Promise<T> {
    if (this.#requests >= requestsMax)
      throw this.#failure(new AcpRefusal('invalidRequest', 'too many requests at once: wait for some'));
    this.#requests += 1;
    try {
      return await work();
    } catch (error) {
      throw this.#failure(error);
    } finally {
      this.#requests -= 1;
    }
  }

  #failure(error: unknown): Error {
    const message = errorText(thrownText(error));
    if (error instanceof AcpRefusal) return this.#error(error.code, message);
    // Whoever runs this agent is to hear of a defect.
    if (!(error instanceof PodkinError))
      this.#parts.tell(error instanceof Error ? (error.stack ?? message) : message);
    return this.#error(refusalCodes.internal, message);
  }
}

function handleSessions(app: AgentApp, sessions: Sessions, door: Door): void {
  const again = (
    { sessionId, cwd, mcpServers = [] }: ResumeSessionRequest,
    options: { replays: boolean },
  ): Promise<{ modes: SessionModeState }> =>
    door.answered(async () =>
      modesOf(await sessions.again(sessionId, { cwd, servers: mcpServers, ...options })),
    );
  app
    .onRequest('initialize', () => about)
    .onRequest('authenticate', () => ({}))
    .onRequest('session/new', ({ params: { cwd, mcpServers } }) =>
      door.answered(async () => {
        const opened = await sessions.begin(cwd, mcpServers);
        return { sessionId: opened.sessionId, ...modesOf(opened) };
      }),
    )
    .onRequest('session/load', ({ params }) => again(params, { replays: true }))
    .onRequest('session/resume', ({ params }) => again(params, { replays: false }))
    .onRequest('session/list', ({ params: { cwd = null, cursor = null } }) =>
      door.answered(() => sessions.list(cwd, cursor)),
    )
    .onRequest('session/set_mode', ({ params: { sessionId, modeId } }) =>
      door.answered(async () => {
        await sessions.setMode(sessionId, modeId);
        return {};
      }),
    )
    .onRequest('session/prompt', ({ params: { sessionId, prompt } }) =>
      door.answered(async () => ({ stopReason: await sessions.of(sessionId).prompt(prompt) })),
    )
    .onRequest('session/close', ({ params: { sessionId } }) =>
      door.answered(async () => {
        await sessions.close(sessionId);
        return {};
      }),
    );
}

function modesOf({ mode, most }: OpenedSession): { modes: SessionModeState } {
  return { modes: modeState(mode, most) };
}
