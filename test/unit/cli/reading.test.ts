import { describe, expect, it } from 'vitest';
import { commandInput } from '../../../src/cli/invocation/command-input.ts';
import { runOptions } from '../../../src/cli/run/run-options.ts';
import { noSuchPod } from '../../../src/cli/format/pod-sentences.ts';
import { nearest } from '../../../src/std/nearest.ts';
import { matters } from '../../../src/client/pod-view.ts';
import type { ListedPod } from '../../../src/client/listed-pods.ts';
import { mayGo } from '../../../src/cli/inspect/ps.ts';
import { type TableStyle, activityText, psTable, treeOrder } from '../../../src/cli/inspect/ps-table.ts';
import { secondsToMs, sinceMs } from '../../../src/cli/invocation/seconds.ts';
import { renderEntry } from '../../../src/cli/format/transcript.ts';
import { worst } from '../../../src/cli/control/wait.ts';
import type { Entry } from '../../../src/session/facts/entries.ts';
import { logHome } from '../../support/log-builder.ts';
import { cliRig } from './home-rig.ts';

function view(name: string, fields: Partial<ListedPod> = {}): ListedPod {
  const { tokens = 0, cost = 0 } = fields;
  return {
    cwd: '/here',
    host: null,
    task: '',
    activity: null,
    tree: { tokens, cost },
    name,
    path: name,
    instance: name,
    incarnation: 1,
    status: 'idle',
    parent: null,
    parentInstance: null,
    pid: 1,
    model: 'script/x',
    permissionMode: 'default',
    children: [],
    pendingIn: 0,
    pendingOut: 0,
    turns: 0,
    tokens: 0,
    cost: 0,
    context: null,
    budget: null,
    startedAt: null,
    attention: null,
    waiting: null,
    ...fields,
  };
}

function table(pods: readonly ListedPod[], style: Partial<TableStyle> = {}): string {
  return psTable([{ directory: null, pods }], { color: false, nowMs: 0, width: null, ...style });
}

function below(name: string, parent: string): ListedPod {
  return view(name, { parent, parentInstance: parent });
}

describe('what is read from the command line', () => {
  it('[cli.usage] unknown commands, options and missing arguments end with 2, one sentence and the way to help', async () => {
    const rig = cliRig();
    for (const argv of [['pss'], ['ps', '--bogus'], ['logs'], ['inspect', 'a', 'b']]) {
      const { status, stdout, stderr } = await rig.podkin(...argv);
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/^podkin: /);
      expect(stderr).toContain('--help');
    }
  });

  it.each([
    ['help', 'chaso'],
    ['chaso', '--help'],
    ['help', 'chaso', 'x'],
  ])('[cli.help-unknown] %s %s says that there is no such command, with the nearest one', async (...argv) => {
    const { status, stdout, stderr } = await cliRig().podkin(...argv);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain("podkin: unknown command 'chaso'\n(Did you mean chaos?)\n");
  });

  it('[cli.help] help is data: it goes to stdout with status 0', async () => {
    const rig = cliRig();
    for (const argv of [['--help'], ['run', '--help'], ['help', 'stop']]) {
      const { status, stdout, stderr } = await rig.podkin(...argv);
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toContain('Usage: podkin');
    }
  });

  it('[cli.task-behind-paths] a task behind --write PATH… is the task, a path is not', () => {
    const read = (options: Record<string, unknown>, ...args: string[]) =>
      runOptions(commandInput(args, options));
    expect(read({ write: ['out', 'do this'] })).toMatchObject({ task: 'do this', write: ['out'] });
    expect(read({ read: ['src', '-'], write: ['out'] })).toMatchObject({
      task: '-',
      read: ['src'],
      write: ['out'],
    });
    expect(read({ write: ['out', 'src'] })).toMatchObject({ task: undefined, write: ['out', 'src'] });
    expect(read({ write: ['a dir'] })).toMatchObject({ task: undefined, write: ['a dir'] });
    expect(read({ write: ['out'], denyWrite: ['lib', 'do this'] })).toMatchObject({
      task: 'do this',
      denyWrite: ['lib'],
    });
    expect(read({ write: ['out', 'a dir'] }, 'task')).toMatchObject({
      task: 'task',
      write: ['out', 'a dir'],
    });
  });

  it('[cli.times] seconds, ages and times are understood, everything else is refused', () => {
    expect(secondsToMs('2.5', '--timeout')).toBe(2_500);
    expect(sinceMs('10m', 1_000_000)).toBe(400_000);
    expect(sinceMs('2026-01-31T12:00:00Z', 0)).toBe(Date.parse('2026-01-31T12:00:00Z'));
    for (const wrong of ['', 'soon', '-1', '1e9']) {
      expect(() => secondsToMs(wrong, '--timeout')).toThrow(/--timeout: .* number of seconds/);
    }
    for (const wrong of ['1x', 'yesterday', '']) expect(() => sinceMs(wrong, 0)).toThrow(/--since: /);
  });

  it('[cli.did-you-mean] a name that is nearly right is offered, a far one is not', () => {
    expect(nearest('rooot', ['alpha', 'root'])).toBe('root');
    expect(nearest('al', ['alpha', 'root'])).toBe('alpha');
    expect(nearest('zzz', ['alpha', 'root'])).toBeNull();
    expect(noSuchPod('rooot', ['root'])).toContain('did you mean "root"?');
    expect(noSuchPod('x', [])).toContain('podkin demo');
  });

  it('[cli.wait-status] of several statuses the one that says most is the answer', () => {
    expect(worst([0, 5, 1])).toBe(1);
    expect(worst([0, 5])).toBe(5);
    expect(worst([1, 124])).toBe(124);
    expect(worst([0, 0])).toBe(0);
  });
});

