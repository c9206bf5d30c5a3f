/**
 * Runs and notices, and a log that refuses: each input as a row of what is answered, committed and performed.
 */
import { describe, expect, it } from 'vitest';
import type { Core } from '../../../../src/pod/machine/core.ts';
import { commitInput, onNotice, onPause, onRun } from '../../../../src/pod/machine/inputs.ts';
import type { EntryBody, InputSource } from '../../../../src/session/facts/entries.ts';
import { EntryTooLong } from '../../../../src/session/log/line.ts';
import { asked, begun, input, machineOf, notice, person, run, stopped, working } from '../../machine-rig.ts';
import { type InputCase, coalesce, playInput, refusalOf, starts } from './inputs-rig.ts';

const running = { mode: 'running' } as const;
const stopping = { code: 'stopping', message: 'The pod is stopping; restore it first.' };
const far: InputSource = { kind: 'pod', name: 'far' };

const runs =
  (fields: { from?: InputSource; ifBusy?: 'queue' | 'reject'; hops?: number; text?: string } = {}) =>
  (core: Core) =>
    onRun(core, { text: 'do r1', submission: 'r1', from: person, ifBusy: 'queue', hops: 0, ...fields });
const came = (fields: object = {}) => run('r1', fields);
const first = (source: InputSource, fields: object = {}): EntryBody[] => [
  begun('id-1', { submissions: ['r1'], ...fields }),
  asked('id-1', 'r1', source),
];
const busy = (status: string) => ({
  code: 'busy',
  message: `The pod is ${status}; send the run without ifBusy "reject" to queue it.`,
});

const theRuns: Record<string, InputCase> = {
  'begins at once where the pod is at rest': {
    does: runs(),
    answers: 'started',
    commits: [[came()], first(person)],
    performs: starts('id-1'),
    after: running,
  },
  'waits behind a turn': { live: running, does: runs(), answers: 'queued', commits: [[came()]] },
  'waits at a paused pod': { log: [input('pause')], does: runs(), answers: 'queued', commits: [[came()]] },
  'is refused while the pod stops': { live: { mode: 'stopping' }, does: runs(), refuses: stopping },
  'of a person begins a new chain': {
    does: runs({ hops: 7 }),
    answers: 'started',
    commits: [[came()], first(person)],
    performs: starts('id-1'),
    after: running,
  },
  'of a pod carries its chain on': {
    does: runs({ from: far, hops: 7 }),
    answers: 'started',
    commits: [[came({ from: far, hops: 7 })], first(far, { hops: 7 })],
    performs: starts('id-1'),
    after: running,
  },
  'that is not to be queued begins at a pod at rest': {
    does: runs({ ifBusy: 'reject' }),
    answers: 'started',
    commits: [[came()], first(person)],
    performs: starts('id-1'),
    after: running,
  },
  'that is not to be queued is refused at work': {
    live: running,
    does: runs({ ifBusy: 'reject' }),
    refuses: busy('running'),
  },
  'that is not to be queued is refused at a paused pod': {
    log: [input('pause')],
    does: runs({ ifBusy: 'reject' }),
    refuses: busy('paused'),
  },
  'that is not to be queued is refused behind a queue': {
    log: [run('r0')],
    live: { storage: 'full' },
    does: runs({ ifBusy: 'reject' }),
    refuses: busy('idle'),
  },
  'sent again is answered again, begun': {
    log: working('t1', 'r1'),
    live: running,
    does: runs(),
    answers: 'started',
  },
  'sent again is answered again, begun with others behind it': {
    log: [...working('t1', 'r1'), run('r2')],
    live: running,
    does: runs(),
    answers: 'started',
  },
  'sent again is answered again, queued': {
    log: [run('r1')],
    live: running,
    does: runs({ ifBusy: 'reject' }),
    answers: 'queued',
  },
  'sent again is answered again while the pod stops': {
    log: [run('r1')],
    live: { mode: 'stopping' },
    does: runs(),
    answers: 'queued',
  },
};

describe('a run', () => {
  it.each(Object.entries(theRuns))('[inputs.run] %s', (_, row) => playInput(row));

  it('[inputs.run] that no line can hold is refused, and nothing is taken in', () => {
    const { core, committed } = machineOf([]);
    const { code, message } = refusalOf(() => runs({ text: 'x'.repeat(17_000_000) })(core));
    expect([code, committed]).toEqual(['tooLarge', []]);
    expect(message).toMatch(
      /^The input has 17000002 bytes, at most \d+ can be taken; put it into a file and name that\.$/,
    );
  });
});

const notices =
  (fields: { from?: InputSource; wake?: boolean; hops?: number } = {}) =>
  (core: Core) =>
    onNotice(core, { text: 'see n1', submission: 'n1', from: person, wake: true, hops: 0, ...fields });

const theNotices: Record<string, InputCase> = {
  'is taken in and waits for its siblings': {
    does: notices(),
    commits: [[notice('n1')]],
    performs: [coalesce],
    after: { coalescing: true },
  },
  'carries its chain on, whoever sends it': {
    live: running,
    does: notices({ from: far, hops: 4 }),
    commits: [[notice('n1', { from: far, hops: 4 })]],
  },
  'that wakes nobody is taken in': {
    does: notices({ wake: false }),
    commits: [[notice('n1', { wake: false })]],
  },
  'is taken in while the pod stops': {
    live: { mode: 'stopping' },
    does: notices(),
    commits: [[notice('n1')]],
  },
  'is refused behind the last line of the log': {
    log: [stopped(1)],
    does: notices(),
    refuses: { code: 'stopping', message: 'The pod has ended; send it again when it is restored.' },
  },
  'sent again is taken in once': { log: [notice('n1')], does: notices() },
  'sent again is no trouble behind the last line of the log': {
    log: [notice('n1'), stopped(1)],
    does: notices(),
  },
};

describe('a notice', () => {
  it.each(Object.entries(theNotices))('[inputs.notice] %s', (_, row) => playInput(row));
});

describe('an input that the log does not take', () => {
  it('[inputs.refused-by-log] is refused, and its sender keeps it', () => {
    const machine = machineOf([]);
    machine.refusal = new Error('no space');
    expect(refusalOf(() => onPause(machine.core, 'person'))).toEqual({
      code: 'storageFailed',
      message: 'Nothing was taken in: no space. Make room or repair the disk and send it again.',
      data: {},
    });
    expect(machine.core.live.storage).toBe('no space');
    expect(machine.performed.map(({ type }) => type)).toEqual(['alert', 'timer']);
  });

  it('[inputs.refused-by-log] says whatever was thrown', () => {
    const machine = machineOf([]);
    machine.refusal = 'strange' as unknown as Error;
    expect(refusalOf(() => commitInput(machine.core, [run('r1')])).message).toMatch(
      /^Nothing was taken in: strange\. /,
    );
    expect(machine.core.live.storage).toBe('strange');
  });

  it('[inputs.refused-by-log] because no line could hold it is no trouble of the disk', () => {
    const machine = machineOf([]);
    machine.refusal = new EntryTooLong('inputReceived', 99);
    const { code, message } = refusalOf(() => commitInput(machine.core, [run('r1')]));
    expect([code, machine.core.live.storage, machine.performed]).toEqual(['tooLarge', null, []]);
    expect(message).toMatch(/^Nothing was taken in: the inputReceived entry needs 99 bytes, .*\.$/);
  });

  it('[inputs.refused-by-log] and nothing is asked of it where there is nothing to commit', () => {
    const machine = machineOf([]);
    machine.refusal = new Error('no space');
    commitInput(machine.core, []);
    expect(machine.core.live.storage).toBeNull();
  });
});
