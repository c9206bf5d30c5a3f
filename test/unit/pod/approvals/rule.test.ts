/** A yes by a rule: which is taken, what is on disk then, and what it lets run. */
import { expect, it } from 'vitest';
import { ApprovalGate } from '../../../../src/pod/approvals/gate.ts';
import { answerRuleProblem, rulesIn } from '../../../../src/pod/approvals/answer-rule.ts';
import { parseRule, type PermissionRule } from '../../../../src/scope/permissions/permission-rules.ts';
import type { SandboxState } from '../../../../src/scope/sandbox/state.ts';
import { allowedSettings } from '../../../../src/session/settings/restricted.ts';
import type { CallRequest } from '../../../../src/worker/turn-ports.ts';
import { type Line, working } from '../../machine-rig.ts';
import { answering, asking } from '../machine/asked-approvals.ts';
import { type ShellOptions, shellOf } from '../shell-rig.ts';

const works: SandboxState = { kind: 'working', text: 'it works', fix: null };
const npmTest = 'Bash(npm test:*)';
const rules = (texts: { ask?: string[]; deny?: string[] }): ShellOptions => ({
  permissions: { rules: { allow: [], ask: parsed(texts.ask), deny: parsed(texts.deny) } },
});
function parsed(texts: readonly string[] = []): PermissionRule[] {
  return texts.flatMap((text) => {
    const rule = parseRule(text);
    return 'problem' in rule ? [] : [rule];
  });
}
const bash = (command: string): CallRequest => ({
  call: `call of ${command}`,
  step: 2,
  tool: 'Bash',
  need: { kind: 'shell', command },
  input: { command },
});

function gateOf(lines: Line[], options: ShellOptions = {}) {
  const shell = shellOf([...working('t1', 'r1'), ...lines], options);
  const gate = new ApprovalGate(shell.pod, {
    permissions: shell.pod.permissions,
    sandboxState: async () => works,
    onChanged: () => void shell.order.push('changed'),
  });
  return { ...shell, gate };
}
const ofNpmTest = (command = 'npm test -- a') =>
  asking('q1', 'c1', { always: { tool: 'Bash', exact: command, outside: false } });

it('[approval.rule] the rule is in the entry of the answer, on disk before it is acknowledged', async () => {
  const { gate, pod, order } = gateOf([ofNpmTest()]);
  await gate.answer({ request: 'q1', decision: 'allow', rule: npmTest });
  expect(pod.facts.allowed).toEqual([npmTest]);
  expect(pod.facts.remembered.size).toBe(0);
  expect(order.at(-1)).toBe('changed');
  expect(pod.facts.answered.get('q1')).toEqual({ decision: 'allow', by: 'person' });
});

it.each([
  ['what the rule lets run', 'npm test -- other', {}, 'allowed'],
  ['not what a shell makes more of', 'npm test; rm x', {}, 'asked'],
  ['not another command', 'npm run build', {}, 'asked'],
  ['not what a rule asks for', 'npm test x', rules({ ask: ['Bash(npm test x)'] }), 'asked'],
  ['not what a rule denies', 'npm test x', rules({ deny: ['Bash(npm *)'] }), 'denied'],
])('[approval.rule] from then on %s', async (_, command, options, expected) => {
  const lines = [ofNpmTest(), answering('q1', { call: 'c1', rule: npmTest })];
  const { gate, pod, clock } = gateOf(lines, options);
  const got: { kind: string | null } = { kind: null };
  void gate.beforeCall(bash(command)).then((permit) => (got.kind = permit.kind));
  while (got.kind === null && pod.facts.approvals.size === 0) await clock.turn();
  expect(got.kind ?? 'asked').toBe(expected);
});

it.each([
  ['a no', answering('q1', { decision: 'deny', rule: npmTest })],
  ['what nobody said', answering('q1', { decision: 'allow', by: 'cancel', rule: npmTest })],
  ['an answer to nothing', answering('q2', { rule: npmTest })],
])('[approval.rule] no rule comes of %s', (_, answer) => {
  expect(gateOf([ofNpmTest(), answer]).pod.facts.allowed).toEqual([]);
});

it('[approval.rule] in plan nothing runs by it', async () => {
  const { gate, pod } = gateOf([ofNpmTest(), answering('q1', { call: 'c1', rule: npmTest })]);
  Object.assign(pod.session, { permissionMode: 'plan' });
  expect((await gate.beforeCall(bash('npm test'))).kind).toBe('denied');
});

it.each([
  ['is none', 'Bash(', 'is no rule'],
  ['names another tool', 'Write(a)', 'does not let this very command run'],
  ['is about another command', 'Bash(npm run:*)', 'does not let this very command run'],
])('[approval.rule-refused] one that %s, and the approval waits on', async (_, rule, why) => {
  const { gate, pod } = gateOf([ofNpmTest()]);
  const answer = gate.answer({ request: 'q1', decision: 'allow', rule });
  await expect(answer).rejects.toMatchObject({ code: 'forbidden', message: expect.stringContaining(why) });
  expect(pod.facts.approvals.get('q1')?.answer).toBeNull();
  expect(pod.facts.allowed).toEqual([]);
});

it.each(['deny', 'allowAlways'] as const)(
  '[approval.rule-refused] with %s none is taken',
  async (decision) => {
    const { gate, pod } = gateOf([ofNpmTest()]);
    const answer = gate.answer({ request: 'q1', decision, rule: npmTest });
    await expect(answer).rejects.toMatchObject({ message: expect.stringContaining('plain yes') });
    expect(pod.facts.approvals.get('q1')?.answer).toBeNull();
  },
);

const none = { allow: [], ask: [], deny: [] };
const always = (exact: string | null, tool = 'Bash') => ({ tool, always: { tool, exact, outside: false } });

it.each<[string, Parameters<typeof answerRuleProblem>, string | null]>([
  ['takes one for this command', [npmTest, always('npm test'), none], null],
  ['takes the very command, operators and all', ['Bash(a; b)', always('a; b'), none], null],
  ['takes every command where a person writes that', ['Bash', always('a; b'), none], null],
  [
    'takes no pattern for a command with an operator',
    ['Bash(a*)', always('a; b'), none],
    'this very command',
  ],
  ['takes none for another tool', ['Write', always('{}', 'Write'), none], 'Only a shell command'],
  ['takes none where the command is not known', [npmTest, always(null), none], 'Only a shell command'],
  [
    'takes none that is outweighed',
    [npmTest, always('npm test'), { ...none, ask: parsed(['Bash(npm *)']) }],
    'The rule Bash(npm *) asks for this call',
  ],
])('[approval.rule-refused] the pod %s', (_, given, problem) => {
  expect(answerRuleProblem(...given)).toEqual(problem === null ? null : expect.stringContaining(problem));
});

it('[approval.rule] what means nothing to this build allows nothing', () => {
  expect(rulesIn(['Bash(', 'Gone(x)', npmTest]).map(({ text }) => text)).toEqual([npmTest]);
});

it('[approval.rule] a child is made with what its parent was allowed, each rule once', () => {
  const permissions = { allow: [npmTest], ask: ['Bash(a)'], deny: [], headless: false };
  expect(allowedSettings({ permissions, other: 1 }, [npmTest, 'Bash(ls:*)'])).toEqual({
    permissions: { ...permissions, allow: [npmTest, 'Bash(ls:*)'] },
    other: 1,
  });
  expect(allowedSettings({}, [])).toEqual({});
});
