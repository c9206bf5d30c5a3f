/** `podkin acp` with real processes and a bare client. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AcpClient, type AcpOptions, type Message } from '../support/acp-client.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome } from '../support/rig.ts';

const scenario = `
rules:
  - { pod: root, last: user, matches: "delegate", call: [{ SpawnPod: { name: alpha, task: "count lines" } }] }
  - { pod: root, last: tool, matches: "spawned|alpha", say: "waiting" }
  - { pod: alpha, last: user, matches: "slowly", delayMs: 600000, say: "late" }
  - { pod: alpha, last: user, matches: "shell", call: [{ Bash: { command: "echo ran > mark" } }] }
  - { last: user, matches: "slow child", call: [{ SpawnPod: { name: alpha, task: "slowly" } }] }
  - { last: user, matches: "shell child", call: [{ SpawnPod: { name: alpha, task: "shell" , write: ["."] } }] }
  - { last: user, matches: "shell", call: [{ Bash: { command: "echo ran > mark" } }] }
  - { last: user, matches: "edit", call: [{ Write: { path: "new.txt", content: "one" } }] }
  - { last: user, matches: "broken", fail: { kind: badRequest } }
  - { last: user, matches: "hang", delayMs: 600000, say: "late" }
  - { last: tool, say: "tool said {{lastText}}" }
  - { last: notification, say: "heard of it" }
  - { say: "{{pod}} did {{lastText}}" }
`;

let home: TestHome;
let clients: AcpClient[];
let model: string;
beforeEach(() => {
  home = new TestHome();
  clients = [];
  model = home.scenario(scenario);
});
afterEach(async () => {
  for (const client of clients) {
    await client.close();
    expect(client.junk, '[acp.stdout]').toEqual([]);
  }
  try {
    await promiseKept(home);
  } finally {
    await home.close();
  }
});

function editor(options: AcpOptions = {}): AcpClient {
  const made = new AcpClient(home, { ...options, args: ['--model', model, ...(options.args ?? [])] });
  clients.push(made);
  return made;
}
const allow = (): Message => ({ outcome: 'selected', optionId: 'allow' });

describe('a session', () => {
  it('[acp.initialize] [acp.settled] [acp.stdout] begins idle, answers a prompt, and is listed', async () => {
    const one = editor();
    const about = await one.initialize();
    expect(about).toMatchObject({ protocolVersion: 1, agentCapabilities: { loadSession: true } });
    const made = await one.request('session/new', { cwd: home.work, mcpServers: [] });
    const sessionId = String(made['sessionId']);
    expect(made['modes']).toMatchObject({ currentModeId: 'default' });
    expect(home.pod('root').instance).toBe(sessionId);
    expect((await home.pod('root').entriesOf('turnStarted')).length).toBe(0);
    expect(await one.prompted(sessionId, 'hello')).toBe('end_turn');
    expect(one.said()).toBe('root did hello');
    const { sessions } = await one.request('session/list', {});
    expect(sessions).toMatchObject([{ sessionId, cwd: home.work, title: 'root: hello' }]);
  });

  it('[acp.updates] an edit is a call with kind, place and diff', async () => {
    const one = editor();
    const session = await one.session(home.work);
    expect(await one.prompted(session, 'edit')).toBe('end_turn');
    const path = join(home.work, 'new.txt');
    expect(one.updates.find(({ sessionUpdate }) => sessionUpdate === 'tool_call')).toMatchObject({
      kind: 'edit',
      locations: [{ path }],
      content: [{ type: 'diff', path, oldText: null, newText: 'one' }],
    });
    expect(one.updates.find(({ sessionUpdate }) => sessionUpdate === 'tool_call_update')).toMatchObject({
      status: 'completed',
    });
  });

  it('[acp.children] [acp.settled] waits for a child, which is a tool call with its report', async () => {
    const one = editor();
    const session = await one.session(home.work);
    expect(await one.prompted(session, 'delegate')).toBe('end_turn');
    const child = `pod/${home.pod('alpha').instance}`;
    const about = one.updates.filter(({ toolCallId }) => toolCallId === child);
    expect(about[0]).toMatchObject({ sessionUpdate: 'tool_call', title: 'pod alpha: count lines' });
    expect(about.at(-1)).toMatchObject({ status: 'completed' });
    expect(JSON.stringify(about.at(-1))).toContain('alpha did count lines');
    expect(one.said()).toMatch(/heard of it$/);
  });

  it('[acp.stop-reason] an errored turn is an error with its reason', async () => {
    const one = editor();
    const session = await one.session(home.work);
    const { error } = await one.answer(one.prompt(session, 'broken'));
    expect(error).toMatchObject({ code: -32603 });
    expect(JSON.stringify(error)).toContain('root: ');
    expect(await one.prompted(session, 'hello')).toBe('end_turn');
  });
});

describe('questions', () => {
  it('[acp.question] of a child are asked here, and the call runs with a yes alone', async () => {
    const asked: Message[] = [];
    const one = editor({
      onQuestion: (params) => {
        asked.push(params);
        expect(existsSync(join(home.work, 'mark'))).toBe(false);
        return allow();
      },
    });
    const session = await one.session(home.work);
    expect(await one.prompted(session, 'shell child')).toBe('end_turn');
    expect(existsSync(join(home.work, 'mark'))).toBe(true);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ sessionId: session, toolCall: { kind: 'execute', status: 'pending' } });
    expect(JSON.stringify(asked[0])).toContain('echo ran > mark');
    expect(asked[0]?.['options']).toMatchObject([
      { optionId: 'allow', kind: 'allow_once' },
      { optionId: 'allow-always', kind: 'allow_always' },
      { optionId: 'deny', kind: 'reject_once' },
    ]);
  });

  it('[acp.question-open] [acp.end-stops-none] [acp.load] a client that is killed leaves it open, and finds it again', async () => {
    const first = editor();
    const session = await first.session(home.work);
    first.prompt(session, 'shell');
    await first.until('question', ({ method }) => method === 'session/request_permission');
    await first.kill();
    const open = JSON.parse((await home.run(['approvals', '--json'])).stdout) as unknown[];
    expect(open).toHaveLength(1);
    const second = editor({ onQuestion: allow });
    await second.initialize();
    await second.request('session/load', { sessionId: session, cwd: home.work, mcpServers: [] });
    expect(second.said('user_message_chunk')).toBe('shell');
    await home.pod('root').untilEntry('turnEnded', () => true);
    expect(existsSync(join(home.work, 'mark'))).toBe(true);
    expect(await second.prompted(session, 'hello')).toBe('end_turn');
    expect(second.said()).toMatch(/root did hello$/);
  });

  it('[acp.question-open] [acp.end-stops-none] the end of its input in a prompt ends the agent alone', async () => {
    const one = editor();
    const session = await one.session(home.work);
    one.prompt(session, 'shell');
    await one.until('question', ({ method }) => method === 'session/request_permission');
    await one.close();
    expect(await one.exited).toBe(0);
    expect((await home.run(['approve', 'root'])).code).toBe(0);
    await home.pod('root').untilEntry('turnEnded', ({ outcome }) => outcome === 'finished');
    expect(existsSync(join(home.work, 'mark'))).toBe(true);
  });

  it('[acp.question-open] what is answered elsewhere is taken back', async () => {
    const one = editor();
    const session = await one.session(home.work);
    const prompt = one.prompt(session, 'shell');
    const { id } = await one.until('question', ({ method }) => method === 'session/request_permission');
    expect((await home.run(['approve', 'root', '--deny'])).code).toBe(0);
    await one.until('cancel of it', ({ method }) => method === '$/cancel_request');
    expect((await one.answer(prompt))['result']).toEqual({ stopReason: 'end_turn' });
    one.write({ jsonrpc: '2.0', id, result: { outcome: allow() } });
    expect(await one.prompted(session, 'hello')).toBe('end_turn');
    expect(existsSync(join(home.work, 'mark'))).toBe(false);
  });
});

describe('a cancel', () => {
  it('[acp.cancel] [acp.one-prompt] ends the turn, and the prompt is answered as cancelled', async () => {
    const one = editor();
    const session = await one.session(home.work);
    const prompt = one.prompt(session, 'hang');
    await home.pod('root').untilEntry('turnStarted', () => true);
    const second = await one.answer(one.prompt(session, 'another'));
    expect(second['error']).toMatchObject({ code: -32600 });
    one.notify('session/cancel', { sessionId: session });
    expect((await one.answer(prompt))['result']).toEqual({ stopReason: 'cancelled' });
    expect(await one.prompted(session, 'hello')).toBe('end_turn');
  });

  it('[acp.cancel] reaches a question, and a child for which the root waits', async () => {
    const one = editor();
    const session = await one.session(home.work);
    const asking = one.prompt(session, 'shell');
    await one.until('question', ({ method }) => method === 'session/request_permission');
    one.notify('session/cancel', { sessionId: session });
    expect((await one.answer(asking))['result']).toEqual({ stopReason: 'cancelled' });
    expect(JSON.parse((await home.run(['approvals', '--json'])).stdout)).toEqual([]);
    const prompt = one.prompt(session, 'slow child');
    const alpha = await home.spawned('alpha');
    await alpha.untilEntry('turnStarted', () => true);
    await home.pod('root').untilEntry('turnEnded', ({ outcome }) => outcome === 'finished');
    one.notify('session/cancel', { sessionId: session });
    expect((await one.answer(prompt))['result']).toEqual({ stopReason: 'cancelled' });
    expect((await alpha.entriesOf('turnEnded')).at(-1)).toMatchObject({ outcome: 'cancelled' });
  });
});
