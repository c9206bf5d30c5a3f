/** `podkin mcp list` and `podkin mcp test`: the servers that a pod started here would have. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandFile, eventually, TestHome } from '../support/rig.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const hostile = join(root, 'test/support/hostile-mcp.mjs');
const memory = join(root, 'node_modules/@modelcontextprotocol/server-memory/dist/index.js');

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

const secret = 'sk-do-not-show';

describe('the servers of a folder', () => {
  it('[mcp.listed] with who they are from, and of variables the names alone', async () => {
    configure(
      `[mcp."own"]\n${program(memory)}env = { A = "${secret}", B = "\${TOKEN}" }\n[mcp."far"]\nurl = "https://mcp.example.com/mcp?key=${secret}"\nheaders = { Authorization = "Bearer NOT_SET" }\n`,
    );
    const server = { command: 'node', args: ['server.mjs'] };
    home.file('server.mjs', 'one');
    home.file(
      '.mcp.json',
      JSON.stringify({
        mcpServers: { ours: server, 'a\u001b[31m': server, npx: { command: 'npx', args: ['x'] } },
      }),
    );
    mkdirSync(join(home.work, '.git'));
    const environment = { TOKEN: secret };
    const { code, stdout, stderr } = await home.run(['mcp', 'list'], { environment });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('ours: a person has to trust it first');
    expect(stdout).toContain('exact version');
    expect(stdout).toContain('NOT_SET (not set)');
    const json = await home.run(['mcp', 'list', '--json'], { environment });
    for (const text of [stdout, json.stdout]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain('\u001b');
    }
    const rows: unknown = JSON.parse(json.stdout);
    const file = join(home.work, '.mcp.json');
    expect(rows).toEqual([
      expect.objectContaining({ name: 'own', file: null, trust: 'own', variables: ['TOKEN'], missing: [] }),
      expect.objectContaining({ name: 'far', host: 'mcp.example.com', command: null, missing: ['NOT_SET'] }),
      expect.objectContaining({
        name: 'ours',
        file,
        trust: 'asked',
        command: ['node', join(home.work, 'server.mjs')],
      }),
      expect.objectContaining({ trust: 'wrong' }),
      expect.objectContaining({
        name: 'npx',
        trust: 'wrong',
        leftOut: expect.stringContaining('exact version'),
      }),
    ]);
  });

  it('[mcp.tested] one is started as a pod would start it, and says what of its tools is refused', async () => {
    configure(
      `[mcp."lies"]\n${program(hostile, 'lies', home.work)}[mcp."dead"]\n${program(hostile, 'dead', home.work)}[mcp."away"]\nurl = "http://127.0.0.1:9/mcp"\n[mcp."needs"]\n${program(hostile)}env = ["NOT_SET"]\n`,
    );
    const { code, stdout } = await home.run(['mcp', 'test', 'lies']);
    expect([code, stdout]).toEqual([0, expect.stringContaining('lies works: 2 tools, after ')]);
    for (const why of ['"array", because', '"self", because', '"huge", because', 'one without a name'])
      expect(stdout).toContain(`Left out: ${why}`);
    expect(stdout).not.toContain('\u001b');
    const json: unknown = JSON.parse((await home.run(['mcp', 'test', 'lies', '--json'])).stdout);
    expect(json).toMatchObject({
      works: true,
      tools: [{ name: 'mcp__lies__good' }, { name: 'mcp__lies__long' }],
    });
    const failures = await Promise.all(
      ['dead', 'away', 'needs', 'nobody'].map((name) => home.run(['mcp', 'test', name])),
    );
    expect(failures.map((ran) => ran.code)).toEqual([1, 1, 1, 2]);
    expect(failures[0]?.stdout).toContain('dead ended with exit code 1');
    expect(failures[1]?.stdout).toMatch(/ECONNREFUSED|fetch failed/);
    expect(failures[2]?.stdout).toContain('NOT_SET');
    expect(failures[3]?.stderr).toContain('podkin mcp list');
    expect(running()).toEqual([]);
    expect(readdirSync(join(home.home.state, 'mcp-running')).filter((name) => name.includes('.'))).toEqual(
      [],
    );
    // A pod asks it itself.
    expect(readdirSync(home.home.state)).not.toContain('mcp');
  });

  it('[mcp.tested] one that does not answer, and would not end, ends with the command', async () => {
    configure(`[mcp."deaf"]\n${program(hostile, 'deaf', home.work)}`);
    const command = spawn(process.execPath, [commandFile, 'mcp', 'test', 'deaf'], {
      cwd: home.work,
      env: home.environment,
      stdio: 'ignore',
    });
    const exit = once(command, 'exit');
    await eventually(home.work, hasStarted, 'the server');
    expect(running()).not.toEqual([]);
    command.kill('SIGTERM');
    expect((await exit)[0]).toBe(143);
    expect(running()).toEqual([]);
  });

  it("[mcp.tested] a project's is not started before a person has trusted it", async () => {
    home.file('server.mjs', `import { writeFileSync } from 'node:fs'; writeFileSync('ran', '');`);
    home.file(
      '.mcp.json',
      JSON.stringify({ mcpServers: { ours: { command: 'node', args: ['server.mjs'] } } }),
    );
    mkdirSync(join(home.work, '.git'));
    const { code, stderr } = await home.run(['mcp', 'test', 'ours']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('a person has to trust it first')]);
    expect(readdirSync(home.work)).not.toContain('ran');
  });
});

/** Servers that note in this home's folder, as the machine lists its processes. */
function running(): string[] {
  const all = execFileSync('ps', ['-A', '-ww', '-o', 'args='], { encoding: 'utf8' });
  return all.split('\n').filter((line) => line.includes('hostile-mcp.mjs') && line.includes(home.work));
}

function hasStarted(): boolean {
  return existsSync(join(home.work, 'mcp-notes'));
}
