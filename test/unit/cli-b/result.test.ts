import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { exitOf } from '../../../src/cli/run/exit-of.ts';
import { type RunEnd, runResult } from '../../../src/client/run-result.ts';
import { newTally, podOutcome, tallyEntry } from '../../../src/client/pod-tally.ts';
import { contextOf } from '../../../src/cli/invocation/context.ts';
import { printReport, summary } from '../../../src/cli/run/run-report.ts';
import { protectedText } from '../../../src/scope/paths/access.ts';
import { deniedText, denialText } from '../../../src/scope/paths/path-scope.ts';
import { type Decision, decide } from '../../../src/scope/permissions/permission.ts';
import { parseRule } from '../../../src/scope/permissions/permission-rules.ts';
import type { EntryBody } from '../../../src/session/facts/entries.ts';
import { verdictOf } from '../../../src/pod/hooks/judge.ts';
import type { Hook } from '../../../src/session/facts/hooks.ts';
import { answer, begun, denied, ended, numbered, stepped, stopped } from './entries.ts';

const settled: RunEnd = { kind: 'settled' };

function tally(name: string, bodies: EntryBody[]) {
  const pod = newTally(name, `id-of-${name}`);
  for (const entry of numbered(bodies)) tallyEntry(pod, entry);
  return pod;
}

function resultOf(root: EntryBody[], end: RunEnd = settled, children: Record<string, EntryBody[]> = {}) {
  const descendants = Object.entries(children).map(([name, bodies]) => tally(name, bodies));
  return runResult({ root: tally('root', root), descendants, end, durationMs: 1234.5 });
}

