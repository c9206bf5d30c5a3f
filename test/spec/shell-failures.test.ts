/**
 * A sandbox that fails itself, before the command began: tried again, and never taken for the command's own
 * end.
 */
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSandbox } from '../../src/scope/sandbox/sandbox.ts';
import { defaultLimits } from '../../src/session/settings/settings.ts';
import { bashTool } from '../../src/tools/bash.ts';
import { call, contextIn, sandboxOptions, tempFolder } from '../unit/tools/bench-context.ts';

const hasSandbox = existsSync('/usr/bin/bwrap');
if (!hasSandbox) console.warn('NOT TESTED: bubblewrap is not installed, so no failure of it was played');

describe.skipIf(!hasSandbox)('a sandbox that fails itself', () => {
  /** A program in bubblewrap's place that fails in its own way so many times and then is bubblewrap. */
  async function failing(times: number): Promise<{ folder: string; program: string }> {
    const folder = await tempFolder();
    const program = join(folder, 'bwrap');
    writeFileSync(
      program,
      `#!/bin/sh\ncase "$*" in *--info-fd*) n=$(cat ${folder}/n 2>/dev/null || echo 0); echo $((n + 1)) > ${folder}/n
if [ "$n" -lt ${times} ]; then echo "bwrap: Can't find source path /x: No such file or directory" >&2; exit 1; fi;; esac
exec /usr/bin/bwrap "$@"\n`,
    );
    chmodSync(program, 0o755);
    return { folder, program };
  }
  const run = async (program: string) => {
    const work = await tempFolder();
    const sandbox = createSandbox({ ...sandboxOptions(program), state: await tempFolder() });
    const context = contextIn(work, {
      shell: { sandbox, limits: defaultLimits },
      outputDir: join(work, 'o'),
    });
    return await call(bashTool, { command: 'echo ran >> made; cat made' }, context);
  };

  it('[shell.own-failures] is tried again, and the command runs once', async () => {
    const { program } = await failing(3);
    expect(await run(program)).toMatchObject({ text: 'ran' });
  });

  it('[shell.own-failures] that goes on failing is told as that, not as an exit code', async () => {
    const { program } = await failing(100);
    const { text, isError } = await run(program);
    expect(isError).toBe(true);
    expect(text).toBe(
      `The sandbox could not be started, so nothing was run: bwrap: Can't find source path /x: No such file or directory. Try again in a moment; "podkin doctor" tests the sandbox.`,
    );
  });

  it('[shell.own-failures] a command that says the same words and fails is a command that failed', async () => {
    const { program } = await failing(0);
    const work = await tempFolder();
    const sandbox = createSandbox({ ...sandboxOptions(program), state: await tempFolder() });
    const context = contextIn(work, {
      shell: { sandbox, limits: defaultLimits },
      outputDir: join(work, 'o'),
    });
    const answer = await call(bashTool, { command: 'echo "bwrap: no" >&2; exit 1' }, context);
    expect(answer).toMatchObject({ text: 'bwrap: no\n[Exit code 1.]', isError: true });
  });

  it.each([
    ['killed', 'kill -9 $$', ['unknown', 'working']],
    [
      'without a process for its script',
      'exec /usr/bin/bwrap --ro-bind / / sh -c "echo inside=yes; exit 2"',
      ['unknown', 'working'],
    ],
    [
      'refused once',
      'echo "bwrap: setting up uid map: Permission denied" >&2; exit 1',
      ['working', 'working'],
    ],
    [
      'without room for its filter',
      'echo "bwrap: prctl(PR_SET_SECCOMP): Cannot allocate memory" >&2; exit 1',
      ['unknown', 'working'],
    ],
  ])(
    '[shell.verdict-positive] %s in its first test: no verdict, and tested again',
    async (_, failure, kinds) => {
      const folder = await tempFolder();
      const program = join(folder, 'bwrap');
      const once = `#!/bin/bash\n[ "$1" = --help ] || [ -e ${folder}/was ] || { touch ${folder}/was; ${failure}; }\nexec /usr/bin/bwrap "$@"\n`;
      writeFileSync(program, once, { mode: 0o755 });
      const sandbox = createSandbox({ ...sandboxOptions(program), state: await tempFolder() });
      const seen = [await sandbox.state(), await sandbox.state()];
      expect(seen.map(({ kind }) => kind)).toEqual(kinds);
      expect(sandbox.known.isUnfiltered, 'the filter was given up').not.toBe(true);
      // And what is known to work stays known.
      writeFileSync(program, '#!/bin/sh\nkill -9 $$\n', { mode: 0o755 });
      expect((await sandbox.state()).kind).toBe('working');
    },
  );
});