describe('what is shown', () => {
  it('[cli.tree] children stand below their parents, and nobody is left out', () => {
    const views = [
      below('a', 'root'),
      below('b', 'a'),
      below('c', 'root'),
      below('far', 'gone'),
      view('root'),
      below('x', 'y'),
      below('y', 'x'),
    ];
    expect(treeOrder(views).map((row) => row.label)).toEqual([
      'far',
      'root',
      '├─ a',
      '│  └─ b',
      '└─ c',
      'x',
      '└─ y',
    ]);
    expect(table(views).split('\n')).toHaveLength(views.length + 2);
  });

  it('[cli.ps-budget] a root says what its tree has used of its bound, a pod below it what is left to it; a home without bounds has no such column', () => {
    const share = { bound: null, spent: 1.5, reserved: 0.25, held: 0.75, lent: 2, cap: null };
    const tokens = { bound: null, spent: 900, reserved: 0, held: -20, lent: 0, cap: 1_000 };
    const views = [
      view('root', { budget: { usd: { ...share, bound: 8 }, tokens: null } }),
      view('kid', { budget: { usd: share, tokens } }),
      view('other'),
    ];
    expect(table(views)).toMatch(/COST +BUDGET +AGE/);
    expect(table(views)).toMatch(/root .* \$3\.75 of \$8\.00 /);
    expect(table(views)).toMatch(/kid .* \$0\.75 left, 0 tokens left /);
    expect(table([view('other')])).not.toContain('BUDGET');
  });

  it('[cli.ps-tree-use] the top of a tree shows what the tree has used, a pod below it its own', () => {
    const root = view('root', { tokens: 10, cost: 1, tree: { tokens: 30, cost: 3 } });
    const shown = table([
      root,
      { ...below('kid', 'root'), tokens: 20, cost: 2, tree: { tokens: 21, cost: 4 } },
    ]);
    expect(shown).toMatch(/root .* 30 +\$3\.00 /);
    expect(shown).toMatch(/kid .* 20 +\$2\.00 /);
  });

  const at = (seconds: number) => new Date(seconds * 1_000).toISOString();
  const call = { kind: 'call', text: 'Bash npm test', since: at(0), until: null } as const;
  it.each([
    [null, ''],
    [call, 'Bash npm test 2m10s'],
    [{ ...call, kind: 'request', text: 'the model', since: at(125) }, 'asking the model 5s'],
    [{ ...call, kind: 'retry', text: '429', until: at(170) }, 'retrying in 40 s: 429'],
    [
      {
        ...call,
        kind: 'retry',
        text: "The model's provider failed (rateLimit: HTTP 429); try 2 of 8 in 40.0 s.",
      },
      'retrying: rateLimit: HTTP 429',
    ],
    [{ ...call, kind: 'wait', text: 'children: a, b' }, 'waiting: children: a, b'],
    [{ ...call, kind: 'ended', text: 'errored: no key' }, 'failed: no key'],
    [{ ...call, kind: 'ended', text: 'finished' }, 'finished'],
    [{ ...call, kind: 'cut' }, 'cut at Bash npm test'],
    [{ ...call, kind: 'cut', text: '' }, 'cut in a turn'],
    [{ ...call, text: 'Bash \u001b[2Jls\nrm' }, 'Bash [2Jls … 2m10s'],
    [{ ...call, since: 'no time' }, 'Bash npm test'],
  ] as const)('[cli.ps-work] %j is shown as %j', (activity, text) => {
    expect(activityText(activity, 130_000, 60)).toBe(text);
  });

  it('[cli.ps-work] of a long command the end is cut, not how long it takes', () => {
    const text = `Bash ${'x'.repeat(100)}`;
    expect(activityText({ ...call, text }, 130_000, 20)).toBe('Bash xxxxxxxx… 2m10s');
  });

  it.each([20, 30, 40, 60, 80, 100, 160])('[cli.ps-narrow] in %i columns', (width) => {
    const long = 'a-name-of-a-pod-that-is-as-long';
    const pods = [
      view('root', {
        task: 'review '.repeat(30),
        activity: { ...call, text: 'Bash '.repeat(40) },
        pendingIn: 3,
      }),
      { ...below(long, 'root'), task: 'look', attention: 'approval' },
    ];
    const lines = table(pods, { width, nowMs: 130_000 }).trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[2]).toContain(long);
    const least = `└─ ${long}  idle    ATTENTION`.length;
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(Math.max(width, least));
    const heads = lines[0]!.split(/ +/);
    expect(heads).toEqual(expect.arrayContaining(['NAME', 'STATUS', 'ATTENTION']));
    expect(heads.includes('TURNS')).toBe(width >= 160);
    expect(heads.includes('ACTIVITY')).toBe(width >= 80);
    expect(heads.includes('COST')).toBe(width >= 160);
  });

  it('[cli.ps-narrow] in 80 columns there is room for what a tree does and costs', () => {
    const task = 'review the three files of the parser';
    const pods = [
      view('root', { task, activity: call, startedAt: at(0), tokens: 12_345 }),
      {
        ...below('tokenizer', 'root'),
        task,
        activity: { ...call, kind: 'wait', text: 'children: a, b' } as const,
      },
    ];
    const lines = table(pods, { width: 80, nowMs: 130_000 }).trimEnd().split('\n');
    expect(lines[0]).toMatch(/^NAME +STATUS +TASK +ACTIVITY +TOKENS +COST$/);
    expect(lines[1]).toMatch(/ Bash npm test 2m10s +12345 +\$/);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('[cli.tree-instance] a new pod with the name of a removed parent is not the parent', () => {
    const views = [view('boss', { instance: 'new' }), view('kid', { parent: 'boss', parentInstance: 'old' })];
    expect(treeOrder(views).map((row) => row.label)).toEqual(['boss', 'kid']);
    expect(table(views)).toMatch(/\nboss +idle .*\nkid +idle /);
    expect(mayGo(view('boss', { instance: 'new' }), [below('kid', 'boss')])).toBe(true);
  });

  it('[cli.ps-default] without -a: what runs, what died, and what still has to deliver', () => {
    const shown = [
      view('a'),
      view('b', { status: 'stopped' }),
      view('c', { status: 'stopped', pendingOut: 1 }),
      view('d', { status: 'dead' }),
      view('e', { status: 'unreachable' }),
    ].filter(matters);
    expect(shown.map((one) => one.name)).toEqual(['a', 'c', 'd', 'e']);
  });

  it('[cli.no-steering] nothing that a pod says can steer the terminal', () => {
    const evil = '\u001B[2J\u001B]0;title\u0007a\u202Eb\u009Bc\rd';
    const said: Entry[] = [
      {
        seq: 1,
        time: '',
        type: 'userMessage',
        turn: 't',
        submission: 's',
        from: { kind: 'person' },
        text: evil,
      },
      {
        seq: 2,
        time: '',
        type: 'assistantMessage',
        turn: 't',
        step: 1,
        model: 'm',
        parts: [
          { type: 'text', text: evil },
          { type: 'reasoning', text: evil },
        ],
      },
      {
        seq: 3,
        time: '',
        type: 'toolCall',
        turn: 't',
        step: 1,
        call: 'c',
        tool: evil,
        input: { [evil]: evil },
      },
      {
        seq: 4,
        time: '',
        type: 'toolResult',
        turn: 't',
        step: 1,
        call: 'c',
        tool: evil,
        text: evil,
        isError: true,
      },
      { seq: 5, time: '', type: 'alert', level: 'error', code: 'x', text: evil },
      { seq: 6, time: '', type: 'stopped', incarnation: 1, reason: evil },
    ];
    for (const entry of said) {
      const text = renderEntry(entry, { color: false });
      expect(text).toContain('a');
      // oxlint-disable-next-line eslint/no-control-regex -- what must not be there
      expect(text).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E]/);
    }
  });

  it('[cli.transcript] colours only where they are wanted, and unknown entries are passed over', () => {
    const home = logHome();
    const root = home.pod('root');
    root.beginTurn();
    root.step(['c']);
    root.result('c', { denied: true, isError: true });
    root.endTurn('errored');
    const plain = root.entries.map((entry) => renderEntry(entry, { color: false }));
    const coloured = root.entries.map((entry) => renderEntry(entry, { color: true }));
    expect(plain.join('')).not.toContain('\u001B');
    expect(coloured.join('')).toContain('\u001B[31m');
    expect(plain.join('\n')).toContain('✗ Tool denied: done');
    const unknown: unknown = { seq: 1, time: '', type: 'constructor' };
    expect(renderEntry(unknown as Entry, { color: false })).toBeNull();
  });
});