describe('the result of a run', () => {
  it('[run.result-sums] tokens and cost are sums over the tree, and an unknown price is not taken for none', () => {
    const usage = { inputTokens: 7, outputTokens: 3, cost: 0.125 };
    const lost = { type: 'requestFailed', turn: 't1', step: 1, usage } as const;
    const child = [begun(), lost, stepped(0.125), ended('finished'), stopped];
    const result = resultOf([begun(), stepped(0.5), answer('done'), ended('finished'), stopped], settled, {
      alpha: child,
    });
    expect(result).toMatchObject({
      type: 'result',
      status: 'done',
      reason: null,
      name: 'root',
      text: 'done',
      usage: { inputTokens: 27, outputTokens: 13 },
      cost: 0.75,
      durationMs: 1235,
      children: [
        { name: 'alpha', instance: 'id-of-alpha', status: 'done', turns: 1, tokens: 25, cost: 0.25 },
      ],
      permissionDenials: [],
    });
    expect(resultOf([begun(), stepped(null), ended('finished')], settled, { alpha: child }).cost).toBeNull();
  });

  it('[run.result-once] an entry that is read a second time counts once', () => {
    const pod = newTally('root', 'i');
    const entries = numbered([begun(), stepped(1), denied(), ended('finished')]);
    for (const entry of [...entries, ...entries]) tallyEntry(pod, entry);
    expect(pod).toMatchObject({ turns: 1, usage: { inputTokens: 10, cost: 1 }, turnOpen: false });
    expect(pod.denials).toHaveLength(1);
  });

  it('[context.summary-request] what a compaction has used is in the usage of the run, made or not', () => {
    const used = {
      turn: 't',
      why: 'size' as const,
      usage: { inputTokens: 100, outputTokens: 5, cost: 0.5 },
      before: 9,
    };
    const made: EntryBody = {
      type: 'compaction',
      ...used,
      through: 1,
      model: 'm',
      kept: [],
      summary: 'S',
      table: '',
      after: 5,
    };
    const failed: EntryBody = { type: 'compactionFailed', ...used, reason: 'no' };
    const pod = newTally('root', 'i');
    for (const entry of numbered([begun(), made, failed, ended('finished')])) tallyEntry(pod, entry);
    expect(pod.usage).toEqual({ inputTokens: 200, outputTokens: 10, cost: 1 });
  });

  it('[run.exit-status] the exit status tells how it ended, and a denied tool is never a silent 0 with -p', () => {
    const cases: [EntryBody[], RunEnd, number, number][] = [
      [[begun(), ended('finished')], settled, 0, 0],
      [[begun(), denied(), ended('finished')], settled, 4, 0],
      [[begun(), ended('errored', { error: { category: 'badRequest', message: 'no' } })], settled, 1, 1],
      [[begun(), ended('cancelled')], settled, 1, 1],
      [[begun(), denied(), ended('limitReached', { reason: 'steps' })], settled, 5, 5],
      [[begun(), ended('finished')], { kind: 'limit', reason: 'budget' }, 5, 5],
      [[begun()], { kind: 'died', reason: 'killed' }, 1, 1],
      [[begun()], { kind: 'interrupted', signal: 'SIGINT' }, 130, 130],
      [[begun()], { kind: 'interrupted', signal: 'SIGTERM' }, 143, 143],
      [[], settled, 1, 1],
    ];
    for (const [entries, end, headless, watched] of cases) {
      const result = resultOf(entries, end);
      expect(exitOf(result, end, { headless: true }), JSON.stringify(result)).toBe(headless);
      expect(exitOf(result, end, { headless: false }), JSON.stringify(result)).toBe(watched);
    }
  });

  it('[run.result-denials] a denial anywhere in the tree is in the result, with the pod and the tool', () => {
    const result = resultOf([begun(), ended('finished')], settled, {
      alpha: [begun(), denied('Bash'), stopped],
    });
    expect(result.status).toBe('denied');
    expect(result.permissionDenials).toEqual([
      { pod: 'alpha', tool: 'Bash', call: 'c1', input: '', text: 'Denied: no' },
    ]);
  });

  it('[run.person-no] what a person said no to is told as that, and widens no rights; what nobody was asked about names the options', () => {
    const no = (fields: { call?: string }): EntryBody => ({
      type: 'approval',
      state: 'answered',
      request: 'q1',
      decision: 'deny',
      by: 'person',
      ...fields,
    });
    const taken: EntryBody = { type: 'approval', state: 'taken', request: 'q1', call: 'c1' };
    const called: EntryBody = {
      type: 'toolCall',
      turn: 't1',
      step: 1,
      call: 'c1',
      tool: 'Write',
      input: { path: 'a' },
    };
    for (const asked of [[no({ call: 'c1' })], [no({}), taken]]) {
      const result = resultOf([begun(), called, ...asked, denied(), ended('finished')]);
      expect(result).toMatchObject({ status: 'denied', permissionDenials: [{ byPerson: true }] });
      expect(summary(result, settled)[1]).toBe(
        'root has answered; a person said no to 1 tool call (Write in root: {"path":"a"}). (1.2 s, 0 tokens, $0.0000)',
      );
      const both = resultOf([begun(), called, ...asked, denied(), denied('Read'), ended('finished')]);
      expect(summary(both, settled)[1]).toMatch(
        /a tool was denied \(Read in root: Denied: no\); widen its rights/,
      );
    }
    const unasked = resultOf([begun(), no({ call: 'c2' }), called, denied(), ended('finished')]);
    expect(summary(unasked, settled)[1]).toMatch(
      /a tool was denied \(Write .*; widen its rights with --write/,
    );
  });

  const asked = { right: 'write', path: 'a', realPath: '/w/a' } as const;
  const scope = { read: ['/w'], write: ['/w/b'], deny: [{ path: '/w/a', right: 'read' as const }] };
  const open = { mode: 'default', rules: { allow: [], ask: [], deny: [] }, remembered: false } as const;
  const call = {
    ...open,
    tool: 'Bash',
    need: { kind: 'shell', command: 'ls' },
    subject: { kind: 'command', command: 'ls' },
  } as const;
  const ruled = parseRule('Bash(ls)');
  const hookSays = (code: number, errors: string) => {
    const hook = { id: 'h', event: 'preToolUse', command: 'x', onFailure: 'deny' } as unknown as Hook;
    const verdict = verdictOf(hook, { kind: 'exited', code, errors });
    return verdict.kind === 'denied' ? verdict.text : '';
  };
  const textOf = (decision: Decision) => (decision.kind === 'deny' ? decision.text : '');

  it.each([
    [
      'a deny',
      deniedText({ path: '/w/a', right: 'read' }, asked),
      '/w/a is denied, and a deny wins',
      '--deny-write',
    ],
    [
      'a deny of writing',
      deniedText({ path: '/w/a', right: 'write' }, asked),
      '/w/a is denied, and a deny wins',
      '--deny,',
    ],
    [
      'a holder',
      deniedText({ path: '/w/a', right: 'write', holder: 'x' }, asked),
      'podkin stop x',
      'until it ends',
    ],
    [
      'a rule',
      textOf(
        decide({
          ...call,
          headless: true,
          sandboxed: true,
          rules: { ...open.rules, deny: 'problem' in ruled ? [] : [ruled] },
        }),
      ),
      'the rule Bash(ls) denies it',
      '--deny-tool',
    ],
    [
      'nobody to ask',
      textOf(decide({ ...call, headless: true, sandboxed: true })),
      '--allow-tool',
      'without -p',
    ],
    [
      'nobody to ask in this mode',
      textOf(decide({ ...call, mode: 'dontAsk', headless: true, sandboxed: true })),
      'podkin run -c root --permission-mode MODE',
      '',
    ],
    [
      'plan',
      textOf(decide({ ...call, mode: 'plan', headless: true, sandboxed: true })),
      '--permission-mode',
      'another',
    ],
    ['no right to write', denialText(scope, 'write', '/w/c'), 'widen what it may write with --write', ''],
    ['no right to read', denialText(scope, 'read', '/x'), 'widen what it may read with --read', ''],
    [
      'a protected name',
      protectedText({ path: '/w/.git', realPath: '/w/.git' }, 'w'),
      'do that change yourself',
      '--write',
    ],
    ['a hook', hookSays(2, 'no push'), 'a preToolUse hook of yours blocks it', '[[hooks]]'],
    ['a hook without a word', hookSays(2, ''), 'hook of yours blocks it, which no flag lifts', '[[hooks]]'],
    ['a hook that failed', hookSays(1, 'oh'), 'failed (it ended with 1)', 'onFailure'],
    [
      'a profile',
      'Denied: the profile fix gives less than that. Outside of it: /w/c.',
      'the profile fix gives no more',
      'widen it where it is defined',
    ],
    [
      'no sandbox',
      'Denied: no sandbox holds it now, and it was allowed to run inside of one only.',
      'podkin doctor',
      '',
    ],
  ])('[run.denied-advice] %s', (_, text, helps, more) => {
    const result = resultOf([begun(), { ...denied(), text } as EntryBody, ended('finished')]);
    const [, said = ''] = summary(result, settled);
    expect(said).toContain(helps);
    expect(said).toContain(more);
    expect(said).not.toContain('widen its rights');
  });

  it('[run.child-outcome] a child whose process ended without having stopped is told as died', () => {
    expect(podOutcome(tally('a', [begun(), ended('finished')]))).toBe('died');
    expect(podOutcome(tally('a', [begun(), ended('finished'), stopped]))).toBe('done');
    expect(podOutcome(tally('a', [begun(), ended('limitReached'), stopped]))).toBe('limit');
    expect(podOutcome(tally('a', [stopped]))).toBe('idle');
    const left = { ...tally('a', [begun(), ended('finished')]), isRunning: true };
    expect(podOutcome(left)).toBe('done');
    expect(podOutcome({ ...left, stopped: true })).toBe('done');
  });

  it('[run.child-outcome] a child whose turn a stop has given up is told as cancelled, one that never began as such', () => {
    const cut = [begun(), { type: 'interrupted', turn: 't1', reason: 'x' } as unknown as EntryBody, stopped];
    expect(podOutcome(tally('a', cut))).toBe('cancelled');
    expect(podOutcome(tally('a', [begun(), stopped]))).toBe('cancelled');
    expect(podOutcome(tally('a', [begun('t0'), ended('finished'), ...cut]))).toBe('cancelled');
    expect(podOutcome(tally('a', [...cut, begun('t2'), ended('finished'), stopped]))).toBe('done');
    const result = resultOf([begun(), ended('finished')], settled, { cut, none: [stopped] });
    expect(summary(result, settled)).toEqual(
      expect.arrayContaining(['  cut: cancelled, 1 turn', '  none: not begun']),
    );
  });

  it('[run.child-turns] a turn that was begun before counts where it ends', () => {
    expect(tally('a', [ended('finished')]).turns).toBe(1);
    expect(tally('a', [begun(), ended('finished')]).turns).toBe(1);
  });

  it('[run.died-names-restore] a root that died is told with its reason and with the command that starts it again', () => {
    const end: RunEnd = {
      kind: 'died',
      reason: 'its process died; the end of its error output:\nout of memory',
    };
    const text = summary(resultOf([begun()], end), end).join('\n');
    expect(text).toContain('out of memory');
    expect(text).toContain('podkin run -c root');
  });

  it('[run.removed] one that somebody has removed meanwhile is not to be gone on with', () => {
    const end: RunEnd = { kind: 'died', reason: 'it was removed (podkin prune, podkin rm)', isRemoved: true };
    const text = summary(resultOf([begun()], end), end).join('\n');
    expect(text).toContain('it was removed');
    expect(text).not.toContain('run -c');
  });

  it.each([
    [true, 'It had not taken its task yet. To give it again: podkin run -c root "…"'],
    [false, 'To go on where it was: podkin run -c root'],
  ])('[run.task-lost] one that was interrupted and has no task (%s) is told so', (isTaskLost, advice) => {
    for (const end of [
      { kind: 'interrupted', signal: 'SIGINT', isTaskLost },
      { kind: 'died', reason: 'another command has ended it', isTaskLost },
    ] as const)
      expect(summary(resultOf([begun()], end), end).at(-1)).toBe(advice);
  });
});

describe('the answer on its own', () => {
  it.each([
    [true, 'A]0;tB[2JC\n'],
    [false, 'A\u001b]0;t\u0007B\u001b[2J\u009bC\n'],
  ])('[cli.no-steering] on a terminal (%s) it steers nothing; a program gets it as it is', (isTTY, shown) => {
    const stdout = Object.assign(new PassThrough(), { isTTY });
    const parts = { stdout, stderr: new PassThrough(), stdin: new PassThrough(), env: {}, cwd: () => '/' };
    const result = resultOf([begun(), answer('A\u001b]0;t\u0007B\u001b[2J\u009bC\n'), ended('finished')]);
    printReport(contextOf(parts), 'text').result(result, settled);
    expect(String(stdout.read())).toBe(shown);
  });
});
