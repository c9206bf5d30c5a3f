/** Approvals to a person over the pod's machine: asked, answered, closed. */
import { describe, expect, it } from 'vitest';
import {
  closedApprovals,
  closedForms,
  interruptedWaiting,
  isOpen,
  waitingText,
} from '../../../../src/pod/machine/approval-facts.ts';
import {
  closeForm,
  closeForPause,
  onApprove,
  onAsk,
  onAskForm,
} from '../../../../src/pod/machine/approval-inputs.ts';
import type { Core } from '../../../../src/pod/machine/core.ts';
import { type Line, called, factsOf, machineOf, timeOf, working } from '../../machine-rig.ts';
import { changed, type InputCase, playInput } from './inputs-rig.ts';
import { answering, asking, closedBy } from './asked-approvals.ts';

const turn = working('t1', 'r1');
const open: Line[] = [...turn, called('t1', 'c1'), asking('q1', 'c1')];
const kept: Line[] = [...open, answering('q1', { decision: 'deny', reason: 'not that' })];

const asks =
  (request: string, call: string, options: { key?: string; waiting?: string[] } = {}) =>
  (core: Core) => {
    const { key = 'key of q1', waiting = [] } = options;
    const { type: _type, state: _state, ...approval } = asking(request, call, { key });
    return onAsk(core, approval, new Set(waiting));
  };
const askedAs = (request: string, call: string, key = 'key of q1') => asking(request, call, { key });
const waits = (request: string) => ({ kind: 'waits', request });

const theAsked: Record<string, InputCase> = {
  'is committed before anybody hears of it': {
    log: turn,
    does: asks('q1', 'c1'),
    answers: waits('q1'),
    commits: [[askedAs('q1', 'c1')]],
    performs: [changed],
  },
  'again, by a later call, joins the open one': {
    log: open,
    does: asks('q2', 'c2'),
    answers: waits('q1'),
    commits: [[askedAs('q1', 'c2')]],
    performs: [changed],
  },
  'again, while a call of this incarnation waits for the open one, is one of its own': {
    log: open,
    does: asks('q2', 'c2', { waiting: ['q1'] }),
    answers: waits('q2'),
    commits: [[askedAs('q2', 'c2')]],
    performs: [changed],
  },
  'about something else is one of its own': {
    log: open,
    does: asks('q2', 'c2', { key: 'other' }),
    answers: waits('q2'),
    commits: [[askedAs('q2', 'c2', 'other')]],
    performs: [changed],
  },
  'that a person had answered takes the answer': {
    log: kept,
    does: asks('q2', 'c2'),
    answers: { kind: 'answered', decision: 'deny', reason: 'not that' },
    commits: [[{ type: 'approval', state: 'taken', request: 'q1', call: 'c2' }]],
    performs: [changed],
  },
  'takes an answer once': {
    log: [...kept, { type: 'approval', state: 'taken', request: 'q1', call: 'c2' }],
    does: asks('q3', 'c3'),
    answers: waits('q3'),
    commits: [[askedAs('q3', 'c3')]],
    performs: [changed],
  },
};

describe('an approval', () => {
  it.each(Object.entries(theAsked))('[approvals.asked] %s', (_, row) => playInput(row));

  it('[approvals.asked] that the log refuses is not asked: what is thrown is the caller’s', () => {
    const machine = machineOf(turn);
    machine.refusal = new Error('no space');
    expect(() => asks('q1', 'c1')(machine.core)).toThrow('no space');
    expect([machine.performed, machine.core.live.storage]).toEqual([[], null]);
  });
});

const approves =
  (
    fields: {
      decision?: 'allow' | 'deny' | 'allowAlways';
      reason?: string | undefined;
      request?: string;
      waits?: boolean;
    } = {},
  ) =>
  (core: Core) => {
    const { waits = true, ...answer } = fields;
    return onApprove(core, { request: 'q1', decision: 'allow', ...answer }, { waits }).summary;
  };
const notOpen = (how: string, data: object) => ({
  code: 'forbidden',
  message: `This approval request is not open any more: ${how}. Nothing was changed.`,
  data,
});

const theAnswered: Record<string, InputCase> = {
  'of a waiting call is for that call': {
    log: open,
    does: approves(),
    answers: 'ls',
    commits: [[answering('q1', { call: 'c1' })]],
    performs: [changed],
  },
  'that no call waits for is kept': {
    log: open,
    does: approves({ waits: false }),
    answers: 'ls',
    commits: [[answering('q1')]],
    performs: [changed],
  },
  'with a reason keeps 2,000 characters of it': {
    log: open,
    does: approves({ decision: 'deny', reason: `${'x'.repeat(1_999)}\u{1F600}` }),
    answers: 'ls',
    commits: [[answering('q1', { decision: 'deny', call: 'c1', reason: `${'x'.repeat(1_999)}\uFFFD` })]],
    performs: [changed],
  },
  'without a reason has none': {
    log: open,
    does: approves({ decision: 'allowAlways', reason: undefined }),
    answers: 'ls',
    commits: [[answering('q1', { decision: 'allowAlways', call: 'c1' })]],
    performs: [changed],
  },
  'to an approval that a person has answered is refused': {
    log: kept,
    does: approves(),
    refuses: notOpen('a person answered "deny"', { decision: 'deny', by: 'person' }),
  },
  'to an approval that was closed is refused': {
    log: [...open, closedBy('q1', 'cancel')],
    does: approves(),
    refuses: notOpen('it was closed (cancel)', { decision: 'deny', by: 'cancel' }),
  },
  'to an approval that nobody asked is refused': {
    log: open,
    does: approves({ request: 'q9' }),
    refuses: {
      code: 'unknownPod',
      message: 'No pod here asks this; "podkin approvals" lists the approval requests that are open.',
    },
  },
};

