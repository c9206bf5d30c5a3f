/**
 * How far a script is looked through for a forbidden command: each carrier, each border, and what is not
 * taken for one.
 */
import { describe, expect, it } from 'vitest';
import { holdsCommand } from '../../../src/scope/permissions/denied-command.ts';

const rm = { fits: (text: string) => text.startsWith('rm '), program: 'rm' };
const exactly = (wanted: string) => ({ fits: (text: string) => text === wanted, program: null });
/** One shell's script in another's. */
const nested = (depth: number): string =>
  Array.from({ length: depth }).reduce<string>((inside) => `bash -c ${JSON.stringify(inside)}`, 'ls x');

describe('a forbidden command', () => {
  it.each([
    'time -p rm x',
    'pkexec rm x',
    'watch rm x',
    'fakeroot rm x',
    'bash rm x',
    'tini rm x',
    'gstdbuf -o0 rm x',
    'ls | xargs rm',
    'ls | gxargs rm',
    'ls | parallel rm',
    'ls | entr rm',
    'sem rm',
    'find . -exec rm',
    'gfind . -ok rm',
    'fd -x rm',
    'fdfind --exec-batch rm',
    `echo "$('rm' x)"`,
    '/bin/* x',
    '{r..s}m x',
    '{r..q}m x',
    'sudo {q..s}m x',
    'sudo {s..q}m x',
    'sudo {q..r}m x',
    '{r..r..12}m x',
    'A[10]=2 rm x',
    'rm${IFS%?}x',
    '${AB:-rm} x',
    '$AB rm x',
    'r${AB}m x',
    '$1rm x',
    '$9/bin/rm x',
    'r$1m x',
    "mapfile -C 'rm x;:' -c 1",
    'readarray -c1 -C rm',
    "compgen -C 'rm x' y",
    "complete -C 'rm x' y",
    'hash -p /bin/rm y',
    'alias y=rm',
    '/lib64/ld-linux-x86-64.so.2 /bin/rm x',
    '/lib/ld-musl-x86_64.so.1 rm x',
    "env -S 'rm\\_x'",
    `sudo ${'a '.repeat(500)}`,
    `env ${'-Senv '.repeat(8)}ls`,
    nested(7),
  ])('[permission.wrapped] is found, or not looked for so deep: %j', (script) => {
    expect(holdsCommand(script, rm)).toBe(true);
  });

  it.each([
    'sudo {a..b}m x',
    '1A=2 rm x',
    'sudo a--b=rm x',
    'find . x-exec rm x',
    'find . -execx rm x',
    'gfind . x-ok rm x',
    'gfind . -oks rm x',
    'fd x-x rm x',
    'fd --exec-batches rm x',
    'fdfind x-x rm x',
    'fdfind --exec-batches rm x',
    `sudo ${'a '.repeat(499)}`,
    "$'' rm x",
    '{a..b}m x',
    '{a..a}rm x',
    'sudo xrm y',
    'sudo "zzrm -S"',
    'find . -S rm x',
    'find . -exec ls rm x',
    'fd rm x',
    'alias y=xrm',
    'ld-linux.sox rm x',
    `env ${'-Senv '.repeat(5)}ls`,
    nested(6),
    '',
  ])('[permission.wrapped] is not found: %j', (script) => {
    expect(holdsCommand(script, rm)).toBe(false);
  });

  it.each([
    ['rm x', 'env -Srm x', true],
    ['rm x y', 'env -iS/bin/rm x y', true],
    ['rm', 'A=/bin/rm', false],
    ['x', '/bin/r? x', false],
    ['rm', 'sudo ls rm', true],
    ['rm', 'sudo ls rm x', false],
    ['rm ', 'ls | xargs rm', true],
    ['rm ', 'sudo rm', false],
    ['xargs ', 'xargs', false],
  ])('[permission.wrapped] %j, to the letter, in %j: %j', (wanted, script, found) => {
    expect(holdsCommand(script, exactly(wanted))).toBe(found);
  });
});
