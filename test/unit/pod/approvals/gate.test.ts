/** A call that needs a person: what it waits for, what answers it, and in which order things are on disk. */
import { describe, expect, it } from 'vitest';
import { ApprovalGate } from '../../../../src/pod/approvals/gate.ts';
import { callKey, exactCall } from '../../../../src/pod/approvals/subject.ts';
import type { PermissionMode } from '../../../../src/session/settings/permissions.ts';
import type { SandboxState } from '../../../../src/scope/sandbox/state.ts';
import type { CallApproval, CallRequest } from '../../../../src/worker/turn-ports.ts';
import { type Line, working } from '../../machine-rig.ts';
import { answering, asking } from '../machine/asked-approvals.ts';
import { type ShellOptions, shellOf } from '../shell-rig.ts';

const turn: Line[] = working('t1', 'r1');
const works: SandboxState = { kind: 'working', text: 'it works', fix: null };
const missing: SandboxState = { kind: 'absent', text: 'there is none', fix: null };
const untested: SandboxState = { kind: 'unknown', text: 'it took too long', fix: null };
/** A rule that asks for every call of this tool. */
const asksFor = (tool: string): ShellOptions => ({
  permissions: { rules: { allow: [], deny: [], ask: [{ text: tool, tool, pattern: null }] } },
});

const bash = (call: string, command = 'ls'): CallRequest => ({
  call,
  step: 2,
  tool: 'Bash',
  need: { kind: 'shell', command },
  input: { command },
});
const subject = (command: string) => ({ kind: 'command', command }) as const;
const named = (request: CallRequest) => ({
  ...request,
  subject: subject((request.input as { command: string }).command),
});
const edit = (call: string): CallRequest => ({
  call,
  step: 1,
  tool: 'Write',
  need: { kind: 'edit', path: '/w/none/file' },
  input: { path: '/w/none/file' },
});

function gateOf(lines: Line[] = turn, options: ShellOptions & { sandbox?: SandboxState } = {}) {
  const shell = shellOf(lines, options);
  let changes = 0;
  let sandbox = options.sandbox ?? missing;
  const gate = new ApprovalGate(shell.pod, {
    permissions: shell.pod.permissions,
    sandboxState: async () => sandbox,
    onChanged: () => {
      changes += 1;
      shell.order.push('changed');
    },
  });
  /**
   * The permit, as far as it is there when the approval is asked or answered; the disk may have to be read
   * before.
   */
  const permit = async (request: CallRequest) => {
    const got: { permit: CallApproval | null } = { permit: null };
    void gate.beforeCall(request).then(
      (one) => void ((got.permit = one), shell.order.push('permit')),
      (error: unknown) => void shell.order.push(String(error)),
    );
    const before = shell.order.length;
    while (shell.order.length === before) await shell.clock.turn();
    await shell.clock.turn();
    return got;
  };
  const mode = (value: PermissionMode) => Object.assign(shell.pod.session, { permissionMode: value });
  return {
    ...shell,
    gate,
    permit,
    mode,
    changes: () => changes,
    hold: (state: SandboxState) => (sandbox = state),
    fail: (error: Error | null) => (shell.refusal = error),
  };
}
const denial = (why = '') =>
  `Denied: a person was asked and said no.${why} Do not try the same by other means; go on without it, or say what you would need it for.`;

