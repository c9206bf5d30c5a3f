/** What steers turns: each input as a row of what is answered, committed and performed. */
import { describe, it } from 'vitest';
import type { Core, Effect } from '../../../../src/pod/machine/core.ts';
import { onCancel, onPause, onResume, onShutdown } from '../../../../src/pod/machine/inputs.ts';
import type { EntryBody } from '../../../../src/session/facts/entries.ts';
import {
  above,
  asked,
  assigned,
  begun,
  called,
  child,
  ended,
  free,
  fromAbove,
  input,
  interrupted,
  kid,
  notice,
  noticeItem,
  run,
  sent,
  sib,
  working,
} from '../../machine-rig.ts';
import { type InputCase, changed, playInput, starts } from './inputs-rig.ts';
import { asking, closedBy } from './asked-approvals.ts';

const running = { mode: 'running' } as const;
const stopping = { code: 'stopping', message: 'The pod is stopping; restore it first.' };

const cancels =
  (by: 'person' | 'parent' = 'person', assignments?: string[]) =>
  (core: Core) =>
    onCancel(core, by, assignments);
const cancelChildren = (...assignments: string[]): Effect => ({ type: 'cancelChildren', assignments });
const atWork: Effect[] = [{ type: 'controlTurn' }];
const byPerson = { control: { kind: 'cancel', by: 'person' } } as const;
const byParent = { control: { kind: 'cancel', by: 'parent' } } as const;
const cancelEntry = input('cancel', { submission: 'id-1' });
const told = (fields: object = {}): EntryBody =>
  sent(1, {
    kind: 'turnEnded',
    outcome: 'cancelled',
    by: 'person',
    turn: 't1',
    assignments: ['a1'],
    outstanding: [],
    settled: true,
    text: '',
    textChars: 0,
    usage: free,
    durationMs: 0,
    hops: 0,
    ...fields,
  });
const pausedWork = [...working('t1', 'a1', fromAbove), ended('t1', 'paused')];
const interruptedWork = [begun('t1', { submissions: ['r1'], hops: 2 }), interrupted('t1')];
/** As older versions wrote it. */
const { turn: _turn, ...ofNoTurn } = assigned('none');
const given = [child(kid, 'linked'), child(sib, 'linked')];

