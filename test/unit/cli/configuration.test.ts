import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfiguration, projectFile } from '../../../src/cli/invocation/configuration.ts';
import { CommandFailed } from '../../../src/cli/invocation/context.ts';
import { defaultLimits } from '../../../src/session/settings.ts';
import { tempFolder } from './home-rig.ts';

interface Sources {
  user?: string;
  project?: string;
  variables?: NodeJS.ProcessEnv;
  flags?: Parameters<typeof loadConfiguration>[0]['flags'];
}

function load({ user, project, variables = {}, flags = {} }: Sources) {
  const folder = tempFolder();
  const put = (path: string, text: string | undefined): void => {
    if (text === undefined) return;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  const environment = { PODKIN_HOME: join(folder, 'h'), ...variables };
  put(join(folder, 'h', 'config', 'config.toml'), user);
  put(projectFile(folder), project);
  return loadConfiguration({ environment, cwd: folder, flags });
}

function mistake(sources: Sources): string {
  try {
    load(sources);
  } catch (error) {
    if (error instanceof CommandFailed && error.status === 2) return error.message;
    throw error;
  }
  return 'no mistake';
}

describe('configuration', () => {
  it('[config.order] a flag outweighs the environment, that the files', () => {
    const user = '[limits]\nsteps = 1\ndepth = 1\nhops = 3\nchildren = 1';
    const project = '[limits]\nsteps = 2\ndepth = 2\nhops = 2';
    const variables = { PODKIN_LIMITS_STEPS: '3', PODKIN_LIMITS_DEPTH: '3' };
    const { limits } = load({ user, project, variables, flags: { limits: { steps: '4' } } });
    expect([limits.steps, limits.depth, limits.hops, limits.children]).toEqual([4, 3, 2, 1]);
    expect(limits.coalesceMs).toBe(defaultLimits.coalesceMs);
  });

  it('[config.project-limits] a project lowers a limit of the user or a default, and raises none', () => {
    const user = '[limits]\ncost = 1\nsteps = 5';
    const project = '[limits]\ncost = 100000\nsteps = 3\npods = 10000\ndepth = 1';
    const { limits } = load({ user, project });
    expect([limits.cost, limits.steps, limits.pods, limits.depth]).toEqual([1, 3, defaultLimits.pods, 1]);
    expect(load({ project: '[limits]\ncost = 2' }).limits.cost).toBe(2);
  });

  it('[config.order] the model comes from the flag, then the variable, then the file, else it is empty', () => {
    const user = 'model = "openai/c"';
    const variables = { PODKIN_MODEL: 'openai/b' };
    expect(load({ user, variables, flags: { model: 'openai/a' } }).model).toBe('openai/a');
    expect(load({ user, variables }).model).toBe('openai/b');
    expect(load({ user }).model).toBe('openai/c');
    expect(load({}).model).toBe('');
  });

  it('[config.scope] both files add denies, none allows anything, and a mistake names file, key and path', () => {
    const user = '[scope]\ndeny = ["~/private", ".env"]\n';
    const project = '[scope]\ndeny = ["secrets"]\ndenyWrite = ["vendor/*"]\n';
    expect(load({ user, project, variables: { HOME: '/home/me' } }).scope).toEqual({
      deny: ['/home/me/private', '.env', 'secrets'],
      denyWrite: ['vendor/*'],
    });
    expect(load({}).scope).toEqual({ deny: [], denyWrite: [] });
    expect(mistake({ project: '[scope]\nwrite = ["/"]' })).toMatch(
      /"scope.write".*known here: deny, denyWrite/,
    );
    expect(mistake({ user: '[scope]\nread = ["/"]' })).toContain('"scope.read"');
    expect(mistake({ project: '[scope]\ndeny = ["src/**"]' })).toMatch(
      /config.toml: scope.deny.0: "src\/\*\*" is a pattern/,
    );
  });

  it.each([
    'model = "openai/x"',
    'permissionMode = "bypassPermissions"',
    'baseUrl = "http://x"',
    'hooks = []',
  ])('[config.project-safe] a project file may not set: %s', (project) => {
    const said = mistake({ project });
    expect(said).toContain(join('.podkin', 'config.toml'));
    expect(said).toContain(`"${project.split(' ')[0]}"`);
  });

  it('[config.errors] names file or variable, key and what is wrong', () => {
    expect(mistake({ user: '[limits]\nstep = 3' })).toMatch(
      /config\.toml: .*"limits\.step".*did you mean "steps"/,
    );
    expect(mistake({ user: '[limits]\nsteps = 0' })).toMatch(/config\.toml: limits\.steps: /);
    expect(mistake({ user: 'model = ' })).toMatch(/config\.toml, line 1, column \d+: /);
    expect(mistake({ variables: { PODKIN_LIMITS_STEPS: 'many' } })).toMatch(
      /^PODKIN_LIMITS_STEPS: "many" is not a number$/,
    );
    expect(mistake({ flags: { limits: { cost: '-1' } } })).toMatch(/^--max-cost: "-1" is too small/);
    expect(mistake({ flags: { permissionMode: 'yolo' } })).toMatch(
      /^--permission-mode: "yolo" is not one of/,
    );
    expect(mistake({ flags: { file: 'nowhere.toml' } })).toMatch(/nowhere\.toml: there is no such file/);
    const tooShort = { PODKIN_LIMITS_STOP_GRACE_MS: '10' };
    expect(mistake({ variables: tooShort })).toMatch(/stopGraceMs \(10\) is shorter than shutDownAckMs/);
  });

  it('[config.rules] rules add up over user, project and flags; a project may ask and deny and never allow', () => {
    const user = '[permissions]\nallow = ["Bash(npm test*)"]\nask = ["Write"]\ndeny = ["Bash(rm *)"]';
    const project = '[permissions]\nask = ["Edit"]\ndeny = ["Read(secret/**)"]';
    const flags = { rules: { allow: ['Bash(ls)'], deny: ['Grep'] } };
    expect(load({ user, project, flags }).rules).toEqual({
      allow: ['Bash(npm test*)', 'Bash(ls)'],
      ask: ['Write', 'Edit'],
      deny: ['Bash(rm *)', 'Read(secret/**)', 'Grep'],
    });
    expect(load({}).rules).toEqual({ allow: [], ask: [], deny: [] });
    expect(mistake({ project: '[permissions]\nallow = ["Bash"]' })).toMatch(
      /"permissions\.allow" may not be set/,
    );
    expect(mistake({ user: '[permissions]\ndeny = ["Bsh(rm *)"]' })).toMatch(
      /config\.toml: permissions\.deny\.0: "Bsh\(rm \*\)" names no tool/,
    );
    expect(mistake({ flags: { rules: { allow: ['Bash('] } } })).toMatch(/^--allow-tool: "Bash\(" is no rule/);
  });

  it('[config.file] --config stands in for the user file', () => {
    const folder = tempFolder();
    const file = join(folder, 'own.toml');
    writeFileSync(file, 'model = "openai/own"\ninstructions = "Be short."');
    const loaded = load({ user: 'model = "openai/c"', project: 'instructions = "Here."', flags: { file } });
    expect(loaded.model).toBe('openai/own');
    expect(loaded.instructions).toBe('Be short.\n\nHere.');
  });
});
