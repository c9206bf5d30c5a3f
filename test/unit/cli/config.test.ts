/** `podkin config`, and the list of settings that it and docs/configuration.md are made of. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { describe, expect, it } from 'vitest';
import { commands } from '../../../src/cli/command-table.ts';
import { projectFile } from '../../../src/configuration/project-settings.ts';
import { type Setting, settingList } from '../../../src/cli/invocation/setting-list.ts';
import { userFileSchema } from '../../../src/configuration/settings-schema.ts';
import { loadConfiguration } from '../../../src/configuration/configuration.ts';
import type { JsonValue } from '../../../src/std/json.ts';
import { cliRig } from './home-rig.ts';

const source = z.object({ value: z.json(), from: z.string(), at: z.string().nullable() });
const shown = z.strictObject({
  settings: z.array(z.strictObject({ key: z.string(), value: z.json(), sources: z.array(source).min(1) })),
  environment: z.array(z.object({ name: z.string(), isSet: z.boolean(), value: z.string().optional() })),
  notes: z.array(z.string()),
});

interface Given {
  user?: string;
  project?: string;
  variables?: NodeJS.ProcessEnv;
  options?: readonly string[];
}

async function config({ user, project, variables, options = [] }: Given) {
  const rig = cliRig(variables);
  const put = (path: string, text: string | undefined): void => {
    if (text === undefined) return;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, text);
  };
  const userPath = join(rig.home.config, 'config.toml');
  put(userPath, user);
  put(projectFile(rig.folder), project);
  const { status, stdout, stderr } = await rig.podkin('config', '--json', ...options);
  expect(stderr.replaceAll(/podkin: .*\n/g, ''), stderr).toBe('');
  expect(status).toBe(0);
  const { settings, environment } = shown.parse(JSON.parse(stdout));
  const of = (key: string) => settings.find((setting) => setting.key === key);
  return { settings, environment, of, userPath, projectPath: projectFile(rig.folder), stdout, rig };
}

/** A value that is not the default, and less than it. */
function sample({ key, type, fallback }: Setting): JsonValue {
  if (key === 'model') return 'openai/x';
  if (key === 'permissionMode' || key === 'host.mode') return 'plan';
  if (key === 'effort') return 'high';
  if (key === 'limits.stopGraceMs') return 9_000;
  if (key.startsWith('permissions.')) return ['Grep'];
  if (key === 'hooks') return [{ event: 'question', command: ['./told'] }];
  if (key.startsWith('scope.')) return ['/p/secret'];
  if (type.startsWith('a list')) return ['/p/tool'];
  if (type === 'true or false') return fallback !== true;
  if (type.includes('number')) return typeof fallback === 'number' ? fallback - 1 : 2;
  return '/p/text';
}

function toml(key: string, value: JsonValue): string {
  // An inline table has other signs.
  return `${key} = ${JSON.stringify(value).replaceAll(/"(event|command)":/g, '$1=')}`;
}