const theCancels: Record<string, InputCase> = {
  'of a running turn reaches it and no other': {
    log: working('t1', 'r1'),
    live: running,
    does: cancels(),
    performs: [cancelChildren(), ...atWork],
    after: byPerson,
  },
  'of a running turn reaches what it gave its children': {
    log: [
      ...given,
      ...working('t1', 'r1'),
      assigned('a1'),
      assigned('b1', sib),
      assigned('old', kid, { turn: 't0' }),
      ofNoTurn,
    ],
    live: running,
    does: cancels('parent'),
    performs: [cancelChildren('a1', 'b1'), ...atWork],
    after: byParent,
  },
  'of a resumed turn reaches what it gave before': {
    log: [
      ...given,
      ...working('t1', 'r1'),
      assigned('a1'),
      interrupted('t1'),
      begun('t2', { kind: 'resume' }),
      assigned('b1', sib, { turn: 't2' }),
    ],
    live: running,
    does: cancels(),
    performs: [cancelChildren('a1', 'b1'), ...atWork],
    after: byPerson,
  },
  'takes the place of a pause': {
    log: working('t1', 'r1'),
    live: { ...running, control: { kind: 'pause', by: 'parent' } },
    does: cancels(),
    performs: [cancelChildren(), ...atWork],
    after: byPerson,
  },
  'of a parent that means this turn': {
    log: working('t1', 'a1', fromAbove),
    live: running,
    does: cancels('parent', ['a0', 'a1']),
    performs: [cancelChildren(), ...atWork],
    after: byParent,
  },
  'of a parent that means work which this pod has begun': {
    log: [
      ...working('t0', 'a0', fromAbove),
      ended('t0', 'finished'),
      begun('t1', { kind: 'runForNotification' }),
    ],
    live: running,
    does: cancels('parent', ['a0']),
    performs: [cancelChildren(), ...atWork],
    after: byParent,
  },
  'of a parent that means a run of this turn': {
    log: working('t1', 'r1'),
    live: running,
    does: cancels('parent', ['r1']),
    performs: [cancelChildren(), ...atWork],
    after: byParent,
  },
  'of a parent that means a run of the interrupted turn': {
    log: interruptedWork,
    live: { storage: 'full' },
    does: cancels('parent', ['r1']),
    commits: [[cancelEntry]],
    performs: [changed, cancelChildren()],
  },
  'of a parent that means something else changes nothing': {
    log: working('t1', 'r1'),
    live: running,
    does: cancels('parent', ['a9']),
  },
  'of a parent that means nothing of it changes nothing': {
    log: working('t1', 'r1'),
    live: running,
    does: cancels('parent', []),
  },
  'of a parent at a pod at rest that has nothing of its changes nothing': { does: cancels('parent', ['a9']) },
  'is refused while the pod stops': { live: { mode: 'stopping' }, does: cancels(), refuses: stopping },
  'is refused where nothing is to be cancelled': {
    log: [run('r1')],
    live: { storage: 'full' },
    does: cancels(),
    refuses: {
      code: 'notRunning',
      message: 'The pod has nothing to cancel: it is not running and waits for no child.',
    },
  },
  'of a pod that waits for its children reaches them, whichever turn gave the work': {
    log: [...given, assigned('a1'), assigned('b1', sib)],
    does: cancels(),
    performs: [cancelChildren('a1', 'b1')],
  },
  'of an interrupted turn ends it without a word to anybody': {
    log: interruptedWork,
    live: { storage: 'full' },
    does: cancels(),
    commits: [[cancelEntry]],
    performs: [changed, cancelChildren()],
  },
  'of a paused turn is reported to the parent, and its approvals are closed': {
    log: [...working('t1', 'a1', fromAbove), called('t1', 'c1'), asking('q1', 'c1'), interrupted('t1')],
    parent: above,
    live: { storage: 'full' },
    does: cancels('parent', ['a1']),
    commits: [[cancelEntry, closedBy('q1', 'cancel'), told({ by: 'parent', turn: 'id-1' })]],
    performs: [{ type: 'emitted' }, changed, cancelChildren()],
  },
  'of a paused turn says which turn it was': {
    log: pausedWork,
    parent: above,
    does: cancels(),
    commits: [[cancelEntry, told()]],
    performs: [{ type: 'emitted' }, changed, cancelChildren()],
  },
  'of a stopped turn carries its chain on': {
    log: [
      ...working('t0', 'a1', fromAbove),
      ended('t0', 'paused'),
      input('resume'),
      begun('t1', { kind: 'resume', hops: 5, cause: 'parent' }),
      interrupted('t1'),
    ],
    parent: above,
    live: { storage: 'full' },
    does: cancels(),
    commits: [[cancelEntry, told({ turn: 't0', hops: 5 })]],
    performs: [{ type: 'emitted' }, changed, cancelChildren()],
  },
  'with a child at work is not settled': {
    log: [...given, ...pausedWork, assigned('b1')],
    parent: above,
    does: cancels(),
    commits: [[cancelEntry, told({ outstanding: ['kid'], settled: false })]],
    performs: [{ type: 'emitted' }, changed, cancelChildren('b1')],
  },
  'with a run behind it is not settled, and the run begins': {
    log: [...pausedWork, run('r1')],
    parent: above,
    does: cancels(),
    commits: [
      [cancelEntry, told({ settled: false })],
      [begun('id-2', { submissions: ['r1'] }), asked('id-2', 'r1')],
    ],
    performs: [{ type: 'emitted' }, changed, cancelChildren(), ...starts('id-2')],
    after: running,
  },
  'wakes for what came meanwhile, at once': {
    log: [...interruptedWork, notice('n1')],
    does: cancels(),
    commits: [[cancelEntry], [begun('id-2', { kind: 'runForNotification', hops: 1, counted: true })]],
    performs: [changed, cancelChildren(), ...starts('id-2')],
    after: { ...running, spentAtMs: [1_000_000] },
  },
};