describe('a decision without a person', () => {
  it('[permission.modes] what the mode lets through is allowed, and nothing is committed', async () => {
    const { permit, mode, committed, changes } = gateOf();
    mode('bypassPermissions');
    expect((await permit(bash('c1'))).permit).toEqual({ kind: 'allowed' });
    mode('acceptEdits');
    expect((await permit(edit('c2'))).permit).toEqual({ kind: 'allowed' });
    expect([committed, changes()]).toEqual([[], 0]);
  });

  it('[permission.nobody] where nobody can be asked, it is denied with the reason', async () => {
    const { permit, committed } = gateOf(turn, { permissions: { headless: true } });
    const { permit: denied } = await permit(bash('c1'));
    expect(denied).toEqual({ kind: 'denied', text: expect.stringContaining('without a person to ask') });
    expect(committed).toEqual([]);
  });

  it('[permission.modes] a shell in a sandbox that could not be tested fails, any other call does not ask for one', async () => {
    const { permit, mode } = gateOf(turn, { sandbox: untested });
    mode('bypassPermissions');
    expect((await permit(bash('c1'))).permit).toEqual({
      kind: 'failed',
      text: 'Nothing was run: it took too long. It is tested again with the next command; if that fails too, say so in your answer.',
    });
    expect((await permit(edit('c2'))).permit).toEqual({ kind: 'allowed' });
  });

  it('[permission.order] a rule that forbids is a denial', async () => {
    const rules = { allow: [], ask: [], deny: [{ text: 'Bash(rm *)', tool: 'Bash', pattern: 'rm *' }] };
    const { permit } = gateOf(turn, { permissions: { rules } });
    expect((await permit(bash('c1', 'rm a'))).permit).toEqual({
      kind: 'denied',
      text: expect.stringContaining('the rule Bash(rm *) forbids'),
    });
    expect((await permit(bash('c2', 'ls'))).permit).toBeNull();
  });

  it('[permission.modes] a shell that a sandbox holds runs unasked under acceptEdits, one that none holds does not', async () => {
    const { permit, hold, mode } = gateOf(turn, { sandbox: works });
    mode('acceptEdits');
    expect((await permit(bash('c1'))).permit).toEqual({ kind: 'allowed' });
    hold(missing);
    expect((await permit(bash('c2'))).permit).toBeNull();
  });
});