function asText(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const single = settingList().filter(({ key }) => !key.includes('*'));

describe('the list of settings', () => {
  it('[config.settings] every key of the schema is in it, once, with a sentence and a type', () => {
    const walk = (schema: unknown, path: string): string[] => {
      let inner = schema;
      while (
        inner instanceof z.ZodOptional ||
        inner instanceof z.ZodDefault ||
        inner instanceof z.ZodNullable
      )
        inner = inner.unwrap();
      if (inner instanceof z.ZodRecord) return walk(inner.valueType, `${path}.*`);
      if (!(inner instanceof z.ZodObject)) return [path.slice(1)];
      return Object.entries(inner.shape).flatMap(([name, field]) => walk(field, `${path}.${name}`));
    };
    const keys = settingList().map(({ key }) => key);
    expect(keys).toEqual(walk(userFileSchema(), ''));
    expect(new Set(keys).size).toBe(keys.length);
    for (const { key, description } of settingList()) expect(description, key).toMatch(/^[A-Z].+\.$/);
  });

  it('[config.settings] every default is the one in force where nothing is said', async () => {
    const { settings } = await config({});
    const said = Object.fromEntries(single.map(({ key, fallback }) => [key, fallback ?? null]));
    expect(Object.fromEntries(settings.map(({ key, value }) => [key, value]))).toEqual(said);
    for (const { key, sources, value } of settings)
      expect(sources, key).toEqual([{ value, from: 'default', at: null }]);
  });

  it.each(single.map((setting) => [setting.key, setting] as const))(
    '[config.settings] %s is set by whom the list names, and by nobody else',
    async (key, setting) => {
      const value = sample(setting);
      // Lists of rules and of paths add up: each element says whose it is.
      const isWhole = key.startsWith('sandbox.') || key.startsWith('host.');
      const first = Array.isArray(value) && !isWhole ? value[0] : value;
      const user = await config({ user: toml(key, value) });
      expect(user.of(key)).toEqual({
        key,
        value,
        sources: [{ value: first, from: 'user file', at: user.userPath }],
      });
      const isNarrowing = setting.project === 'take away' || setting.project?.startsWith('set') === true;
      if (setting.project !== null && !isNarrowing) {
        const project = await config({ project: toml(key, value) });
        expect(project.of(key)?.sources).toEqual([
          { value: first, from: 'project file', at: project.projectPath },
        ]);
      }
      if (setting.variable !== null) {
        const variables = { [setting.variable]: asText(value) };
        const { of } = await config({ user: toml(key, value), variables });
        expect(of(key)?.sources).toEqual([{ value, from: 'environment', at: setting.variable }]);
      }
      if (setting.option !== null) {
        const options = [setting.option, ...(value === true ? [] : [asText(first)])];
        const { of } = await config({ options });
        expect(of(key)?.sources).toEqual([{ value: first, from: 'option', at: setting.option }]);
      }
    },
  );

  it('[config.settings] what a project may not set at all is refused or has no effect', async () => {
    for (const setting of single.filter(({ project }) => project === null)) {
      const { key } = setting;
      const rig = cliRig();
      mkdirSync(dirname(projectFile(rig.folder)), { recursive: true });
      writeFileSync(projectFile(rig.folder), toml(key, sample(setting)));
      const { status, stdout, stderr } = await rig.podkin('config', '--json');
      if (status === 2) {
        expect(stderr).toContain('may not be set by a project');
        continue;
      }
      expect(stderr).toContain('is ignored');
      const found = shown.parse(JSON.parse(stdout)).settings.find((one) => one.key === key);
      expect(found?.sources[0]?.from, key).toBe('default');
    }
  });

  it('[config.settings] every option that it names is one of run', () => {
    const run = commands.find(({ usage }) => usage.startsWith('run '));
    const options = run?.options.map(([flags]) => flags.split(' ')[0]) ?? [];
    for (const { option } of settingList()) if (option !== null) expect(options).toContain(option);
  });
});

describe('podkin config', () => {
  const roles = [
    'model = "openai/m"\npermissionMode = "default"\neffort = "medium"\ninstructions = "Mine."\nlimits.cost = 5',
    '[ profile.reviewer ]\ndescription = "Reads"\nmodel = "openai/r"\nmode = "acceptEdits"\neffort = "high"',
    'instructions = "Only read."\ntools = ["Read", "Grep"]\nread = ["src"]\nwrite = []\nmaxCost = 2',
  ].join('\n');

  it('[profile.root] a role of the person says what a run with it has, but for what an option says', async () => {
    const { of, userPath } = await config({ user: roles, options: ['--profile', 'reviewer'] });
    const by = (key: string) => of(key)?.sources.map((one) => [one.value, one.from, one.at]);
    expect(by('model')).toEqual([['openai/r', 'profile', 'reviewer']]);
    expect(by('permissionMode')).toEqual([['acceptEdits', 'profile', 'reviewer']]);
    expect(by('effort')).toEqual([['high', 'profile', 'reviewer']]);
    expect(by('limits.cost')).toEqual([[2, 'profile', 'reviewer']]);
    expect(by('instructions')).toEqual([
      ['Mine.', 'user file', userPath],
      ['Only read.', 'profile', 'reviewer'],
    ]);
    expect(of('instructions')?.value).toBe('Mine.\n\nOnly read.');
    const options = ['--profile', 'reviewer', '--model', 'openai/x', '--effort', 'low', '--max-cost', '9'];
    const flagged = await config({ user: roles, options: [...options, '--permission-mode', 'plan'] });
    expect(flagged.of('model')?.value).toBe('openai/x');
    expect(flagged.of('effort')?.value).toBe('low');
    expect(flagged.of('limits.cost')?.value).toBe(9);
    expect(flagged.of('permissionMode')?.value).toBe('plan');
    expect((await config({ user: roles })).of('model')?.value).toBe('openai/m');
  });

  it('[profile.root] roles are listed as they are written, and one that is not there is refused', async () => {
    const { of, rig, userPath } = await config({ user: roles });
    expect(of('profile.reviewer.read')).toEqual({
      key: 'profile.reviewer.read',
      value: [join(rig.folder, 'src')],
      sources: [{ value: [join(rig.folder, 'src')], from: 'user file', at: userPath }],
    });
    const { status, stderr } = await rig.podkin('config', '--profile', 'reviwer');
    expect(status).toBe(2);
    expect(stderr).toBe('podkin: --profile: there is no profile "reviwer" (did you mean reviewer?)\n');
    const none = await cliRig().podkin('run', '-p', '--profile', 'x', 'do it');
    expect(none.stderr).toContain('there is none: write [profile.NAME] into your config.toml');
  });

  it('[config.shown] a project’s stricter value is the project’s, a weaker one changes nothing, and an option wins', async () => {
    const user = 'permissionMode = "acceptEdits"\n[limits]\nsteps = 5\ndepth = 1\ncost = 3';
    const project = 'permissionMode = "default"\n[limits]\nsteps = 7\ndepth = 0\ncost = 2';
    const variables = { PODKIN_LIMITS_STEPS: '6', PODKIN_LIMITS_COST: '9' };
    const { of, projectPath } = await config({ user, project, variables, options: ['--max-cost', '8'] });
    const from = (key: string) => of(key)?.sources.map((one) => [one.value, one.from, one.at]);
    expect(from('permissionMode')).toEqual([['default', 'project file', projectPath]]);
    expect(from('limits.steps')).toEqual([[6, 'environment', 'PODKIN_LIMITS_STEPS']]);
    expect(from('limits.depth')).toEqual([[0, 'project file', projectPath]]);
    expect(from('limits.cost')).toEqual([[8, 'option', '--max-cost']]);
  });

  it('[config.shown] each rule and path says who gave it, and an allowance that a project has taken away is not there', async () => {
    const user = '[permissions]\nallow = ["Grep", "Glob"]\ndeny = ["Bash"]\n[scope]\ndeny = ["~/keys"]';
    const project = '[permissions]\nallow = ["Grep"]\ndeny = ["Write"]\n[scope]\ndeny = ["secret"]';
    const options = ['--deny-tool', 'Edit', '--allow-tool', 'Read'];
    const variables = { HOME: '/p' };
    const { of, rig } = await config({ user, project, options, variables });
    const from = (key: string) => of(key)?.sources.map((one) => [one.value, one.from]);
    expect(from('permissions.allow')).toEqual([
      ['Grep', 'user file'],
      ['Read', 'option'],
    ]);
    expect(from('permissions.deny')).toEqual([
      ['Bash', 'user file'],
      ['Write', 'project file'],
      ['Edit', 'option'],
    ]);
    expect(from('scope.deny')).toEqual([
      ['/p/keys', 'user file'],
      [join(rig.folder, 'secret'), 'project file'],
    ]);
  });

  it('[config.shown] what it shows is what a run would have', async () => {
    const user =
      'model = "openai/m"\ninstructions = "Mine."\n[models."openai/m"]\ninputPrice = 1\noutputPrice = 2';
    const { of, rig } = await config({ user });
    const { environment, folder } = rig;
    const loaded = await loadConfiguration({ environment, cwd: folder, flags: {} });
    for (const [name, value] of Object.entries(loaded.limits))
      expect(of(`limits.${name}`)?.value).toBe(value);
    for (const [name, value] of Object.entries(loaded.sandbox))
      expect(of(`sandbox.${name}`)?.value).toEqual(value);
    expect(of('model')?.value).toBe(loaded.model);
    expect(of('instructions')?.value).toBe(loaded.instructions);
    expect(of('models."openai/m".inputPrice')?.value).toBe(1);
  });

  it('[config.shown] keys and addresses of providers are set or not, and never shown', async () => {
    const secret = 'sk-very-secret';
    const variables = {
      ANTHROPIC_API_KEY: secret,
      OPENAI_BASE_URL: `http://me:${secret}@h/v1`,
      HTTPS_PROXY: `http://me:${secret}@p`,
    };
    const { environment, stdout, rig } = await config({ variables });
    const isSet = (name: string) => environment.find((one) => one.name === name)?.isSet;
    expect([isSet('ANTHROPIC_API_KEY'), isSet('OPENAI_API_KEY'), isSet('OPENAI_BASE_URL')]).toEqual([
      true,
      false,
      true,
    ]);
    const table = (await rig.podkin('config')).stdout;
    expect(table).toMatch(/ANTHROPIC_API_KEY +\(set, not shown\) +environment/);
    expect(`${stdout}${table}`).not.toContain(secret);
  });

  it('[config.shown] for people: a line each, of which nothing steers the terminal; notes go to stderr', async () => {
    const rig = cliRig({ PODKIN_LIMITS_STEP: '1' });
    mkdirSync(rig.home.config, { recursive: true, mode: 0o700 });
    writeFileSync(
      join(rig.home.config, 'config.toml'),
      'instructions = "a\\u001b[31m\\nb"\nlimits.steps = 5',
    );
    const { status, stdout, stderr } = await rig.podkin('config');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^SETTING +VALUE +FROM\n/);
    expect(stdout).toMatch(/^limits\.steps +5 +user file \S+config\.toml$/m);
    expect(stdout).toMatch(/^limits\.depth +3 +default$/m);
    expect(stdout).toMatch(/^model +- +default$/m);
    expect(stdout).not.toContain('\u001b');
    expect(stderr).toContain('PODKIN_LIMITS_STEP is not a limit');
  });

  it('[config.shown] the JSON Schema is that of the file, also for editors', async () => {
    const { podkin } = cliRig();
    const user: unknown = JSON.parse((await podkin('config', '--schema')).stdout);
    expect(user).toMatchObject({
      type: 'object',
      additionalProperties: false,
      properties: { limits: { properties: { steps: { type: 'integer', default: 200, maximum: 100_000 } } } },
    });
    const project = (await podkin('config', '--schema', 'project')).stdout;
    expect(project).not.toContain('inputPrice');
    const wrong = await podkin('config', '--schema', 'odd');
    expect([wrong.status, wrong.stderr]).toEqual([2, 'podkin: --schema odd: use "user" or "project"\n']);
  });

  it('[config.shown] what is wrong in a file is refused as run refuses it', async () => {
    const rig = cliRig();
    mkdirSync(rig.home.config, { recursive: true, mode: 0o700 });
    writeFileSync(join(rig.home.config, 'config.toml'), 'modle = 1');
    const { status, stderr } = await rig.podkin('config');
    expect([status, stderr.includes('did you mean "model"?')]).toEqual([2, true]);
    expect((await rig.podkin('config', '--cwd', 'nowhere')).stderr).toMatch(/there is no such directory/);
  });

  it('[screen.key-settings] other keys of the screen are shown by their action; what cannot be one is refused', async () => {
    const { of, userPath, rig } = await config({
      user: '[keys]\nzoom = ["z", "f4"]\nnextQuestion = "ctrl+o"',
    });
    expect(of('keys.zoom')).toEqual({
      key: 'keys.zoom',
      value: ['z', 'f4'],
      sources: [{ value: ['z', 'f4'], from: 'user file', at: userPath }],
    });
    const { environment, folder } = rig;
    const loaded = await loadConfiguration({ environment, cwd: folder, flags: {} });
    expect(loaded.screen).toEqual({
      keys: { zoom: ['z', 'f4'], nextQuestion: 'ctrl+o' },
      history: true,
      mouse: false,
    });
    const refusal = async (text: string): Promise<string> => {
      writeFileSync(userPath, `[keys]\n${text}`);
      const { status, stderr } = await rig.podkin('config');
      expect(status).toBe(2);
      return stderr;
    };
    expect(await refusal('nextQuestion = "w"')).toContain(
      'keys.nextQuestion: has "w", which is text or edits in the input',
    );
    expect(await refusal('zoom = "ctrl+b"')).toContain('belongs to the terminal or to tmux');
    expect(await refusal('nonesuch = "x"')).toContain(
      'keys.nonesuch: is no binding; there are complete, nextPlace',
    );
    expect(await refusal('zoom = "m"\ncopy = "m"')).toContain(
      '"zoom" and "copy" have the same key in one place',
    );
    expect(await refusal('zoom = 3')).toContain('zoom');
  });

  it('[config.reference] README names the reference', () => {
    const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
    expect(readme).toContain('docs/configuration.md');
  });
});
