/** The fake agent itself, by raw lines: a rig that does not do what its script says proves nothing. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, expect, it } from 'vitest';
import { type FakeAgent, fakeAgent, type FakeScript } from '../../support/fake-agent.ts';

type Message = { id?: number | string; method?: string; params?: any; result?: any; error?: any }; // oxlint-disable-line typescript/no-explicit-any -- whatever it sends

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

function agentWith(script: FakeScript): FakeAgent {
  const folder = mkdtempSync(join(tmpdir(), 'fake-agent-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  return fakeAgent(folder, script);
}

function started(agent: FakeAgent) {
  const child = spawn(agent.command, agent.args, { stdio: ['pipe', 'pipe', 'inherit'] });
  ends.unshift(() => child.kill('SIGKILL'));
  const seen: Message[] = [];
  const waiters: (() => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    seen.push(JSON.parse(line) as Message);
    for (const waiter of waiters.splice(0)) waiter();
  });
  const closed = new Promise<string | number | null>((resolve) =>
    child.on('close', (code, signal) => resolve(signal ?? code)),
  );
  const send = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const until = async (fits: (message: Message) => boolean): Promise<Message> => {
    for (;;) {
      const found = seen.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => waiters.push(resolve));
    }
  };
  let ids = 0;
  const call = async (method: string, params: object) => {
    const id = (ids += 1);
    send({ id, method, params });
    return await until((message) => message.id === id && message.method === undefined);
  };
  const texts = () =>
    seen.flatMap(({ params }) => (params?.update?.content?.text as string | undefined) ?? []);
  return { call, send, until, closed, texts, seen, end: () => child.stdin.end() };
}

const said = (sessionId: string, text: string) => ({ sessionId, prompt: [{ type: 'text', text }] });

it('[agents.fake] says, calls, asks, is cancelled, and goes at the end of its input', async () => {
  const agent = agentWith({
    turns: [
      [{ call: { id: 'a' } }, { ask: { yes: [{ say: 'allowed' }], no: [{ say: 'denied' }] } }],
      [{ stall: true }],
      [{ error: { code: -32000, message: 'no credit' } }],
    ],
  });
  const one = started(agent);
  expect((await one.call('initialize', { protocolVersion: 1 })).result.protocolVersion).toBe(1);
  const { sessionId } = (await one.call('session/new', { cwd: '/', mcpServers: [] })).result;
  const first = one.call('session/prompt', said(sessionId, 'begin'));
  const question = await one.until(({ method }) => method === 'session/request_permission');
  one.send({ id: question.id, result: { outcome: { outcome: 'selected', optionId: 'option-allow_once' } } });
  expect((await first).result).toEqual({ stopReason: 'end_turn' });
  expect(one.texts()).toEqual(['allowed']);
  const second = one.call('session/prompt', said(sessionId, 'more'));
  one.send({ method: 'session/cancel', params: { sessionId } });
  expect((await second).result).toEqual({ stopReason: 'cancelled' });
  expect((await one.call('session/prompt', said(sessionId, 'x'))).error.message).toBe('no credit');
  one.end();
  expect(await one.closed).toBe(0);
});

it.each([
  ['whole', ['one', 'I was told: one']],
  ['nothing', []],
  ['unordered', ['I was told: one', 'one']],
  [{ last: 1 }, ['I was told: one']],
] as const)('[agents.fake] dies once where it is told to, and replays as %j', async (load, replay) => {
  const agent = agentWith({ load, dies: [{ at: 'session/prompt', when: 'before-answer' }] });
  const one = started(agent);
  const { sessionId } = (await one.call('session/new', { cwd: '/', mcpServers: [] })).result;
  void one.call('session/prompt', said(sessionId, 'one'));
  expect(await one.closed).toBe('SIGKILL');
  const two = started(agent);
  expect((await two.call('session/load', { sessionId, cwd: '/', mcpServers: [] })).result).toEqual({});
  expect(two.texts()).toEqual(replay);
  expect((await two.call('session/prompt', said(sessionId, 'two'))).result.stopReason).toBe('end_turn');
});

it('[agents.fake] forgets, lies and tries what it may not', async () => {
  const agent = agentWith({
    load: 'forgets',
    lies: { 'session/set_mode': { result: 7 } },
    turns: [[{ read: '/nowhere' }, { longLine: 100_000 }, { environment: true }]],
  });
  const one = started(agent);
  expect((await one.call('session/set_mode', {})).result).toBe(7);
  const { sessionId } = (await one.call('session/new', { cwd: '/', mcpServers: [] })).result;
  expect((await one.call('session/load', { sessionId })).error.code).toBe(-32002);
  writeFileSync(join(agent.state, 'x'), '');
  await one.call('session/prompt', said(sessionId, 'try'));
  expect(one.texts()[0]).toBe('read /nowhere: ENOENT\n');
  expect(one.texts()[1]?.length).toBe(100_000);
  expect(agent.notes().find(({ what }) => what === 'environment')?.found).toContain('PATH');
});
