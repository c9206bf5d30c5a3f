/** Granted places below those that a sandbox makes fresh, in memory: nothing is written there in vain. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createSandbox } from '../../src/scope/sandbox/sandbox.ts';
import { type PathScope } from '../../src/session/facts/entries.ts';
import { defaultLimits } from '../../src/session/settings/settings.ts';
import { bashTool } from '../../src/tools/bash.ts';
import { capable } from '../support/capable.ts';
import { call, contextIn, sandboxOptions, tempFolder } from '../unit/tools/bench-context.ts';

const can =
  capable('bubblewrap', () => existsSync('/usr/bin/bwrap')) &&
  capable('/dev/shm', () => existsSync('/dev/shm'));

function folderIn(place: string): string {
  const folder = realpathSync(mkdtempSync(join(place, 'podkin-memory-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function run(command: string, cwd: string, scope: PathScope) {
  const sandbox = createSandbox({ ...sandboxOptions(null), state: await tempFolder() });
  expect((await sandbox.state()).kind).toBe('working');
  const outputDir = join(await tempFolder(), 'o');
  return await call(
    bashTool,
    { command },
    contextIn(cwd, { scope, shell: { sandbox, limits: defaultLimits }, outputDir }),
  );
}

describe.skipIf(!can)('granted places in memory', () => {
  for (const place of ['/dev/shm', '/tmp']) {
    it(`[shell.in-vain] a project below ${place} is read and written as itself, and what lies beside it is not there`, async () => {
      const work = folderIn(place);
      const beside = folderIn(place);
      writeFileSync(join(work, 'before'), 'was');
      const command = `cat before; echo made > after; ls ${beside}; echo own > ${place}/podkin-own-$$ && echo memory`;
      const answer = await run(command, work, { read: [work], write: [work] });
      expect(answer.text).toMatch(
        /^wasls: cannot access '.*podkin-memory-.*': No such file or directory\nmemory$/,
      );
      expect(readFileSync(join(work, 'after'), 'utf8')).toBe('made\n');
    });

    it(`[shell.in-vain] a project below ${place} that may only be read takes no writing`, async () => {
      const work = folderIn(place);
      writeFileSync(join(work, 'before'), 'was');
      const answer = await run('cat before; echo x > after', work, { read: [work], write: [] });
      expect(answer).toMatchObject({
        isError: true,
        text: expect.stringMatching(/^was.*Read-only file system/) as string,
      });
      expect(existsSync(join(work, 'after'))).toBe(false);
    });

    it(`[shell.in-vain] below ${place} a file that is granted and not there yet, a root through a link, and a new file of \`path/*\` fail, with the reason`, async () => {
      const work = folderIn(place);
      const files = folderIn(place);
      const real = folderIn(place);
      const cwd = await tempFolder();
      writeFileSync(join(files, 'old'), '');
      symlinkSync(real, join(work, 'link'));
      const scope = (write: string) => ({ read: [cwd], write: [write] });
      const missing = await run(`echo x > ${work}/new.txt`, cwd, scope(join(work, 'new.txt')));
      expect(missing.isError).toBe(true);
      expect(missing.text).toContain(
        `${work}/new.txt cannot be written by the shell, because it does not exist yet.`,
      );
      const link = await run(
        `mkdir -p ${work}/link && echo x > ${work}/link/f`,
        cwd,
        scope(join(work, 'link')),
      );
      expect(link.isError).toBe(true);
      expect(link.text).toContain('because it leads through a link');
      const pattern = await run(`echo x > ${files}/old && echo y > ${files}/new`, cwd, scope(`${files}/*`));
      expect(pattern.isError).toBe(true);
      expect(pattern.text).toContain('files that are there already, and no new ones');
      expect(readFileSync(join(files, 'old'), 'utf8')).toBe('x\n');
      expect(existsSync(join(files, 'new'))).toBe(false);
    });

    it(`[shell.in-vain] a working directory below ${place} that is not granted is empty and read-only`, async () => {
      const work = folderIn(place);
      mkdirSync(join(work, 'out'));
      writeFileSync(join(work, 'before'), 'was');
      const answer = await run('echo x > out/made; ls; echo x > lost', work, {
        read: [],
        write: [join(work, 'out')],
      });
      expect(answer).toMatchObject({
        isError: true,
        text: expect.stringMatching(/^out\n.*lost: Read-only file system/) as string,
      });
      expect(readFileSync(join(work, 'out/made'), 'utf8')).toBe('x\n');
    });
  }

  it("[shell.in-vain] the whole disk as a root has the host's shared memory, with the same right", async () => {
    const work = folderIn('/dev/shm');
    const command = `echo x > ${work}/made`;
    const read = await run(command, '/', { read: ['/'], write: [] });
    expect(read).toMatchObject({
      isError: true,
      text: expect.stringContaining('Read-only file system') as string,
    });
    expect(existsSync(join(work, 'made'))).toBe(false);
    expect(await run(command, work, { read: ['/'], write: ['/'] })).toMatchObject({ text: '(no output)' });
    expect(readFileSync(join(work, 'made'), 'utf8')).toBe('x\n');
    const denied = await run(`ls ${work}`, '/', {
      read: ['/'],
      write: ['/'],
      deny: [{ path: '/dev/shm', right: 'read' }],
    });
    expect(denied).toMatchObject({
      isError: true,
      text: expect.stringContaining('Permission denied') as string,
    });
  });
});
