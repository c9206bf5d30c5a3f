/** When hooks run, what they are told, and what their ends leave: over a shell that is played by hand. */
import { describe, expect, it } from 'vitest';
import type { HookRan, HookRun } from '../../../../src/pod/host.ts';
import { HookDesk } from '../../../../src/pod/hooks/desk.ts';
import type { Entry } from '../../../../src/session/facts/entries.ts';
import { type Hook, hookOf, hookSettings } from '../../../../src/session/facts/hooks.ts';
import { type Deferred, deferred } from '../../../../src/std/deferred.ts';
import { free, kid, type Line } from '../../machine-rig.ts';
import { type Shell, shellOf } from '../shell-rig.ts';

const hook = (fields: Partial<Omit<Hook, 'id'>> = {}): Hook =>
  hookOf({
    event: 'podEvent',
    match: null,
    command: ['./told'],
    folder: '/c',
    timeoutMs: 1_000,
    onFailure: 'ask',
    origin: 'config',
    ...fields,
  });

interface Desk {
  readonly shell: Shell;
  readonly desk: HookDesk;
  readonly runs: (HookRun & { told: Record<string, unknown>; ended: Deferred<HookRan> })[];
  /** As the pod's parts hear of an append. */
  commit(...lines: Line[]): void;
}

const good: HookRan = { kind: 'exited', code: 0, errors: '' };

function deskOf(hooks: readonly Hook[]): Desk {
  const shell = shellOf([{ type: 'set', by: 'person', hooks: hookSettings(hooks) }]);
  const runs: Desk['runs'] = [];
  const entries = new Map<number, Entry>();
  const { pod } = shell;
  Object.assign(pod.host, {
    work: {
      runHook: (_folder: unknown, run: HookRun) => {
        const ended = deferred<HookRan>();
        run.signal.addEventListener('abort', () => ended.resolve({ kind: 'aborted' }));
        const told = JSON.parse(run.input) as Record<string, unknown>;
        runs.push({ ...run, told, ended });
        shell.order.push(`run ${String(told['hook'])}`);
        return ended.promise;
      },
    },
  });
  const desk = new HookDesk(pod, async (seq) => entries.get(seq) ?? null);
  pod.perform({ committed: (bodies: never) => desk.committed(bodies), show: () => undefined } as never);
  return {
    shell,
    desk,
    runs,
    commit(...lines) {
      for (const entry of pod.commit(lines).entries) entries.set(entry.seq, entry);
    },
  };
}

const receipt: Line = {
  type: 'podEventReceived',
  from: { ...kid, incarnation: 1 },
  eventSeq: 7,
  event: {
    kind: 'turnEnded',
    outcome: 'finished',
    turn: 't',
    assignments: [],
    outstanding: [],
    settled: true,
    text: 'what it found',
    textChars: 13,
    usage: free,
    durationMs: 1,
    hops: 0,
  },
  reads: true,
  wakes: false,
  closes: [],
};
const dones = ({ shell }: Desk) => shell.committed.flat().filter(({ type }) => type === 'hookDone');
const alerts = ({ shell }: Desk) =>
  shell.committed.flat().flatMap((body) => (body.type === 'alert' ? [body.text] : []));

