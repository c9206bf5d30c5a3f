import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfiguration } from '../../../src/configuration/configuration.ts';
import { projectFile } from '../../../src/configuration/project-settings.ts';
import type { AskTrust } from '../../../src/configuration/trust-answers.ts';
import { BadSetting } from '../../../src/configuration/bad-setting.ts';
import { parseRule, ruleFor } from '../../../src/scope/permissions/permission-rules.ts';
import { defaultLimits } from '../../../src/session/settings/settings.ts';
import { tempFolder } from './home-rig.ts';

interface Sources {
  user?: string;
  project?: string;
  variables?: NodeJS.ProcessEnv;
  flags?: Parameters<typeof loadConfiguration>[0]['flags'];
  askTrust?: AskTrust;
  folder?: string;
}

async function load({ user, project, variables = {}, flags = {}, askTrust, folder = tempFolder() }: Sources) {
  const put = (path: string, text: string | undefined): void => {
    if (text === undefined) return;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  const environment = { PODKIN_HOME: join(folder, 'h'), ...variables };
  put(join(folder, 'h', 'config', 'config.toml'), user);
  put(projectFile(folder), project);
  return loadConfiguration({ environment, cwd: folder, flags, askTrust });
}

async function problem(sources: Sources): Promise<string> {
  try {
    await load(sources);
  } catch (error) {
    if (error instanceof BadSetting) return error.message;
    throw error;
  }
  return 'no problem';
}

describe('configuration', () => {
  it('[config.order] a flag outweighs the environment, that the user’s file, and a project’s narrowing both but the flag', async () => {
    const user = '[limits]\nsteps = 1\ndepth = 1\nhops = 3\nchildren = 1';
    const project = '[limits]\nsteps = 2\ndepth = 2\nhops = 2';
    const variables = { PODKIN_LIMITS_STEPS: '3', PODKIN_LIMITS_DEPTH: '3' };
    const { limits } = await load({ user, project, variables, flags: { limits: { steps: '4' } } });
    expect([limits.steps, limits.depth, limits.hops, limits.children]).toEqual([4, 2, 2, 1]);
    expect(limits.coalesceMs).toBe(defaultLimits.coalesceMs);
  });

  it('[config.project-limits] a project lowers a limit of the user or a default, and raises none', async () => {
    const user = '[limits]\ncost = 1\nsteps = 5';
    const project = '[limits]\ncost = 100000\nsteps = 3\npods = 10000\ndepth = 1';
    const { limits } = await load({ user, project });
    expect([limits.cost, limits.steps, limits.pods, limits.depth]).toEqual([1, 3, defaultLimits.pods, 1]);
    expect((await load({ project: '[limits]\ncost = 2' })).limits.cost).toBe(2);
  });

  it('[cost.given-price] what a person says of a model is taken whole, and half a price is a problem', async () => {
    const user = '[models."openai-compatible/a.b"]\ninputPrice = 0.5\noutputPrice = 2\noutputTokens = 9000';
    expect((await load({ user })).models).toEqual({
      'openai-compatible/a.b': { inputPrice: 0.5, outputPrice: 2, outputTokens: 9000 },
    });
    expect(await problem({ user: '[models."a/b"]\ninputPrice = 1' })).toContain(
      'set inputPrice and outputPrice',
    );
    expect(await problem({ user: '[models."a/b"]\ninputPrice = -1\noutputPrice = 1' })).toContain(
      'inputPrice',
    );
    // A sum of it would be no number, and no limit would hold.
    expect(await problem({ user: '[models."a/b"]\ninputPrice = 1e300\noutputPrice = 1' })).toContain(
      'inputPrice',
    );
    expect(await problem({ user: '[models."a"]\noutputTokens = 1' })).toContain('write "provider/model"');
  });

  it('[config.order] the model comes from the flag, then the variable, then the file, else it is empty', async () => {
    const user = 'model = "openai/c"';
    const variables = { PODKIN_MODEL: 'openai/b' };
    expect((await load({ user, variables, flags: { model: 'openai/a' } })).model).toBe('openai/a');
    expect((await load({ user, variables })).model).toBe('openai/b');
    expect((await load({ user })).model).toBe('openai/c');
    expect((await load({})).model).toBe('');
  });

  it('[config.scope] both files add denies, none allows anything, and a problem names file, key and path', async () => {
    const user = '[scope]\ndeny = ["~/private", ".env"]\n';
    const project = '[scope]\ndeny = ["secrets"]\ndenyWrite = ["vendor/*"]\n';
    const folder = tempFolder();
    expect((await load({ user, project, folder, variables: { HOME: '/home/me' } })).scope).toEqual({
      deny: ['/home/me/private', '.env', join(folder, 'secrets')],
      denyWrite: [join(folder, 'vendor/*')],
    });
    expect((await load({})).scope).toEqual({ deny: [], denyWrite: [] });
    await expect(problem({ project: '[scope]\nwrite = ["/"]' })).resolves.toMatch(
      /"scope.write".*known here: deny, denyWrite/,
    );
    await expect(problem({ user: '[scope]\nread = ["/"]' })).resolves.toContain('"scope.read"');
    await expect(problem({ project: '[scope]\ndeny = ["src/**"]' })).resolves.toMatch(
      /config.toml, line 2, column 9: scope.deny.0: "src\/\*\*" is a pattern/,
    );
  });

  it.each(['baseUrl = "http://x"', 'mcp = {}', 'sandbox.program = "/p/evil"'])(
    '[config.project-safe] a project file may not set: %s',
    async (project) => {
      const said = await problem({ project });
      expect(said).toContain(join('.podkin', 'config.toml'));
      expect(said).toContain(`"${project.split(' ')[0]}"`);
    },
  );

  it('[config.errors] names file or variable, key and what is wrong', async () => {
    await expect(problem({ user: '[limits]\nstep = 3' })).resolves.toMatch(
      /config\.toml, line 2, column 1: .*"limits\.step".*did you mean "steps"/,
    );
    await expect(problem({ user: '[limits]\nsteps = 0' })).resolves.toMatch(
      /config\.toml, line 2, column 1: limits\.steps: 0 is too small/,
    );
    await expect(problem({ user: 'model = ' })).resolves.toMatch(/config\.toml, line 1, column \d+: /);
    await expect(problem({ variables: { PODKIN_LIMITS_STEPS: 'many' } })).resolves.toMatch(
      /^PODKIN_LIMITS_STEPS: "many" is not a number$/,
    );
    await expect(problem({ flags: { limits: { cost: '-1' } } })).resolves.toMatch(
      /^--max-cost: "-1" is too small/,
    );
    await expect(problem({ flags: { permissionMode: 'yolo' } })).resolves.toMatch(
      /^--permission-mode: "yolo" is not one of/,
    );
    await expect(problem({ flags: { file: 'nowhere.toml' } })).resolves.toMatch(
      /nowhere\.toml: there is no such file/,
    );
    const tooShort = { PODKIN_LIMITS_STOP_GRACE_MS: '10' };
    await expect(problem({ variables: tooShort })).resolves.toMatch(
      /stopGraceMs \(10\) is shorter than shutDownAckMs/,
    );
  });

  it('[config.rules] rules add up over user, project and flags; a project may ask and deny, and of what is allowed only take away', async () => {
    const user = '[permissions]\nallow = ["Bash(npm test*)"]\nask = ["Write"]\ndeny = ["Bash(rm *)"]';
    const project = '[permissions]\nask = ["Edit"]\ndeny = ["Read(secret/**)"]';
    const flags = { rules: { allow: ['Bash(ls)'], deny: ['Grep'] } };
    const folder = tempFolder();
    expect((await load({ user, project, flags, folder })).rules).toEqual({
      allow: ['Bash(npm test*)', 'Bash(ls)'],
      ask: ['Write', 'Edit'],
      deny: ['Bash(rm *)', `Read(${folder}/secret/**)`, 'Grep'],
    });
    expect((await load({})).rules).toEqual({ allow: [], ask: [], deny: [] });
    const narrower = { user, project: '[permissions]\nallow = ["Bash", "Bash(npm test*)"]' };
    expect((await load(narrower)).rules.allow).toEqual(['Bash(npm test*)']);
    expect((await load({ user, project: '[permissions]\nallow = ["Bash"]' })).rules.allow).toEqual([]);
    await expect(problem({ user: '[permissions]\ndeny = ["Bsh(rm *)"]' })).resolves.toMatch(
      /config\.toml, line 2, column 9: permissions\.deny\.0: "Bsh\(rm \*\)" names no tool/,
    );
    await expect(problem({ flags: { rules: { allow: ['Bash('] } } })).resolves.toMatch(
      /^--allow-tool: "Bash\(" is no rule/,
    );
  });

  it('[permission.foreign] a path from the root of the disk that is only in the working directory is told with the right form', async () => {
    const folder = tempFolder();
    mkdirSync(join(folder, 'src-of-project'));
    const user =
      '[permissions]\ndeny = ["Edit(/src-of-project/**)", "Read(/etc/**)", "Read(/nowhere-at-all/x)"]';
    const { notes, rules } = await load({ folder, user });
    expect(rules.deny).toHaveLength(3);
    expect(notes).toEqual([
      'The rule Edit(/src-of-project/**) is about /src-of-project, which does not exist; for src-of-project in the working directory write Edit(src-of-project/**).',
    ]);
  });

  it('[config.file] --config stands in for the user file', async () => {
    const folder = tempFolder();
    const file = join(folder, 'own.toml');
    writeFileSync(file, 'model = "openai/own"\ninstructions = "Be short."');
    const project = 'instructions = "Here."';
    const askTrust = async () => true;
    const loaded = await load({ user: 'model = "openai/c"', project, flags: { file }, askTrust });
    expect(loaded.model).toBe('openai/own');
    expect(loaded.instructions).toBe('Be short.\n\nHere.');
  });

  it('[config.project-mode] a project makes the mode stricter and never less strict', async () => {
    const of = async (user: string, project: string, flags = {}) =>
      (await load({ user: `permissionMode = "${user}"`, project: `permissionMode = "${project}"`, flags }))
        .permissionMode;
    expect(await of('acceptEdits', 'plan')).toBe('plan');
    expect(await of('default', 'dontAsk')).toBe('dontAsk');
    expect(await of('plan', 'bypassPermissions')).toBe('plan');
    const loose = await load({ project: 'permissionMode = "bypassPermissions"' });
    expect(loose.permissionMode).toBe('default');
    expect(loose.notes).toEqual([
      "The project's permissionMode bypassPermissions lets more through than default: ignored.",
    ]);
  });

  it('[config.project-above] files up to the repository count, each narrowing, with paths and patterns from their own folder', async () => {
    const top = tempFolder();
    const repository = join(top, 'r (1)@(x)');
    const below = join(repository, 'src', 'deep');
    mkdirSync(below, { recursive: true });
    const put = (folder: string, text: string) => {
      mkdirSync(join(folder, '.podkin'), { recursive: true });
      writeFileSync(projectFile(folder), text);
    };
    put(top, '[limits]\nsteps = 1\n');
    put(
      repository,
      'permissionMode = "plan"\n[limits]\nsteps = 7\nhops = 2\n[scope]\ndeny = ["keys"]\ndenyWrite = ["src/*"]\n[permissions]\ndeny = ["Write(**/schema.sql)", "Bash(rm *)"]\nallow = ["Bash(ls)", "Write(src/**)"]\n',
    );
    put(
      below,
      'permissionMode = "default"\n[limits]\nsteps = 5\n[permissions]\nask = ["Read(x)"]\nallow = ["Bash(ls)", "Bash(pwd)"]\n',
    );
    const user =
      'permissionMode = "acceptEdits"\n[permissions]\nallow = ["Bash(ls)", "Bash(pwd)", "Write(src/**)"]\n';
    const config = join(top, 'h/config/config.toml');
    mkdirSync(dirname(config), { recursive: true });
    writeFileSync(config, user);
    const environment = { PODKIN_HOME: join(top, 'h'), HOME: '/nowhere' };
    const loaded = () => loadConfiguration({ environment, cwd: below, flags: {} });
    // No repository: the nearest file alone.
    expect((await loaded()).limits).toMatchObject({ steps: 5, hops: defaultLimits.hops });
    mkdirSync(join(repository, '.git'));
    const { permissionMode, limits, scope, rules } = await loaded();
    expect(permissionMode).toBe('plan');
    expect(limits).toMatchObject({ steps: 5, hops: 2 });
    expect(scope).toEqual({ deny: [join(repository, 'keys')], denyWrite: [join(repository, 'src/*')] });
    expect(rules.allow).toEqual(['Bash(ls)']);
    expect(rules.ask).toEqual([`Read(${top}/r (1)\\@(x)/src/deep/x)`]);
    const [first = '', second] = rules.deny;
    expect(second).toBe('Bash(rm *)');
    const rule = parseRule(first);
    if ('problem' in rule) throw new Error(rule.problem);
    const falls = (path: string) =>
      ruleFor([rule], 'deny', {
        tool: 'Write',
        subject: { kind: 'paths', paths: [path], cwd: '/elsewhere' },
      }) !== undefined;
    expect(falls(join(repository, 'db/schema.sql'))).toBe(true);
    expect(falls(join(top, 'schema.sql'))).toBe(false);
    // A home within: nothing from above it.
    environment.HOME = join(repository, 'src');
    expect((await loaded()).limits.hops).toBe(defaultLimits.hops);
  });

  it('[config.project-flags] a flag overrides what a project narrows and says so; variables and the user’s file do not', async () => {
    const folder = tempFolder();
    const project = 'permissionMode = "plan"\n[limits]\nsteps = 2\n[permissions]\nallow = ["Bash(ls)"]\n';
    const variables = { PODKIN_PERMISSION_MODE: 'acceptEdits', PODKIN_LIMITS_STEPS: '50' };
    const user = 'permissionMode = "acceptEdits"\n[limits]\nsteps = 60\n';
    const held = await load({ folder, user, project, variables });
    expect([held.permissionMode, held.limits.steps, held.notes]).toEqual(['plan', 2, []]);
    const flags = {
      permissionMode: 'acceptEdits',
      limits: { steps: '50' },
      rules: { allow: ['Bash(ls)', 'Bash(pwd)'] },
    };
    const over = await load({ folder, user, project, flags });
    expect([over.permissionMode, over.limits.steps]).toEqual(['acceptEdits', 50]);
    const path = projectFile(folder);
    expect(over.notes).toEqual([
      `--permission-mode acceptEdits overrides permissionMode = "plan" of ${path}.`,
      `--max-steps 50 overrides limits.steps = 2 of ${path}.`,
      `--allow-tool "Bash(pwd)" allows more than [permissions] allow of ${path}.`,
    ]);
    const stricter = await load({
      folder,
      project,
      flags: { permissionMode: 'plan', limits: { steps: '1' } },
    });
    expect([stricter.permissionMode, stricter.limits.steps, stricter.notes]).toEqual(['plan', 1, []]);
  });

  it('[config.variable-paths] a variable in a path is refused, a name that only looks like one is not', async () => {
    for (const path of ['$HOME/sec', '${HOME}/sec', '/data/$USER', 'a/${X}b']) {
      const text = `[scope]\ndeny = ["${path}"]`;
      for (const sources of [{ user: text }, { project: text }])
        await expect(problem(sources)).resolves.toContain(
          `"${path}" names a variable, and none is worked out`,
        );
      const rule = `[permissions]\ndeny = ["Read(${path}/**)"]`;
      await expect(problem({ user: rule })).resolves.toContain('names a variable');
    }
    const names = ['app/$slug.tsx', '$RECYCLE.BIN', 'a$B/c', '$id'];
    expect((await load({ user: `[scope]\ndeny = ${JSON.stringify(names)}` })).scope.deny).toEqual(names);
  });

  it('[config.project-trust] what a project gains by counts only after a person has trusted that very text, asked once', async () => {
    const folder = tempFolder();
    const user = 'model = "openai/mine"\ninstructions = "Mine."';
    const project =
      'model = "openai/dear"\ninstructions = "Theirs."\n[sandbox]\nnetwork = true\n[limits]\nsteps = 3';
    const asked: (readonly string[])[] = [];
    const answering = (answer: boolean | null) => ({
      folder,
      user,
      askTrust: async (_: string, wants: readonly string[]) => {
        asked.push(wants);
        return answer;
      },
    });
    const seen = ({ model, instructions, sandbox, limits }: Awaited<ReturnType<typeof load>>) => [
      model,
      instructions,
      sandbox.network,
      limits.steps,
    ];
    const untrusted = await load({ folder, user, project });
    expect(seen(untrusted)).toEqual(['openai/mine', 'Mine.', false, 3]);
    expect(untrusted.notes).toHaveLength(1);
    expect(untrusted.notes[0]).toMatch(
      /config\.toml: model, instructions, sandbox ignored; .* on a terminal/,
    );

    expect(seen(await load({ ...answering(null), project }))).toEqual(['openai/mine', 'Mine.', false, 3]);
    expect(seen(await load({ ...answering(true), project }))).toEqual([
      'openai/dear',
      'Mine.\n\nTheirs.',
      true,
      3,
    ]);
    // Remembered, also where nobody can be asked.
    const later = await load({ folder, user, project });
    expect(seen(later)).toEqual(['openai/dear', 'Mine.\n\nTheirs.', true, 3]);
    expect(later.notes).toEqual([]);
    const wants = ['model = "openai/dear"', 'sandbox.network = true', 'instructions:', '  Theirs.'];
    expect(asked).toEqual([wants, wants]);

    // Another text is another question, and a no is remembered too.
    const changed = `${project}\nhops = 2`;
    expect(seen(await load({ ...answering(false), project: changed }))).toEqual([
      'openai/mine',
      'Mine.',
      false,
      3,
    ]);
    const again = await load({ ...answering(true), project: changed });
    expect(seen(again)).toEqual(['openai/mine', 'Mine.', false, 3]);
    expect(again.notes[0]).toMatch(/you have said no to this text; to be asked again: rm \//);
    expect(asked).toHaveLength(3);
  });

  it('[config.project-odd] a project file that is a pipe, a device, a link out, too large or denied is never waited for, and said', async () => {
    const put = (make: (path: string, folder: string) => void): string => {
      const folder = tempFolder();
      mkdirSync(join(folder, '.podkin'));
      make(projectFile(folder), folder);
      return folder;
    };
    const outside = join(tempFolder(), 'config.toml');
    writeFileSync(outside, '[limits]\nsteps = 1\n');
    const pipe = put((path) => void execFileSync('mkfifo', [path]));
    await expect(problem({ folder: pipe })).resolves.toMatch(
      /config\.toml is no regular file: put a regular file/,
    );
    await expect(problem({ folder: put((path) => symlinkSync('/dev/zero', path)) })).resolves.toMatch(
      /config\.toml is or goes through a link that leads out of its folder/,
    );
    await expect(problem({ folder: put((path) => symlinkSync(outside, path)) })).resolves.toMatch(
      /a link that leads out of its folder/,
    );
    const throughFolder = tempFolder();
    symlinkSync(dirname(outside), join(throughFolder, '.podkin'));
    await expect(problem({ folder: throughFolder })).resolves.toMatch(/a link that leads out of its folder/);
    await expect(problem({ folder: put((path) => mkdirSync(path)) })).resolves.toMatch(/is no regular file/);
    const large = put((path) => writeFileSync(path, `# ${'x'.repeat(32 * 1024)}\n`));
    await expect(problem({ folder: large })).resolves.toMatch(/is larger than 32 KiB: make it smaller/);
    // Decoded all the same it would deny another path than was meant.
    const latin1 = put((path) => writeFileSync(path, '[scope]\ndeny = ["caf\u00e9"]\n', 'latin1'));
    await expect(problem({ folder: latin1 })).resolves.toMatch(/config\.toml is not UTF-8: save it as that/);
    const marked = put((path) => writeFileSync(path, '\ufeff[limits]\nsteps = 1\n'));
    expect((await load({ folder: marked })).limits.steps).toBe(1);
    const noFolder = tempFolder();
    execFileSync('mkfifo', [join(noFolder, '.podkin')]);
    await expect(problem({ folder: noFolder })).resolves.toMatch(/as what should be its folder is none/);

    const inside = put((path, folder) => {
      writeFileSync(join(folder, 'own.toml'), '[limits]\nsteps = 1\n');
      symlinkSync('../own.toml', path);
    });
    expect((await load({ folder: inside })).limits.steps).toBe(1);
    const denied = await load({ folder: inside, flags: { deny: ['own.toml'] } });
    expect(denied.limits.steps).toBe(defaultLimits.steps);
    expect(denied.notes[0]).toMatch(/config\.toml is denied for reading: it is left out/);
  });
});
