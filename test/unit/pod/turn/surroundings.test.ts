/** When git is asked whether all is committed, and what is said where it is not. */
import { expect, it } from 'vitest';
import type { Pod } from '../../../../src/pod/pod.ts';
import { SurroundingsReader } from '../../../../src/pod/turn/surroundings.ts';
import type { SessionEntry } from '../../../../src/session/facts/entries.ts';
import type { ToolContext } from '../../../../src/tools/tool.ts';
import { above, session } from '../../machine-rig.ts';

const head = { kind: 'branch', name: 'main' } as const;

/** `answers`: what git says, and how long it takes; the last again and again. */
function readerOf(answers: [boolean | null, number][], fields: Partial<SessionEntry> = {}) {
  const asked: (readonly string[])[] = [];
  let nowMs = 0;
  const kinds = { kind: 'run' };
  const pod = {
    session: session(fields),
    facts: { turn: kinds },
    claims: { now: () => ({ read: ['/w'], write: [] }) },
    host: {
      clock: { now: () => nowMs, wallMs: () => new Date(2026, 0, 31, 23, 59).getTime() },
      work: {
        machine: { system: 'S', shell: '/bin/sh' },
        repository: () => Promise.resolve({ root: '/w', head, store: '/w/.git' }),
        hasUncommitted: (_: ToolContext, read: readonly string[]) => {
          const [says, ms] = answers[Math.min(asked.length, answers.length - 1)] ?? [null, 0];
          asked.push(read);
          nowMs += ms;
          return Promise.resolve(says);
        },
      },
    },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the reader asks for is in it
  const reader = new SurroundingsReader(pod as unknown as Pod);
  const now = async (kind = 'run') => {
    kinds.kind = kind;
    return (await reader.now({} as ToolContext)).repository?.isDirty;
  };
  return { reader, asked, now };
}

it('[prompt.surroundings] git is asked for a run and a turn that goes on, and what it said holds for notices', async () => {
  const { asked, now, reader } = readerOf([
    [true, 50],
    [false, 50],
  ]);
  expect(await now()).toBe(true);
  expect(await now('runForNotification')).toBe(true);
  expect(await now('resume')).toBe(false);
  expect(asked).toEqual([
    ['/w', '/w/.git'],
    ['/w', '/w/.git'],
  ]);
  expect(await reader.now({} as ToolContext)).toEqual({
    day: '2026-01-31',
    system: 'S',
    shell: '/bin/sh',
    mode: null,
    repository: { root: '/w', head, isDirty: false },
  });
});

it('[prompt.surroundings] a repository that is too large is asked twice, and not again', async () => {
  const { asked, now } = readerOf([[null, 1_000]]);
  for (let turn = 1; turn <= 4; turn += 1) expect(await now()).toBe(null);
  expect(asked).toHaveLength(2);
});

it.each<[string, Partial<SessionEntry>]>([
  ['a child', { parent: above }],
  ['a pod that plans', { permissionMode: 'plan' }],
  ['a pod whose commands reach the network', { settings: { sandbox: { network: true } } }],
])('[prompt.surroundings] git is not asked for %s', async (_, fields) => {
  const { asked, now } = readerOf([[true, 50]], fields);
  expect(await now()).toBe(null);
  expect(asked).toEqual([]);
});
