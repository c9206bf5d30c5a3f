/** A repository that a command without an end makes: judged while it runs, and git's own work let alone. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LiveGit } from '../../../src/scope/set-aside/live-git.ts';
import { ProtectedWatch } from '../../../src/scope/set-aside/protected-watch.ts';
import type { SetAside } from '../../../src/scope/set-aside/watch-report.ts';

let base: string;
let git: string;
beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'pk-live-')));
  git = join(base, '.git');
});
afterEach(() => rmSync(base, { recursive: true }));

const run = (...args: string[]) =>
  execFileSync('git', ['-C', base, '-c', 'user.name=a', '-c', 'user.email=b', ...args], {
    env: { PATH: process.env['PATH'], HOME: base, GIT_CONFIG_NOSYSTEM: '1' },
  });
/** Problems that are told at these times. */
const told = (times: readonly number[], live = new LiveGit()) =>
  times.map((atMs) => live.problem(git, git, atMs));

it('[shell.git-live] what runs a command is told once it has stood for a moment, also where it comes and goes', () => {
  run('init', '-q');
  run('config', 'core.fsmonitor', 'evil');
  const live = new LiveGit();
  expect(told([0, 250, 499, 500], live)).toEqual([null, null, null, 'config holds core.fsmonitor']);
  // What comes under the name behind it gets its own moment.
  expect(told([600, 1_000], live)).toEqual([null, null]);
  run('config', '--unset', 'core.fsmonitor');
  expect(told([1_100], live)).toEqual([null]);
  writeFileSync(join(git, 'hooks', 'pre-commit'), '');
  expect(told([1_200], live)).toEqual(['hooks/pre-commit is a hook']);
});

it('[shell.git-live] a lock of git’s is waited for, and no longer than some seconds', () => {
  run('init', '-q');
  run('config', 'include.path', '/evil');
  writeFileSync(join(git, 'index.lock'), '');
  expect(told([0, 2_999, 3_000])).toEqual([null, null, 'config holds include.path']);
});

it('[shell.git-live] what cannot be looked through is in git’s hands for some seconds', () => {
  const live = new LiveGit();
  expect(told([0, 2_999], live)).toEqual([null, null]);
  expect(told([3_000], live)[0]).toMatch(/^it cannot be read/);
});

it('[shell.git-live] an ordinary repository stands, and objects that are on their way are no problem', () => {
  run('init', '-q');
  writeFileSync(join(base, 'f'), 'x');
  run('add', 'f');
  run('commit', '-qm', 'x');
  mkdirSync(join(git, 'objects', 'tmp_objdir-incoming-x'));
  expect(told([0, 10_000])).toEqual([null, null]);
});

it('[shell.git-live] a look that takes long is repeated seldom', () => {
  const live = new LiveGit();
  const looked: number[] = [];
  let nowMs = 0;
  for (const [atMs, takes] of [
    [0, 0],
    [250, 100],
    [600, 0],
    [2_349, 0],
    [2_350, 0],
  ] as const) {
    nowMs = atMs;
    live.whenDue(
      () => nowMs,
      (one) => {
        looked.push(one);
        nowMs += takes;
      },
    );
  }
  expect(looked).toEqual([0, 250, 2_350]);
});

it.each([
  ['in the root', '.git'],
  ['in a folder of it', 'sub/.git'],
])('[shell.git-live] the watch sets it aside while its command runs on: %s', async (_, name) => {
  const path = join(base, name);
  const folder = join(base, 'outputs');
  const watched = { roots: [base], granted: [base], judged: [], missing: [git], folder };
  const none = { held: new Map(), links: new Map(), nested: new Map() };
  const running = { wasThere: () => false, isShared: () => false, end: () => undefined };
  const watch = new ProtectedWatch({ ...watched, ...none }, running);
  try {
    const aside = new Promise<SetAside>((setAside) => {
      const rest = { clean: () => undefined, setAsideMore: () => undefined, stays: () => undefined };
      watch.start({ isLasting: true, setAside, lost: () => undefined, ...rest });
    });
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'config'), '[core]\nfsmonitor = evil\n');
    expect(await aside).toMatchObject({ path, reason: 'config holds core.fsmonitor' });
    expect(existsSync(path)).toBe(false);
  } finally {
    watch.end(false);
  }
});
