/** Roots that somebody swaps with a link all the while: what is mounted is what was checked, or nothing is run. As an ordinary user. */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { once as event } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capable } from '../support/capable.ts';
import { type Runner, makeRunner } from '../support/crowd-shells.ts';
import type { RunnerAnswer } from '../support/shell-runner.ts';
import { tempFolder } from '../unit/tools/bench-context.ts';

const nobody = 65_534;
const isRoot = process.getuid?.() === 0;
const can =
  capable('bubblewrap', () => existsSync('/usr/bin/bwrap')) &&
  capable('python3 with ctypes', () => works('/usr/bin/python3', ['-c', 'import ctypes'])) &&
  (!isRoot || capable('setpriv', () => works('setpriv', ['--version'])));
const calls = Number(process.env['SHELL_SWAPS'] ?? 60);

/** Exchanges two names without a pause until it is ended; says on stdout that it has begun. */
const swapper = `import ctypes, sys
libc = ctypes.CDLL(None)
a, b = sys.argv[1].encode(), sys.argv[2].encode()
print("begun", flush=True)
while True: libc.renameat2(-100, a, -100, b, 2)
`;

describe.skipIf(!can)('a root that is swapped with a link all the while', () => {
  let runner: Runner;
  beforeAll(async () => {
    runner = await makeRunner();
  });
  afterAll(() => runner.close());

  async function swapped(
    kind: 'directory' | 'file',
    command: string,
  ): Promise<{ answers: RunnerAnswer[]; folder: string }> {
    const folder = await tempFolder();
    for (const name of ['home', 'p/r', 'work', 'state']) mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, 'home/key'), 'SECRET\n');
    writeFileSync(join(folder, 'p/r/key'), 'mine\n');
    writeFileSync(join(folder, 'p/f'), 'mine\n');
    const [name, target] = kind === 'directory' ? ['r', 'home'] : ['f', 'home/key'];
    symlinkSync(join(folder, target), join(folder, 'p/l'));
    if (isRoot) execFileSync('chown', ['-Rh', `${nobody}:${nobody}`, folder]);
    chmodSync(folder, 0o755);
    const root = join(folder, 'p', name);
    const line: string[] = [...asUser(), '/usr/bin/python3', '-c', swapper, root, join(folder, 'p/l')];
    const swaps = spawn(line[0] ?? '', line.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
    await Promise.race([event(swaps.stdout, 'data'), event(swaps, 'exit')]);
    expect(swaps.exitCode).toBe(null);
    try {
      const answers = await runner.run(
        {
          program: null,
          network: false,
          permissionMode: 'acceptEdits',
          hidden: [join(folder, 'state')],
          state: join(folder, 'state'),
          outputDir: join(folder, 'state/outputs'),
          limits: {},
          calls: Array.from({ length: calls }, (_, index) => ({
            id: `${index}`,
            command: command.replaceAll('ROOT', root),
            cwd: join(folder, 'work'),
            scope:
              kind === 'directory'
                ? { read: [root], write: [join(folder, 'work')] }
                : { read: [], write: [join(folder, 'work'), root] },
            timeoutMs: 20_000,
          })),
        },
        asUser(),
      );
      return { answers: answers.filter(({ id }) => id !== 'state'), folder };
    } finally {
      swaps.kill('SIGKILL');
      await event(swaps, 'exit');
    }
  }

  it('[shell.what-was-checked] shows no shell what the link leads to', { timeout: 300_000 }, async () => {
    const { answers } = await swapped('directory', 'cat ROOT/*');
    expect(answers).toHaveLength(calls);
    expect(answers.filter(({ text }) => text.includes('SECRET'))).toEqual([]);
    // It was a race: some were let in, and some were told that something had changed, or were shown nothing.
    expect(answers.some(({ text }) => text === 'mine')).toBe(true);
    expect(answers.some(({ isError }) => isError)).toBe(true);
  });

  it('[shell.what-was-checked] lets no shell write where the link leads', { timeout: 300_000 }, async () => {
    const { answers, folder } = await swapped('file', 'echo evil >> ROOT');
    expect(answers).toHaveLength(calls);
    expect(readFileSync(join(folder, 'home/key'), 'utf8')).toBe('SECRET\n');
    expect(answers.some(({ isError }) => !isError)).toBe(true);
  });
});

function asUser(): string[] {
  return isRoot ? ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', '--'] : [];
}

function works(command: string, args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
