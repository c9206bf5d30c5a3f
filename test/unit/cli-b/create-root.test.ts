import { mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseAttachLine } from '../../../src/cli/control/attach-line.ts';
import { createRoot, freeName, type RootPlan } from '../../../src/library/roots/create-root.ts';
import { pathProblem } from '../../../src/scope/paths/path-problem.ts';
import { rootScope } from '../../../src/library/roots/root-scope.ts';
import { demoScenario } from '../../../src/cli/demo/demo-scenario.ts';
import { parseScenario } from '../../../src/model/scenario.ts';
import { homeOf, readSpec } from '../../../src/session/home/home.ts';
import { NameTaken } from '../../../src/session/home/name-taken.ts';
import { defaultLimits } from '../../../src/session/settings/settings.ts';

function place(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pk-root-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function plan(cwd: string, more: Partial<RootPlan> = {}): RootPlan {
  return {
    name: null,
    model: 'script/x.yaml',
    cwd,
    read: [],
    write: [],
    deny: [],
    denyWrite: [],
    permissionMode: 'default',
    permissions: { allow: [], ask: [], deny: [], headless: false },
    instructions: null,
    hooks: [],
    mcp: {},
    limits: { ...defaultLimits, steps: 7 },
    ...more,
  };
}

describe('making a root', () => {
  it('[run.root-name] roots are named root, root-2, root-3 …, and a free number is used again', () => {
    expect(freeName([])).toBe('root');
    expect(freeName(['root', 'alpha'])).toBe('root-2');
    expect(freeName(['root', 'root-2', 'root-4'])).toBe('root-3');
    const folder = place();
    const home = homeOf({ PODKIN_HOME: join(folder, 'home') });
    const names = [1, 2, 3].map(() => createRoot(home, plan(folder)).spec.name);
    expect(names).toEqual(['root', 'root-2', 'root-3']);
  });

  it('[run.root-spec] a root is its own root, has no parent, and keeps the limits that were in force', () => {
    const folder = place();
    const home = homeOf({ PODKIN_HOME: join(folder, 'home') });
    const root = createRoot(home, plan(folder, { name: 'mine' }));
    const spec = readSpec(root.folder);
    const { instance } = root.spec;
    expect(spec).toMatchObject({ name: 'mine', parent: null, depth: 0, root: { name: 'mine', instance } });
    expect(spec?.settings).toMatchObject({ limits: { steps: 7 } });
    expect(statSync(root.folder.path).mode & 0o077).toBe(0);
  });

  it('[run.root-name-refused] a name that is taken or cannot be one is refused with what to do', () => {
    const folder = place();
    const home = homeOf({ PODKIN_HOME: join(folder, 'home') });
    createRoot(home, plan(folder, { name: 'mine' }));
    expect(() => createRoot(home, plan(folder, { name: 'mine' }))).toThrow(NameTaken);
    expect(() => createRoot(home, plan(folder, { name: '../x' }))).toThrow(/use 1 to 63/);
  });

  it('[run.root-scope] without paths the working directory may be read and written; paths narrow it, as real paths', () => {
    const folder = place();
    mkdirSync(join(folder, 'real'));
    symlinkSync(join(folder, 'real'), join(folder, 'link'));
    const at = (...parts: string[]) => join(folder, ...parts);
    const scope = (more: Partial<RootPlan>) => rootScope(plan(folder, more));
    expect(scope({})).toEqual({ read: [folder], write: [folder] });
    expect(scope({ write: ['out'] })).toEqual({ read: [folder, at('out')], write: [at('out')] });
    expect(scope({ read: ['in'] })).toEqual({ read: [at('in')], write: [] });
    // What does not exist yet lies below what does.
    expect(scope({ read: ['in'], write: ['link/new/deep', 'link/*'] })).toEqual({
      read: [at('in'), at('real', 'new', 'deep'), at('real', '*')],
      write: [at('real', 'new', 'deep'), at('real', '*')],
    });
  });

  it('[run.root-denies] denied paths stand in the scope of the root, a link under its own name and where it leads, and are kept on disk', () => {
    const folder = place();
    mkdirSync(join(folder, 'real'));
    symlinkSync(join(folder, 'real'), join(folder, 'link'));
    const at = (...parts: string[]) => join(folder, ...parts);
    const wish = plan(folder, { deny: ['link', 'link/new/*'], denyWrite: ['fixed', at('fixed/')] });
    const scope = {
      read: [folder],
      write: [folder],
      deny: [
        { path: at('link'), right: 'read' },
        { path: at('real'), right: 'read' },
        { path: at('real', 'new', '*'), right: 'read' },
        { path: at('fixed'), right: 'write' },
      ],
    };
    expect(rootScope(wish)).toEqual(scope);
    const home = homeOf({ PODKIN_HOME: join(folder, 'home') });
    expect(readSpec(createRoot(home, wish).folder)?.scope).toEqual(scope);
  });

  it('[run.path-mistakes] an empty path and a pattern are no paths of a scope, a last /* is', () => {
    for (const path of ['', '  ', 'a\0b', '**', 'src/**', '*.ts', 'a/*/b', 'a/**/*']) {
      expect(pathProblem(path), path).not.toBeNull();
    }
    for (const path of ['.', '*', 'src', 'src/*', '/*', 'src/[id]/x', 'a?']) {
      expect(pathProblem(path), path).toBeNull();
    }
  });
});

describe('a folder that is really called *', () => {
  it('[scope.star] is refused as a working directory, as a root and as a deny, also where a link leads to it; beside other roots it is no root', () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'podkin-star-')));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const star = join(folder, '*');
    mkdirSync(star);
    symlinkSync(star, join(folder, 'link'));
    const wish = { cwd: folder, read: [], write: [], deny: [], denyWrite: [] };
    for (const more of [
      { cwd: star },
      { cwd: join(folder, 'link') },
      { read: ['link'] },
      { write: ['link'] },
      { deny: ['link'] },
      { denyWrite: [join(folder, 'link')] },
    ]) {
      expect(() => rootScope({ ...wish, ...more }), JSON.stringify(more)).toThrow(
        expect.objectContaining({
          name: 'BadSetting',
          message: expect.stringContaining(`is really called "*"`) as string,
        }) as Error,
      );
    }
    expect(rootScope({ ...wish, cwd: star, read: [folder], write: [folder] })).toEqual({
      read: [folder],
      write: [folder],
    });
    expect(rootScope({ ...wish, deny: ['*', 'link/*'] }).deny).toEqual([
      { path: star, right: 'read' },
      { path: join(star, '*'), right: 'read' },
    ]);
  });
});

