import { expect, it } from 'vitest';
import { type NamedCall, callKey, exactCall } from '../../../src/pod/approvals/subject.ts';
import type { JsonValue } from '../../../src/std/json.ts';

const shell = (command: string, about = 'x'): NamedCall => ({
  tool: 'Bash',
  need: { kind: 'shell', command },
  input: { command, description: about },
  subject: { kind: 'command', command },
});
const inBackground = (command: string): NamedCall => ({
  ...shell(command),
  need: { kind: 'shell', command, background: true },
});
const edit = (tool: string, path: string, input: JsonValue, real = path): NamedCall => ({
  tool,
  need: { kind: 'edit', path },
  input,
  subject: { kind: 'paths', paths: [path, real], cwd: '/' },
});

it('[approval.key] [background.asked] a difference in command, tool, input, place or sandbox makes another call', () => {
  const calls: [NamedCall, boolean][] = [
    [shell('echo safe'), false],
    [shell('echo safe'), true],
    [shell('echo safe '), false],
    [inBackground('echo safe'), false],
    [shell('echo other > DANGER.txt'), false],
    [shell(''), false],
    [edit('Write', '/a', { path: '/a', content: 'x' }), false],
    [edit('Write', '/a', { path: '/a', content: 'y' }), false],
    [edit('Write', '/b', { path: '/b', content: 'x' }), false],
    [edit('Edit', '/a', { path: '/a', content: 'x' }), false],
    // The same name leads elsewhere by now.
    [edit('Write', '/a', { path: '/a', content: 'x' }, '/elsewhere'), false],
    [{ tool: 'SpawnPod', need: { kind: 'none' }, input: { name: 'a' }, subject: { kind: 'none' } }, false],
    [{ tool: 'SpawnPod', need: { kind: 'none' }, input: { name: 'b' }, subject: { kind: 'none' } }, false],
  ];
  const keys = calls.map(([call, outside]) => callKey(call, outside));
  expect(new Set(keys).size).toBe(calls.length);
  const exact = calls.map(([call]) => `${call.tool} ${exactCall(call)}`);
  // What "always" says of a sandbox stands beside it.
  expect(new Set(exact).size).toBe(calls.length - 1);
});

it('[approval.key-same] what a person would call the same call has one key', () => {
  expect(callKey(shell('ls', 'one'), false)).toBe(callKey(shell('ls', 'two'), false));
  const one = edit('Write', '/a', { path: '/a', content: 'x' });
  const two = edit('Write', '/a', { content: 'x', path: '/a' });
  expect([callKey(one, false), exactCall(one)]).toEqual([callKey(two, false), exactCall(two)]);
});
