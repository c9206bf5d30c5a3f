/**
 * A client of the Agent Client Protocol, v1, over an agent's input and output. Bounded are lines, what waits
 * to be read by it, what it asks at once and how much it says in one prompt. What is no message is passed
 * over; what it asks of us beside a permission is refused: it has no files and no terminals from us.
 *
 * Every call here rejects with an `EngineFailed` when the agent refuses, ends, or does not answer in time.
 */
import { createFramer } from '../transport/frames.ts';
import { deferred, type Deferred } from '../std/deferred.ts';
import type { JsonObject, JsonValue } from '../std/json.ts';
import { PodkinError } from '../std/podkin-error.ts';
import { version } from '../version.ts';
import { type AgentError, type AgentMessage, type MessageId, messageIn } from './messages.ts';
import type { EngineProcess } from './process.ts';
import {
  type AgentIdentity,
  type EngineUpdate,
  identityIn,
  type PermissionRequest,
  permissionIn,
  type PromptEnd,
  promptEndIn,
  type SessionState,
  sessionIdIn,
  sessionStateIn,
  updateIn,
} from './updates.ts';

const connectionBounds = {
  /** Of one message; a longer one is passed over, and what it would have answered never is. */
  lineBytes: 32 * 1024 * 1024,
  /** Of all that comes between two of our requests' answers. */
  saidBytes: 1024 * 1024 * 1024,
  /** That wait to be read by it. */
  waitingBytes: 32 * 1024 * 1024,
  /** Permissions asked for at once; more are refused. */
  openPermissions: 32,
} as const;

/** For an answer; a prompt has as long as it takes. */
const answerMs = { initialize: 60_000, session: 120_000, mode: 60_000 } as const;

export type EngineFailureKind =
  /** It answered with an error. */
  | 'refused'
  /** Its process has ended. */
  | 'gone'
  | 'timedOut'
  /** It said nothing for too long, and was ended. */
  | 'stalled'
  /** It speaks another protocol, or none. */
  | 'protocol';

/** `message` follows the agent's name. */
export class EngineFailed extends PodkinError {
  readonly kind: EngineFailureKind;
  /** Of the protocol, where it is `refused`: -32000 is that nobody has logged in. */
  readonly code: number | null;

  constructor(kind: EngineFailureKind, message: string, code: number | null = null) {
    super(message);
    this.kind = kind;
    this.code = code;
  }
}

/** What the agent says unasked. None of these may throw. */
export interface EngineEars {
  /** Synchronously, in the order of their arrival. */
  onUpdate(update: EngineUpdate): void;
  /** The option that is chosen, or null: none, the prompt is cancelled. `cancelled`: nobody needs it now. */
  onPermission(request: PermissionRequest, cancelled: AbortSignal): Promise<string | null>;
}

interface OpenRequest {
  readonly method: string;
  readonly answer: Deferred<JsonValue>;
}

export class EngineConnection {
  readonly #process: EngineProcess;
  readonly #ears: EngineEars;
  readonly #open = new Map<MessageId, OpenRequest>();
  readonly #permissions = new Map<MessageId, AbortController>();
  readonly #framer = createFramer(connectionBounds.lineBytes);
  #nextId = 1;
  #said = 0;
  #session: string | null = null;
  /** Why nothing more can be asked. */
  #over: EngineFailed | null = null;
  /** Bytes that are no protocol were among what it said: shown where it does not answer. */
  #isGarbled = false;

