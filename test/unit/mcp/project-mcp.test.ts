/** A project's `.mcp.json`: what a person is asked, what their yes is to, and what takes it away. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ProjectMcp, readProjectMcp } from '../../../src/configuration/project-mcp.ts';
import { homeOf } from '../../../src/session/home/places.ts';
import { McpServers } from '../../../src/mcp/servers.ts';
import type { ToolContext } from '../../../src/tools/tool.ts';

let folder: string;
let project: string;
let asked: string[];

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'mcp-')));
  project = join(folder, 'project');
  mkdirSync(join(project, '.git'), { recursive: true });
  asked = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(entries: object): void {
  writeFileSync(join(project, '.mcp.json'), JSON.stringify({ mcpServers: entries }));
}

/** `answer` undefined: nobody is asked. */
async function read(answer?: boolean | null, deny: string[] = []): Promise<ProjectMcp> {
  const askTrust = (_: string, wants: readonly string[]) => {
    asked.push(wants.join('\n'));
    return Promise.resolve(answer ?? null);
  };
  return await readProjectMcp({
    home: homeOf({ PODKIN_HOME: join(folder, 'home'), HOME: folder }),
    personHome: folder,
    cwd: project,
    deny,
    ...(answer !== undefined && { askTrust }),
  });
}

const ours = { command: 'node', args: ['server.mjs', '--level=1'], env: { TOKEN: '${MY_TOKEN}' } };

