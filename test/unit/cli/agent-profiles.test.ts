/** Roles that a project describes in its agent files: they only take away, and odd ones do no harm. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ConfigurationFlags, loadConfiguration } from '../../../src/configuration/configuration.ts';
import { BadSetting } from '../../../src/configuration/bad-setting.ts';
import { checkOfRole } from '../../../src/configuration/profiles.ts';
import { cliRig, tempFolder } from './home-rig.ts';

function project(files: Readonly<Record<string, string>>, user = ''): string {
  const folder = tempFolder();
  const all = { ...files, 'h/config/config.toml': user, '.git/HEAD': 'ref: refs/heads/main\n' };
  for (const [name, text] of Object.entries(all)) put(join(folder, name), text);
  return folder;
}

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, text);
}

async function load(folder: string, flags: ConfigurationFlags = {}, cwd = folder) {
  return await loadConfiguration({
    environment: { PODKIN_HOME: join(folder, 'h'), HOME: '/home/me' },
    cwd,
    flags,
  });
}

async function problem(folder: string, flags: ConfigurationFlags): Promise<string> {
  try {
    await load(folder, flags);
  } catch (error) {
    if (error instanceof BadSetting) return error.message;
    throw error;
  }
  return 'no problem';
}

const agent = (front: string, body = 'Be that.\n') => `---\n${front}\n---\n${body}`;

describe('agent files of a project', () => {
  it('[scope.wait-asked] a role may say that its children wait; what is neither true nor false is passed over', async () => {
    const folder = project({
      '.podkin/agents/yes.md': agent('wait: true'),
      '.podkin/agents/no.md': agent('wait: false'),
      '.podkin/agents/odd.md': agent('wait: maybe'),
    });
    const { profiles } = await load(folder);
    const of = (name: string) => profiles.find((one) => one.name === name);
    expect([of('yes')?.profile.wait, of('yes')?.remarks]).toEqual([true, []]);
    expect([of('no')?.profile.wait, of('no')?.remarks]).toEqual([undefined, []]);
    expect([of('odd')?.profile.wait, of('odd')?.remarks]).toEqual([
      undefined,
      ['its wait is neither true nor false'],
    ]);
  });

  it('[profile.project] the usual front matter: tools in a line or a list, other programs’ names for them, a text', async () => {
    const folder = project({
      '.claude/agents/code-reviewer.md': agent(
        'name: code-reviewer\ndescription: Use this agent to review code: it reads and\ntools: Read, Grep, Task, WebFetch\nmodel: sonnet\ncolor: red',
        'You review.\n\nBriefly.\n',
      ),
      '.podkin/agents/writer.md': agent(
        'tools:\n  - read\n  - Write\nwrite: [docs]\nmaxCost: 1.5\nmode: plan',
      ),
      '.claude/agents/all.md': agent('disallowedTools: Bash, Write\npermissionMode: dontAsk\nmodel: inherit'),
    });
    const { profiles, notes } = await load(folder);
    expect(notes).toEqual([]);
    const of = (name: string) => profiles.find((one) => one.name === name);
    expect(of('code-reviewer')?.profile).toEqual({
      description: 'Use this agent to review code: it reads and',
      instructions: 'You review.\n\nBriefly.',
      tools: ['Read', 'Grep', 'SpawnPod'],
    });
    expect(of('code-reviewer')?.remarks).toEqual([
      '"color" means nothing to podkin',
      'podkin has no tools "WebFetch"',
      'its model "sonnet" is not used, as your config.toml does not name it',
    ]);
    expect(of('writer')?.profile).toEqual({
      description: '',
      instructions: 'Be that.',
      tools: ['Read', 'Write'],
      write: [join(folder, 'docs')],
      maxCost: 1.5,
      mode: 'plan',
    });
    expect(of('all')?.profile.tools).not.toContain('Bash');
    expect(of('all')?.profile.tools).toContain('Read');
    expect(of('all')?.remarks).toEqual([]);
    // What is passed over is said for the role that is used, and by podkin config for all.
    expect((await load(folder, { profile: 'code-reviewer' })).notes).toHaveLength(3);
  });

  it('[profile.project] the person’s own and the nearest win a name', async () => {
    const files = {
      '.claude/agents/a.md': agent('description: far'),
      'sub/.claude/agents/a.md': agent('description: near'),
      'sub/.podkin/agents/b.md': agent('description: own'),
    };
    const folder = project(files, '[ profile.b ]\ndescription = "mine"');
    const { profiles, notes } = await load(folder, {}, join(folder, 'sub'));
    expect(profiles.map(({ name, profile }) => [name, profile.description])).toEqual([
      ['b', 'mine'],
      ['a', 'near'],
    ]);
    expect(notes).toEqual([
      expect.stringMatching(/config\.toml has a role b too: .*sub\/\.podkin\/agents\/b\.md$/),
      expect.stringMatching(/sub\/\.claude\/agents\/a\.md has a role a too: .*\.claude\/agents\/a\.md$/),
    ]);
  });

  it('[profile.demands] a check, its tries, a result and minutes of a project go to its children', async () => {
    const folder = project({
      '.podkin/agents/tester.md': agent(
        `check: npm test -- "all: of it"\ntries: 3\nresult: '{"type":"string"}'\ntimeoutMinutes: 30\nidleMinutes: 0.5`,
      ),
    });
    const { profiles, notes } = await load(folder);
    expect([notes, profiles[0]?.remarks]).toEqual([[], []]);
    expect(profiles[0]?.profile).toMatchObject({
      check: 'npm test -- "all: of it"',
      tries: 3,
      result: { type: 'string' },
      timeoutMinutes: 30,
      idleMinutes: 0.5,
    });
  });

  it.each([
    ['check: [a, b]', 'its check is a list'],
    ['check: ""', 'its check is no command of 1 to 4000 characters'],
    ['check: "a\\0b"', 'its check is no command of 1 to 4000 characters'],
    ['check: { run: a }', 'its check is neither a text nor a list of texts'],
    ['check: a\ntries: 11', 'its tries is no whole number from 1 to 10'],
    ['check: a\ntries: ""', 'its tries is no whole number from 1 to 10'],
    ['result: {type: string}', 'its result is neither a text nor a list of texts'],
    ['result: string', 'its result cannot be held: is no JSON Schema: write an object, as JSON'],
    [
      `result: '{"$ref":"x"}'`,
      'its result cannot be held: the schema needs one of type, enum, const or anyOf',
    ],
    ['timeoutMinutes: 0', 'its timeoutMinutes or idleMinutes is no number above 0 to 525600'],
    ['idleMinutes: soon', 'its timeoutMinutes or idleMinutes is no number above 0 to 525600'],
  ])('[profile.demands] one that is not understood leaves the role out: %j', async (front, why) => {
    const { profiles, notes } = await load(project({ '.podkin/agents/odd.md': agent(front) }));
    expect(profiles).toEqual([]);
    expect(notes.join('\n')).toContain(`Left out, as ${why}`);
  });

  it('[profile.demands] of a root, what a person has written may run where no sandbox works, what a project has not', async () => {
    const folder = project(
      { '.podkin/agents/a.md': agent('check: make') },
      '[ profile.b ]\ncheck = "make"\ntries = 1',
    );
    const roles = (await load(folder)).profiles;
    expect(roles.map((role) => [role.name, checkOfRole(role)])).toEqual([
      ['b', { command: 'make', tries: 1, outside: true }],
      ['a', { command: 'make', tries: 2, outside: false }],
    ]);
    expect(checkOfRole(null)).toBeNull();
  });

  it('[profile.demands] a person’s own role says its result as JSON, and a wrong one is said', async () => {
    const folder = project({}, `[ profile.x ]\ncheck = "make"\ntries = 1\nresult = '{"type":"null"}'`);
    expect((await load(folder)).profiles[0]?.profile).toMatchObject({
      check: 'make',
      tries: 1,
      result: { type: 'null' },
    });
    for (const [line, why] of [
      ['result = "text"', 'is no JSON Schema'],
      ['result = \'{"type":"odd"}\'', 'type is none of'],
      ['check = " "', 'is no command'],
      ['tries = 11', 'at most 10 is possible'],
    ] as const)
      await expect(problem(project({}, `[ profile.x ]\n${line}`), {}), line).resolves.toContain(why);
  });

  it('[profile.project] it makes a root stricter and never freer', async () => {
    const folder = project(
      {
        '.podkin/agents/free.md': agent(
          'mode: bypassPermissions\neffort: high\nmaxCost: 100\nmodel: openai/dear',
        ),
        '.podkin/agents/tight.md': agent('mode: plan\neffort: low\nmaxCost: 1\nmodel: openai/mine'),
        '.podkin/agents/out.md': agent('write: ../other'),
        '.podkin/agents/root.md': agent('read: /'),
        '.podkin/agents/home.md': agent('read: "~/x"'),
      },
      'model = "openai/m"\npermissionMode = "default"\neffort = "medium"\nlimits.cost = 5\n[models."openai/mine"]\ncontextTokens = 5000',
    );
    const free = await load(folder, { profile: 'free' });
    expect([free.permissionMode, free.effort, free.limits.cost, free.model]).toEqual([
      'default',
      'medium',
      5,
      'openai/m',
    ]);
    const tight = await load(folder, { profile: 'tight' });
    expect([tight.permissionMode, tight.effort, tight.limits.cost, tight.model]).toEqual([
      'plan',
      'low',
      1,
      'openai/mine',
    ]);
    for (const profile of ['out', 'root', 'home'])
      await expect(problem(folder, { profile }), profile).resolves.toMatch(/outside of/);
    expect((await load(folder, { profile: 'tight' })).profileScope).toBeNull();
  });

  it('[profile.project-odd] pipes, links out, large files, names that steer, and what is denied are left out and said', async () => {
    const folder = project({
      '.claude/agents/large.md': agent('name: large', 'x'.repeat(10 * 1024 * 1024)),
      '.claude/agents/plain.md': 'no front matter',
      '.claude/agents/open.md': '---\nname: x\n',
      '.claude/agents/bad.md': agent('a: [1, 2\nb: }'),
      '.claude/agents/steers.md': agent('name: "a\\u001b[31mb"'),
      '.claude/agents/binary.md': '\0\0\u0001',
      '.claude/agents/secret.md': agent('name: secret'),
      '.claude/agents/good.md': agent('description: "say \\e[31m\\u202Ered\\n- fake: profile"'),
    });
    const at = (name: string) => join(folder, '.claude/agents', name);
    execFileSync('mkfifo', [at('pipe.md')]);
    const elsewhere = project({ 'agent.md': agent('name: foreign') });
    symlinkSync(join(elsewhere, 'agent.md'), at('link.md'));
    symlinkSync('/dev/zero', at('zero.md'));
    symlinkSync('nowhere', at('broken.md'));
    mkdirSync(at('folder.md'));
    const { profiles, notes } = await load(folder, { deny: [at('secret.md')] });
    expect(profiles.map(({ name, profile }) => [name, profile.description])).toEqual([
      ['good', 'say red - fake: profile'],
    ]);
    const why = (name: string) => notes.find((note) => note.endsWith(`/${name}`)) ?? '';
    expect(why('large.md')).toContain('is larger than 32 KiB');
    expect(why('plain.md')).toContain('does not begin with front matter');
    expect(why('open.md')).toContain('has no end of its front matter');
    expect(why('bad.md')).toContain('is not YAML');
    expect(why('steers.md')).toContain('"ab" is no name of a role');
    expect(why('secret.md')).toContain('is denied for reading');
    expect(why('pipe.md')).toContain('is no regular file');
    expect(why('link.md')).toContain('a link that leads out');
    expect(why('zero.md')).toContain('a link that leads out');
    expect(why('broken.md')).toContain('is a link to nothing');
    expect(notes).toHaveLength(11);
  });

  it('[profile.project-odd] a folder of them that leads out, or holds thousands, is not searched', async () => {
    const elsewhere = project({ 'agents/foreign.md': agent('name: foreign') });
    const folder = project({});
    mkdirSync(join(folder, '.claude'));
    symlinkSync(join(elsewhere, 'agents'), join(folder, '.claude/agents'));
    const { profiles, notes } = await load(folder);
    expect(profiles).toEqual([]);
    expect(notes).toEqual([expect.stringContaining('goes through a link that leads out')]);
    const many = project(
      Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`.claude/agents/a${at}.md`, agent('x: y')])),
    );
    const crowd = await load(many);
    expect(crowd.profiles.length).toBeLessThanOrEqual(64);
    expect(crowd.notes).toEqual([
      expect.stringContaining('more than 200'),
      expect.stringContaining('only 64'),
    ]);
  });

  it.each([
    ['an alias', 'x: &x [Read]\ntools: *x'],
    ['a table', 'tools: { Read: true }'],
    ['a list of lists', 'tools: [[Read]]'],
    ['a mode that is none', 'mode: free'],
    ['a list of modes', 'mode: [plan]'],
    ['a cost that is none', 'maxCost: lots'],
    ['an endless cost', 'maxCost: Infinity'],
    ['a pattern as a path', 'read: "src/**"'],
    ['a variable in a path', 'write: [$HOME/x]'],
    ['a table of paths', 'write: { a: b }'],
  ])('[profile.project-odd] a bound that is %s leaves the role out', async (_, front) => {
    const { profiles, notes } = await load(project({ '.podkin/agents/a.md': agent(front) }));
    expect(profiles).toEqual([]);
    expect(notes).toEqual([expect.stringMatching(/^Left out, as .*\.podkin\/agents\/a\.md$/)]);
  });

  it('[profile.project-odd] a bomb of aliases is nothing, and takes no time', async () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (let index = 1; index < 20; index += 1) {
      const [name, before] = [String.fromCodePoint(97 + index), String.fromCodePoint(96 + index)];
      bomb.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(', ')}]`);
    }
    const nested = `x: ${'['.repeat(3_000)}`;
    const folder = project({
      '.podkin/agents/bomb.md': agent(bomb.join('\n')),
      '.podkin/agents/deep.md': agent(nested),
    });
    const { profiles } = await load(folder);
    expect(profiles.map(({ name }) => name)).toEqual(['bomb']);
    expect(profiles[0]?.profile).toEqual({ description: '', instructions: 'Be that.' });
  });

  it('[profile.project-odd] a bound in other letters is not passed over as one that means nothing', async () => {
    for (const field of ['Mode: plan', 'Tools: Read', 'disallowed-tools: Bash', 'permission_mode: plan']) {
      const folder = project({ '.podkin/agents/r.md': agent(field) });
      const { profiles, notes } = await load(folder);
      expect(profiles, field).toEqual([]);
      expect(notes.join('\n'), field).toContain('has to be written');
    }
  });

  it('[profile.project-odd] a tool that there is not is offered to nobody, and no tool left means none', async () => {
    const folder = project({ '.podkin/agents/a.md': agent('tools: WebSearch, Bash(rm *), constructor') });
    const { profiles } = await load(folder);
    expect(profiles[0]?.profile.tools).toEqual([]);
  });

  it('[profile.project] podkin config lists them with their file and what is passed over', async () => {
    const rig = cliRig();
    put(join(rig.folder, '.podkin/agents/a.md'), agent('description: one\ncolor: red'));
    const { status, stdout, stderr } = await rig.podkin('config');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^profile\.a\.description +"one" +project file \S+a\.md$/m);
    expect(stderr).toContain('a.md: "color" means nothing to podkin.');
  });
});
