/** The fake agent in the place of a pod's agent, in a real sandbox where the machine has one. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EngineConnection } from '../../../src/engine/connection.ts';
import { engineEntry, type EnginePlace } from '../../../src/engine/engine-entry.ts';
import { engineInPlace, type EngineHost } from '../../../src/engine/engine-place.ts';
import { obeyedFiles } from '../../../src/engine/obeyed-files.ts';
import { talkTo } from '../../../src/engine/process.ts';
import { createSandbox } from '../../../src/scope/sandbox/sandbox.ts';
import { deferred } from '../../../src/std/deferred.ts';
import { defaultLimits } from '../../../src/session/settings/settings.ts';
import type { ToolContext } from '../../../src/tools/tool.ts';
import { capable } from '../../support/capable.ts';
import { type FakeAgent, fakeAgent, type FakeStep } from '../../support/fake-agent.ts';
import { contextIn, noSandbox, tempFolder } from '../tools/bench-context.ts';

const hasSandbox = capable('bubblewrap', () => {
  execFileSync('bwrap', ['--unshare-user', '--unshare-pid', '--ro-bind', '/', '/', 'true']);
  return true;
});

interface Stage {
  readonly root: string;
  readonly work: string;
  readonly state: string;
  readonly agent: FakeAgent;
  host(over?: Partial<EngineHost>, context?: Partial<ToolContext>): EngineHost;
}

/** `steps`: of its first turn. It is known as claude, whose files it would obey. */
async function stage(steps: (root: string) => FakeStep[], isHeld = true): Promise<Stage> {
  const root = await tempFolder();
  const [work, state, own] = ['work', 'state', 'agent'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  const podFolder = join(state, 'pods', 'one');
  for (const folder of [work, join(podFolder, 'outputs'), join(state, 'pods', 'two', 'engine-home')])
    mkdirSync(folder, { recursive: true });
  writeFileSync(join(state, 'secret'), 'podkin’s own');
  const agent = fakeAgent(own, { turns: [steps(root)] });
  // Without a place of its own: it has its sessions in its HOME.
  writeFileSync(join(own, 'script.json'), JSON.stringify({ turns: [steps(root)] }));
  const settings = { network: true, unixSockets: false, read: [], program: null };
  const sandbox = createSandbox({ settings, hidden: [state], state, tmpBytes: 16 * 1024 * 1024 });
  const home = { config: join(root, 'config'), state, runtime: join(root, 'run') };
  const place: EnginePlace = {
    engines: new Map([['claude', { command: agent.command, args: agent.args, env: ['ENGINE_KEY'] }]]),
    environment: { ENGINE_KEY: 'the key', OTHER_KEY: 'another' },
    state,
  };
  const entry = engineEntry('claude', place);
  if (typeof entry === 'string') throw new Error(entry);
  return {
    root,
    work,
    state,
    agent,
    host: (over, context) => ({
      entry,
      podFolder,
      network: true,
      projectFolders: [work],
      personHome: join(root, 'person'),
      path: '/usr/bin:/bin',
      context: contextIn(work, {
        home,
        outputDir: join(podFolder, 'outputs'),
        permissionMode: 'default',
        shell: { sandbox: isHeld ? sandbox : noSandbox, limits: defaultLimits },
        ...context,
      }),
      ...over,
    }),
  };
}

/** What it says in one turn. */
async function said(host: EngineHost): Promise<string> {
  const placed = await engineInPlace(host);
  if (placed.kind === 'refused') throw new Error(placed.why);
  const engine = await talkTo(placed.run);
  onTestFinished(() => engine.end());
  let text = '';
  const connection = new EngineConnection(engine, {
    onUpdate: (update) => {
      if (update.kind === 'text') text += update.text;
    },
    onPermission: () => Promise.resolve(null),
  });
  await connection.initialize();
  await connection.newSession(host.context.cwd);
  await connection.prompt('begin').catch((error: unknown) => {
    throw new Error(`${String(error)}: ${engine.errors()}`);
  });
  await engine.end();
  return text;
}

async function refusal(host: EngineHost): Promise<string> {
  const placed = await engineInPlace(host);
  return placed.kind === 'refused' ? placed.why : 'ready';
}

describe.skipIf(!hasSandbox)('in a sandbox', () => {
  it('[agents.held] writes in its scope and its HOME alone, and sees neither podkin’s state nor another’s HOME', async () => {
    const one = await stage((root) => [
      { write: join(root, 'work', 'mine') },
      { write: join(root, 'outside') },
      { write: '/etc/mine' },
      { read: join(root, 'state', 'secret') },
      { shell: `ls ${join(root, 'state', 'pods', 'two')} || echo unseen` },
      { shell: 'touch "$HOME/kept" && stat -c %a "$HOME"' },
      { environment: true },
    ]);
    const text = await said(one.host());
    expect(text).toMatch(/write \S+\/work\/mine: done/);
    expect(text).toMatch(/write \/etc\/mine: E(ROFS|ACCES)/);
    expect(text).toMatch(/read \S+\/state\/secret: E(ACCES|NOENT)/);
    expect(text).toContain('unseen');
    expect(text).toContain('exit 0 700');
    expect(existsSync(join(one.root, 'outside'))).toBe(false);
    expect(existsSync(join(one.state, 'pods', 'one', 'engine-home', 'kept'))).toBe(true);
    const variables = /environment: (.*)/.exec(text)?.[1]?.split(' ') ?? [];
    expect(variables).toContain('ENGINE_KEY');
    expect(variables).toContain('CLAUDE_CODE_DISABLE_BACKGROUND_TASKS');
    expect(variables.filter((name) => /OTHER_KEY|VITEST|npm_/.test(name))).toEqual([]);
  });

  it('[agents.network] reaches the network, which every command of it does too', async () => {
    const server = createServer((socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const one = await stage(() => [{ dial: { host: '127.0.0.1', port } }]);
    expect(await said(one.host())).toContain('connected');
  });

  it('[agents.held] nothing of it is left, also where it is in a session of its own', async () => {
    const gone = deferred<true>();
    const server = createServer((socket) =>
      socket
        .on('error', () => undefined)
        .resume()
        .on('close', () => gone.resolve(true)),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const one = await stage((root) => [
      {
        shell: `bash -c 'exec 3<>/dev/tcp/127.0.0.1/${port}; touch ${root}/work/there; sleep 600'`,
        leave: true,
      },
      { waitFor: join(root, 'work', 'there') },
    ]);
    await said(one.host());
    expect(await gone.promise).toBe(true);
  });

  it('[agents.masked] a project’s hooks are not seen before a person has trusted them as they are', async () => {
    const one = await stage((root) => [
      { read: join(root, 'work', '.claude', 'settings.json') },
      { shell: `cat ${join(root, 'work', '.mcp.json')} || echo unseen` },
    ]);
    mkdirSync(join(one.work, '.claude'));
    writeFileSync(join(one.work, '.claude', 'settings.json'), '{"hooks":1}');
    writeFileSync(join(one.work, 'servers'), 'servers');
    symlinkSync('servers', join(one.work, '.mcp.json'));
    const placed = await engineInPlace(one.host());
    expect(placed).toMatchObject({
      kind: 'ready',
      notes: [
        expect.stringContaining('settings.json, ') && expect.stringContaining('podkin engines trust claude'),
      ],
    });
    const text = await said(one.host());
    expect(text).toMatch(/settings\.json: EACCES/);
    expect(text).toContain('unseen');
    trust(one);
    expect(await said(one.host())).toContain('{"hooks":1}');
    writeFileSync(join(one.work, '.claude', 'settings.json'), '{"hooks":2}');
    expect(await said(one.host())).not.toContain('{"hooks":2}');
  });

  it('[agents.login] a login is seen where the person shares it, and written as it is renewed', async () => {
    const one = await stage(() => [
      {
        shell:
          'cat "$HOME/.claude/login" && echo new > "$HOME/.claude/next" && mv "$HOME/.claude/next" "$HOME/.claude/login"',
      },
    ]);
    const login = join(one.root, 'person', '.claude');
    mkdirSync(login, { recursive: true });
    writeFileSync(join(login, 'login'), 'logged in');
    expect(await said(one.host())).not.toContain('logged in');
    const { entry } = one.host();
    expect(await said(one.host({ entry: { ...entry, settings: { login: 'share' } } }))).toContain(
      'logged in',
    );
    expect(readFileSync(join(login, 'login'), 'utf8')).toBe('new\n');
  });
});

function trust(one: Stage): void {
  const { content } = obeyedFiles('claude', ['.claude/settings.json', '.mcp.json'], [one.work]);
  const name = createHash('sha256')
    .update(content ?? '')
    .digest('hex');
  const file = join(one.state, 'trusted', name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, 'yes\n');
}

describe('refusals', () => {
  it('[agents.network] no agent is started where the pod may have no network', async () => {
    const one = await stage(() => []);
    expect(await refusal(one.host({ network: false }))).toContain('--sandbox-network');
  });

  it.each(['dontAsk', 'plan'])(
    '[agents.unheld] without a sandbox none is started in the mode %s',
    async (permissionMode) => {
      const one = await stage(() => [], false);
      expect(await refusal(one.host({}, { permissionMode }))).toContain('no sandbox works here');
    },
  );

  it('[agents.unheld] without a sandbox it is said that it runs outside of any, and hooks refuse the start', async () => {
    const one = await stage(() => [{ environment: true }], false);
    const placed = await engineInPlace(one.host());
    expect(placed).toMatchObject({
      kind: 'ready',
      isHeld: false,
      notes: [expect.stringContaining('outside of any')],
    });
    expect(await said(one.host())).toContain('ENGINE_KEY');
    writeFileSync(join(one.work, '.mcp.json'), '{}');
    expect(await refusal(one.host())).toContain('would obey');
    expect(await refusal(one.host({}, { permissionMode: 'bypassPermissions' }))).toBe('ready');
  });

  it('[agents.masked] what is more than anybody could look at cannot be trusted', async () => {
    const root = realpathSync(await tempFolder());
    mkdirSync(join(root, '.codex'));
    for (let at = 0; at < 501; at += 1) writeFileSync(join(root, '.codex', String(at)), '');
    expect(obeyedFiles('codex', ['.codex'], [root])).toEqual({
      paths: [join(root, '.codex')],
      content: null,
    });
  });
});
