/** `podkin acp`: sessions that come back, rights, and clients that mean no good. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AcpClient, type AcpOptions } from '../support/acp-client.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome } from '../support/rig.ts';

const scenario = `
rules:
  - { last: user, matches: "long (\\\\d+)", call: [{ Bash: { command: "yes abcdefghijklmnopqrstuvwxyz | head -c {{match.1}}" } }] }
  - { last: user, matches: "offered", call: [{ mcp__mine__whoami: {} }] }
  - { last: tool, say: "tool said {{lastText}}" }
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
const place = () => ({ cwd: home.work, mcpServers: [] });

describe('a session that is there', () => {
  it('[acp.close] [acp.load] [acp.end-stops-none] is closed, loaded with its history, and resumed without', async () => {
    const one = editor();
    const sessionId = await one.session(home.work);
    expect(await one.prompted(sessionId, 'first')).toBe('end_turn');
    await one.request('session/close', { sessionId });
    expect((await home.pod('root').entriesOf('stopped')).length).toBe(1);
    expect((await one.refused('session/prompt', { sessionId, prompt: [] })).code).toBe(-32002);
    const loaded = await one.request('session/load', { sessionId, ...place() });
    expect(loaded['modes']).toMatchObject({ currentModeId: 'default' });
    expect(one.said('user_message_chunk')).toBe('first');
    expect(one.said()).toBe('root did firstroot did first');
    await one.close();
    expect(await home.pod('root').call('status', {})).toMatchObject({ status: 'idle' });
    const two = editor();
    await two.initialize();
    await two.request('session/resume', { sessionId, ...place() });
    expect(two.updates).toEqual([]);
    expect(await two.prompted(sessionId, 'second')).toBe('end_turn');
    expect(two.said()).toBe('root did second');
  });

  it('[acp.load] a root that was killed meanwhile is started again for a prompt', async () => {
    const one = editor();
    const sessionId = await one.session(home.work);
    await home.pod('root').kill();
    expect(await one.prompted(sessionId, 'first')).toBe('end_turn');
    expect((await home.pod('root').entriesOf('started')).length).toBe(2);
  });

  it('[acp.rights] [run.detached-idle] of a person is loaded with no more rights than the flags give', async () => {
    mkdirSync(join(home.work, 'src'));
    const made = ['run', '-d', '--no-stdin', '--model', model, '--name'];
    const free = ['free', '--permission-mode', 'bypassPermissions', '--read', '.'];
    expect((await home.run([...made, ...free])).stdout).toBe('free\n');
    expect((await home.run([...made, 'wide', '--write', '.'])).stdout).toBe('wide\n');
    expect(await home.pod('free').entriesOf('inputReceived')).toEqual([]);
    const one = editor({ args: ['--read', '.', '--write', 'src'] });
    await one.initialize();
    const wide = await one.refused('session/load', { sessionId: home.pod('wide').instance, ...place() });
    expect(wide.message).toContain('has more rights than this agent was started with (write of');
    const freed = editor();
    await freed.initialize();
    const loaded = await freed.request('session/load', { sessionId: home.pod('free').instance, ...place() });
    expect(loaded['modes']).toMatchObject({ currentModeId: 'default' });
    expect(await home.pod('free').call('status', {})).toMatchObject({ permissionMode: 'default' });
    for (const name of ['free', 'wide']) await home.run(['stop', name]);
  });
});

describe('rights', () => {
  it('[acp.modes] modes up to the own one can be set, and no other', async () => {
    const one = editor({ args: ['--permission-mode', 'acceptEdits'] });
    await one.initialize();
    const made = await one.request('session/new', place());
    const sessionId = String(made['sessionId']);
    const { availableModes } = made['modes'] as { availableModes: { id: string }[] };
    expect(availableModes.map(({ id }) => id)).toEqual(['plan', 'dontAsk', 'default', 'acceptEdits']);
    await one.request('session/set_mode', { sessionId, modeId: 'plan' });
    expect(await home.pod('root').call('status', {})).toMatchObject({ permissionMode: 'plan' });
    await one.untilUpdate('the mode', ({ currentModeId }) => currentModeId === 'plan');
    await one.request('session/set_mode', { sessionId, modeId: 'acceptEdits' });
    const refused = await one.refused('session/set_mode', { sessionId, modeId: 'bypassPermissions' });
    expect(refused.message).toContain('no such mode');
  });

  it('[acp.rights] sessions lie at or below --cwd, and paths are those of the flags', async () => {
    mkdirSync(join(home.work, 'in'));
    const one = editor({ args: ['--cwd', join(home.work, 'in'), '--read', '.'] });
    await one.initialize();
    expect((await one.refused('session/new', place())).message).toContain('lies outside');
    await one.request('session/new', { cwd: join(home.work, 'in'), mcpServers: [] });
    const [session] = await home.pod('root').entriesOf('session');
    expect(session?.scope).toMatchObject({ read: [join(home.work, 'in')], write: [] });
    expect((await one.refused('session/new', { cwd: 'relative', mcpServers: [] })).code).toBe(-32602);
    expect((await one.refused('session/new', { cwd: '/none/such', mcpServers: [] })).code).toBe(-32602);
  });

  it('[acp.servers] what the client names is offered to that root, its values in no log', async () => {
    home.file(
      'server.mjs',
      `import { createInterface } from 'node:readline';
const say = (id, result) => console.log(JSON.stringify({ jsonrpc: '2.0', id, result }));
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method } = JSON.parse(line);
  if (method === 'initialize')
    say(id, { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'x', version: '1' } });
  else if (method === 'tools/list')
    say(id, { tools: [{ name: 'whoami', description: 'x', inputSchema: { type: 'object' } }] });
  else if (method === 'tools/call') say(id, { content: [{ type: 'text', text: 'I am ' + process.env.WHO }] });
});
`,
    );
    const one = editor({ onQuestion: () => ({ outcome: 'selected', optionId: 'allow' }) });
    const server = join(home.work, 'server.mjs');
    const env = [{ name: 'WHO', value: 'secret-person' }];
    const sessionId = await one.session(home.work, [
      { name: 'Mine', command: process.execPath, args: [server], env },
    ]);
    expect(await one.prompted(sessionId, 'offered')).toBe('end_turn');
    expect(one.said()).toContain('I am secret-person');
    const [session] = await home.pod('root').entriesOf('session');
    expect(JSON.stringify(session?.settings)).not.toContain('secret');
    const other = await one.request('session/new', place());
    expect(other['sessionId']).not.toBe(sessionId);
    const [second] = await home.pod('root-2').entriesOf('session');
    expect(second?.settings).not.toHaveProperty('mcp');
  });
});

describe('a client that means no good', () => {
  it('[acp.hostile] [acp.stdout] garbage, wrong types and unknown sessions are refused, and the next is served', async () => {
    const one = editor();
    const early = await one.refused('session/new', place());
    expect(early.code).toBe(-32600);
    const sessionId = await one.session(home.work);
    for (const line of [
      'hello',
      '[]',
      '7',
      '{"jsonrpc":"2.0"}',
      '\u0000\uFFFF',
      '{"jsonrpc":"1.0","id":1}',
    ]) {
      const before = one.messages.length;
      one.write(`${line}\n`);
      await one.until(
        'an error',
        (message) => one.messages.indexOf(message) >= before && message['id'] === null,
      );
    }
    one.notify('session/cancel', { sessionId: 'none' });
    one.notify('session/cancel', 7);
    one.write({
      jsonrpc: '2.0',
      id: 'unasked',
      result: { outcome: { outcome: 'selected', optionId: 'allow' } },
    });
    const wrong: [string, unknown][] = [
      ['session/new', { cwd: 7, mcpServers: {} }],
      ['session/new', null],
      ['session/prompt', { sessionId, prompt: 'text' }],
      ['session/prompt', { sessionId, prompt: [] }],
      ['session/prompt', { sessionId, prompt: [{ type: 'audio', data: 'AA', mimeType: 'audio/wav' }] }],
      ['session/prompt', { sessionId: '__proto__', prompt: [{ type: 'text', text: 'x' }] }],
      ['session/load', { sessionId: '../../etc', ...place() }],
      ['session/load', { sessionId, cwd: '/', mcpServers: [] }],
      ['session/set_mode', { sessionId, modeId: 'root' }],
      ['session/list', { cursor: 'x' }],
      ['session/close', { sessionId: 'none' }],
      ['no/such', {}],
    ];
    for (const [method, params] of wrong) expect((await one.refused(method, params)).code).toBeLessThan(0);
    expect(await one.prompted(sessionId, 'hello')).toBe('end_turn');
    expect(await home.pod('root').entriesOf('turnStarted')).toHaveLength(1);
  });

  it('[acp.hostile] a line of 100 MB is passed over', async () => {
    const one = editor();
    await one.initialize();
    const piece = 'x'.repeat(1024 * 1024);
    for (let sent = 0; sent < 100; sent += 1) one.write(piece);
    one.write('\n');
    await one.answer(null);
    expect(await one.request('session/list', {})).toEqual({ sessions: [] });
    expect(one.stderr).toContain('characters was passed over');
  });

  it('[acp.slow-reader] one that does not read holds up no pod, and has its answer once it reads', async () => {
    const one = editor({ args: ['--permission-mode', 'bypassPermissions'] });
    const sessionId = await one.session(home.work);
    one.process.stdout?.pause();
    const prompt = one.prompt(sessionId, 'long 3000000');
    await home.pod('root').untilEntry('turnEnded', () => true);
    one.process.stdout?.resume();
    expect((await one.answer(prompt))['result']).toEqual({ stopReason: 'end_turn' });
    expect(one.said()).toContain('tool said');
  });
});