describe('what is typed and played', () => {
  it('[attach.commands] a lone word behind a slash is a command, a path or two slashes begin a text', () => {
    expect(parseAttachLine(' /Detach ')).toEqual({ kind: 'detach' });
    expect(parseAttachLine('/stop')).toEqual({ kind: 'method', method: 'shutdown' });
    expect(parseAttachLine('/compact')).toEqual({ kind: 'compact' });
    expect(parseAttachLine('/compact  keep\nnames ')).toEqual({
      kind: 'compact',
      instructions: 'keep\nnames',
    });
    expect(parseAttachLine('/compactor keep')).toEqual({ kind: 'say', text: '/compactor keep' });
    expect(parseAttachLine('/bogus')).toEqual({ kind: 'unknown', word: '/bogus' });
    expect(parseAttachLine('/constructor')).toEqual({ kind: 'unknown', word: '/constructor' });
    expect(parseAttachLine('/etc/hosts is wrong')).toEqual({ kind: 'say', text: '/etc/hosts is wrong' });
    expect(parseAttachLine('//stop')).toEqual({ kind: 'say', text: '/stop' });
    expect(parseAttachLine('  ')).toEqual({ kind: 'nothing' });
  });

  it("[demo.scenario] the demo's scenario is one that the scripted model takes", () => {
    expect(parseScenario(demoScenario, 'scenario.yaml').rules.length).toBeGreaterThan(10);
  });
});