describe('a cancel', () => {
  it.each(Object.entries(theCancels))('[inputs.cancel] %s', (_, row) => playInput(row));
});

const pauseEntry = input('pause', { submission: 'id-1' });
const resumeEntry = input('resume', { submission: 'id-1' });
const held = [notice('n1'), begun('t1'), noticeItem('t1', 'n1'), ended('t1', 'errored')];
const nothingToResume = (status: string) => ({
  code: 'notPaused',
  message: `The pod is ${status}; there is nothing to resume.`,
});

const steering: Record<string, InputCase> = {
  'a pause at rest is committed': {
    does: (core) => onPause(core, 'person'),
    commits: [[pauseEntry]],
    performs: [changed],
  },
  'a pause at a paused pod changes nothing': {
    log: [input('pause')],
    does: (core) => onPause(core, 'person'),
  },
  'a pause at work waits for the next request': {
    log: working('t1', 'r1'),
    live: running,
    does: (core) => onPause(core, 'parent'),
    performs: atWork,
    after: { control: { kind: 'pause', by: 'parent' } },
  },
  'a pause does not take the place of a cancel': {
    log: working('t1', 'r1'),
    live: { ...running, ...byPerson },
    does: (core) => onPause(core, 'parent'),
    performs: atWork,
  },
  'a pause is refused while the pod stops': {
    live: { mode: 'stopping' },
    does: (core) => onPause(core, 'person'),
    refuses: stopping,
  },
  'a resume goes on with what waits': {
    log: [run('r1'), input('pause')],
    does: onResume,
    commits: [[resumeEntry], [begun('id-2', { submissions: ['r1'] }), asked('id-2', 'r1')]],
    performs: [changed, ...starts('id-2')],
    after: running,
  },
  'a resume of a pause that has not come yet takes it back': {
    log: working('t1', 'r1'),
    live: { ...running, control: { kind: 'pause', by: 'person' } },
    does: onResume,
    after: { control: null },
  },
  'a resume does not take a cancel back': {
    log: working('t1', 'r1'),
    live: { ...running, ...byPerson },
    does: onResume,
    refuses: nothingToResume('running'),
  },
  'a resume lifts what a failed turn holds': {
    log: held,
    does: onResume,
    commits: [[resumeEntry], [begun('id-2', { kind: 'runForNotification', hops: 1, counted: true })]],
    performs: [changed, ...starts('id-2')],
    after: { ...running, spentAtMs: [1_000_000] },
  },
  'a resume of nothing is refused': { does: onResume, refuses: nothingToResume('idle') },
  'a resume is refused while the pod stops': {
    log: [input('pause')],
    live: { mode: 'stopping' },
    does: onResume,
    refuses: stopping,
  },
  'a shutdown begins': {
    does: (core) => onShutdown(core, 'signal', 'SIGTERM'),
    performs: [changed, { type: 'stop' }],
    after: { mode: 'stopping', stopReason: { reason: 'SIGTERM', by: 'signal' } },
  },
  'a shutdown begins once': {
    live: { mode: 'stopping' },
    does: (core) => onShutdown(core, 'person', 'again'),
  },
  'a shutdown keeps 500 characters of its reason': {
    live: running,
    does: (core) => onShutdown(core, 'person', `${'x'.repeat(499)}\u{1F600}`),
    performs: [changed, { type: 'stop' }],
    after: { mode: 'stopping', stopReason: { reason: `${'x'.repeat(499)}\uFFFD`, by: 'person' } },
  },
};

describe('what steers', () => {
  it.each(Object.entries(steering))('[inputs.steering] %s', (_, row) => playInput(row));
});
