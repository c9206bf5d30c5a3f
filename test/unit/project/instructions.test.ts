import { execFileSync } from 'node:child_process';
import {
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createModel } from '../../../src/model/create.ts';
import { readInstructions, readInstructionsFor } from '../../../src/project/instructions.ts';
import { homeOf } from '../../../src/session/home/home.ts';
import type { ScopeDeny } from '../../../src/session/facts/entries.ts';
import { capable } from '../../support/capable.ts';

const isRoot = capable('root, to give files to another user', () => process.getuid?.() === 0);

let top: string;
beforeEach(() => {
  top = realpathSync(mkdtempSync(join(tmpdir(), 'podkin-project-')));
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

function put(path: string, text: string | Uint8Array): string {
  mkdirSync(join(top, path, '..'), { recursive: true });
  writeFileSync(join(top, path), text);
  return join(top, path);
}

function read(cwd: string, options: { deny?: ScopeDeny[]; personHome?: string } = {}) {
  const home = homeOf({ PODKIN_HOME: join(top, 'home-of-podkin') });
  const { deny = [], personHome = null } = options;
  return readInstructions({ home, deny }, { cwd: join(top, cwd), personHome });
}
async function touched(cwd: string, path: string, known: readonly string[] = []) {
  const home = homeOf({ PODKIN_HOME: join(top, 'home-of-podkin') });
  const place = { cwd: join(top, cwd), personHome: null };
  const isKnown = (one: string) => known.includes(one);
  const { files } = await readInstructionsFor({ home, deny: [] }, place, {
    path: join(top, path),
    known: isKnown,
  });
  return files.map(({ text }) => text);
}
const textsOf = async (...args: Parameters<typeof read>) =>
  (await read(...args)).files.map(({ text }) => text);

describe('instructions', () => {
  it("[project.instructions] from the working directory up to the repository's root, the nearest last", async () => {
    put('AGENTS.md', 'above');
    mkdirSync(join(top, 'repo/.git'), { recursive: true });
    const root = put('repo/AGENTS.md', 'root');
    const nearest = put('repo/packages/a/AGENTS.md', 'nearest');
    expect(await read('repo/packages/a')).toEqual({
      files: [
        { path: root, text: 'root' },
        { path: nearest, text: 'nearest' },
      ],
      leftOut: [],
    });
    expect(await textsOf('repo')).toEqual(['root']);
    // A worktree and a submodule have a file of that name.
    put('repo/packages/a/.git', 'gitdir: elsewhere');
    expect(await textsOf('repo/packages/a')).toEqual(['nearest']);
  });

  it('[project.instructions] without a repository only the working directory, and none above the home', async () => {
    put('AGENTS.md', 'above');
    put('me/AGENTS.md', 'home');
    put('me/work/AGENTS.md', 'work');
    expect(await textsOf('me/work')).toEqual(['work']);
    mkdirSync(join(top, '.git'));
    expect(await textsOf('me/work', { personHome: join(top, 'me') })).toEqual(['home', 'work']);
    expect(await textsOf('me/work')).toEqual(['above', 'home', 'work']);
    mkdirSync(join(top, 'me/.git'));
    expect(await textsOf('me/work', { personHome: join(top, 'me') })).toEqual(['home', 'work']);
  });

  it("[project.user-instructions] the person's own AGENTS.md comes first, opened as any", async () => {
    const own = put('home-of-podkin/config/AGENTS.md', 'mine');
    put('home-of-podkin/config/CLAUDE.md', 'no');
    put('work/AGENTS.md', 'work');
    expect(await textsOf('work')).toEqual(['mine', 'work']);
    expect(await textsOf('work', { deny: [{ path: own, right: 'read' }] })).toEqual(['work']);
    rmSync(own);
    symlinkSync('../../work/AGENTS.md', own);
    expect(await read('work')).toMatchObject({
      files: [{ text: 'work' }],
      leftOut: [`Left out, as it is or goes through a link that leads out of its folder: ${own}`],
    });
    rmSync(own);
    expect(await textsOf('work')).toEqual(['work']);
    // Whoever works in the folder of the configuration is given its file once.
    put('home-of-podkin/config/AGENTS.md', 'mine');
    expect(await textsOf('home-of-podkin/config')).toEqual(['mine']);
  });

  it('[project.claude-file] CLAUDE.md counts in a folder that has no AGENTS.md, whatever that is', async () => {
    mkdirSync(join(top, 'repo/.git'), { recursive: true });
    put('repo/CLAUDE.md', 'root');
    put('repo/a/AGENTS.md', 'both');
    put('repo/a/CLAUDE.md', 'unread');
    put('repo/a/b/CLAUDE.md', 'unread');
    mkdirSync(join(top, 'repo/a/b/AGENTS.md'));
    expect(await read('repo/a/b')).toMatchObject({
      files: [{ text: 'root' }, { text: 'both' }],
      leftOut: [`Left out, as it is no regular file: ${join(top, 'repo/a/b/AGENTS.md')}`],
    });
  });

  it('[project.instructions-below] a path that is touched brings those of the folders on the way to it', async () => {
    mkdirSync(join(top, 'repo/.git'), { recursive: true });
    put('AGENTS.md', 'above');
    put('repo/AGENTS.md', 'root');
    put('repo/a/AGENTS.md', 'a');
    const deep = put('repo/a/b/CLAUDE.md', 'b');
    put('repo/a/b/c/AGENTS.md', 'c');
    put('repo/other/AGENTS.md', 'other');
    put('repo/node_modules/x/AGENTS.md', 'theirs');
    put('repo/a/b/file', '');
    expect(await touched('repo', 'repo/a/b/file')).toEqual(['a', 'b']);
    expect(await touched('repo', 'repo/a/b/new/file')).toEqual(['a', 'b']);
    expect(await touched('repo', 'repo/a/b')).toEqual(['a', 'b']);
    expect(await touched('repo', 'repo/a/b/file', [deep])).toEqual(['a']);
    expect(await touched('repo', 'repo/file')).toEqual([]);
    expect(await touched('repo', 'repo/node_modules/x/y')).toEqual([]);
    // Beside the working directory, in the same repository; nothing outside of that.
    expect(await touched('repo/a', 'repo/other/x')).toEqual(['other']);
    expect(await touched('repo/a/b', 'repo/a/x')).toEqual([]);
    put('elsewhere/AGENTS.md', 'elsewhere');
    expect(await touched('repo', 'elsewhere/x')).toEqual([]);
    symlinkSync('../../elsewhere', join(top, 'repo/a/link'));
    expect(await touched('repo', 'repo/a/link/x')).toEqual([]);
    // A repository inside of it speaks, and those who begin in it hear nothing of the outer one.
    mkdirSync(join(top, 'repo/a/b/.git'));
    expect(await touched('repo', 'repo/a/b/c/x')).toEqual(['a', 'b', 'c']);
    expect(await touched('repo/a/b', 'repo/a/b/c/x')).toEqual(['c']);
    expect(await touched('repo/a/b', 'repo/other/x')).toEqual([]);
  });

  it('[project.instructions-below] without a repository only below the working directory', async () => {
    put('work/sub/AGENTS.md', 'sub');
    put('beside/AGENTS.md', 'beside');
    expect(await touched('work', 'work/sub/x')).toEqual(['sub']);
    expect(await touched('work', 'beside/x')).toEqual([]);
  });

  it.runIf(isRoot)('[project.instructions] a .git of another user makes no repository', async () => {
    put('AGENTS.md', 'above');
    put('work/AGENTS.md', 'work');
    mkdirSync(join(top, '.git'));
    chownSync(join(top, '.git'), 12_345, 12_345);
    expect(await textsOf('work')).toEqual(['work']);
  });

  it('[project.instructions-denied] denies count, as they are and through a link, and roots do not', async () => {
    mkdirSync(join(top, 'repo/.git'), { recursive: true });
    const root = put('repo/AGENTS.md', 'root');
    put('repo/a/other.md', 'other');
    symlinkSync('other.md', join(top, 'repo/a/AGENTS.md'));
    expect(await textsOf('repo/a')).toEqual(['root', 'other']);
    const deny: ScopeDeny[] = [
      { path: root, right: 'read' },
      { path: join(top, 'repo/a/other.md'), right: 'read' },
    ];
    expect(await read('repo/a', { deny })).toEqual({
      files: [],
      leftOut: [
        `Left out, as it is denied for reading: ${root}`,
        `Left out, as it is denied for reading: ${join(top, 'repo/a/AGENTS.md')}`,
      ],
    });
    expect(await textsOf('repo', { deny: [{ path: root, right: 'write' }] })).toEqual(['root']);
  });

  it.each([
    ['a pipe', (path: string) => void execFileSync('mkfifo', [path]), 'is no regular file'],
    ['a folder', (path: string) => mkdirSync(path), 'is no regular file'],
    [
      'a link to a device',
      (path: string) => symlinkSync('/dev/zero', path),
      'a link that leads out of its folder',
    ],
    [
      'a link to the keys',
      (path: string) => symlinkSync('/proc/self/environ', path),
      'leads out of its folder',
    ],
    ['a link out', (path: string) => symlinkSync('../secret', path), 'a link that leads out of its folder'],
    ['a link to nothing', (path: string) => symlinkSync('nothing', path), 'is a link to nothing'],
    ['a ring of links', (path: string) => symlinkSync('AGENTS.md', path), 'cannot be read (ELOOP)'],
  ])('[project.odd-files] %s is left out with the reason, and hangs nothing', async (_, make, why) => {
    put('secret', 'secret');
    mkdirSync(join(top, 'work'));
    make(join(top, 'work/AGENTS.md'));
    const { files, leftOut } = await read('work');
    expect(files).toEqual([]);
    expect(leftOut).toHaveLength(1);
    expect(leftOut[0]).toContain(why);
  });

  const marked = Buffer.from('\uFEFFgr\u00fc\u00df\r\n', 'utf16le');

  it.each([
    ['UTF-8 with its mark', Buffer.from('\uFEFFgr\u00fc\u00df\r\n')],
    ['UTF-16LE', marked],
    ['UTF-16BE', Buffer.from(marked).swap16()],
  ])('[project.encodings] instructions in %s are read', async (_, bytes) => {
    put('AGENTS.md', bytes);
    expect(await read('')).toMatchObject({ files: [{ text: 'gr\u00fc\u00df\r\n' }], leftOut: [] });
  });

  it('[project.encodings] instructions in UTF-16 are cut at a character', async () => {
    put('AGENTS.md', Buffer.from(`\uFEFF${'\u{1F600}'.repeat(10_000)}`, 'utf16le'));
    expect((await read('')).files[0]?.text).toBe(`${'\u{1F600}'.repeat(8_191)}\n(cut here)`);
  });

  it.each([
    ['Latin-1', Buffer.from('gr\u00fcn', 'latin1')],
    ['UTF-16 without its mark', marked.subarray(2)],
    ['UTF-16 with half a pair', Buffer.from('\uFEFFa\uD800b', 'utf16le')],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0])],
  ])('[project.encodings] instructions in %s are left out, and that is said', async (_, bytes) => {
    const path = put('AGENTS.md', bytes);
    expect(await read('')).toEqual({
      files: [],
      leftOut: [`Left out, as it is text neither in UTF-8 nor in UTF-16 with its mark: ${path}`],
    });
  });

  it.runIf(isRoot)('[project.odd-files] a file of another user is left out', async () => {
    chownSync(put('AGENTS.md', 'theirs'), 12_345, 12_345);
    expect(await read('')).toEqual({
      files: [],
      leftOut: [`Left out, as it belongs to another user (12345): ${join(top, 'AGENTS.md')}`],
    });
  });

  it('[project.odd-files] a large file is cut at a character and that is said; a second name of a file is read', async () => {
    const long = put('AGENTS.md', `a${'é'.repeat(20_000)}`);
    const { files, leftOut } = await read('');
    expect(files[0]?.text).toBe(`a${'é'.repeat(16_383)}\n(cut here)`);
    expect(leftOut).toEqual([`Cut, as it is larger than 32 KiB: ${long}`]);
    mkdirSync(join(top, 'b'));
    linkSync(put('exact', 'x'.repeat(32 * 1024)), join(top, 'b/AGENTS.md'));
    expect(await textsOf('b')).toEqual(['x'.repeat(32 * 1024)]);
  });
});