describe('a hook of an entry', () => {
  it('[hook.once] runs behind the sync of its entry, says its identity, and is done once that is committed', async () => {
    const desk = deskOf([hook()]);
    const sync = deferred<void>();
    desk.shell.sync = sync.promise;
    desk.commit(receipt);
    await desk.shell.clock.turn();
    expect(desk.runs).toEqual([]);
    sync.resolve();
    await desk.shell.clock.turn();
    expect(desk.runs).toHaveLength(1);
    expect(desk.runs[0]?.told).toMatchObject({
      hook: 'podEvent',
      identity: { instance: desk.shell.pod.session.instance, seq: 4 },
      from: { name: 'kid' },
      eventSeq: 7,
      event: { text: 'what it found' },
    });
    expect(dones(desk)).toEqual([]);
    desk.runs[0]?.ended.resolve(good);
    await desk.shell.clock.turn();
    expect(dones(desk)).toMatchObject([{ hook: hook().id, identity: { seq: 4 }, exit: 0 }]);
    expect(desk.shell.pod.facts.hooksDue).toEqual([]);
  });

  it('[hook.once] one after the other, each hook by itself', async () => {
    const desk = deskOf([hook(), hook({ command: 'slow' })]);
    desk.commit(receipt);
    desk.commit(receipt);
    await desk.shell.clock.turn();
    expect(desk.runs.map(({ told, command }) => [command, told['identity']])).toMatchObject([
      [['./told'], { seq: 4 }],
      ['slow', { seq: 4 }],
    ]);
    desk.runs[0]?.ended.resolve(good);
    await desk.shell.clock.turn();
    expect(desk.runs.at(-1)).toMatchObject({ command: ['./told'], told: { identity: { seq: 5 } } });
    expect(desk.runs).toHaveLength(3);
  });

  it('[hook.once] that the pod’s end has cut stays due', async () => {
    const desk = deskOf([hook()]);
    desk.commit(receipt);
    await desk.shell.clock.turn();
    const stopping = desk.desk.stop('asked', 500);
    await desk.shell.clock.pass(499);
    expect(desk.runs[0]?.signal.aborted).toBe(false);
    await desk.shell.clock.pass(1);
    await stopping;
    expect(desk.runs[0]?.signal.aborted).toBe(true);
    expect(dones(desk)).toEqual([]);
    expect(desk.shell.pod.facts.hooksDue).toHaveLength(1);
  });

  it('[hook.once] whose end cannot be written waits for the disk and does not run again', async () => {
    const desk = deskOf([hook()]);
    desk.commit(receipt);
    await desk.shell.clock.turn();
    desk.shell.refusal = new Error('full');
    desk.runs[0]?.ended.resolve(good);
    await desk.shell.clock.pass(3_500);
    desk.shell.refusal = null;
    await desk.shell.clock.pass(1_000);
    expect(dones(desk)).toHaveLength(1);
    expect(desk.runs).toHaveLength(1);
  });

  it('[hook.start] is tried three times where it does not start, and given up', async () => {
    const desk = deskOf([hook()]);
    desk.commit(receipt);
    for (const ms of [0, 1_000, 5_000]) {
      await desk.shell.clock.pass(ms);
      desk.runs.at(-1)?.ended.resolve({ kind: 'notStarted', why: 'gone' });
    }
    await desk.shell.clock.pass(60_000);
    expect(desk.runs).toHaveLength(3);
    expect(dones(desk)).toMatchObject([{ exit: null, why: 'it could not be started: gone' }]);
    expect(alerts(desk)).toHaveLength(1);
  });

  it('[hook.start] that ran and failed is not tried again', async () => {
    const desk = deskOf([hook()]);
    desk.commit(receipt);
    await desk.shell.clock.turn();
    desk.runs[0]?.ended.resolve({ kind: 'timedOut', errors: '' });
    await desk.shell.clock.pass(60_000);
    expect(desk.runs).toHaveLength(1);
    expect(dones(desk)).toMatchObject([{ exit: null, why: 'it did not end in its time' }]);
  });
});

