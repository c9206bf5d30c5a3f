/**
 * Roots that somebody swaps with a link all the while: what is mounted is what was checked, or nothing is
 * run. As an ordinary user.
 */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { once as event } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capable } from '../support/capable.ts';
import { type Runner, makeRunner } from '../support/crowd-shells.ts';
import type { RunnerAnswer } from '../support/shell-runner.ts';
import { sizeOf } from '../support/size.ts';
import { tempFolder } from '../unit/tools/bench-context.ts';

const nobody = 65_534;
const isRoot = process.getuid?.() === 0;
const can =
  capable('bubblewrap', () => existsSync('/usr/bin/bwrap')) &&
  capable('python3 with ctypes', () => works('/usr/bin/python3', ['-c', 'import ctypes'])) &&
  (!isRoot || capable('setpriv', () => works('setpriv', ['--version'])));
const calls = sizeOf('SHELL_SWAPS', { short: 24, full: 2_000 });

/** Exchanges two names without a pause until it is ended; says on stdout that it has begun. */
const swapper = `import ctypes, sys
libc = ctypes.CDLL(None)
a, b = sys.argv[1].encode(), sys.argv[2].encode()
print("begun", flush=True)
while True: libc.renameat2(-100, a, -100, b, 2)
`;

type Kind = 'directory' | 'file';

interface Made {
  readonly kind: Kind;
  readonly folder: string;
  readonly root: string;
}

describe.skipIf(!can)('a root that is swapped with a link all the while', () => {
  let runner: Runner;
  beforeAll(async () => {
    runner = await makeRunner();
  });
  afterAll(() => runner.close());

  /** `p/r` and `p/f` are roots, `p/l` leads from the one that is meant to a secret. */
  async function made(kind: Kind): Promise<Made> {
    const folder = await tempFolder();
    for (const name of ['home', 'p/r', 'p/other', 'work', 'state'])
      mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, 'home/key'), 'SECRET\n');
    writeFileSync(join(folder, 'p/other/key'), 'SECRET\n');
    writeFileSync(join(folder, 'p/r/key'), 'mine\n');
    writeFileSync(join(folder, 'p/f'), 'mine\n');
    const [name, target] = kind === 'directory' ? ['r', 'home'] : ['f', 'home/key'];
    symlinkSync(join(folder, target), join(folder, 'p/l'));
    if (isRoot) execFileSync('chown', ['-Rh', `${nobody}:${nobody}`, folder]);
    chmodSync(folder, 0o755);
    return { kind, folder, root: join(folder, 'p', name) };
  }

  /** As often as is asked for, through `program` in the place of bubblewrap where one is given. */
  async function shells(
    { kind, folder, root }: Made,
    { command, times, program = null }: { command: string; times: number; program?: string | null },
  ): Promise<RunnerAnswer[]> {
    const answers = await runner.run(
      {
        program,
        network: false,
        permissionMode: 'acceptEdits',
        hidden: [join(folder, 'state')],
        state: join(folder, 'state'),
        outputDir: join(folder, 'state/outputs'),
        limits: {},
        calls: Array.from({ length: times }, (_, index) => ({
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
    return answers.filter(({ id }) => id !== 'state');
  }

  async function swapped(place: Made, command: string): Promise<RunnerAnswer[]> {
    const { root, folder } = place;
    const line: string[] = [...asUser(), '/usr/bin/python3', '-c', swapper, root, join(folder, 'p/l')];
    const swaps = spawn(line[0] ?? '', line.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
    await Promise.race([event(swaps.stdout, 'data'), event(swaps, 'exit')]);
    expect(swaps.exitCode).toBe(null);
    try {
      return await shells(place, { command, times: calls });
    } finally {
      swaps.kill('SIGKILL');
      await event(swaps, 'exit');
    }
  }

  /** Bubblewrap, but for one thing that happens when everything is checked and nothing is mounted yet. */
  function bwrapAfter({ folder, root }: Made, what: string): string {
    const program = join(folder, 'program');
    const script = `#!/bin/sh
cd '${join(folder, 'p')}'
case " $* " in *" ${root} ${root} "*) ${what};; esac
exec /usr/bin/bwrap "$@"
`;
    writeFileSync(program, script, { mode: 0o755 });
    return program;
  }

  it('[shell.what-was-checked] shows no shell what the link leads to', { timeout: 300_000 }, async () => {
    const answers = await swapped(await made('directory'), 'cat ROOT/*');
    expect(answers).toHaveLength(calls);
    // Who wins the race is nobody's to say: each is shown the root, or nothing, and then is told so.
    const other = answers.filter(({ text, isError }) => text !== 'mine' && !isError);
    expect(other).toEqual([]);
    expect(answers.filter(({ text }) => text.includes('SECRET'))).toEqual([]);
  });

  it('[shell.what-was-checked] lets no shell write where the link leads', { timeout: 300_000 }, async () => {
    const place = await made('file');
    const answers = await swapped(place, 'echo evil >> ROOT');
    expect(answers).toHaveLength(calls);
    expect(readFileSync(join(place.folder, 'home/key'), 'utf8')).toBe('SECRET\n');
  });

  it('[shell.what-was-checked] at rest every shell is let in', async () => {
    const directory = await shells(await made('directory'), { command: 'cat ROOT/*', times: 2 });
    expect(directory.map(({ text, isError }) => [text, isError])).toEqual([
      ['mine', false],
      ['mine', false],
    ]);
    const place = await made('file');
    const [answer] = await shells(place, { command: 'echo more >> ROOT', times: 1 });
    expect(answer).toMatchObject({ text: '(no output)', isError: false });
    expect(readFileSync(place.root, 'utf8')).toBe('mine\nmore\n');
  });

  it('[shell.what-was-checked] a swap between the check and the mount is told, and nothing is run', async () => {
    const place = await made('directory');
    const program = bwrapAfter(place, 'mv r was; mv other r; mv was other');
    const [answer] = await shells(place, { command: 'cat ROOT/*; touch ran', times: 1, program });
    expect(answer?.isError).toBe(true);
    expect(answer?.text).toContain(
      `nothing was run: the folder changed while it was made ready: ${place.root} is another thing now.`,
    );
    expect(existsSync(join(place.folder, 'work/ran'))).toBe(false);
  });

  it('[shell.what-was-checked] a root that has become a link by then is not in the shell, and the answer says so', async () => {
    const place = await made('directory');
    const program = bwrapAfter(place, 'mv r was; mv l r');
    const [answer] = await shells(place, { command: 'cat ROOT/*', times: 1, program });
    expect(answer?.isError).toBe(true);
    expect(answer?.text).toContain(`${place.root} is not in the shell, because it leads through a link`);
    expect(answer?.text).not.toContain('SECRET');
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
