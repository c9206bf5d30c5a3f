/** MCP servers of real pods: the reference servers, a hostile one, deaths, and what a pod is asked. */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ownNamespaces } from '../../src/std/namespaces.ts';
import { isRunning, ownIdentity, processIdentity } from '../../src/std/process-identity.ts';
import { eventually, TestHome } from '../support/rig.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const hostile = join(root, 'test/support/hostile-mcp.mjs');
const reference = (name: string) =>
  join(root, `node_modules/@modelcontextprotocol/server-${name}/dist/index.js`);

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  await home.close();
});

function configure(toml: string): void {
  mkdirSync(home.home.config, { recursive: true });
  writeFileSync(join(home.home.config, 'config.toml'), toml);
}

const program = (...args: string[]) =>
  `command = ${JSON.stringify(process.execPath)}\nargs = ${JSON.stringify(args)}\n`;

/** One call a step, then what the last one answered. */
function calls(...all: [string, object][]): string {
  const rules = all.map(
    ([tool, input], at) =>
      `  - last: ${at === 0 ? 'user' : 'tool'}\n    times: 1\n    call:\n      - ${tool}: ${JSON.stringify(input)}\n`,
  );
  return home.scenario(`rules:\n${rules.join('')}  - say: "{{lastText}}"\n`);
}

const go = (model: string, ...more: string[]) =>
  home.run(['run', '-p', 'go', '--write', '.', '--model', model, '--no-stdin', ...more]);

/** What the calls of a pod answered, in their order. */
async function answers(name = 'root'): Promise<string[]> {
  return (await home.pod(name).entriesOf('toolResult')).map(({ text }) => text);
}