describe('an approval', () => {
  it('[approval.unasked] is denied as what nobody can be asked, in the log too', async () => {
    const { permit, committed, gate, clock } = gateOf();
    const first = await permit(bash('c1'));
    const [asked] = committed.flat() as { request: string }[];
    await gate.answer({ request: asked!.request, decision: 'deny', unasked: true });
    await clock.turn();
    expect(first.permit).toEqual({
      kind: 'denied',
      text: expect.stringMatching(/^Denied: .*\(run -p\), and this call needs one \(permission mode default/),
    });
    expect(committed.flat().at(-1)).toMatchObject({ state: 'answered', decision: 'deny', by: 'headless' });
  });

  it('[library.question-answers] a no that nobody has said is told with its reason', async () => {
    const { permit, committed, gate, clock } = gateOf();
    const first = await permit(bash('c1'));
    const [asked] = committed.flat() as { request: string }[];
    const reason = 'onQuestion gave no answer';
    await gate.answer({ request: asked!.request, decision: 'deny', unasked: true, reason });
    await clock.turn();
    expect(first.permit).toEqual({
      kind: 'denied',
      text: expect.stringMatching(
        /^Denied: this call needs a yes .*, and none was given: onQuestion gave no/,
      ),
    });
    expect(committed.flat().at(-1)).toMatchObject({ decision: 'deny', by: 'headless', reason });
  });

  it('[approvals.asked] is on disk before anybody hears of it, with all that a person is shown', async () => {
    const { permit, committed, order, changes } = gateOf();
    const request = bash('c1');
    expect((await permit(request)).permit).toBeNull();
    expect(committed).toEqual([
      [
        {
          ...asking('word-1', 'c1', { step: 2 }),
          key: callKey(named(request), true),
          always: { tool: 'Bash', exact: 'ls', outside: true },
          why: expect.stringContaining('outside any sandbox'),
        },
      ],
    ]);
    expect(order).toEqual(['commit approval', 'synced', 'me at approval.asked', 'changed']);
    expect(changes()).toBe(1);
  });

  it('[approvals.asked] of a call that is no shell is for the call whole, and never outside of a sandbox', async () => {
    const { permit, committed } = gateOf(turn, asksFor('Write'));
    await permit(edit('c1'));
    const paths = { kind: 'paths', paths: ['/w/none/file'], cwd: '/w' } as const;
    const call = { ...edit('c1'), subject: paths };
    expect(committed[0]?.[0]).toMatchObject({
      key: callKey(call, false),
      always: { tool: 'Write', exact: exactCall(call), outside: false },
      summary: '{"path":"/w/none/file"}',
    });
  });

  it('[approvals.asked] of a tool that says nothing of what it takes is for its input', async () => {
    const { permit, committed } = gateOf(turn, asksFor('Other'));
    await permit({ call: 'c1', step: 1, tool: 'Other', need: { kind: 'unknown' }, input: { a: 1 } });
    expect(committed[0]?.[0]).toMatchObject({
      always: { tool: 'Other', outside: false },
      summary: '{"a":1}',
    });
  });

  it.each([
    [false, false],
    [true, true],
  ])(
    '[approvals.asked] of a shell that a sandbox holds is for that, and names its hole where it is unfiltered (%j)',
    async (isUnfiltered, named) => {
      const { permit, committed } = gateOf(turn, { sandbox: { ...works, isUnfiltered } });
      await permit(bash('c1'));
      expect(committed[0]?.[0]).toMatchObject({ always: { tool: 'Bash', exact: 'ls', outside: false } });
      const asked = JSON.stringify(committed[0]);
      expect([asked.includes('not filtered'), asked.includes('outside any sandbox')]).toEqual([named, false]);
    },
  );

  it('[approval.pause-step] of a call behind its turn is closed unasked', async () => {
    const { permit, committed } = gateOf([]);
    expect((await permit(bash('c1'))).permit).toEqual({ kind: 'closed' });
    expect(committed).toEqual([]);
  });
});

describe('an answer', () => {
  it('[approvals.answered] is on disk before the call runs, and said once', async () => {
    const { permit, gate, committed, order, clock, changes } = gateOf();
    const waiting = await permit(bash('c1'));
    order.length = 0;
    const approval = await gate.answer({ request: 'word-1', decision: 'allow' });
    await clock.turn();
    expect(committed[1]).toEqual([{ ...answering('word-1'), call: 'c1' }]);
    expect(order).toEqual(['commit approval', 'synced', 'me at approval.answered', 'changed', 'permit']);
    expect([waiting.permit, approval.request, changes()]).toEqual([{ kind: 'allowed' }, 'word-1', 2]);
    await expect(gate.answer({ request: 'word-1', decision: 'deny' })).rejects.toThrow('not open any more');
  });

  it.each([
    [undefined, ''],
    ['  ', ''],
    ['not now', ' They say: "not now".'],
    [' use "Glob"\ninstead ', ' They say: "use \\"Glob\\"\\ninstead".'],
  ])('[approval.deny] no, because %j, is a denied call with the reason', async (reason, why) => {
    const { permit, gate, clock } = gateOf();
    const waiting = await permit(bash('c1'));
    await gate.answer({ request: 'word-1', decision: 'deny', ...(reason === undefined ? {} : { reason }) });
    await clock.turn();
    expect(waiting.permit).toEqual({ kind: 'denied', text: denial(why) });
  });

  it('[approval.kept-answer] that came while no call waited is taken once, behind its sync', async () => {
    const request = bash('c2');
    const approval = asking('q1', 'c1', { key: callKey(named(request), true) });
    const { permit, gate, committed, order } = gateOf([...turn, approval]);
    await gate.answer({ request: 'q1', decision: 'deny', reason: 'no' });
    expect(committed[0]).toEqual([answering('q1', { decision: 'deny', reason: 'no' })]);
    order.length = 0;
    expect((await permit(request)).permit).toEqual({ kind: 'denied', text: denial(' They say: "no".') });
    expect(order).toEqual(['commit approval', 'synced', 'permit']);
    expect((await permit(bash('c3'))).permit).toBeNull();
  });

  it('[approval.kept-answer] the same call of a later life joins its approval; one that waits is joined by none', async () => {
    const request = bash('c2');
    const approval = asking('q1', 'c1', { key: callKey(named(request), true) });
    const { permit, committed } = gateOf([...turn, approval]);
    await permit(request);
    expect(committed[0]?.[0]).toMatchObject({ request: 'q1', call: 'c2' });
    await permit(bash('c3'));
    expect(committed[1]?.[0]).toMatchObject({ request: expect.stringMatching(/^word-/), call: 'c3' });
  });
});

describe('an "always"', () => {
  const always = (outside: boolean): Line[] => [
    ...turn,
    asking('q1', 'c1', { always: { tool: 'Bash', exact: 'ls', outside } }),
    answering('q1', { decision: 'allowAlways', call: 'c1' }),
  ];
  it.each<[string, { outside: boolean; now: SandboxState; command?: string; allowed: boolean }]>([
    ['outside, outside', { outside: true, now: missing, allowed: true }],
    ['in a sandbox, outside', { outside: false, now: missing, allowed: false }],
    ['outside, another command', { outside: true, now: missing, command: 'ls -l', allowed: false }],
    ['outside, in a sandbox', { outside: true, now: works, allowed: true }],
    ['in a sandbox, in a sandbox', { outside: false, now: works, allowed: true }],
  ])('[permission.always] given %s', async (_, { outside, now, command = 'ls', allowed }) => {
    const { permit } = gateOf(always(outside), { sandbox: now });
    expect((await permit(bash('c2', command))).permit).toEqual(allowed ? { kind: 'allowed' } : null);
  });
});

describe('nobody waits any more', () => {
  it('[approvals.paused] a pause closes each approval with a result, and says so', async () => {
    const { permit, gate, clock, committed, changes } = gateOf();
    const waiting = [await permit(bash('c1')), await permit(bash('c2', 'pwd'))];
    gate.control('pause');
    await clock.turn();
    expect(waiting.map((one) => one.permit)).toEqual([{ kind: 'closed' }, { kind: 'closed' }]);
    expect(committed.slice(2).map(([first]) => first)).toMatchObject([
      { state: 'answered', request: 'word-1', by: 'pause' },
      { state: 'answered', request: 'word-2', by: 'pause' },
    ]);
    expect(changes()).toBe(3);
  });

  it('[approvals.paused] where the log refuses, the call waits on', async () => {
    const shell = gateOf();
    const waiting = await shell.permit(bash('c1'));
    shell.fail(new Error('no room'));
    shell.gate.control('pause');
    await shell.clock.turn();
    expect(waiting.permit).toBeNull();
    shell.fail(null);
    shell.gate.control('pause');
    await shell.clock.turn();
    expect(waiting.permit).toEqual({ kind: 'closed' });
  });

  it('[approval.ended] a cancel leaves the approvals to the end of the turn, and no answer runs the call', async () => {
    const { permit, gate, clock, committed } = gateOf();
    const waiting = await permit(bash('c1'));
    gate.control('cancel');
    gate.control('pause');
    await clock.turn();
    expect([waiting.permit, committed.length]).toEqual([{ kind: 'closed' }, 1]);
    await gate.answer({ request: 'word-1', decision: 'allow' });
    expect(committed[1]).toEqual([answering('word-1')]);
  });

  it.each<['stopping' | 'running', 'cancel' | 'pause' | null, boolean]>([
    ['stopping', null, true],
    ['running', 'cancel', true],
    ['running', 'pause', true],
    ['running', null, false],
  ])(
    '[approval.ended] asked for while the approval was written (%s, %j): closed %j',
    async (mode, control, closed) => {
      const { permit, pod, committed } = gateOf();
      Object.assign(pod.core.live, { mode, control: control === null ? null : { kind: control } });
      expect((await permit(bash('c1'))).permit).toEqual(closed ? { kind: 'closed' } : null);
      expect(committed.length).toBe(control === 'pause' ? 2 : 1);
    },
  );

  it('[approval.ended] the end of a turn is said', () => {
    const { gate, changes } = gateOf();
    gate.reportClosed();
    expect(changes()).toBe(1);
  });
});
