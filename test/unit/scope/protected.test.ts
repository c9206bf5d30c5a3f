import { mkdirSync, symlinkSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { denialOf, rulesOf } from '../../../src/scope/paths/access.ts';
import { foldedName } from '../../../src/scope/paths/folded-name.ts';
import { narrow } from '../../../src/scope/paths/narrow.ts';
import { foldersMax, protectedBelow, repositoriesMax } from '../../../src/scope/paths/protected-below.ts';
import { linkProtection, protectedLinksMax } from '../../../src/scope/paths/protected-links.ts';
import { protectedNames } from '../../../src/scope/paths/protected-paths.ts';
import type { PathScope } from '../../../src/session/facts/entries.ts';
import { homeOf } from '../../../src/session/home/places.ts';
import { protectedPaths } from '../../../src/scope/sandbox/protected.ts';
import { findPrograms } from '../../../src/scope/sandbox/own-programs.ts';
import { readTool } from '../../../src/tools/read.ts';
import { writeTool } from '../../../src/tools/write.ts';
import { accessTo, call, contextIn, noHome, tempFolder } from '../tools/bench-context.ts';

const project: PathScope = { read: [], write: ['/p'] };

function refusedIn(scope: PathScope, path: string): boolean {
  return denialOf(rulesOf(accessTo(scope)), { right: 'write', path, realPath: path }) !== undefined;
}

describe('protected paths', () => {
  it('[scope.protected] what git, shells, editors, agents and logins obey unasked is read-only in every root, at any depth, existing or not', () => {
    for (const name of [
      ...protectedNames,
      '.git/hooks/pre-commit',
      '.git/config',
      '.git/modules/a/b/hooks/post-checkout',
      '.git/worktrees/x/config.worktree',
      'store.git/hooks/update',
      'store.git/config',
      '.vscode/tasks.json',
      '.podkin/config.toml',
      '.config/fish/conf.d/x.fish',
    ]) {
      for (const path of [`/p/${name}`, `/p/sub/deep/${name}`, `/p/${name}/below`]) {
        expect(refusedIn(project, path), path).toBe(true);
        const read = { right: 'read' as const, path, realPath: path };
        expect(denialOf(rulesOf(accessTo(project)), read), path).toBeUndefined();
      }
    }
    for (const path of [
      '/p/.gitignore',
      '/p/.gitmodules',
      '/p/git/hooks/x',
      '/p/package.json',
      '/p/.github/workflows/ci.yml',
      '/p/store.git/HEAD',
      '/p/config/fish/x',
      '/p/AGENTS.md',
    ]) {
      expect(refusedIn(project, path), path).toBe(false);
    }
  });

  it('[scope.protected-variants] the names that were tried from outside, and their nearest relatives, are held from file tools and from shells', async () => {
    const root = await tempFolder();
    const list = protectedBelow(root);
    for (const name of (
      'lefthook-local.yml lefthook.yaml .lefthook.yml lefthook.toml lefthook.json ' +
      '.lefthook-local.toml .config/lefthook.yml .config/lefthook-local.json .githooks ' +
      '.pnpmfile.mjs .pnpmfile.cjs .pnpmfile.js .cargo/config .cargo/config.toml ' +
      '.yarn/releases .vimrc .exrc .nvimrc .gvimrc .vim .config/nvim .emacs .dir-locals.el ' +
      '.tmux.conf .config/tmux .gdbinit .lldbinit .screenrc .psqlrc .irbrc .Rprofile ' +
      '.local/bin .direnvrc .config/direnv .config/mise .mise.toml mise.toml .rvmrc ' +
      'opencode.json opencode.jsonc .opencode .kiro .windsurf .qwen .copilot .github/hooks ' +
      '.sl/config .jj/repo/config.toml .octaverc .emacs.el .spacemacs .doom.d .cargo/env .lessfilter .lesskey ' +
      '.ipython/profile_default/startup .direnv .wezterm.lua .julia/config .sbclrc .guile ' +
      '.claude.json .continue .roo .cline .aider.conf.yml .crush.json .junie .trae'
    ).split(' ')) {
      for (const spelt of [name, name.toUpperCase(), `sub/${name}`, `${name}/below`]) {
        expect(refusedIn(project, `/p/${spelt}`), spelt).toBe(true);
      }
      const folded = list.map((path) => foldedName(path));
      expect(folded, name).toContain(foldedName(join(root, name)));
      expect(refusedIn({ read: [], write: ['/p', `/p/${name}`] }, `/p/${name}`), name).toBe(false);
    }
    for (const name of [
      'my.code-workspace',
      'MY.Code-Workspace',
      'sub/x.code-workspace',
      '.code-workspace',
    ]) {
      expect(refusedIn(project, `/p/${name}`), name).toBe(true);
    }
    for (const name of [
      'lefthook.md',
      '.cargo/registry',
      '.github/copilot-instructions.md',
      'vimrc',
      'x.code-workspaces',
      '.local/share/x',
      '.config/x',
    ]) {
      expect(refusedIn(project, `/p/${name}`), name).toBe(false);
    }
    await writeFile(join(root, 'a.code-workspace'), '');
    await writeFile(join(root, '.Envrc'), '');
    expect(protectedBelow(root)).toEqual(
      expect.arrayContaining([join(root, 'a.code-workspace'), join(root, '.Envrc')]),
    );
  });

  it('[scope.protected-folded] another case, another Unicode form and signs without width do not slip past a protected name', () => {
    for (const name of [
      '.GIT/hooks/x',
      '.Git/Config',
      '.g\u200cit/hooks/x',
      '.BASHRC',
      '.ba\u017fhrc',
      '.VSCODE/tasks.json',
      '.MCP.json',
      '.e\ufeffnvrc',
      'Store.GIT/HOOKS/x',
    ]) {
      expect(refusedIn(project, `/p/${name}`), name).toBe(true);
    }
  });

  it('[scope.folded] names that Unicode or case alone tell apart fold to one, and folding again changes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 8 }), (name) => {
        const folded = foldedName(name);
        for (const form of [
          name.toLowerCase(),
          name.toUpperCase(),
          name.normalize('NFD'),
          name.normalize('NFC'),
        ]) {
          expect(foldedName(form)).toBe(folded);
        }
        expect(foldedName(folded)).toBe(folded);
      }),
      { numRuns: 2_000 },
    );
  });

  it('[scope.protected-granted] a root that is protected itself may be granted by a person, and is never narrowed out of a wider one', () => {
    const granted: PathScope = { read: [], write: ['/p/.vscode', '/q/.envrc', '/h/.claude/worktrees/w'] };
    expect(refusedIn(granted, '/p/.vscode/tasks.json')).toBe(false);
    expect(refusedIn(granted, '/q/.envrc')).toBe(false);
    expect(refusedIn(granted, '/h/.claude/worktrees/w/src/a.ts')).toBe(false);
    expect(refusedIn(granted, '/h/.claude/worktrees/w/.git/config')).toBe(true);
    for (const root of ['/p/.vscode', '/p/.git/hooks', '/p/sub/.GIT', '/p/x.git/hooks', '/p/.git/*']) {
      expect(narrow(project, { read: [], write: [root] }), root).toMatchObject({
        ok: false,
        outside: [{ right: 'write', path: root, protected: expect.stringContaining(' ') }],
      });
      expect(narrow(project, { read: [root], write: [] }).ok, root).toBe(true);
    }
    expect(narrow(granted, { read: [], write: ['/p/.vscode'] }).ok).toBe(true);
  });

  it('[scope.other-home] beside a home by PODKIN_HOME the usual ones, by the variables and by HOME, are closed as its own are', () => {
    const environment = { HOME: '/me', XDG_STATE_HOME: '/xs', XDG_RUNTIME_DIR: '/run/user/7' };
    for (const [given, closed] of [
      [{ ...environment, PODKIN_HOME: '/p' }, ['/p/state', '/p/run']],
      [environment, []],
    ] as const) {
      const access = {
        scope: { read: ['/'], write: ['/'] },
        home: homeOf(given),
        outputs: '/o',
        programs: [],
      };
      const denied = (right: 'read' | 'write', path: string) =>
        denialOf(rulesOf(access), { right, path, realPath: path }) !== undefined;
      const temporary = join(tmpdir(), `podkin-${process.getuid?.() ?? ''}`);
      for (const place of [
        ...closed,
        '/xs/podkin',
        '/me/.local/state/podkin',
        '/run/user/7/podkin',
        temporary,
      ]) {
        expect([place, denied('read', `${place}/x`), denied('write', `${place}/x`)]).toEqual([
          place,
          true,
          true,
        ]);
      }
      expect(denied('write', '/me/.config/podkin/config.toml')).toBe(true);
      expect(denied('read', '/me/.config/podkin/config.toml')).toBe(false);
      expect(denied('read', '/me/.local/state/other')).toBe(false);
    }
  });

  it('[scope.own-places] podkin’s state and sockets are neither read nor written and its configuration not written, whatever the scope covers; own outputs are read', () => {
    const rules = rulesOf({
      scope: { read: ['/'], write: ['/'] },
      home: noHome,
      outputs: `${noHome.state}/pods/me/outputs`,
      programs: [],
    });
    const may = (right: 'read' | 'write', path: string) =>
      denialOf(rules, { right, path, realPath: path }) === undefined;
    const table: [string, boolean, boolean][] = [
      [`${noHome.state}/pods/other/session.jsonl`, false, false],
      [`${noHome.state}/pods/other/link-token`, false, false],
      [`${noHome.state}/pods/me/session.jsonl`, false, false],
      [`${noHome.state}/pods/me/outputs/call-1.txt`, true, false],
      [`${noHome.state}/pods/me/outputs/../link-token`, false, false],
      [`${noHome.runtime}/0f.sock`, false, false],
      [noHome.runtime, false, false],
      [`${noHome.config}/config.toml`, true, false],
      ['/proc/1/environ', false, false],
      ['/dev/sda', false, false],
      ['/dev/shm/file', true, true],
      ['/no-home/elsewhere', true, true],
    ];
    for (const [path, read, write] of table) {
      expect([may('read', path), may('write', path)], path).toEqual([read, write]);
    }
  });

  it('[scope.own-programs] podkin’s package, the folder of Node and ripgrep are not written by file tools, whatever the scope', async () => {
    const folder = await tempFolder();
    const chosen = join(folder, 'bin/rg');
    await mkdir(dirname(chosen));
    const programs = findPrograms({ PODKIN_RG: chosen });
    const packaged = findPrograms({}).ripgrep;
    const root = join(import.meta.dirname, '../../..');
    const context = contextIn('/', { scope: { read: [], write: ['/'] }, programs });
    for (const path of [
      join(root, 'dist/pod.cjs'),
      join(root, 'package.json'),
      join(root, 'node_modules/x/new.js'),
      process.execPath,
      join(dirname(process.execPath), 'new'),
      'path' in packaged ? packaged.path : '',
      // Not there yet, and so the next pod's.
      chosen,
    ]) {
      expect(await call(writeTool, { path, content: '' }, context), path).toMatchObject({
        denied: true,
        text: expect.stringContaining('programs that podkin itself runs'),
      });
    }
    expect(await call(writeTool, { path: join(folder, 'bin/other'), content: '' }, context)).toEqual({
      text: expect.stringContaining('Created'),
    });
    const narrow = contextIn(folder, { scope: { read: [], write: [root] }, programs });
    expect((await call(writeTool, { path: join(root, 'src/main.ts'), content: '' }, narrow)).denied).toBe(
      true,
    );
    expect((await call(readTool, { path: join(root, 'package.json') }, narrow)).text).toContain('"podkin"');
  });

  it('[scope.protected-list] the list for a root names what is there and what is not yet, git’s parts one by one, also of repositories and submodules in it', async () => {
    const root = await tempFolder();
    for (const file of [
      '.git/HEAD',
      '.git/modules/lib/ssl/HEAD',
      '.git/worktrees/w1/HEAD',
      'vendor/.git/HEAD',
      'linked/.git',
      'plain/file',
    ]) {
      await mkdir(dirname(join(root, file)), { recursive: true });
      await writeFile(join(root, file), '');
    }
    const list = protectedBelow(root);
    for (const path of [
      '.git/hooks',
      '.git/config',
      '.git/modules/lib/ssl/hooks',
      '.git/worktrees/w1/config.worktree',
      'vendor/.git/hooks',
      'linked/.git',
      '.envrc',
      '.podkin',
      '.vscode',
    ]) {
      expect(list).toContain(join(root, path));
    }
    expect(list).not.toContain(join(root, '.git'));
    expect(list.filter((path) => path.startsWith(join(root, 'plain')))).toEqual([]);
    expect(new Set(list).size).toBe(list.length);
    expect(protectedBelow(join(root, 'none'))).toContain(join(root, 'none/.git/hooks'));
  });
});