describe('what an answer brings with it', () => {
  it('[approvals.answered] [mcp.form-durable] a rule, a path and the fields of a form are in its entry', () => {
    const more = { rule: 'Bash(ls:*)', write: '/w/x', content: { name: 'Ada' }, by: 'headless' } as const;
    playInput({
      log: open,
      does: (core) => onApprove(core, { request: 'q1', decision: 'deny', ...more }, { waits: true }).request,
      answers: 'q1',
      commits: [[answering('q1', { decision: 'deny', call: 'c1', ...more })]],
      performs: [changed],
    });
  });
});

const form = { message: 'Who?', fields: [] };
const { type: _type, state: _state, ...askedForm } = asking('f1', 'c1', { form });
const openForm: Line[] = [...open, asking('f1', 'c1', { form })];

describe('a form of a server', () => {
  it.each<[string, InputCase]>([
    [
      'is on disk before anybody hears of it',
      {
        log: open,
        does: (core) => onAskForm(core, askedForm),
        commits: [[asking('f1', 'c1', { form })]],
        performs: [changed],
      },
    ],
    [
      'is closed with its call',
      {
        log: openForm,
        does: (core) => closeForm(core, 'f1', 'callEnd'),
        commits: [[closedBy('f1', 'callEnd')]],
        performs: [changed],
      },
    ],
    [
      'is closed once',
      { log: [...openForm, closedBy('f1', 'callEnd')], does: (core) => closeForm(core, 'f1', 'pause') },
    ],
    [
      'is closed by nobody who has not asked it',
      { log: openForm, does: (core) => closeForm(core, 'f9', 'cancel') },
    ],
    ['that has an answer keeps it', { log: kept, does: (core) => closeForm(core, 'q1', 'cancel') }],
    [
      'is not closed as the approval of its call is at a pause: its call runs',
      { log: openForm, does: (core) => closeForPause(core, 'f1'), answers: false },
    ],
  ])('[mcp.form-closed] %s', (_, row) => playInput(row));

  it('[mcp.form-durable] that the log refuses is not asked', () => {
    const machine = machineOf(open);
    machine.refusal = new Error('no space');
    expect(() => onAskForm(machine.core, askedForm)).toThrow('no space');
    expect(machine.performed).toEqual([]);
  });

  it('[mcp.form-closed] is closed with its incarnation, beside approvals that stay, and its call did run', () => {
    expect(closedForms(factsOf(openForm))).toEqual([closedBy('f1', 'interrupted')]);
    const alone = factsOf([...turn, called('t1', 'c1'), asking('f1', 'c1', { form })]);
    expect(interruptedWaiting(alone, 'c1', { why: 'cut', stays: true })).toBeNull();
  });
});

describe('an answer', () => {
  it.each(Object.entries(theAnswered))('[approvals.answered] %s', (_, row) => playInput(row));
});

const isClosed = 'Its approval request is closed; make the call again if it is still needed.';
const pausedText = `This call was paused while it waited for a person's answer. It did not run. ${isClosed}`;

describe('a pause', () => {
  it('[approvals.paused] closes the approval and gives its call a result that says that it did not run', () => {
    playInput({
      log: open,
      does: (core) => closeForPause(core, 'q1'),
      answers: true,
      commits: [
        [
          closedBy('q1', 'pause'),
          {
            type: 'toolResult',
            turn: 't1',
            step: 1,
            call: 'c1',
            tool: 'Bash',
            text: pausedText,
            isError: true,
            interrupted: true,
          },
        ],
      ],
    });
  });

  it('[approvals.paused] closes nothing that is not there, and nothing where the log refuses', () => {
    playInput({ log: open, does: (core) => closeForPause(core, 'q9'), answers: false });
    const machine = machineOf(open);
    machine.refusal = new Error('no space');
    expect(closeForPause(machine.core, 'q1')).toBe(false);
    expect(machine.core.live.storage).toBe('no space');
  });
});

describe('approvals that end without an answer', () => {
  const facts = factsOf([
    ...kept,
    called('t1', 'c2'),
    asking('q2', 'c2'),
    called('t1', 'c3'),
    asking('q3', 'c3'),
  ]);

  it('[approvals.closed] are the open ones, not those with a kept answer', () => {
    expect([...facts.approvals.values()].map((one) => [one.request, isOpen(one), one.askedAt])).toEqual([
      ['q1', false, timeOf(7)],
      ['q2', true, timeOf(10)],
      ['q3', true, timeOf(12)],
    ]);
    expect(closedApprovals(facts, 'stop')).toEqual([closedBy('q2', 'stop'), closedBy('q3', 'stop')]);
  });

  it('[approvals.closed] their calls did not run, and know whether the approval stays', () => {
    const stays =
      'The approval request stays open: make the same call again to wait for its answer, or to use the answer if there is one by then.';
    const text = (next: string) =>
      `This call was cut while it waited for a person's answer. It did not run. ${next}`;
    expect(interruptedWaiting(facts, 'c3', { why: 'cut', stays: true })).toBe(text(stays));
    expect(interruptedWaiting(facts, 'c2', { why: 'cut', stays: false })).toBe(text(isClosed));
    expect(interruptedWaiting(facts, 'c9', { why: 'cut', stays: true })).toBeNull();
    expect(waitingText('cut', { stays: false })).toBe(text(isClosed));
  });
});