describe('what is told once at most', () => {
  it('[hook.others] starts, ends of turns, questions and the end of the pod', async () => {
    const events = ['sessionStart', 'turnEnded', 'question', 'sessionEnd'] as const;
    const desk = deskOf(events.map((event) => hook({ event })));
    desk.desk.start();
    desk.commit({
      type: 'turnEnded',
      turn: 't',
      outcome: 'errored',
      error: { category: 'provider', message: 'no' },
      settled: false,
      outstanding: [],
      usage: free,
      durationMs: 1,
    });
    await desk.shell.clock.turn();
    const stopping = desk.desk.stop('asked', 5_000);
    await desk.shell.clock.turn();
    expect(desk.runs.map(({ told }) => [told['hook'], told['identity'] !== null])).toEqual([
      ['sessionStart', false],
      ['turnEnded', true],
      ['sessionEnd', false],
    ]);
    for (const { ended } of desk.runs) ended.resolve({ kind: 'exited', code: 1, errors: 'broken' });
    await stopping;
    expect(alerts(desk)).toHaveLength(3);
    expect(alerts(desk)[0]).toContain('sessionStart hook "./told" failed: it ended with 1. It says: broken');
    expect(dones(desk)).toEqual([]);
  });

  it('[hook.others] the same failure again is no news, and what a hook does not keep up with is left out', async () => {
    const desk = deskOf([hook({ event: 'turnEnded' })]);
    const end: Line = {
      type: 'turnEnded',
      turn: 't',
      outcome: 'finished',
      settled: false,
      outstanding: [],
      usage: free,
      durationMs: 1,
    };
    desk.commit(end);
    await desk.shell.clock.turn();
    for (let count = 0; count < 150; count += 1) desk.commit(end);
    expect(alerts(desk)).toHaveLength(1);
    for (let count = 0; count < 101; count += 1) {
      desk.runs.at(-1)?.ended.resolve({ kind: 'exited', code: 9, errors: '' });
      await desk.shell.clock.turn();
    }
    expect(desk.runs).toHaveLength(101);
    expect(alerts(desk)).toHaveLength(2);
  });
});

const call = {
  step: 1,
  call: 'c',
  tool: 'Bash',
  input: { command: 'rm x' },
  need: { kind: 'none' },
} as const;

describe('a hook of a call', () => {
  it('[hook.fails] all that fail are named to the person, and the first no ends it', async () => {
    const judges = ['a', 'b', 'c'].map((command) => hook({ event: 'preToolUse', command }));
    const desk = deskOf([...judges, hook({ event: 'preToolUse', match: 'Read', command: 'other' })]);
    const verdict = desk.desk.beforeCall(call);
    for (const ran of [
      { kind: 'timedOut', errors: '' },
      good,
      { kind: 'exited', code: 1, errors: '' },
    ] as const) {
      await desk.shell.clock.turn();
      desk.runs.at(-1)?.ended.resolve(ran);
    }
    const a = 'the preToolUse hook "a" failed: it did not end in its time';
    expect(await verdict).toEqual({
      kind: 'ask',
      why: `${a}; the preToolUse hook "c" failed: it ended with 1`,
    });
    expect(desk.runs[0]?.told).toMatchObject({ tool: 'Bash', input: { command: 'rm x' }, call: 'c' });
    const second = desk.desk.beforeCall(call);
    await desk.shell.clock.turn();
    desk.runs.at(-1)?.ended.resolve({ kind: 'exited', code: 2, errors: 'no' });
    expect(await second).toMatchObject({ kind: 'denied' });
    expect(desk.runs).toHaveLength(4);
  });

  it('[hook.ends] ends with its turn, and none begins in one that is to end', async () => {
    const desk = deskOf([hook({ event: 'preToolUse', onFailure: 'allow' })]);
    const verdict = desk.desk.beforeCall(call);
    await desk.shell.clock.turn();
    desk.shell.pod.core.live.control = { kind: 'pause', by: 'person' };
    desk.desk.control();
    expect(desk.runs[0]?.signal.aborted).toBe(false);
    desk.shell.pod.core.live.control = { kind: 'cancel', by: 'person' };
    desk.desk.control();
    expect(await verdict).toEqual({ kind: 'closed' });
    expect(await desk.desk.beforeCall(call)).toEqual({ kind: 'closed' });
    expect(desk.runs).toHaveLength(1);
  });

  it('[hook.others] behind it, the answer stays what it was', async () => {
    const desk = deskOf([hook({ event: 'postToolUse', match: 'Bash' })]);
    const answer = { text: 'out', isError: true };
    const after = desk.desk.afterCall(call, answer);
    await desk.shell.clock.turn();
    expect(desk.runs[0]?.told).toMatchObject({ result: { text: 'out', isError: true, denied: false } });
    desk.runs[0]?.ended.resolve({ kind: 'exited', code: 2, errors: 'never' });
    expect(await after).toBe(answer);
    expect(alerts(desk)).toHaveLength(1);
  });
});
