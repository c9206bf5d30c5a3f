/**
 * A shell against its sandbox: every attempt of `support/shell-attempts.ts`, as the user that runs the tests
 * and as an ordinary one, with a sandbox and without any.
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attempts, standInsLeft } from '../support/shell-attempts.ts';
import type { RunnerAnswer, RunnerTask } from '../support/shell-runner.ts';
import { type ShellWorld, makeWorld } from '../support/shell-world.ts';

const isRoot = process.getuid?.() === 0;
const ordinary = 65_534;
const hasSandbox = existsSync('/usr/bin/bwrap');
const canBecome = isRoot && commandWorks('setpriv', ['--version']);
if (!hasSandbox) {
  console.warn(
    'NOT TESTED: bubblewrap is not installed, so no shell was tried against a sandbox (apt-get install bubblewrap)',
  );
}

let bundle = '';
beforeAll(async () => {
  bundle = join(mkdtempSync(join(tmpdir(), 'pk-runner-')), 'runner.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('../support/shell-runner.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: bundle,
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  execFileSync('chmod', ['-R', 'a+rX', join(bundle, '..')]);
});
afterAll(() => rmSync(join(bundle, '..'), { recursive: true, force: true }));

const users: { who: string; uid: number | null; runs: boolean }[] = [
  { who: 'as we are', uid: null, runs: true },
  { who: 'as an ordinary user', uid: ordinary, runs: canBecome },
];

for (const { who, uid, runs } of users) {
  describe.skipIf(!hasSandbox || !runs)(`a shell in its sandbox, ${who}`, () => {
    let world: ShellWorld;
    let answers: Map<string, RunnerAnswer>;
    beforeAll(async () => {
      world = await makeWorld(uid);
      const calls = attempts.filter((one) => one.ordinaryOnly !== true || uid !== null || !isRoot);
      answers = await runCalls(world, uid, { program: null, ids: new Set(calls.map((one) => one.id)) });
    }, 240_000);
    afterAll(() => world.close());

    it('[shell.inside] it runs inside a working sandbox and may write its scope', async () => {
      expect(answers.get('state')?.text).toBe('working');
      expect(answers.get('own work')?.text).toBe('readable\nmine');
      expect(standInsLeft(join(world.path, 'w'))).toEqual([]);
      expect(standInsLeft(join(world.path, 'fresh'))).toEqual([]);
    });

    for (const attempt of attempts) {
      it.skipIf(attempt.ordinaryOnly === true && uid === null && isRoot)(
        `[shell.escape] ${attempt.id}: held`,
        () => {
          const answer = answers.get(attempt.id);
          expect(answer, 'it was run').toBeDefined();
          expect(attempt.held(world, answer!), JSON.stringify(answer)).toBe(true);
        },
      );
    }
  });
}

describe('a shell without a sandbox', () => {
  it('[shell.no-sandbox] nothing is tried where no sandbox works and nobody has said yes', async () => {
    const world = await makeWorld(null);
    try {
      const ids = new Set(attempts.map((one) => one.id));
      const answers = await runCalls(world, null, { program: '/nowhere/bwrap', ids });
      expect(answers.get('state')?.text).toBe('absent');
      expect(answers.get('own work')).toMatchObject({ denied: true });
      for (const attempt of attempts)
        expect(answers.get(attempt.id), attempt.id).toMatchObject({ denied: true });
      expect(world.connections()).toBe(0);
    } finally {
      await world.close();
    }
  });
});

async function runCalls(
  world: ShellWorld,
  uid: number | null,
  options: { program: string | null; ids: ReadonlySet<string> },
): Promise<Map<string, RunnerAnswer>> {
  const own = { id: 'own work', cwd: join(world.path, 'w'), scope: world.scope, timeoutMs: 20_000 };
  const task: RunnerTask = {
    program: options.program,
    network: false,
    permissionMode: 'acceptEdits',
    hidden: world.hidden,
    state: join(world.path, 'h/state'),
    outputDir: join(world.path, 'h/state/pods/root/outputs'),
    limits: {
      shellProcesses: 30,
      shellFileBytes: 1024 * 1024,
      shellTmpBytes: 4 * 1024 * 1024,
      shellMemoryBytes: 256 * 1024 * 1024,
      shellCpuSeconds: 2,
    },
    calls: [
      { ...own, command: `cat ${world.path}/r/text; echo mine > mine && cat mine && rm mine` },
      ...attempts
        .filter(({ id }) => options.ids.has(id))
        .map(({ id, command, fresh, timeoutMs = 20_000 }) => ({
          id,
          command: command(world),
          cwd: join(world.path, fresh === true ? 'fresh' : 'w'),
          scope: fresh === true ? world.freshScope : world.scope,
          timeoutMs,
        })),
    ],
  };
  const stdout = await runAs(uid, JSON.stringify(task), world);
  const lines = stdout.trim().split('\n');
  return new Map(lines.map((line) => JSON.parse(line) as RunnerAnswer).map((answer) => [answer.id, answer]));
}

function runAs(uid: number | null, input: string, world: ShellWorld): Promise<string> {
  const own = [process.execPath, bundle] as const;
  const become = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--', ...own] as const;
  const [file, ...args] = uid === null ? own : become;
  const env = { PATH: process.env['PATH'], HOME: join(world.path, 'home'), ANTHROPIC_API_KEY: 'sk-escape' };
  return new Promise((resolve, reject) => {
    const child = execFile(
      file,
      args,
      { env, cwd: world.path, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout) => (error === null ? resolve(stdout) : reject(error)),
    );
    child.stdin?.end(input);
  });
}

function commandWorks(command: string, args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
