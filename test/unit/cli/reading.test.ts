import { describe, expect, it } from 'vitest';
import { commandInput } from '../../../src/cli/invocation/command-input.ts';
import { runOptions } from '../../../src/cli/run/run-options.ts';
import { noSuchPod } from '../../../src/cli/format/pod-sentences.ts';
import { nearest } from '../../../src/cli/format/nearest.ts';
import { type PodView, matters } from '../../../src/client/pod-view.ts';
import { mayGo, psTable, treeOrder } from '../../../src/cli/inspect/ps.ts';
import { secondsToMs, sinceMs } from '../../../src/cli/invocation/seconds.ts';
import { renderEntry } from '../../../src/cli/format/transcript.ts';
import { worst } from '../../../src/cli/control/wait.ts';
import type { Entry } from '../../../src/session/facts/entries.ts';
import { logHome } from '../../support/log-builder.ts';
import { cliRig } from './home-rig.ts';

function view(name: string, fields: Partial<PodView> = {}): PodView {
  return {
    name,
    path: name,
    instance: name,
    incarnation: 1,
    status: 'idle',
    parent: null,
    parentInstance: null,
    pid: 1,
    model: 'script/x',
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

function below(name: string, parent: string): PodView {
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
    expect(psTable(views, { tree: true, color: false, nowMs: 0 }).split('\n')).toHaveLength(views.length + 2);
  });

  it('[cli.ps-budget] a root says what its tree has used of its bound, a pod below it what is left to it; a home without bounds has no such column', () => {
    const share = { bound: null, spent: 1.5, reserved: 0.25, held: 0.75, lent: 2, cap: null };
    const tokens = { bound: null, spent: 900, reserved: 0, held: -20, lent: 0, cap: 1_000 };
    const views = [
      view('root', { budget: { usd: { ...share, bound: 8 }, tokens: null } }),
      view('kid', { budget: { usd: share, tokens } }),
      view('other'),
    ];
    const table = psTable(views, { tree: false, color: false, nowMs: 0 });
    expect(table).toMatch(/COST +BUDGET +CONTEXT/);
    expect(table).toMatch(/root .* \$3\.75 of \$8\.00 /);
    expect(table).toMatch(/kid .* \$0\.75 left, 0 tokens left /);
    expect(psTable([view('other')], { tree: false, color: false, nowMs: 0 })).not.toContain('BUDGET');
  });

  it('[cli.tree-instance] a new pod with the name of a removed parent is not the parent', () => {
    const views = [view('boss', { instance: 'new' }), view('kid', { parent: 'boss', parentInstance: 'old' })];
    expect(treeOrder(views).map((row) => row.label)).toEqual(['boss', 'kid']);
    const table = psTable(views, { tree: true, color: false, nowMs: 0 });
    expect(table).toMatch(/kid +idle +\(boss, removed\) /);
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
