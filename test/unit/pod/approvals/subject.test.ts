/** What a call is known by: what rules are held against, and what a person reads. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { callKey, exactCall, subjectOf, summaryOf } from '../../../../src/pod/approvals/subject.ts';
import type { ToolNeed } from '../../../../src/scope/permissions/permission.ts';
import type { JsonValue } from '../../../../src/std/json.ts';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'pk-subject-')));
afterAll(() => rmSync(base, { recursive: true }));
mkdirSync(join(base, 'real'));
writeFileSync(join(base, 'real', 'file'), '');
writeFileSync(join(base, 'plain'), '');
symlinkSync(join(base, 'real'), join(base, 'link'));
symlinkSync(join(base, 'loop'), join(base, 'loop'));
const at = (name: string) => join(base, name);

it.each<[string, ToolNeed, Awaited<ReturnType<typeof subjectOf>>]>([
  ['a tool that touches nothing', { kind: 'none' }, { kind: 'none' }],
  ['a tool from outside', { kind: 'unknown' }, { kind: 'none' }],
  ['a shell', { kind: 'shell', command: 'ls -l' }, { kind: 'command', command: 'ls -l' }],
  ['another pod', { kind: 'tree', name: 'kid', writes: true }, { kind: 'name', name: 'kid' }],
  [
    'a path that is no link, once',
    { kind: 'read', path: at('plain') },
    { kind: 'paths', paths: [at('plain')], cwd: '/w' },
  ],
  [
    'a path through a link, by both names',
    { kind: 'edit', path: at('link/file') },
    { kind: 'paths', paths: [at('link/file'), at('real/file')], cwd: '/w' },
  ],
  [
    'what is not there yet, below where the link leads',
    { kind: 'edit', path: at('link/new/one') },
    { kind: 'paths', paths: [at('link/new/one'), at('real/new/one')], cwd: '/w' },
  ],
  [
    'a link to itself, by its own name',
    { kind: 'read', path: at('loop') },
    { kind: 'paths', paths: [at('loop')], cwd: '/w' },
  ],
])('[approvals.subject] %s', async (_, need, subject) => {
  expect(await subjectOf(need, '/w')).toEqual(subject);
});

const shell = (command: string): ToolNeed => ({ kind: 'shell', command });
const left = (count: number) =>
  `\n[… and ${count} more characters that are not shown here; "podkin approvals --full" shows them]`;

it.each<[string, ToolNeed, JsonValue, string]>([
  ['a command as it is', shell('ls "a"'), { command: 'ls "a"' }, 'ls "a"'],
  ['any other input as JSON', { kind: 'read', path: '/a' }, { path: '/a' }, '{"path":"/a"}'],
  ['an input of a tool from outside', { kind: 'unknown' }, { a: 1 }, '{"a":1}'],
  [
    'the check that a role brings along',
    { kind: 'tree', name: 'k', writes: false, check: 'npm test' },
    { profile: 'p' },
    'its check: npm test\n{"profile":"p"}',
  ],
  [
    'a check of the call once',
    { kind: 'tree', name: 'k', writes: false, check: 'make' },
    { check: 'make' },
    '{"check":"make"}',
  ],
  ['4,000 characters whole', shell('x'.repeat(4_000)), null, 'x'.repeat(4_000)],
  ['one more is cut', shell('x'.repeat(4_001)), null, `${'x'.repeat(4_000)}${left(1)}`],
  ['half a character is none, whole', shell('a\ud83d'), null, 'a\ufffd'],
  [
    'half a character is none, cut',
    shell(`${'x'.repeat(3_999)}😀y`),
    null,
    `${'x'.repeat(3_999)}\ufffd${left(2)}`,
  ],
])('[approvals.subject] a person reads %s', (_, need, input, text) => {
  expect(summaryOf(need, input)).toBe(text);
});

it('[approval.key] lists, nothing and nested fields keep their places', () => {
  const keyOf = (input: JsonValue) =>
    callKey({ tool: 'Other', need: { kind: 'none' }, input, subject: { kind: 'none' } }, false);
  const inputs: JsonValue[] = [
    ['a', 'b'],
    ['b', 'a'],
    { 0: 'a', 1: 'b' },
    { a: null },
    {},
    { a: { b: 1, c: 2 } },
    { a: { b: 2, c: 1 } },
    null,
    'text',
  ];
  expect(new Set(inputs.map(keyOf)).size).toBe(inputs.length);
  expect(keyOf({ a: { c: 2, b: 1 } })).toBe(keyOf({ a: { b: 1, c: 2 } }));
});

it('[approval.key-same] "always" to a command is said to its text, to any other call to all of it', () => {
  const call = { tool: 'Bash', input: {}, subject: { kind: 'none' } } as const;
  expect(exactCall({ ...call, need: shell('ls') })).toBe('ls');
  expect(exactCall({ ...call, need: { kind: 'none' } })).toMatch(/^[0-9a-f]{64}$/);
});
