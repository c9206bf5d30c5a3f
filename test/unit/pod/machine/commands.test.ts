/** Commands in the background as inputs: begun, ended, and reported once. */
import { describe, expect, it } from 'vitest';
import {
  type CommandEnded,
  onCommandEnded,
  onCommandStarted,
} from '../../../../src/pod/machine/command-inputs.ts';
import { recoverPreviousRun, systemItemsFromBuffer } from '../../../../src/pod/machine/state.ts';
import { endedKept } from '../../../../src/session/facts/command-facts.ts';
import type { EntryBody } from '../../../../src/session/facts/entries.ts';
import { machineOf } from '../../machine-rig.ts';

const begun = (command: string): EntryBody => ({
  type: 'commandStarted',
  command,
  call: 'c',
  turn: 't',
  text: 'npm run dev',
  write: ['/w'],
  deny: [],
  hops: 3,
});
const end = (command: string, fields: Partial<CommandEnded> = {}): CommandEnded => ({
  command,
  how: 'exited',
  exitCode: 1,
  signal: null,
  durationMs: 2_000,
  bytes: 4,
  tail: 'no\u001B[31m``` port',
  notes: [],
  reads: true,
  wakes: true,
  ...fields,
});

describe('[background.machine] a command in the background', () => {
  it('has the next number, the hops of its turn, and its beginning alone in the log', () => {
    const { core, committed } = machineOf([begun('command-1')]);
    const scope = { read: [], write: ['/w'], deny: [{ path: '/w/x', right: 'write' as const }] };
    expect(onCommandStarted(core, { call: 'c2', text: 'x'.repeat(900), scope })).toBe('command-2');
    expect(committed[0]).toMatchObject([{ command: 'command-2', write: ['/w'], deny: ['/w/x'], hops: 0 }]);
    onCommandStarted(core, { call: 'c3', text: 'x', scope: { read: [], write: ['/w'] } });
    const [entry] = committed[1] ?? [];
    expect(entry).toEqual({ ...begun('command-3'), call: 'c3', turn: '', text: 'x', hops: 0 });
    expect(core.facts.commands.open.get('command-2')?.text).toHaveLength(500);
  });

  it('that ends by itself wakes a pod at rest, and one whose end a call has reported does not', () => {
    for (const reads of [true, false]) {
      const { core, performed } = machineOf([begun('command-1')]);
      expect(onCommandEnded(core, end('command-1', { reads, wakes: reads }))).toBe(true);
      const isWoken = performed.some((effect) => effect.type === 'timer' && effect.name === 'coalesce');
      expect([isWoken, core.facts.notifyBuffer.length]).toEqual([reads, reads ? 1 : 0]);
      expect(performed).toContainEqual({ type: 'statusChanged' });
    }
  });

  it('ends once: a second end is passed over, and one that could not be written is said again', () => {
    const machine = machineOf([begun('command-1')]);
    machine.refusal = new Error('full');
    expect(onCommandEnded(machine.core, end('command-1'))).toBe(false);
    machine.refusal = null;
    expect(onCommandEnded(machine.core, end('command-1'))).toBe(true);
    expect(onCommandEnded(machine.core, end('command-1'))).toBe(true);
    const ends = machine.committed.flat().filter(({ type }) => type === 'commandEnded');
    expect([ends.length, machine.core.facts.notifyBuffer.length]).toEqual([1, 1]);
  });

  it('is reported in words that it cannot break out of', () => {
    const { core } = machineOf([begun('command-1'), { type: 'commandEnded', ...end('command-1') }]);
    const [item] = systemItemsFromBuffer(core, 't');
    expect(item).toMatchObject({ type: 'systemItem', item: { kind: 'command', command: 'command-1' } });
    expect(item?.type === 'systemItem' ? item.item.body : '').toBe(
      'The command "command-1" in the background has ended (exit code 1) after 2 s: "npm run dev"\nThe end of its output:\n````data\nno``` port\n````\nWhat is kept of its output: ReadOutput { "name": "command-1" }',
    );
  });

  it('leaves the newest ends known', () => {
    const lines = Array.from({ length: endedKept + 3 }, (_, at) => `command-${at + 1}`).flatMap(
      (command): EntryBody[] => [begun(command), { type: 'commandEnded', ...end(command) }],
    );
    const { commands } = machineOf(lines).core.facts;
    expect([commands.started, commands.open.size, [...commands.ended.keys()][0]]).toEqual([
      endedKept + 3,
      0,
      'command-4',
    ]);
  });
});

it('[background.known-end] what ran when the process died has ended with it, once, and wakes nobody', () => {
  const { core, committed, performed } = machineOf([begun('command-1')]);
  recoverPreviousRun(core);
  recoverPreviousRun(core);
  const unknown = { exitCode: null, signal: null, durationMs: null, bytes: null, tail: '', notes: [] };
  expect(committed).toEqual([
    [
      {
        type: 'commandEnded',
        command: 'command-1',
        how: 'withPod',
        ...unknown,
        reads: true,
        wakes: false,
      },
    ],
  ]);
  expect(core.facts.notifyBuffer).toMatchObject([{ wakes: false, content: { kind: 'command' } }]);
  expect(performed).toEqual([]);
});