describe('the servers of a project', () => {
  beforeEach(() => writeFileSync(join(project, 'server.mjs'), 'one'));

  it('[mcp.trust] are there behind a yes that names the command, the files and the variables, and no sooner', async () => {
    put({ ours });
    const before = await read();
    expect(before.servers).toEqual({});
    expect(before.notes).toEqual([
      expect.stringContaining('"ours" is left out, a person has to trust it first'),
    ]);
    const { servers } = await read(true);
    const file = join(project, 'server.mjs');
    expect(servers['ours']).toEqual({
      project: join(project, '.mcp.json'),
      command: 'node',
      args: [file, '--level=1'],
      env: { TOKEN: '${MY_TOKEN}' },
      network: false,
      files: [{ path: file, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    });
    for (const part of ['starts "node" "', `the file ${file}`, 'your variable MY_TOKEN', 'has no network'])
      expect(asked[0]).toContain(part);
    // The answer is kept.
    expect(Object.keys((await read()).servers)).toEqual(['ours']);
    expect(asked).toHaveLength(1);
  });

  it('[mcp.trust] a no is kept too, and says how it is taken back', async () => {
    put({ ours });
    await read(false);
    const { servers, notes } = await read(true);
    expect([servers, asked.length]).toEqual([{}, 1]);
    expect(notes[0]).toMatch(/you have said no to it as it is; to be asked again: rm /);
  });

  it.each<[string, () => void]>([
    ['its entry', () => put({ ours: { ...ours, args: ['server.mjs', '--level=2'] } })],
    ['a file that it names', () => writeFileSync(join(project, 'server.mjs'), 'two')],
    ['a variable that it wants', () => put({ ours: { ...ours, env: { TOKEN: '${OTHER}' } } })],
  ])('[mcp.trust-changed] %s that changed is asked about anew', async (_, change) => {
    put({ ours });
    await read(true);
    change();
    expect((await read()).servers).toEqual({});
    await read(true);
    expect(asked).toHaveLength(2);
  });

  it('[mcp.trust-changed] what changed since the tree began is not started', async () => {
    put({ ours });
    const { servers } = await read(true);
    writeFileSync(join(project, 'server.mjs'), 'by a pod');
    const pod = new McpServers({
      servers: new Map(Object.entries(servers)),
      state: join(folder, 'state'),
      root: 'r',
      environment: {},
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else of it is asked for
      context: () => ({ cwd: project }) as unknown as ToolContext,
      sandbox: () => {
        throw new Error('nothing is started here');
      },
      shell: { network: false, unixSockets: false, read: [], program: null },
      isOffered: () => true,
    });
    const { tools, notes } = await pod.offered(new AbortController().signal);
    expect([tools, notes]).toEqual([[], [expect.stringContaining('is not what was trusted any more')]]);
  });

  it('[mcp.trust] of two, each is asked about by itself', async () => {
    put({ ours, other: { url: 'https://example.com/mcp', headers: { Authorization: 'Bearer ${KEY}' } } });
    const { servers } = await read(true);
    expect(Object.keys(servers)).toEqual(['ours', 'other']);
    expect(asked[1]).toContain('to example.com: https://example.com/mcp');
    expect(asked[1]).toContain('your variable KEY');
  });

  it.each<[string, () => void, string]>([
    ['no JSON', () => writeFileSync(join(project, '.mcp.json'), '{'), 'has no object "mcpServers"'],
    ['too large', () => writeFileSync(join(project, '.mcp.json'), ' '.repeat(40_000)), 'is too large'],
    [
      'a link out of the project',
      () => {
        writeFileSync(join(folder, 'elsewhere.json'), JSON.stringify({ mcpServers: { ours } }));
        symlinkSync('../elsewhere.json', join(project, '.mcp.json'));
      },
      'leads out of its folder',
    ],
    ['a pipe', () => execFileSync('mkfifo', [join(project, '.mcp.json')]), 'is no regular file'],
    ['a folder', () => mkdirSync(join(project, '.mcp.json')), 'is no regular file'],
  ])('[mcp.trust-shape] %s takes its servers away, and is told', async (_, make, why) => {
    make();
    const { servers, notes } = await read(true);
    expect([servers, asked]).toEqual([{}, []]);
    expect(notes).toEqual([expect.stringContaining(why)]);
  });

  it('[mcp.trust-shape] one that is denied is not there at all', async () => {
    put({ ours });
    expect(await read(true, ['.mcp.json'])).toEqual({ servers: {}, leftOut: [], notes: [] });
  });

  it.each<[string, object, string]>([
    ['a name', { 'a b': ours }, 'its name has to be'],
    ['no entry', { a: 1 }, 'it is no object'],
    ['both ways', { a: { ...ours, url: 'https://x' } }, 'it needs a command or a url'],
    ['neither', { a: {} }, 'it needs a command or a url'],
    ['sse', { a: { type: 'sse', url: 'https://x' } }, 'only servers over stdio and streamable HTTP'],
    ['a file', { a: { url: 'file:///etc/passwd' } }, 'none of http or https'],
    ['args of another kind', { a: { command: 'x', args: [1] } }, 'no texts'],
    ['NUL', { a: { command: 'x\0y' } }, 'NUL character'],
  ])('[mcp.trust-shape] %s: the entry alone is left out', async (_, entries, why) => {
    put({ ...entries, ours });
    const { servers, notes } = await read(true);
    expect(Object.keys(servers)).toEqual(['ours']);
    expect(notes).toEqual([expect.stringContaining(why)]);
  });

  it.each([
    ['in a script', 'sh', ['-c', 'exec node ./server.mjs x']],
    ['in a script without a blank', 'sh', ['-c', 'node<server.mjs']],
    ['glued to an option', 'node', ['-r./server.mjs', 'x']],
    ['in a list', 'node', ['--config=a,./server.mjs']],
  ])('[mcp.trust] a file that is named %s is part of the yes', async (_, command, args) => {
    put({ a: { command, args } });
    writeFileSync(join(project, 'server.mjs'), 'one');
    expect(Object.keys((await read(true)).servers)).toEqual(['a']);
    expect(asked.join()).toContain('server.mjs (sha256');
    writeFileSync(join(project, 'server.mjs'), 'another');
    expect((await read(null)).servers).toEqual({});
  });

  it.each<[string, string[], boolean]>([
    ['npx', ['-y', 'server'], false],
    ['npx', ['-y', 'server@latest'], false],
    ['npx', ['-y', 'server@^1.2.3'], false],
    ['npx', ['-y', '@scope/server@1.2.3'], true],
    ['npx', ['-y', 'server', 'other@1.2.3'], false],
    ['uvx', ['--from', 'server==0.1.0', 'run'], true],
    ['/usr/bin/uvx', ['server==0.1.0'], true],
    ['uvx', ['server'], false],
    ['docker', ['run', 'image:latest'], false],
    ['docker', ['run', `image@sha256:${'a'.repeat(64)}`], true],
    ['node', ['x'], true],
    ['npx', ['-y', '--package=other', 'server@1.2.3'], false],
    ['npx', ['-y', '-p', 'other', 'server@1.2.3'], false],
    ['npx', ['-y', '--package=other@1.2.3', 'server'], true],
    ['npx', ['-y', 'server@1.2.3', '-p', 'other'], true],
    ['npm', ['exec', '--package=other', '--', 'server@1.2.3'], false],
    ['uvx', ['--with', 'other', 'server==0.1.0'], false],
    ['uvx', ['--with', 'other==1.0.0', 'server==0.1.0'], true],
    ['docker', ['run', '-p', '80:80', `image@sha256:${'a'.repeat(64)}`], true],
    ['env', ['A=b', 'npx', '-y', 'server'], false],
    ['env', ['npx', '-y', 'server@1.2.3'], true],
    ['sh', ['-c', 'cd x;npx -y server'], false],
    ['sh', ['-c', 'exec npx -y server@1.2.3'], true],
    ['timeout', ['9', 'sh', '-c', '"$(/usr/bin/npx server)"'], false],
    ['node', ['x', 'npx', 'server'], true],
  ])('[mcp.fetched] %s %j: %s', async (command, args, isTaken) => {
    put({ a: { command, args } });
    const { servers, notes } = await read(true);
    expect(Object.keys(servers)).toEqual(isTaken ? ['a'] : []);
    if (!isTaken) expect(notes).toEqual([expect.stringContaining('name an exact version')]);
  });
});
