/**
 * Many sandboxed commands in one folder at once: none fails of the sandbox's own doing, and nothing of ours
 * is ever seen there.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Runner, makeRunner, sample } from '../support/crowd-shells.ts';
import type { RunnerTask } from '../support/shell-runner.ts';
import { sizeOf } from '../support/size.ts';
import { tempFolder } from '../unit/tools/bench-context.ts';

const hasSandbox = existsSync('/usr/bin/bwrap');
if (!hasSandbox)
  console.warn('NOT TESTED: bubblewrap is not installed, so no crowd of shells ran inside a sandbox');

const pods = 4;
/** All together. */
const commands = sizeOf('SHELL_CROWD', { short: 80, full: 10_000 });
const kinds = ['true', 'git diff --stat; git status --porcelain', 'wc -l text; grep -c a text', 'sleep 0.02'];

describe.skipIf(!hasSandbox)('pods in one folder', () => {
  let runner: Runner;
  beforeAll(async () => {
    runner = await makeRunner();
  });
  afterAll(() => runner.close());

  it(
    `[shell.stress] ${pods} pods, ${commands} commands: each ends as itself, and git status is clean all the while`,
    { timeout: 60_000 + commands * 400 },
    async () => {
      const folder = await tempFolder();
      const work = join(folder, 'work');
      mkdirSync(work);
      writeFileSync(join(work, 'text'), 'a\nb\n');
      writeFileSync(join(work, '.npmrc'), 'loglevel=silent\n');
      const git = (...args: string[]) => execFileSync('git', args, { cwd: work });
      git('init', '-q');
      git('add', '-A');
      git('-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-qm', 'first');
      const task = (pod: number): RunnerTask => ({
        program: null,
        network: false,
        permissionMode: 'acceptEdits',
        hidden: [join(folder, 'state')],
        state: join(folder, 'state'),
        outputDir: join(folder, `state/pods/p${pod}/outputs`),
        limits: {},
        calls: Array.from({ length: commands / pods }, (_, index) => ({
          id: `${pod}-${index}`,
          command: kinds[(index + pod) % kinds.length] ?? '',
          cwd: work,
          scope: { read: [], write: [work] },
          timeoutMs: 60_000,
        })),
      });
      const all = Promise.all(Array.from({ length: pods }, (_, pod) => runner.run(task(pod))));
      const seen = await sample(work, all);
      const answers = (await all).flat().filter(({ id }) => id !== 'state');
      expect(answers).toHaveLength(commands);
      expect(answers.filter(({ isError }) => isError)).toEqual([]);
      expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(['(no output)', '2 text\n1']));
      expect([...seen.names].sort()).toEqual(['.git', '.npmrc', 'text']);
      expect([...seen.statuses]).toEqual(['']);
      expect(seen.looks).toBeGreaterThan(commands / 10);
      expect(readdirSync(join(folder, 'state', 'commands'))).toEqual([]);
    },
  );
});