describe('scenario files', () => {
  const open = (path: string) => createModel(`script/${path}`, {}, { cwd: top });

  it.each([
    ['a pipe', (path: string) => void execFileSync('mkfifo', [path]), /is not a file/],
    ['a device', (path: string) => symlinkSync('/dev/zero', path), /is not a file/],
    [
      'a link out',
      (path: string) => symlinkSync('/etc/passwd', path),
      /is a link that leads out of its folder/,
    ],
    [
      'a large file',
      (path: string) => writeFileSync(path, '#'.repeat(1024 * 1024 + 1)),
      /is larger than 1024 KiB/,
    ],
    ['a file in Latin-1', (path: string) => writeFileSync(path, '# \u00e9', 'latin1'), /is not UTF-8/],
  ])('[project.scenario] %s is refused at once', async (_, make, why) => {
    make(join(top, 'scenario.yaml'));
    await expect(open('scenario.yaml')).rejects.toThrow(why);
  });

  it.runIf(isRoot)('[project.scenario] a file of another user is refused', async () => {
    chownSync(put('scenario.yaml', 'rules: [{ say: hello }]'), 12_345, 12_345);
    await expect(open('scenario.yaml')).rejects.toThrow('belongs to another user (12345)');
  });

  it('[project.scenario] a mistake is told without the lines of the file', async () => {
    put('scenario.yaml', 'password: SECRET\n  machine: [x\n');
    const error = await open('scenario.yaml').catch((one: unknown) => one);
    expect(String(error)).toMatch(/is not YAML at line \d+, column \d+/);
    expect(String(error)).not.toContain('SECRET');
  });
});
