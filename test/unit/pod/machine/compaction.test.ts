/** A compaction that a person asks for: when it is due, what controls do to it, and its end, as tables. */
import { describe, expect, it } from 'vitest';
import { onCompact, endCompaction } from '../../../../src/pod/machine/compaction-inputs.ts';
import type { Core, Effect } from '../../../../src/pod/machine/core.ts';
import { onCancel, onPause, onResume, onRun } from '../../../../src/pod/machine/inputs.ts';
import { boot, endTurn } from '../../../../src/pod/machine/state.ts';
import type { CompactionFailedEntry } from '../../../../src/session/facts/context-entries.ts';
import type { EntryBody } from '../../../../src/session/facts/entries.ts';
import {
  asked as saidBy,
  assigned,
  begun,
  ended,
  factsOf,
  input,
  machineOf,
  notice,
  run,
  stopped,
  working,
} from '../../machine-rig.ts';
import { type InputCase, changed, playInput, starts } from './inputs-rig.ts';

const asked: EntryBody = { type: 'compactionAsked', instructions: null };
const compacts: Effect[] = [{ type: 'compact' }, changed];
const running = { mode: 'running', control: null } as const;
const usage = { inputTokens: 0, outputTokens: 0, cost: 0 };
const dropped = (reason: string, turn = ''): CompactionFailedEntry => ({
  type: 'compactionFailed',
  turn,
  why: 'asked',
  reason,
  usage,
  before: 0,
});
const did: EntryBody = {
  type: 'compaction',
  turn: '',
  why: 'asked',
  through: 5,
  model: 'm',
  kept: [],
  summary: 'S',
  table: '',
  usage,
  before: 900,
  after: 100,
};
const asks = (core: Core) => onCompact(core, null);
const stop = { ...stopped(1), reason: 'x' };

const rows: Record<string, InputCase> = {
  'of an idle pod: it begins at once': {
    does: asks,
    answers: { when: 'now', seq: 3 },
    commits: [[asked]],
    performs: compacts,
    after: running,
  },
  'of a running one: nothing begins beside its turn': {
    log: working('t1', 'r1'),
    live: { mode: 'running' },
    does: asks,
    answers: { when: 'nextRequest', seq: 6 },
    commits: [[asked]],
  },
  'of a paused one: it waits': {
    log: [input('pause')],
    does: asks,
    answers: { when: 'whenResumed', seq: 4 },
    commits: [[asked]],
  },
  'of one that waits for its paths: it waits too': {
    log: [{ type: 'scopeWait', state: 'waits', since: 'then', reason: 'a' }],
    does: asks,
    answers: { when: 'whenResumed', seq: 4 },
    commits: [[asked]],
  },
  'of one that makes another: it comes with the next request': {
    log: [asked],
    live: { mode: 'running' },
    does: asks,
    answers: { when: 'nextRequest', seq: 4 },
    commits: [[asked]],
  },
  'of an idle one with a run in its queue: its turn makes it': {
    log: [run('r1')],
    does: asks,
    answers: { when: 'nextRequest', seq: 4 },
    commits: [[asked], [begun('id-1', { submissions: ['r1'] }), saidBy('id-1', 'r1')]],
    performs: starts('id-1'),
    after: running,
  },
  'of a stopping one: it is refused': {
    live: { mode: 'stopping' },
    does: asks,
    refuses: { code: 'stopping', message: 'The pod is stopping; restore it first.' },
  },
  'and a resume: it begins': {
    log: [input('pause'), asked],
    does: onResume,
    commits: [[{ ...input('resume'), submission: 'id-1' }]],
    performs: [changed, ...compacts],
    after: running,
  },
  'and a restart: it begins': { log: [asked], does: boot, performs: compacts, after: running },
  'and an end in order: it is not begun by the next start': { log: [asked, stop], does: boot },
  'and a cancel while paused: it is dropped': {
    log: [...working('t1', 'r1'), ended('t1', 'paused'), asked, input('cancel')],
    does: boot,
  },
  'notices wait behind it': {
    log: [notice('n1'), asked],
    does: boot,
    performs: compacts,
    after: running,
  },
};

describe('a compaction is asked for', () => {
  it.each(Object.entries(rows))('[context.asked] %s', (_, row) => playInput(row));
  it('[context.asked] and a run waits: that begins first, and its turn makes it', () => {
    const { core, performed } = machineOf([run('r1'), asked]);
    boot(core);
    expect(performed).toEqual([{ type: 'startTurn', turn: 'id-1' }, changed]);
  });
  it('[context.asked] and its turn is cancelled: it is dropped with it, in the same append', () => {
    const machine = machineOf([...working('t1', 'r1'), asked], { live: { mode: 'running' } });
    endTurn(machine.core, { outcome: 'cancelled', durationMs: 1 });
    expect(machine.committed[0]?.map(({ type }) => type)).toEqual(['compactionFailed', 'turnEnded']);
    expect(machine.committed[0]?.[0]).toEqual(dropped('the turn was cancelled', 't1'));
    expect(machine.core.live.mode).toBe('idle');
  });
  it('[context.asked] and its turn ends another way: it is made behind it', () => {
    const machine = machineOf([...working('t1', 'r1'), asked], { live: { mode: 'running' } });
    endTurn(machine.core, { outcome: 'limitReached', reason: 'steps', durationMs: 1 });
    expect(machine.performed).toEqual([changed, ...compacts]);
  });
});

