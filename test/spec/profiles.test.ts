/** Roles of pods, by real processes and a provider over HTTP. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProviderServer } from '../support/provider-server.ts';
import { TestHome } from '../support/rig.ts';

let home: TestHome;
let provider: ProviderServer;
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  await provider.stop();
  await home.close();
});

function configure(text: string): void {
  mkdirSync(home.home.config, { recursive: true, mode: 0o700 });
  writeFileSync(join(home.home.config, 'config.toml'), text);
}

function toolsIn(body: string): string[] {
  return [...body.matchAll(/"name":"([A-Z]\w+)","description"/g)].map(([, name = '']) => name).toSorted();
}

describe('profiles', () => {
  it('[profile.offered] [profile.child] a root reads of them, and a child that it gives one to has what that says and no more', async () => {
    const bodies = new Map<string, string>();
    provider = await ProviderServer.start('anthropic', ({ pod, nth, body }) => {
      bodies.set(`${pod} ${nth}`, body);
      if (pod === 'root' && nth === 1)
        return { call: [['SpawnPod', { name: 'judge', task: 'go', profile: 'reviewer' }]] };
      if (pod === 'judge' && nth === 1) return { call: [['Write', { path: 'x', content: 'x' }]] };
      return { say: 'done' };
    });
    configure(
      '[ profile.reviewer ]\ndescription = "Reads and judges."\ninstructions = "ONLY-READ"\ntools = ["Read", "Grep"]\nmode = "plan"\neffort = "low"\nread = ["docs"]',
    );
    mkdirSync(join(home.work, 'docs'));
    const { code } = await home.run(['run', '-p', 'go'], { environment: provider.environment });
    expect(code).toBe(0);
    expect(bodies.get('root 1')).toContain('- reviewer: Reads and judges.');
    expect(bodies.get('root 1')).not.toContain('output_config');
    const judge = bodies.get('judge 1') ?? '';
    expect(judge).toContain('ONLY-READ');
    expect(judge).toContain(`You may read below: ${join(home.work, 'docs')}. You may write below: nothing`);
    expect(judge).toContain('"output_config":{"effort":"low"}');
    expect(toolsIn(judge)).toEqual(['Grep', 'Read']);
    // What is not offered is not there.
    expect(bodies.get('judge 2')).toMatch(/There is no tool|no tool/i);
    // What the root read of them is in its log (K3).
    const logs = await home.run(['logs', 'root', '--json']);
    expect(logs.stdout).toContain('- reviewer: Reads and judges.');
  });

  it('[profile.project] an agent file of the project is a role for a child, which has no more by it than its parent', async () => {
    const bodies = new Map<string, string>();
    provider = await ProviderServer.start('anthropic', ({ pod, nth, body }) => {
      bodies.set(`${pod} ${nth}`, body);
      if (pod !== 'root' || nth > 1) return { say: 'done' };
      return {
        call: [
          ['SpawnPod', { name: 'judge', task: 'go', profile: 'judge' }],
          ['SpawnPod', { name: 'wide', task: 'go', profile: 'wide' }],
        ],
      };
    });
    mkdirSync(join(home.work, '.claude/agents'), { recursive: true });
    home.file(
      '.claude/agents/judge.md',
      '---\nname: judge\ndescription: Judges.\ntools: Read, Grep\ncolor: red\n---\nYOU-JUDGE\n',
    );
    mkdirSync(join(home.work, '.agents/skills/pdf'), { recursive: true });
    home.file('.agents/skills/pdf/SKILL.md', '---\nname: pdf\ndescription: SKILL-OF-PDF\n---\nDo so.\n');
    home.file('.claude/agents/wide.md', '---\nwrite: [/]\nread: [/]\nmode: bypassPermissions\n---\n');
    const { code, stderr } = await home.run(['run', '-p', 'go'], { environment: provider.environment });
    // A spawn that is denied is a denied tool.
    expect([code, stderr.includes('means nothing to podkin')]).toEqual([4, false]);
    expect(bodies.get('root 1')).toContain('- judge: Judges.');
    expect(bodies.get('root 2')).toMatch(/Denied: a child gets no more than this pod has/);
    const judge = bodies.get('judge 1') ?? '';
    expect(judge).toContain('YOU-JUDGE');
    expect(toolsIn(judge)).toEqual(['Grep', 'Read']);
    // Skill is a tool as the others are.
    expect(bodies.get('root 1')).toContain('SKILL-OF-PDF');
    expect(judge).not.toContain('SKILL-OF-PDF');
    expect([...bodies.keys()].some((key) => key.startsWith('wide'))).toBe(false);
  });

  it('[profile.root] a root has what its own says, and a path of the command line in place of its paths', async () => {
    const systems: string[] = [];
    provider = await ProviderServer.start('openai', ({ body }) => {
      systems.push(body);
      return { say: 'done' };
    });
    configure('[ profile.writer ]\nwrite = ["out"]\nread = ["src"]\ntools = ["Read", "Write"]\n');
    mkdirSync(join(home.work, 'src'));
    mkdirSync(join(home.work, 'out'));
    const { environment } = provider;
    expect((await home.run(['run', '-p', '--profile', 'writer', 'go'], { environment })).code).toBe(0);
    expect(systems[0]).toContain(`You may write below: ${join(home.work, 'out')}.`);
    expect(toolsIn(systems[0] ?? '')).toEqual(['Read', 'Write']);
    expect(systems[0]).not.toContain('Delegating: SpawnPod');
    const run = await home.run(['run', '-p', '--profile', 'writer', '--read', 'src', '--', 'go'], {
      environment,
    });
    expect(run.code).toBe(0);
    expect(systems[1]).toContain('You may write below: nothing');
    const again = await home.run(['run', '-p', '-c', 'root', '--profile', 'writer', 'go on'], {
      environment,
    });
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('leave out --profile')]);
  });

  it('[profile.project-gives] nothing that is always read-only, and no key, is given to a root by a role of a project', async () => {
    provider = await ProviderServer.start('anthropic', ({ nth }) =>
      nth === 1 ? { call: [['Read', { path: '.ssh/id' }]] } : { say: 'done' },
    );
    for (const path of ['.podkin/agents', '.ssh', 'sub'])
      mkdirSync(join(home.work, path), { recursive: true });
    home.file('.ssh/id', 'SECRET');
    const { environment } = provider;
    for (const path of ['.git', '.vscode', 'sub/.git/hooks', '.mcp.json', '.podkin/agents']) {
      home.file('.podkin/agents/x.md', `---\nwrite: [sub, ${path}]\n---\n`);
      const { code, stderr } = await home.run(['run', '-p', '--profile', 'x', 'go'], { environment });
      expect([code, stderr], path).toEqual([
        2,
        expect.stringContaining(`names ${join(home.work, path)}, which is always read-only for pods`),
      ]);
    }
    home.file('.podkin/agents/k.md', '---\nread: [.ssh, sub]\n---\n');
    const options = { environment: { ...environment, HOME: home.work } };
    await home.run(['run', '-p', '--cwd', '.', '--profile', 'k', 'go'], options);
    const [read] = await home.pod('root').entriesOf('toolResult');
    expect(read?.text).not.toContain('SECRET');
    expect(read).toMatchObject({ tool: 'Read', denied: true });
  });

  it('[profile.root] no path is none: a role that names no path to read or write has none of the directory', async () => {
    provider = await ProviderServer.start('anthropic', () => ({ say: 'done' }));
    configure('[ profile.none ]\nread = []\nwrite = []\n');
    const { environment } = provider;
    expect((await home.run(['run', '-p', '--profile', 'none', 'go'], { environment })).code).toBe(0);
    expect(provider.requests[0]?.body).toContain('You may read below: nothing. You may write below: nothing');
  });

  it('[profile.demands] the check of a project’s role runs as its child’s shell would: in a sandbox or by a yes, and never against a rule', async () => {
    provider = await ProviderServer.start('anthropic', ({ pod, nth }) =>
      pod !== 'kid' && nth === 1
        ? { call: [['SpawnPod', { name: 'kid', task: 'go', profile: 'tester' }]] }
        : { say: '{"ok":true}' },
    );
    mkdirSync(join(home.work, '.podkin/agents'), { recursive: true });
    home.file(
      '.podkin/agents/tester.md',
      `---\ncheck: touch ran; test -e ran\nresult: '{"type":"object","properties":{"ok":{"type":"boolean"}}}'\n---\n`,
    );
    const run = (...more: string[]) =>
      home.run(['run', '-p', ...more, 'go'], { environment: provider.environment });
    const ran = join(home.work, 'ran');
    // A rule of the person's forbids it, and with it the spawn.
    const forbidden = await run(
      '--deny-tool',
      'Bash(touch*)',
      '--permission-mode',
      'bypassPermissions',
      '--name',
      'a',
    );
    expect(forbidden.code).toBe(4);
    expect(forbidden.stderr).toContain('SpawnPod');
    expect(existsSync(ran)).toBe(false);
    // Nobody to ask and no sandbox: not by a project's word.
    configure('[sandbox]\nprogram = "/nowhere/bwrap"\n');
    const unasked = await run('--name', 'b');
    expect(unasked.code).toBe(4);
    expect(existsSync(ran)).toBe(false);
    // Of a root it is asked of its answer, and not run either.
    const root = await run('--profile', 'tester', '--name', 'kid');
    expect(root.code).toBe(1);
    expect(root.stderr).toContain('its check did not pass');
    expect(existsSync(ran)).toBe(false);
    expect((await home.run(['rm', 'kid'])).code).toBe(0);
    const allowed = await run('--permission-mode', 'bypassPermissions', '--write', '.', '--name', 'c');
    expect(allowed.code, allowed.stderr).toBe(0);
    const reports = (await home.pod('c').entriesOf('podEventReceived')).map(({ event }) => event);
    expect(reports).toContainEqual(
      expect.objectContaining({
        check: expect.objectContaining({ passed: true }),
        result: expect.objectContaining({ fits: true }),
      }),
    );
    expect(existsSync(ran)).toBe(true);
  });
});
