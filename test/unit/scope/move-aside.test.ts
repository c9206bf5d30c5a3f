/**
 * What is moved aside whole, whatever rights, names and kinds it has: as an ordinary user, to another file
 * system and the same.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { moveAside, renameInPlace } from '../../../src/scope/set-aside/move-aside.ts';

const isRoot = process.getuid?.() === 0;
const someUser = 65534;

function folderIn(base: string): string {
  const folder = realpathSync(mkdtempSync(join(base, 'pk-move-')));
  if (isRoot) chownSync(folder, someUser, someUser);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Root may do everything, which would show nothing. */
function asUser<T>(act: () => T): T {
  if (!isRoot) return act();
  process.setegid?.(someUser);
  process.seteuid?.(someUser);
  try {
    return act();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}

const bases = existsSync('/dev/shm') ? [tmpdir(), '/dev/shm'] : [tmpdir()];

describe.skipIf(process.platform !== 'linux').each(bases)('what is moved aside to %s', (base) => {
  it('[shell.set-aside-all] directories without the right to write or enter, files without the right to read', () => {
    const [work, aside] = [folderIn(tmpdir()), folderIn(base)];
    const outer = mkdtempSync(join(work, '..', 'pk-move-outer-'));
    onTestFinished(() => rmSync(outer, { recursive: true, force: true }));
    writeFileSync(join(outer, 'victim'), 'theirs', { mode: 0o400 });
    asUser(() => {
      mkdirSync(join(work, '.vscode/in/deep'), { recursive: true });
      writeFileSync(join(work, '.vscode/tasks.json'), 'task', { mode: 0o000 });
      writeFileSync(join(work, '.vscode/in/deep/kept'), 'kept', { mode: 0o444 });
      symlinkSync(join(outer, 'victim'), join(work, '.vscode/link'));
      for (const [path, mode] of [
        ['.vscode/in/deep', 0o000],
        ['.vscode/in', 0o555],
        ['.vscode', 0o000],
        ['', 0o555],
      ] as const)
        chmodSync(join(work, path), mode);
      const moved = moveAside(join(work, '.vscode'), join(aside, '.vscode'));
      moved.finish();
      expect(moved.leftOut).toEqual([]);
    });
    expect(lstatSync(work).mode & 0o777).toBe(0o555);
    expect(readdirSync(work)).toEqual([]);
    expect(readFileSync(join(aside, '.vscode/tasks.json'), 'utf8')).toBe('task');
    expect(lstatSync(join(aside, '.vscode/tasks.json')).mode & 0o777).toBe(base === tmpdir() ? 0 : 0o400);
    expect(readFileSync(join(aside, '.vscode/in/deep/kept'), 'utf8')).toBe('kept');
    expect(lstatSync(join(outer, 'victim')).mode & 0o777).toBe(0o400);
    // Whoever moves it back needs the right to write in it.
    expect(lstatSync(join(aside, '.vscode')).mode & 0o700).toBe(0o700);
    asUser(() => {
      chmodSync(work, 0o700);
      execFileSync('mv', ['-n', join(aside, '.vscode'), join(work, '.vscode')]);
    });
    expect(readFileSync(join(work, '.vscode/in/deep/kept'), 'utf8')).toBe('kept');
    chmodSync(join(work, '.vscode/in/deep'), 0o700);
  });

  it('[shell.set-aside-sparse] a file of holes keeps its bytes and takes no more room', () => {
    const [work, aside] = [folderIn(tmpdir()), folderIn(base)];
    const size = 64 * 1024 * 1024;
    const file = join(work, '.envrc');
    writeFileSync(file, 'begin');
    truncateSync(file, size / 2);
    appendFileSync(file, 'middle');
    truncateSync(file, size);
    const before = createHash('sha256').update(readFileSync(file)).digest('hex');
    moveAside(file, join(aside, '.envrc')).finish();
    const moved = lstatSync(join(aside, '.envrc'));
    expect(moved.size).toBe(size);
    expect(moved.blocks * 512).toBeLessThan(2 * 1024 * 1024);
    const after = createHash('sha256')
      .update(readFileSync(join(aside, '.envrc')))
      .digest('hex');
    expect(after).toBe(before);
  });

  it('[shell.set-aside-sparse] what is written late over a copy leaves nothing of what was there', () => {
    const [work, aside] = [folderIn(tmpdir()), folderIn(base)];
    const file = join(work, '.envrc');
    writeFileSync(file, 'old'.repeat(300_000));
    const late = openSync(file, 'r+');
    const moved = moveAside(file, join(aside, '.envrc'));
    const now = Buffer.alloc(1_200_000);
    now.write('end', now.length - 3);
    writeSync(late, now, 0, now.length, 0);
    closeSync(late);
    moved.finish();
    expect(readFileSync(join(aside, '.envrc')).equals(now)).toBe(true);
  });

  it('[shell.set-aside-all] names that are no text, names of full length, pipes and sockets among the files', () => {
    const [work, aside] = [folderIn(tmpdir()), folderIn(base)];
    const odd = Buffer.from([0xff, 0xfe]);
    const long = 'n'.repeat(255);
    const moved = asUser(() => {
      mkdirSync(join(work, '.vscode'));
      writeFileSync(Buffer.concat([Buffer.from(`${work}/.vscode/`), odd]), 'odd');
      writeFileSync(join(work, '.vscode', long), 'long');
      symlinkSync(odd, join(work, '.vscode/link'));
      execFileSync('mkfifo', [join(work, '.vscode/pipe')]);
      const done = moveAside(join(work, '.vscode'), join(aside, '.vscode'));
      done.finish();
      return done;
    });
    expect(readdirSync(work)).toEqual([]);
    const isCopy = base !== tmpdir();
    expect(moved.leftOut).toEqual(isCopy ? ['.vscode/pipe'] : []);
    const names = readdirSync(join(aside, '.vscode'), 'buffer').map((name) => name.toString('latin1'));
    expect(names.sort()).toEqual(['link', long, ...(isCopy ? [] : ['pipe']), 'ÿþ'].sort());
    expect(readFileSync(Buffer.concat([Buffer.from(`${aside}/.vscode/`), odd]), 'utf8')).toBe('odd');
    expect(readFileSync(join(aside, '.vscode', long), 'utf8')).toBe('long');
  });
});

it.skipIf(process.platform !== 'linux')(
  '[shell.set-aside-all] what cannot be moved gets another name in its own folder, and nobody may open it',
  () => {
    const work = folderIn(tmpdir());
    const name = asUser(() => {
      mkdirSync(join(work, '.git'));
      writeFileSync(join(work, '.git/config'), 'x');
      chmodSync(join(work, '.git'), 0o555);
      chmodSync(work, 0o555);
      return renameInPlace(join(work, '.git'));
    });
    expect(readdirSync(work)).toEqual([name]);
    expect(name).toMatch(/^set-aside-[0-9a-f]{12}$/);
    expect([lstatSync(work).mode & 0o777, lstatSync(join(work, name)).mode & 0o777]).toEqual([0o555, 0]);
  },
);
