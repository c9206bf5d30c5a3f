/** A client of `podkin acp` that is nothing but bytes: a real process, lines of JSON over its stdio. */
import { type ChildProcess, spawn } from 'node:child_process';
import { commandFile, type TestHome } from './rig.ts';
import { patienceMs } from './waiting.ts';

export type Message = Readonly<Record<string, unknown>>;
export interface Update extends Message {
  readonly sessionUpdate: string;
}

type Answerer = (params: Message) => Message | null | Promise<Message | null>;

export interface AcpOptions {
  readonly args?: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
  /** The outcome that a question is answered with; null: none at all. */
  readonly onQuestion?: Answerer;
}

export class AcpClient {
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
  readonly messages: Message[] = [];
  stderr = '';
  /** Lines that were no JSON. */
  readonly junk: string[] = [];
  #rest = '';
  #id = 0;
  #wake: () => void = () => undefined;
  readonly #onQuestion: Answerer;

  constructor(home: TestHome, { args = [], environment = {}, onQuestion }: AcpOptions = {}) {
    this.#onQuestion = onQuestion ?? (() => null);
    this.process = spawn(process.execPath, [commandFile, 'acp', ...args], {
      cwd: home.work,
      env: { ...home.environment, ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.exited = new Promise((resolve) => this.process.once('exit', (code) => resolve(code)));
    this.process.stdin?.on('error', () => undefined);
    this.process.stderr?.on('data', (chunk) => (this.stderr += String(chunk)));
    this.process.stdout?.setEncoding('utf8');
    this.process.stdout?.on('data', (chunk) => this.#take(String(chunk)));
  }

  write(value: unknown): void {
    this.process.stdin?.write(typeof value === 'string' ? value : `${JSON.stringify(value)}\n`);
  }

  /** Its id. */
  send(method: string, params: unknown): number {
    this.#id += 1;
    this.write({ jsonrpc: '2.0', id: this.#id, method, params });
    return this.#id;
  }

  notify(method: string, params: unknown): void {
    this.write({ jsonrpc: '2.0', method, params });
  }

  async answer(id: number | null): Promise<Message> {
    return await this.until(
      `an answer to ${id}`,
      (one) => one['id'] === id && !('method' in one) && ('result' in one || 'error' in one),
    );
  }

  /** Its result; an error is thrown. */
  async request(method: string, params: unknown): Promise<Readonly<Record<string, unknown>>> {
    const { result, error } = await this.answer(this.send(method, params));
    if (error !== undefined) throw new Error(JSON.stringify(error));
    return result as Readonly<Record<string, unknown>>;
  }

  async refused(method: string, params: unknown): Promise<{ code: number; message: string }> {
    const { error } = await this.answer(this.send(method, params));
    if (error === undefined) throw new Error(`${method} was not refused`);
    return error as { code: number; message: string };
  }

  async until(what: string, holds: (message: Message) => boolean): Promise<Message> {
    const endAt = performance.now() + patienceMs;
    for (;;) {
      const found = this.messages.find(holds);
      if (found !== undefined) return found;
      const leftMs = endAt - performance.now();
      if (leftMs <= 0)
        throw new Error(`no ${what}:\n${JSON.stringify(this.messages.slice(-20))}\n${this.stderr}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  get updates(): readonly Update[] {
    return this.messages
      .filter(({ method }) => method === 'session/update')
      .map(({ params }) => (params as { update: Update }).update);
  }

  untilUpdate(what: string, holds: (update: Update) => boolean): Promise<Message> {
    return this.until(
      what,
      ({ method, params }) => method === 'session/update' && holds((params as { update: Update }).update),
    );
  }

  /** What the agent has said. */
  said(kind = 'agent_message_chunk'): string {
    return this.updates
      .filter(({ sessionUpdate }) => sessionUpdate === kind)
      .map(({ content }) => (content as { text: string }).text)
      .join('');
  }

  async initialize(): Promise<Message> {
    const params = { protocolVersion: 1, clientCapabilities: {}, clientInfo: { name: 'bare', version: '1' } };
    return await this.request('initialize', params);
  }

  /** Initialized, and with a session in that directory: its id. */
  async session(cwd: string, mcpServers: readonly unknown[] = []): Promise<string> {
    await this.initialize();
    const { sessionId } = await this.request('session/new', { cwd, mcpServers });
    return String(sessionId);
  }

  prompt(sessionId: string, text: string): number {
    return this.send('session/prompt', { sessionId, prompt: [{ type: 'text', text }] });
  }

  async prompted(sessionId: string, text: string): Promise<unknown> {
    const { result, error } = await this.answer(this.prompt(sessionId, text));
    if (error !== undefined) throw new Error(JSON.stringify(error));
    return (result as { stopReason: unknown }).stopReason;
  }

  async close(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.stdin?.end();
    await this.exited;
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.exited;
  }

  #take(text: string): void {
    const lines = `${this.#rest}${text}`.split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      try {
        const message: Message = JSON.parse(line);
        this.messages.push(message);
        if (message['method'] === 'session/request_permission') void this.#asked(message);
      } catch {
        this.junk.push(line);
      }
    }
    this.#wake();
  }

  async #asked({ id, params }: Message): Promise<void> {
    const outcome = await this.#onQuestion(params as Message);
    if (outcome !== null) this.write({ jsonrpc: '2.0', id, result: { outcome } });
  }
}
