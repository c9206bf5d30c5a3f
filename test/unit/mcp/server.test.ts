/** One server over its time, with a real process that does what it should not; no pod and no sandbox. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LineTransport } from '../../../src/mcp/line-transport.ts';
import { type Link, McpServer } from '../../../src/mcp/server.ts';
import type { ServerTool } from '../../../src/mcp/tool-list.ts';
import type { JsonValue } from '../../../src/std/json.ts';

const hostile = fileURLToPath(new URL('../../support/hostile-mcp.mjs', import.meta.url));
const signal = new AbortController().signal;
let folder: string;
let children: ChildProcess[] = [];
let servers: McpServer[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-'));
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.end()));
  for (const child of children) expect(child.exitCode ?? child.signalCode).not.toBeNull();
  [children, servers] = [[], []];
  rmSync(folder, { recursive: true });
});

function link(kind: string, onTooLong: () => void): Promise<Link> {
  const child = spawn(process.execPath, [hostile, kind, folder], { stdio: ['pipe', 'pipe', 'ignore'] });
  children.push(child);
  let why: string | null = null;
  const end = (reason: string) => {
    why ??= reason;
    child.kill('SIGKILL');
  };
  const transport = new LineTransport(child.stdin, { onTooLong, onFlood: end });
  child.stdout.on('data', (piece: Buffer) => transport.take(piece));
  const ended = once(child, 'exit').then(([code]) => {
    transport.ended();
    return why ?? `ended with exit code ${code}`;
  });
  const over = async (reason: string) => {
    end(reason);
    await ended;
  };
  return Promise.resolve({ transport, ended, errors: () => '', end: over });
}

function server(
  kind: string,
  more: { timeoutMs?: number; idleMs?: number; kept?: JsonValue[] } = {},
): McpServer {
  const { kept, idleMs, ...settings } = more;
  const file: { listed: readonly JsonValue[] | null } = { listed: kept ?? null };
  const one = new McpServer({
    name: 's',
    settings: { project: null, command: 'x', ...settings },
    list: {
      read: () => (file.listed === null ? null : [...file.listed]),
      write: (listed) => (file.listed = listed),
    },
    link: (onTooLong) => link(kind, onTooLong),
    ...(idleMs !== undefined && { idleMs }),
  });
  servers.push(one);
  return one;
}

async function toolOf(one: McpServer, name: string): Promise<ServerTool> {
  const found = (await one.tools(signal)).tools.find(({ tool }) => tool === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

async function call(one: McpServer, name: string, onProgress?: (text: string) => void) {
  const tool = await toolOf(one, name);
  return await one.call(tool, { word: 'x' }, { call: 'c1', signal, ...(onProgress && { onProgress }) });
}

const notes = () => readFileSync(join(folder, 'mcp-notes'), 'utf8').trim().split('\n');
const calls = () => notes().filter((line) => line.startsWith('call')).length;
const starts = () => notes().filter((line) => line.startsWith('start')).length;

describe('a server of a pod', () => {
  it('[mcp.list-kept] is started to be asked what it has, and not where that is known', async () => {
    const first = server('plain');
    await toolOf(first, 'echo');
    expect(starts()).toBe(1);
    const kept = [
      {
        name: 'echo',
        description: 'does echo',
        inputSchema: { type: 'object', properties: { word: { type: 'string' } } },
      },
    ];
    const second = server('plain', { kept });
    await toolOf(second, 'echo');
    expect(starts()).toBe(1);
    expect(await call(second, 'echo')).toEqual({ text: 'echo x' });
    expect(starts()).toBe(2);
  });

  it('[mcp.dies] says that it ended, makes no call twice, and is started by the next call, then later and later', async () => {
    const one = server('plain');
    expect(await call(one, 'die')).toEqual({
      text: 'The MCP server s ended with exit code 3.',
      isError: true,
    });
    expect([calls(), starts()]).toEqual([1, 1]);
    expect(await call(one, 'echo')).toEqual({ text: 'echo x' });
    expect(starts()).toBe(2);
    await call(one, 'die');
    const { text, isError } = await call(one, 'echo');
    expect([isError, starts()]).toEqual([true, 2]);
    expect(text).toMatch(/ended with exit code 3\. It is not started again before 1 s have gone by\.$/);
  });

  it('[mcp.dies] one that never says anything is told', async () => {
    await expect(server('dead').tools(signal)).rejects.toThrow('ended with exit code 1');
  });

  it('[mcp.timeout] a call that hangs ends, and its server lives', async () => {
    const one = server('plain', { timeoutMs: 300 });
    const { text, isError } = await call(one, 'hang');
    expect([isError, text.includes('did not answer in time')]).toEqual([true, true]);
    expect(await call(one, 'echo')).toEqual({ text: 'echo x' });
    expect(starts()).toBe(1);
  });

  it('[mcp.timeout] each word of progress begins the time anew, and is shown', async () => {
    const said: string[] = [];
    const answer = await call(server('plain', { timeoutMs: 1_200 }), 'slow', (text) => said.push(text));
    expect(answer.text).toBe('slow and done');
    // The last may be overtaken by the answer.
    expect(said.slice(0, 3)).toEqual(['1 of 4: at it', '2 of 4: at it', '3 of 4: at it']);
  });

  it('[mcp.flood] one that floods is ended, and the call says so', async () => {
    const { text, isError } = await call(server('flood'), 'echo');
    expect([isError, text]).toEqual([true, 'The MCP server s sent more messages than anybody could read.']);
  });

  it('[mcp.large] 100 MB fail the call, and the server answers the next', async () => {
    const one = server('large');
    const { text, isError } = await call(one, 'echo');
    expect([isError, text]).toEqual([true, expect.stringContaining('answered with more than 32 MiB')]);
    expect((await call(one, 'env')).text).toContain('PATH');
    expect(starts()).toBe(1);
  });

  it('[mcp.garbage] what is no message is passed over', async () => {
    expect(await call(server('garbage'), 'echo')).toEqual({ text: 'echo x' });
  });

  it('[mcp.unasked] a question and a model are refused', async () => {
    expect(await call(server('asks'), 'echo')).toEqual({ text: 'asked: decline no' });
  });

  it('[mcp.changed] [mcp.always-one] a tool that changed since it was offered is not called', async () => {
    const one = server('changes', {
      kept: [{ name: 'echo', description: 'version 0', inputSchema: { type: 'object' } }],
    });
    const { text, isError } = await call(one, 'echo');
    expect([isError, text]).toEqual([
      true,
      expect.stringContaining('in another way than it was offered to you'),
    ]);
    expect(calls()).toBe(0);
    expect(await call(one, 'echo')).toEqual({ text: 'echo x' });
  });

  it('[mcp.changed] a list that changed is asked for again before the next turn', async () => {
    const one = server('grows');
    const before = await one.tools(signal);
    expect(before.tools.map(({ tool }) => tool)).toEqual(['echo']);
    await call(one, 'echo');
    expect((await one.tools(signal)).tools.map(({ tool }) => tool)).toEqual(['echo', 'new']);
  });

  it('[mcp.ended] one that nobody calls is ended, and started by the next call', async () => {
    const one = server('plain', { idleMs: 50 });
    await call(one, 'echo');
    const [child] = children;
    if (child !== undefined && child.exitCode === null && child.signalCode === null)
      await once(child, 'exit');
    expect(await call(one, 'echo')).toEqual({ text: 'echo x' });
    expect(starts()).toBe(2);
  });

  it('[mcp.handed-over] whoever waits for its end waits also for one that has begun', async () => {
    const one = server('plain');
    await call(one, 'echo');
    const [child] = children;
    void one.rest('first');
    await one.rest('second');
    expect(child?.exitCode ?? child?.signalCode).not.toBeNull();
  });

  it('[mcp.ended] one that was ended for good is not started again', async () => {
    const one = server('plain');
    const tool = await toolOf(one, 'echo');
    await one.end();
    expect(await one.call(tool, {}, { call: 'c1', signal })).toEqual({
      text: 'The MCP server s was ended with its pod.',
      isError: true,
    });
    expect(starts()).toBe(1);
  });
});