// Ten thousand folders are made and taken away: on a busy machine that takes its time.
describe('a crowded root', { timeout: 300_000 }, () => {
  const held = (root: string) =>
    protectedPaths({ read: [], write: [root] }, { home: '/none', exists: () => false });

  it('[shell.crowded] up to the bound each repository is held by itself, beyond it the root is', async () => {
    const root = await tempFolder();
    const names = Array.from({ length: repositoriesMax }, (_, n) => `r${n}`);
    for (const name of names) await mkdir(join(root, name, '.git'), { recursive: true });
    expect(held(root)).toEqual(expect.arrayContaining(names.map((name) => join(root, name, '.git'))));
    expect(held(root)).not.toContain(root);
    await mkdir(join(root, 'one-more/.git'), { recursive: true });
    expect(held(root)).toContain(root);
  });

  it('[shell.crowded] a repository behind a thousand other folders is held, and behind more than are looked at the root', async () => {
    const root = await tempFolder();
    for (let n = 0; n < 1_010; n += 1) mkdirSync(join(root, `a${n}`));
    mkdirSync(join(root, 'zproj/.git'), { recursive: true });
    expect(held(root)).toContain(join(root, 'zproj/.git'));
    expect(held(root)).not.toContain(root);
    for (let n = 1_010; n < foldersMax; n += 1) mkdirSync(join(root, `a${n}`));
    expect(held(root)).toContain(root);
    // Ten thousand folders are made, which takes its time on a busy disk.
  }, 240_000);

  it('[shell.crowded] so it is for shells and file tools behind more links in what is protected than are followed', async () => {
    const root = await tempFolder();
    await mkdir(join(root, '.husky'));
    for (let n = 0; n < 1_500; n += 1) symlinkSync('../none', join(root, `.husky/a${n}`));
    symlinkSync('../aim', join(root, '.husky/z'));
    const scope = { read: [], write: [root] };
    expect(linkProtection(scope, join(root, 'aim'))).toContain('.husky/z leads to it');
    expect(linkProtection(scope, join(root, 'other'))).toBeUndefined();
    for (let n = 1_500; n <= protectedLinksMax; n += 1) symlinkSync('../none', join(root, `.husky/a${n}`));
    expect(held(root)).toContain(root);
    expect(linkProtection(scope, join(root, 'other'))).toContain('more links than are followed');
  });
});