const under = (log: EntryBody[] = []): InputCase & { live: object } => ({
  log: [asked, ...log],
  live: { mode: 'running' },
  does: (core) => endCompaction(core, null),
});

const endings: Record<string, InputCase> = {
  'made: the pod is idle': { ...under([did]), performs: [changed], after: { mode: 'idle' } },
  'not made: it says why, once': {
    ...under(),
    does: (core) => endCompaction(core, 'it was cancelled'),
    commits: [[dropped('it was cancelled')]],
    performs: [changed],
    after: { mode: 'idle' },
  },
  'made, and something else went wrong: nothing is said against the log': {
    ...under([did]),
    does: (core) => endCompaction(core, 'it was cancelled'),
    performs: [changed],
    after: { mode: 'idle' },
  },
  'paused: it stays due, and nothing begins': {
    ...under(),
    live: { mode: 'running', control: { kind: 'pause', by: 'person' } },
    commits: [[{ ...input('pause'), submission: 'id-1' }]],
    performs: [changed],
    after: { mode: 'idle', control: null },
  },
  'beside a turn: nothing': { ...under(working('t1', 'r1')) },
  'of a pod that stops: nothing': { ...under(), live: { mode: 'stopping' } },
  'put off by a pause that was taken back: it begins anew': {
    ...under(),
    performs: [changed, ...compacts],
    after: running,
  },
};

describe('its end', () => {
  it.each(Object.entries(endings))('[context.asked] %s', (_, row) => playInput(row));
  it('[context.asked] a notice that came meanwhile has waited long enough', () => {
    const { core, performed } = machineOf([asked, did, notice('n1')], { live: { mode: 'running' } });
    endCompaction(core, null);
    expect(performed).toEqual([changed, ...starts('id-1')]);
  });
  it('[context.asked] a run that came meanwhile begins', () => {
    const { core, performed } = machineOf([asked, did, run('r1')], { live: { mode: 'running' } });
    endCompaction(core, null);
    expect(performed).toEqual([changed, { type: 'startTurn', turn: 'id-1' }, changed]);
  });
});

describe('controls of a compaction between two turns', () => {
  it('[context.failure] a cancel ends it, and what was handed down before it', () => {
    const { core, performed } = machineOf([assigned('a1'), asked], { live: { mode: 'running' } });
    onCancel(core, 'person');
    expect(core.live.control).toEqual({ kind: 'cancel', by: 'person' });
    expect(performed).toEqual([{ type: 'cancelChildren', assignments: ['a1'] }, { type: 'controlTurn' }]);
  });
  it('[context.failure] a pause is noted, a run waits', () => {
    const { core, performed } = machineOf([asked], { live: { mode: 'running' } });
    onPause(core, 'person');
    expect(performed).toEqual([{ type: 'controlTurn' }]);
    const text = { text: 'x', submission: 'r1', from: { kind: 'person' } as const, hops: 0 };
    expect(onRun(core, { ...text, ifBusy: 'queue' })).toBe('queued');
    expect(() => onRun(core, { ...text, submission: 'r2', ifBusy: 'reject' })).toThrow('running');
  });
});

describe('what was asked for, by the log', () => {
  const words: EntryBody = { type: 'compactionAsked', instructions: 'keep names' };
  const due = (log: EntryBody[]) => factsOf(log).context.asked?.seq ?? null;
  it('[context.asked] is met by any compaction without words, and by one that has heeded them', () => {
    expect(due([asked, { ...did, why: 'size', asked: 0 }])).toBeNull();
    expect(due([words, { ...did, asked: 3 }])).toBeNull();
    // Of an older build.
    expect(due([words, did])).toBeNull();
    // It had begun before.
    expect(due([words, { ...did, why: 'size', asked: 0 }])).toBe(3);
    expect(due([words, words, { ...did, asked: 3 }])).toBe(4);
  });
  it('[context.asked] is over with its own failure, which ends no turn, and no other', () => {
    const failed = { ...dropped('no'), before: 500 };
    expect(due([asked, failed])).toBeNull();
    expect(due([asked, { ...failed, why: 'size' }])).toBe(3);
    const { failures } = factsOf([asked, failed, asked, failed, asked, failed]).context;
    expect(failures).toEqual({ count: 0, tokens: 0, reason: '' });
    expect(factsOf([{ ...failed, why: 'size' }]).context.failures).toEqual({
      count: 1,
      tokens: 500,
      reason: 'no',
    });
  });
});
