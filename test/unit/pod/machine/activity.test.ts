/** What a pod is at, in words: each kind by itself. */
import { describe, expect, it } from 'vitest';
import {
  activityOf,
  callsIn,
  commandsIn,
  noOutput,
  type Output,
  tokensOf,
} from '../../../../src/pod/machine/activity.ts';
import type { Live } from '../../../../src/pod/machine/core.ts';
import { treeBounds } from '../../../../src/protocol/tree.ts';
import { type Line, assigned, begun, called, child, kid, machineOf, timeOf } from '../../machine-rig.ts';

const nowMs = Date.parse('2026-01-01T01:00:00.000Z');
const ago = (ms: number) => new Date(nowMs - ms).toISOString();
const asked = (ms: number): Partial<Live> => ({
  mode: 'running',
  provider: { askedAt: ago(ms), failing: null },
});
const output = (first: number, last: number): Output => ({
  chars: 9,
  firstAtMs: nowMs - first,
  lastAtMs: nowMs - last,
});

const runs = (command: string, text = 'npm run dev'): Line => ({
  type: 'commandStarted',
  command,
  call: 'c',
  turn: 't0',
  text,
  write: [],
  deny: [],
  hops: 0,
});
const failing = (mode: Live['mode']): Partial<Live> => ({
  mode,
  provider: { askedAt: null, failing: { since: ago(7), until: null, reason: '429' } },
});

interface Case {
  log?: Line[];
  live?: Partial<Live>;
  output?: Output;
  is: object | null;
}

describe('the activity of a pod', () => {
  it.each<[string, Case]>([
    ['at rest', { is: null }],
    [
      'that has asked its model',
      {
        log: [begun('t1')],
        live: asked(900),
        is: { kind: 'request', text: 'asks the model', since: ago(900) },
      },
    ],
    [
      'that has heard nothing for long',
      {
        log: [begun('t1')],
        live: asked(9_000),
        is: { kind: 'request', text: 'no token', since: ago(9_000) },
      },
    ],
    [
      'that is answered',
      {
        log: [begun('t1')],
        live: asked(60_000),
        output: output(50_000, 100),
        is: { kind: 'request', text: 'answers', since: ago(50_000) },
      },
    ],
    [
      'that is answered no more',
      {
        log: [begun('t1')],
        live: asked(60_000),
        output: output(50_000, 45_000),
        is: { kind: 'request', text: 'no token', since: ago(45_000) },
      },
    ],
    [
      'whose provider fails',
      {
        log: [begun('t1')],
        live: {
          mode: 'running',
          provider: { askedAt: null, failing: { since: ago(7), until: null, reason: '429' } },
        },
        is: { kind: 'retry', text: '429', since: ago(7) },
      },
    ],
    [
      'that runs two calls',
      {
        log: [begun('t1'), called('t1', 'c1'), called('t1', 'c2')],
        live: { mode: 'running' },
        is: { kind: 'tool', text: expect.stringContaining(' and 1 more'), since: timeOf(4) },
      },
    ],
    [
      'that has heard nothing for just so long',
      {
        log: [begun('t1')],
        live: asked(5_000),
        is: { kind: 'request', text: 'no token', since: ago(5_000) },
      },
    ],
    ['at rest, whose provider failed before', { live: failing('idle'), is: null }],
    [
      'that runs one call',
      {
        log: [begun('t1'), called('t1', 'c1')],
        live: { mode: 'running' },
        is: { kind: 'tool', text: 'Bash', since: timeOf(4) },
      },
    ],
    [
      'with a command in its background',
      {
        log: [runs('command-1')],
        is: { kind: 'tool', text: 'in the background: npm run dev', since: timeOf(3) },
      },
    ],
    [
      'with three of them, the first in long words',
      {
        log: [runs('command-1', 'x'.repeat(500)), runs('command-2'), runs('command-3')],
        is: {
          kind: 'tool',
          text: expect.stringMatching(/^in the background: x+…? and 2 more$/),
          since: timeOf(3),
        },
      },
    ],
    [
      'that waits in more words than are shown',
      {
        log: [begun('t1')],
        live: {
          mode: 'running',
          provider: { askedAt: null, failing: { since: ago(7), until: null, reason: 'r'.repeat(999) } },
        },
        is: { kind: 'retry', text: 'r'.repeat(treeBounds.wordsMax), since: ago(7) },
      },
    ],
    [
      'that waits for a child',
      {
        log: [child(kid, 'linked'), assigned('a1')],
        is: { kind: 'wait', text: 'children: kid', since: timeOf(4) },
      },
    ],
  ])('[screen.activity] %s', (_, { log = [], live = {}, output: heard = noOutput, is }) => {
    const { core } = machineOf(log, { live });
    expect(activityOf(core, { scope: null, nowMs, output: heard })).toEqual(is);
  });

  it('[screen.activity] calls and commands of nothing are none, and each command has its name', () => {
    const { facts } = machineOf([runs('command-1'), runs('command-2', 'ls')]).core;
    expect(callsIn(facts)).toBeNull();
    expect(commandsIn(facts)).toEqual([
      { name: 'command-1', text: 'npm run dev', since: timeOf(3) },
      { name: 'command-2', text: 'ls', since: timeOf(4) },
    ]);
  });

  it('[screen.activity] a token is about four characters', () => {
    expect([0, 1, 4, 5].map((chars) => tokensOf({ ...noOutput, chars }))).toEqual([0, 1, 1, 2]);
  });
});