describe('MCP servers of pods', () => {
  it('[mcp.reference] [mcp.list-kept] the reference servers over stdio', async () => {
    home.file('hello.txt', 'HELLO');
    configure(`
[mcp."files"]
${program(reference('filesystem'), home.work)}
[mcp."memory"]
${program(reference('memory'))}
env = { MEMORY_FILE_PATH = ${JSON.stringify(join(home.work, 'memory.json'))} }
[mcp."everything"]
${program(reference('everything'))}
tools = ["get-sum", "get-tiny-image", "get-resource-links"]
[mcp."thinking"]
${program(reference('sequential-thinking'))}
`);
    const model = calls(
      ['mcp__files__read_text_file', { path: join(home.work, 'hello.txt') }],
      ['mcp__memory__create_entities', { entities: [{ name: 'podkin', entityType: 'x', observations: [] }] }],
      ['mcp__everything__get-sum', { a: 2, b: 3 }],
      ['mcp__everything__get-tiny-image', {}],
      ['mcp__everything__get-resource-links', { count: 1 }],
      ['mcp__everything__echo', { message: 'not asked for' }],
      [
        'mcp__thinking__sequentialthinking',
        { thought: 'x', nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts: 1 },
      ],
    );
    const { code, stderr } = await go(model, '--allow-tool', 'mcp__*');
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('left out')]);
    const [file, memory, sum, image, link, none, thought] = await answers();
    expect(file).toContain('HELLO');
    expect(memory).toContain('podkin');
    expect(readFileSync(join(home.work, 'memory.json'), 'utf8')).toContain('podkin');
    expect(sum).toContain('5');
    expect(image).toMatch(/image 1/);
    expect(link).toContain('[a link to the resource "');
    expect(none).toContain('There is no tool "mcp__everything__echo"');
    expect(thought).toContain('thoughtNumber');
    expect(readdirSync(join(home.home.state, 'mcp'))).toHaveLength(4);
  });

  it('[mcp.reference] [mcp.redirect] one over HTTP', async () => {
    const port = await freePort();
    const server = spawn(process.execPath, [reference('everything'), 'streamableHttp'], {
      env: { ...process.env, PORT: String(port) },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    try {
      await new Promise<void>((resolve) =>
        server.stderr.on('data', (text) => String(text).includes('listening') && resolve()),
      );
      configure(`[mcp."everything"]\nurl = "http://127.0.0.1:${port}/mcp"\n`);
      const { code } = await go(
        calls(['mcp__everything__get-sum', { a: 20, b: 3 }]),
        '--allow-tool',
        'mcp__everything__*',
      );
      expect([code, await answers()]).toEqual([0, [expect.stringContaining('23')]]);
    } finally {
      server.kill('SIGKILL');
    }
  });

  it('[mcp.asked] [mcp.rules] is denied where nobody can be asked, whatever it says of itself, and in plan', async () => {
    configure(`[mcp."evil"]\n${program(hostile, 'read', home.work)}`);
    const { code } = await go(calls(['mcp__evil__Read', {}]));
    expect([code, await answers()]).toEqual([
      4,
      [expect.stringContaining('Denied: this tree was started without a person')],
    ]);
    expect(readFileSync(join(home.work, 'mcp-notes'), 'utf8')).not.toContain('call');
    await go(
      calls(['mcp__evil__Read', {}]),
      '--name',
      'planned',
      '--permission-mode',
      'plan',
      '--allow-tool',
      'mcp__*',
    );
    expect(await answers('planned')).toEqual([
      expect.stringContaining('in permission mode plan no tool from outside'),
    ]);
    await go(
      calls(['mcp__evil__Read', {}]),
      '--name',
      'denied',
      '--allow-tool',
      'mcp__*',
      '--deny-tool',
      'mcp__evil__*',
    );
    expect(await answers('denied')).toEqual([
      expect.stringContaining('the rule mcp__evil__* forbids this call'),
    ]);
    await go(
      calls(['mcp__evil__Read', { word: 'w' }]),
      '--name',
      'allowed',
      '--allow-tool',
      'mcp__evil__Read',
    );
    expect(await answers('allowed')).toEqual(['echo w']);
  });

  it('[mcp.names] [mcp.schemas] [mcp.many] what cannot be offered is told, and 500 tools are behind two', async () => {
    configure(
      `[mcp."lies"]\n${program(hostile, 'lies', home.work)}\n[mcp."many"]\n${program(hostile, 'many', home.work)}`,
    );
    const model = calls(
      ['mcp__find', { query: 'number 417' }],
      ['mcp__use', { tool: 'mcp__many__tool-417', input: { word: 'found' } }],
      ['mcp__use', { tool: 'mcp__lies__good', input: { word: 'other' } }],
    );
    await go(model, '--allow-tool', 'mcp__many__*');
    const [found, used, denied] = await answers();
    expect(found).toContain('mcp__many__tool-417\ngives number 417');
    expect(used).toBe('echo found');
    expect(denied).toContain('Denied');
    const alerts = readFileSync(home.pod('root').folder.log, 'utf8')
      .split('\n')
      .filter((line) => line.includes('mcpLeftOut'));
    expect(alerts.join('\n')).toContain('comes to more than 5000 values');
  });

  it('[mcp.place] [mcp.large] [mcp.roles] sees the variables that are named, writes where its pod may, and its long answer is in a file', async () => {
    configure(`
[mcp."plain"]
${program(hostile, 'plain', home.work)}
env = ["MINE"]
[mcp."long"]
${program(hostile, 'long', home.work)}
[profile.narrow]
tools = ["Read", "mcp__plain__*"]
`);
    const child = `  - pod: child\n    last: user\n    times: 1\n    call:\n      - mcp__plain__echo: { word: below }\n      - mcp__long__echo: {}\n  - pod: child\n    say: "ok"\n`;
    const model = home.scenario(
      `rules:\n${child}  - last: user\n    times: 1\n    call:\n      - mcp__plain__env: {}\n      - mcp__long__echo: {}\n  - last: tool\n    times: 1\n    call:\n      - SpawnPod: { name: child, task: t, profile: narrow }\n  - say: "end"\n`,
    );
    const { code } = await home.run(
      ['run', '-p', 'go', '--write', '.', '--model', model, '--no-stdin', '--allow-tool', 'mcp__*'],
      {
        environment: { MINE: 'yes', OTHERS: 'no', ANTHROPIC_API_KEY: 'secret' },
      },
    );
    expect(code).toBe(0);
    const [environment = '', long = ''] = await answers();
    expect(environment).toContain('"MINE":"yes"');
    expect(environment).not.toMatch(/OTHERS|secret|PODKIN_HOME/);
    expect(long).toContain('characters left out here. The whole output is in ');
    expect(await answers('child')).toEqual([
      'echo below',
      expect.stringContaining('There is no tool "mcp__long__echo"'),
    ]);
  });

  it('[mcp.ended] [mcp.crash] a pod that is killed in a call leaves no server, and the call is closed and not made again', async () => {
    home.expectsNoSockets = false;
    configure(`[mcp."plain"]\n${program(hostile, 'plain', home.work)}`);
    const model = calls(['mcp__plain__hang', {}]);
    const run = home.run([
      'run',
      '-p',
      'go',
      '--write',
      '.',
      '--model',
      model,
      '--no-stdin',
      '--allow-tool',
      'mcp__*',
    ]);
    const log = () =>
      existsSync(join(home.work, 'mcp-notes')) ? readFileSync(join(home.work, 'mcp-notes'), 'utf8') : '';
    await eventually(home.work, () => log().includes('call hang'), 'the call');
    const pod = home.pod('root');
    const servers = serverProcesses(home.work);
    expect(servers).not.toEqual([]);
    await pod.kill();
    await run;
    await eventually(home.work, () => serverProcesses(home.work).length === 0, 'the end of the server');
    const { code } = await home.run(['restore', 'root']);
    expect(code).toBe(0);
    await pod.until('the end of the turn', (entries) => entries.at(-1)?.type === 'turnEnded');
    expect(await answers()).toEqual([expect.stringMatching(/interrupted/i)]);
    expect(log().match(/call hang/g)).toHaveLength(1);
    await home.run(['stop', 'root']);
    expect(serverProcesses(home.work)).toEqual([]);
  });

  it('[mcp.tree-bound] [mcp.handed-over] starts none past the limit of the tree, and none keeps what a child is given', async () => {
    configure(`[mcp."plain"]\n${program(hostile, 'plain', home.work)}`);
    mkdirSync(join(home.work, 'src'));
    const echo = (word: string) => `      - mcp__plain__echo: { word: ${word} }\n`;
    const model = home.scenario(
      `rules:\n  - pod: child\n    last: user\n    times: 1\n    call:\n${echo('below')}  - pod: child\n    say: ok\n  - matches: hello\n    last: user\n    times: 1\n    say: hello\n  - last: user\n    times: 1\n    call:\n${echo('refused')}  - last: tool\n    times: 1\n    say: end\n  - last: user\n    times: 1\n    call:\n${echo('first')}  - last: tool\n    times: 1\n    call:\n      - SpawnPod: { name: child, task: t, write: [src] }\n  - last: tool\n    times: 1\n    call:\n${echo('again')}  - say: end\n`,
    );
    const common = ['--write', '.', '--model', model, '--allow-tool', 'mcp__*', '--no-stdin'];
    // Its list is known from here on, and nothing of it runs.
    await home.run(['run', '-p', 'hello', ...common]);
    await home.run(['restore', 'root']);
    const [session] = await home.pod('root').entriesOf('session');
    const places = join(home.home.state, 'mcp-running');
    const holder = { ...ownIdentity(), namespace: ownNamespaces().process };
    const place = (at: number) => join(places, `${session?.instance}.${at}`);
    for (let at = 0; at < 64; at += 1) writeFileSync(place(at), JSON.stringify(holder));
    await home.run(['send', 'root', 'one', '--wait']);
    expect(await answers()).toEqual([
      expect.stringContaining('64 server processes of this tree are running'),
    ]);
    for (const at of [1, 2]) rmSync(place(at));
    await home.run(['send', 'root', 'two', '--wait']);
    const [, first, , again] = await answers();
    expect([first, again, await answers('child')]).toEqual(['echo first', 'echo again', ['echo below']]);
    // To be asked what it has, to be called, and again once the child had its path. The child's may not
    // write there.
    expect(readFileSync(join(home.work, 'mcp-notes'), 'utf8').match(/start/g)).toHaveLength(3);
    await home.run(['stop', 'root']);
    expect(readdirSync(places)).toHaveLength(62);
  });

  it('[mcp.trust] [mcp.trust-shape] [mcp.trust-changed] a project’s servers are not there before a person has trusted them', async () => {
    writeFileSync(join(home.work, 'server.mjs'), readFileSync(hostile));
    home.file(
      '.mcp.json',
      JSON.stringify({
        mcpServers: { ours: { command: process.execPath, args: ['server.mjs', 'plain', '.'] } },
      }),
    );
    const { code, stderr } = await go(calls(['mcp__ours__echo', {}]), '--allow-tool', 'mcp__*');
    expect(stderr).toContain('.mcp.json: the server "ours" is left out, a person has to trust it first');
    expect([code, await answers()]).toEqual([
      0,
      [expect.stringContaining('There is no tool "mcp__ours__echo"')],
    ]);
    expect(existsSync(join(home.work, 'mcp-notes'))).toBe(false);
  });
});

/** By their command lines: those inside of a sandbox have other numbers there. */
function serverProcesses(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        const identity = processIdentity(pid);
        return line.includes(hostile) && line.includes(folder) && identity !== null && isRunning(identity);
      } catch {
        return false;
      }
    });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