  constructor(engine: EngineProcess, ears: EngineEars) {
    this.#process = engine;
    this.#ears = ears;
    engine.read((piece) => this.#take(piece));
    void engine.ended.then((how) => this.#finish(new EngineFailed('gone', how)));
  }

  async initialize(): Promise<AgentIdentity> {
    const params = {
      protocolVersion: 1,
      clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
      clientInfo: { name: 'podkin', version },
    };
    const identity = identityIn(await this.#request('initialize', params, answerMs.initialize));
    if (identity.protocol !== 1)
      throw new EngineFailed(
        'protocol',
        `speaks version ${identity.protocol} of the Agent Client Protocol, and podkin version 1`,
      );
    return identity;
  }

  /** The session is on: from here on its updates and its permissions are heard. */
  async newSession(cwd: string): Promise<SessionState & { readonly session: string }> {
    const result = await this.#request('session/new', { cwd, mcpServers: [] }, answerMs.session);
    const session = sessionIdIn(result);
    if (session === null) throw new EngineFailed('protocol', 'began a session without a name');
    this.#session = session;
    return { session, ...sessionStateIn(result) };
  }

  /** What was said in it comes as updates before this fulfils. */
  async loadSession(session: string, cwd: string): Promise<SessionState> {
    this.#session = session;
    const params = { sessionId: session, cwd, mcpServers: [] };
    return sessionStateIn(await this.#request('session/load', params, answerMs.session));
  }

  async setMode(mode: string): Promise<void> {
    await this.#request('session/set_mode', { sessionId: this.#session, modeId: mode }, answerMs.mode);
  }

  /** Never while another runs: agents do four different things then. */
  async prompt(text: string): Promise<PromptEnd> {
    const prompt = [{ type: 'text', text }];
    return promptEndIn(await this.#request('session/prompt', { sessionId: this.#session, prompt }, null));
  }

  /** The prompt that runs is to end; what it waits for from a person is answered with that. */
  cancel(): void {
    for (const open of this.#permissions.values()) open.abort();
    this.#write({ method: 'session/cancel', params: { sessionId: this.#session } });
  }

  /** How many permissions it waits for. */
  get waitsFor(): number {
    return this.#permissions.size;
  }

  async #request(method: string, params: JsonObject, timeoutMs: number | null): Promise<JsonValue> {
    if (this.#over !== null) throw this.#over;
    const id = this.#nextId;
    this.#nextId += 1;
    const answer = deferred<JsonValue>();
    this.#open.set(id, { method, answer });
    const timer =
      timeoutMs === null
        ? undefined
        : setTimeout(() => answer.reject(this.#late(method, timeoutMs)), timeoutMs);
    try {
      if (!this.#write({ id, method, params }))
        throw new EngineFailed('timedOut', 'does not read what it is sent');
      return await answer.promise;
    } finally {
      clearTimeout(timer);
      this.#open.delete(id);
    }
  }

  #late(method: string, timeoutMs: number): EngineFailed {
    const heard = this.#isGarbled ? '; what it wrote is no Agent Client Protocol' : '';
    return new EngineFailed('timedOut', `has not answered ${method} within ${timeoutMs / 1000} s${heard}`);
  }

  /** False where it does not read. One that is gone says so itself. */
  #write(message: JsonObject): boolean {
    const { input } = this.#process;
    if (!input.writable) return true;
    if (input.writableLength > connectionBounds.waitingBytes) return false;
    input.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
    return true;
  }

  #take(piece: Buffer): Promise<void> {
    this.#said += piece.length;
    if (this.#said > connectionBounds.saidBytes) {
      this.#finish(new EngineFailed('protocol', 'said more than anybody could read'));
      void this.#process.end();
      return Promise.resolve();
    }
    for (const frame of this.#framer.push(piece)) {
      if (this.#over !== null) break;
      const message = 'tooLarge' in frame ? null : messageIn(frame.toString('utf8'));
      if (message === null) this.#isGarbled = true;
      else this.#hear(message);
    }
    return Promise.resolve();
  }

  #hear(message: AgentMessage): void {
    switch (message.kind) {
      case 'answer':
      case 'failure':
        return this.#settle(message);
      case 'notification':
        if (message.method === 'session/update' && this.#session !== null) {
          const update = updateIn(message.params, this.#session);
          if (update !== null) this.#ears.onUpdate(update);
        }
        return;
      case 'request':
        void this.#answer(message);
    }
  }

  #settle(message: Extract<AgentMessage, { kind: 'answer' | 'failure' }>): void {
    const open = this.#open.get(message.id);
    // It answers twice, or something that nobody has asked.
    if (open === undefined) return;
    this.#said = 0;
    if (message.kind === 'answer') open.answer.resolve(message.result);
    else open.answer.reject(refusal(open.method, message.error));
  }

  async #answer({ id, method, params }: Extract<AgentMessage, { kind: 'request' }>): Promise<void> {
    if (method !== 'session/request_permission') return this.#refuse(id, -32601, `podkin has no ${method}`);
    const asked = this.#session === null ? null : permissionIn(params, this.#session);
    if (asked === null || this.#permissions.has(id))
      return this.#refuse(id, -32602, 'this is no request for a permission of the session');
    if (this.#permissions.size >= connectionBounds.openPermissions)
      return this.#refuse(id, -32603, 'too many permissions are asked for at once');
    const open = new AbortController();
    this.#permissions.set(id, open);
    const option = await this.#ears.onPermission(asked, open.signal);
    this.#permissions.delete(id);
    const outcome =
      option === null || open.signal.aborted
        ? { outcome: 'cancelled' }
        : { outcome: 'selected', optionId: option };
    this.#write({ id, result: { outcome } });
  }

  #refuse(id: MessageId, code: number, message: string): void {
    this.#write({ id, error: { code, message } });
  }

  #finish(why: EngineFailed): void {
    if (this.#over !== null) return;
    this.#over = why;
    for (const { answer } of this.#open.values()) answer.reject(why);
    for (const open of this.#permissions.values()) open.abort();
  }
}

function refusal(method: string, { code, message, detail }: AgentError): EngineFailed {
  const more = detail === '' || message.includes(detail) ? '' : `: ${detail}`;
  return new EngineFailed('refused', `answered ${method} with an error (${code}): ${message}${more}`, code);
}
