/** A yes that opens a .git: when it is offered, what it needs, and what the log says of it. */
import { expect, it } from 'vitest';
import { ApprovalGate } from '../../../../src/pod/approvals/gate.ts';
import { parseRule } from '../../../../src/scope/permissions/permission-rules.ts';
import { scopeByLog } from '../../../../src/scope/ownership/delegation.ts';
import type { PermissionMode } from '../../../../src/session/settings/permissions.ts';
import type { SandboxState } from '../../../../src/scope/sandbox/state.ts';
import type { CallRequest } from '../../../../src/worker/turn-ports.ts';
import { type Line, working } from '../../machine-rig.ts';
import { answering, asking } from '../machine/asked-approvals.ts';
import { type ShellOptions, shellOf } from '../shell-rig.ts';

const works: SandboxState = { kind: 'working', text: 'it works', fix: null };
const missing: SandboxState = { kind: 'absent', text: 'there is none', fix: null };
const git = '/w/.git';
const commit: CallRequest = {
  call: 'c9',
  step: 2,
  tool: 'Bash',
  need: { kind: 'shell', command: 'git commit -m x' },
  input: { command: 'git commit -m x' },
};

interface Case extends ShellOptions {
  readonly mode?: PermissionMode;
  readonly sandbox?: SandboxState;
  readonly held?: string | null;
}

function gateOf(lines: Line[], { mode = 'default', sandbox = works, held = git, ...options }: Case = {}) {
  const shell = shellOf([...working('t1', 'r1'), ...lines], options);
  Object.assign(shell.pod.session, { permissionMode: mode });
  const gate = new ApprovalGate(shell.pod, {
    permissions: shell.pod.permissions,
    sandboxState: async () => sandbox,
    heldGit: async () => held,
    onChanged: () => undefined,
  });
  /** The approval that the call waits for, or what became of it. */
  const outcome = async () => {
    const got: { kind: string | null } = { kind: null };
    const before = new Set(shell.pod.facts.approvals.keys());
    void gate.beforeCall(commit).then((permit) => (got.kind = permit.kind));
    const asked = () => [...shell.pod.facts.approvals.values()].find(({ request }) => !before.has(request));
    while (got.kind === null && asked() === undefined) await shell.clock.turn();
    return got.kind ?? asked();
  };
  return { ...shell, gate, outcome };
}
const offering = (fields: object = {}) => asking('q1', 'c1', { offers: { write: git }, ...fields });
const allowed = parseRule('Bash');

it('[approval.git-offer] a question that is asked anyway offers it, and says what hooks there do', async () => {
  const asked = await gateOf([]).outcome();
  expect(asked).toMatchObject({
    offers: { write: git },
    why: expect.stringContaining('your next git command'),
  });
  expect(asked).toMatchObject({ why: expect.stringContaining('permission mode default asks') });
  expect(await gateOf([], { held: null }).outcome()).not.toHaveProperty('offers');
  expect(await gateOf([], { sandbox: missing }).outcome()).not.toHaveProperty('offers');
});

it.each<[string, Line[], Case, 'asked' | 'allowed' | 'denied']>([
  ['in acceptEdits, instead of a command that fails', [], { mode: 'acceptEdits' }, 'asked'],
  [
    'where a rule lets it run',
    [],
    { permissions: { rules: { allow: 'problem' in allowed ? [] : [allowed], ask: [], deny: [] } } },
    'asked',
  ],
  ['not where nothing is held', [], { mode: 'acceptEdits', held: null }, 'allowed'],
  ['not after a yes without it', [offering(), answering('q1')], { mode: 'acceptEdits' }, 'allowed'],
  ['not after a no', [offering(), answering('q1', { decision: 'deny' })], { mode: 'acceptEdits' }, 'allowed'],
  [
    'again after one that nobody answered',
    [offering(), answering('q1', { decision: 'deny', by: 'pause' })],
    { mode: 'acceptEdits' },
    'asked',
  ],
  ['not in bypassPermissions', [], { mode: 'bypassPermissions' }, 'allowed'],
  ['not in plan', [], { mode: 'plan' }, 'denied'],
])('[approval.git-once] a person is asked %s', async (_, lines, options, expected) => {
  const outcome = await gateOf(lines, options).outcome();
  expect(typeof outcome === 'string' ? outcome : 'asked').toBe(expected);
});

it('[approval.git-once] nobody is asked in a tree without a person', async () => {
  const permissions = { rules: { allow: [], ask: [], deny: [] }, headless: true };
  expect(await gateOf([], { mode: 'acceptEdits', permissions }).outcome()).toBe('allowed');
});

it('[approval.git-write] the path is a write root by the entry of the answer alone, and claimed before', async () => {
  const { gate, pod, order } = gateOf([offering()]);
  const claimed: string[] = [];
  Object.assign(pod.claims, {
    claimMore: async (path: string) => (claimed.push(path), order.push('claimed'), null),
  });
  await gate.answer({ request: 'q1', decision: 'allow', write: git });
  expect([claimed, order.indexOf('claimed')]).toEqual([[git], 0]);
  expect(pod.facts.widened).toEqual([git]);
  expect(scopeByLog(pod.facts).write).toEqual([...pod.session.scope.write, git]);
});

it.each([
  ['what was not offered', { write: '/w/.vscode' }, 'does not offer'],
  ['with a no', { write: git, decision: 'deny' as const }, 'goes with a yes'],
])('[approval.git-held] %s is refused, and the approval waits on', async (_, fields, why) => {
  const { gate, pod } = gateOf([offering()]);
  const answer = gate.answer({ request: 'q1', decision: 'allow', ...fields });
  await expect(answer).rejects.toMatchObject({ code: 'forbidden', message: expect.stringContaining(why) });
  expect([pod.facts.widened, pod.facts.approvals.get('q1')?.answer]).toEqual([[], null]);
});

it('[approval.git-held] a path that another pod holds is refused with its name', async () => {
  const { gate, pod } = gateOf([offering()]);
  const settled: string[] = [];
  const conflict = { path: git, owner: { name: 'other', instance: 'o' }, theirs: '/w', isKnown: true };
  Object.assign(pod.claims, {
    claimMore: async () => conflict,
    settle: (path: string) => void settled.push(path),
  });
  const answer = gate.answer({ request: 'q1', decision: 'allow', write: git });
  await expect(answer).rejects.toMatchObject({
    message: expect.stringContaining('held for writing by the pod "other"'),
  });
  expect([settled, pod.facts.widened, pod.facts.approvals.get('q1')?.answer]).toEqual([[git], [], null]);
});

it.each([
  ['that was not offered', [asking('q1', 'c1'), answering('q1', { write: git })]],
  ['of another path', [offering(), answering('q1', { write: '/w' })]],
  ['with a no', [offering(), answering('q1', { decision: 'deny', write: git })]],
  ['that no person gave', [offering(), answering('q1', { by: 'cancel', write: git })]],
])('[approval.git-write] a log that opens a path %s opens nothing', (_, lines) => {
  const { pod } = gateOf(lines);
  expect(pod.facts.widened).toEqual([]);
  expect(scopeByLog(pod.facts)).toEqual(pod.session.scope);
});
