/** Hosts for `podkin mcp`: a bare client of the SDK over a real server process, and one of raw bytes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { InboxReport } from '../../src/protocol/mailbox.ts';
import { commandFile, type TestHome } from './rig.ts';
import { patienceMs } from './waiting.ts';

type Elicited = { action: 'accept' | 'decline' | 'cancel'; content?: Record<string, string> };

export interface HostOptions {
  readonly args?: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
  /** The newer protocol, in which a server asks by its results. */
  readonly modern?: boolean;
  /** The host can ask its person, and this is what they say. */
  readonly onQuestion?: (message: string, signal: AbortSignal) => Promise<Elicited>;
}

export interface Called {
  readonly text: string;
  readonly isError: boolean;
  readonly data: { readonly reports: readonly InboxReport[]; readonly working: readonly string[] };
}

export class McpHost {
  readonly client: Client;
  readonly #transport: StdioClientTransport;
  stderr = '';

  constructor(client: Client, transport: StdioClientTransport) {
    [this.client, this.#transport] = [client, transport];
    transport.stderr?.on('data', (chunk) => (this.stderr += String(chunk)));
  }

  get pid(): number {
    const { pid } = this.#transport;
    if (pid === null) throw new Error('the server does not run');
    return pid;
  }

  async call(name: string, args: Record<string, unknown> = {}, signal?: AbortSignal): Promise<Called> {
    const options = { timeout: patienceMs, ...(signal !== undefined && { signal }) };
    const result = await this.client.callTool({ name, arguments: args }, options);
    const [first] = result.content;
    return {
      text: first?.type === 'text' ? first.text : '',
      isError: result.isError === true,
      data: (result.structuredContent ?? { reports: [], working: [] }) as Called['data'],
    };
  }

  /** Waits until so many reports are out. */
  async reports(count: number): Promise<readonly InboxReport[]> {
    const endAt = performance.now() + patienceMs;
    for (;;) {
      const { data, text } = await this.call('wait_pods', { timeoutSeconds: 1 });
      if (data.reports.length >= count) return data.reports;
      if (performance.now() > endAt) throw new Error(`${count} reports did not come: ${text}`);
    }
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}

export async function mcpHost(home: TestHome, options: HostOptions = {}): Promise<McpHost> {
  const { args = [], environment = {}, modern = false, onQuestion } = options;
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [commandFile, 'mcp', ...args],
    cwd: home.work,
    env: defined({ ...home.environment, ...environment }),
    stderr: 'pipe',
  });
  const client = new Client(
    { name: 'bare', version: '1' },
    {
      capabilities: onQuestion === undefined ? {} : { elicitation: { form: {} } },
      ...(modern && { versionNegotiation: { mode: 'auto' as const } }),
    },
  );
  if (onQuestion !== undefined)
    client.setRequestHandler('elicitation/create', async ({ params }, { mcpReq }) =>
      onQuestion('message' in params ? params.message : '', mcpReq.signal),
    );
  const host = new McpHost(client, transport);
  await client.connect(transport, { timeout: patienceMs });
  return host;
}

function defined(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** A host that writes what it wants. */
export class RawHost {
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
  stderr = '';
  #text = '';
  #reading = true;
  #wake: () => void = () => undefined;

  constructor(home: TestHome, args: readonly string[] = []) {
    this.process = spawn(process.execPath, [commandFile, 'mcp', ...args], {
      cwd: home.work,
      env: home.environment,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.exited = new Promise((resolve) => this.process.once('exit', (code) => resolve(code)));
    this.process.stdin?.on('error', () => undefined);
    this.process.stderr?.on('data', (chunk) => (this.stderr += String(chunk)));
    this.process.stdout?.on('data', (chunk) => {
      this.#text += String(chunk);
      this.#wake();
    });
  }

  write(value: unknown): void {
    this.process.stdin?.write(typeof value === 'string' ? value : `${JSON.stringify(value)}\n`);
  }

  pause(): void {
    this.#reading = false;
    this.process.stdout?.pause();
  }
  resume(): void {
    this.#reading = true;
    this.process.stdout?.resume();
  }

  initialize(): void {
    const clientInfo = { name: 'raw', version: '1' };
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
    this.write({ jsonrpc: '2.0', id: 'init', method: 'initialize', params });
    this.write({ jsonrpc: '2.0', method: 'notifications/initialized' });
  }

  call(id: number, name: string, args: unknown = {}): void {
    this.write({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } });
  }

  /** Waits for the answer to this id. */
  async answer(id: number | string): Promise<Record<string, unknown>> {
    const endAt = performance.now() + patienceMs;
    for (;;) {
      const found = this.#text
        .split('\n')
        .slice(0, -1)
        .map((line): Record<string, unknown> => JSON.parse(line))
        .find((message) => message['id'] === id && !('method' in message));
      if (found !== undefined) return found;
      const leftMs = endAt - performance.now();
      if (leftMs <= 0 || !this.#reading) throw new Error(`no answer to ${id}:\n${this.#text.slice(-2_000)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}
