/** An agent's process and the connection to it, over real bytes. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { EngineConnection, EngineFailed } from '../../../src/engine/connection.ts';
import { bareProgram, type EngineProcess, startEngine } from '../../../src/engine/process.ts';
import type { EngineUpdate, PermissionRequest } from '../../../src/engine/updates.ts';
import { uuidv7 } from '../../../src/std/uuid.ts';

const running: EngineProcess[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.end()));
});

/** Each line that comes runs the body, with `m` the message and `say` to answer. */
async function agent(body: string, permit: () => Promise<string | null> = async () => null) {
  const source = `
    const say = (m) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...m }) + '\\n');
    const update = (update) => say({ method: 'session/update', params: { sessionId: 's', update } });
    const text = (text) => update({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } });
    require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
      const m = JSON.parse(line);
      if (m.method === 'initialize') return say({ id: m.id, result: { protocolVersion: 1, agentInfo: { name: 'fake', version: '1' } } });
      if (m.method === 'session/new') return say({ id: m.id, result: { sessionId: 's' } });
      ${body}
    });`;
  const mark = `unit-${uuidv7()}/engine`;
  const program = bareProgram({
    command: process.execPath,
    args: ['-e', source],
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '' },
    mark,
  });
  const engine = await startEngine(program, () => () => undefined);
  running.push(engine);
  const updates: EngineUpdate[] = [];
  const asked: PermissionRequest[] = [];
  const connection = new EngineConnection(engine, {
    onUpdate: (update) => void updates.push(update),
    onPermission: async (request) => {
      asked.push(request);
      return await permit();
    },
  });
  return { engine, connection, updates, asked, mark };
}

async function failure(call: Promise<unknown>): Promise<EngineFailed> {
  const error = await call.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (error instanceof EngineFailed) return error;
  throw error;
}

function marked(mark: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark);
    } catch {
      return false;
    }
  });
}

it('[engine.connection] garbage is passed over, updates come in order, permissions are answered', async () => {
  const { connection, updates, asked } = await agent(
    `
    if (m.method === 'session/prompt') {
      process.stdout.write('hello\\n\\u0000\\n{"jsonrpc":"2.0","id":');
      process.stdout.write('null}\\n');
      text('a'); text('b');
      say({ id: 'p1', method: 'session/request_permission', params: { sessionId: 's', toolCall: { toolCallId: 'c' }, options: [{ optionId: 'yes', name: 'Yes', kind: 'allow_once' }] } });
      say({ id: 'f1', method: 'fs/read_text_file', params: {} });
      globalThis.prompt = m.id;
    }
    if (m.id === 'f1') text(String(m.error.code));
    if (m.id === 'p1') text(m.result.outcome.optionId);
    // Which of them it reads first is the pipe's: it ends behind both.
    if (m.id === 'f1' || m.id === 'p1') globalThis.answers = (globalThis.answers ?? 0) + 1;
    if (globalThis.answers === 2) say({ id: globalThis.prompt, result: { stopReason: 'end_turn' } });`,
    async () => 'yes',
  );
  expect(await connection.initialize()).toMatchObject({ name: 'fake', version: '1', loadsSessions: false });
  expect((await connection.newSession('/')).session).toBe('s');
  expect(await connection.prompt('do it')).toEqual({ stopReason: 'end_turn', usage: null });
  const texts = updates.map((update) => ('text' in update ? update.text : update.kind));
  expect(texts.slice(0, 2)).toEqual(['a', 'b']);
  expect(texts.slice(2).toSorted()).toEqual(['-32601', 'yes']);
  expect(asked).toHaveLength(1);
});

it('[engine.connection] a cancel answers what waits for a person', async () => {
  const { connection } = await agent(
    `
    if (m.method === 'session/prompt') {
      globalThis.prompt = m.id;
      say({ id: 'p1', method: 'session/request_permission', params: { sessionId: 's', toolCall: { toolCallId: 'c' }, options: [] } });
    }
    if (m.id === 'p1') say({ id: globalThis.prompt, result: { stopReason: m.result.outcome.outcome } });`,
    async () => {
      connection.cancel();
      return 'yes';
    },
  );
  await connection.initialize();
  await connection.newSession('/');
  expect(await connection.prompt('do it')).toMatchObject({ stopReason: 'cancelled' });
});

it.each([
  ['an error', `say({ id: m.id, error: { code: -32603, message: 'no key' } })`, 'refused', /no key/],
  ['its end', `process.stderr.write('out of luck'); process.exit(3)`, 'gone', /exit code 3/],
  ['a kill', `process.kill(process.pid, 'SIGKILL')`, 'gone', /SIGKILL/],
] as const)('[engine.connection] a prompt ends with %s', async (_, body, kind, words) => {
  const { connection, engine } = await agent(`if (m.method === 'session/prompt') { ${body} }`);
  await connection.initialize();
  await connection.newSession('/');
  const failed = await failure(connection.prompt('do it'));
  expect(failed).toMatchObject({ kind });
  expect(failed.message).toMatch(words);
  if (kind === 'gone') {
    await engine.ended;
    expect((await failure(connection.newSession('/'))).kind).toBe('gone');
  }
});

it('[engine.connection] one that outlasts everything is killed with what it started', async () => {
  const { connection, engine, mark } = await agent(`
    if (m.method === 'session/prompt') {
      process.on('SIGTERM', () => undefined);
      setInterval(() => undefined, 1000);
      require('node:child_process').spawn('sleep', ['600'], { detached: true, stdio: 'ignore' }).unref();
      text('started');
    }`);
  await connection.initialize();
  await connection.newSession('/');
  const failed = failure(connection.prompt('do it'));
  await engine.end();
  expect((await failed).kind).toBe('gone');
  expect(marked(mark)).toEqual([]);
}, 30_000);

it('[engine.connection] what is not there says so', async () => {
  const program = bareProgram({ command: '/nowhere/agent', args: [], cwd: '/', env: {}, mark: 'unit/none' });
  const engine = await startEngine(program, () => () => undefined);
  const connection = new EngineConnection(engine, {
    onUpdate: () => undefined,
    onPermission: async () => null,
  });
  expect((await failure(connection.initialize())).message).toContain('exit code 127');
  expect(engine.errors()).toContain('not found');
});
