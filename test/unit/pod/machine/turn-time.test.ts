/** The time of a turn, played by hand: what counts, what is committed, and how a limit ends it. */
import { describe, expect, it } from 'vitest';
import { onPause, onResume } from '../../../../src/pod/machine/inputs.ts';
import { endTurn, evaluate } from '../../../../src/pod/machine/state.ts';
import { noteSign, noteTime, onTime } from '../../../../src/pod/machine/turn-time.ts';
import type { JsonObject } from '../../../../src/std/json.ts';
import {
  type Line,
  type Machine,
  above,
  assigned,
  begun,
  called,
  ended,
  fromAbove,
  interrupted,
  machineOf,
  run,
  working,
} from '../../machine-rig.ts';
import { asking, answering } from './asked-approvals.ts';

/** At rest, with a run to begin; or with a turn to be gone on with. */
function machine(demands: JsonObject, log: Line[] = [run('r1', { from: fromAbove })]): Machine {
  const made = machineOf(log, { parent: above });
  made.core.facts.session!.settings = { demands };
  return made;
}

/** As the pod's shell: behind each append. */
function commits(play: Machine, ...bodies: Line[]): void {
  play.core.ports.commit(bodies);
  noteTime(play.core, bodies);
}

/** Lets so much time pass, second by second. */
function passes(play: Machine, seconds: number): void {
  for (let second = 0; second < seconds && play.core.live.control === null; second += 1) {
    play.nowMs += 1_000;
    onTime(play.core);
  }
}

const byLimit = { kind: 'limit', reason: 'time', pauses: false };
const totals = ({ committed }: Machine): number[] =>
  committed.flat().flatMap((body) => (body.type === 'turnTime' ? [body.usedMs] : []));

describe('a timeout', () => {
  it('[asked.timeout] ends the turn when it has worked for so long, and not before', () => {
    const play = machine({ timeoutMinutes: 1 });
    evaluate(play.core, { urgent: true });
    expect(play.performed.at(-1)).toEqual({ type: 'statusChanged' });
    passes(play, 59);
    expect(play.core.live.control).toBeNull();
    passes(play, 1);
    expect(play.core.live.control).toEqual(byLimit);
    expect(play.performed.slice(-2)).toEqual([
      { type: 'cancelChildren', assignments: [] },
      { type: 'controlTurn' },
    ]);
    // Once.
    const before = play.performed.length;
    onTime(play.core);
    expect(play.performed.slice(before)).toEqual([]);
  });

  it('[asked.timeout] without a limit there is no clock', () => {
    const play = machine({ timeoutMinutes: 'soon', idleMinutes: -1 });
    evaluate(play.core, { urgent: true });
    expect(play.core.live.time).toBeNull();
  });

  it('[asked.time-below] cancels what the turn has handed down, and nothing of another one', () => {
    const play = machine({ timeoutMinutes: 1 });
    evaluate(play.core, { urgent: true });
    const { turn } = play.core.facts.turn!;
    commits(play, assigned('w1', undefined, { turn }), assigned('w2', undefined, { turn: 'older' }));
    passes(play, 60);
    expect(play.performed.at(-2)).toEqual({ type: 'cancelChildren', assignments: ['w1'] });
  });

  it('[asked.time-counts] an open approval does not count', () => {
    const play = machine({ timeoutMinutes: 1, idleMinutes: 0.5 });
    evaluate(play.core, { urgent: true });
    const { turn } = play.core.facts.turn!;
    passes(play, 20);
    commits(play, called(turn, 'c1'), asking('q1', 'c1', { turn }));
    passes(play, 600);
    expect(play.core.live.control).toBeNull();
    commits(play, answering('q1'));
    expect(play.core.live.time?.usedMs).toBe(20_000);
    passes(play, 20);
    noteSign(play.core);
    passes(play, 19);
    expect(play.core.live.control).toBeNull();
    passes(play, 1);
    expect(play.core.live.control).toEqual(byLimit);
  });

  it('[asked.time-counts] nor does a wait for the budget, at whose bound no turn ends', () => {
    const play = machine({ timeoutMinutes: 1 });
    evaluate(play.core, { urgent: true });
    passes(play, 20);
    play.core.live.budget = { since: '', reason: 'nothing is left' };
    passes(play, 600);
    play.core.live.budget = null;
    passes(play, 39);
    expect(play.core.live.control).toBeNull();
    passes(play, 2);
    expect(play.core.live.control).toEqual(byLimit);
  });

  it('[asked.time-counts] what was used is committed as a total every tenth of the limit, and at a pause', () => {
    const play = machine({ timeoutMinutes: 1 });
    evaluate(play.core, { urgent: true });
    passes(play, 14);
    expect(totals(play)).toEqual([6_000, 12_000]);
    play.nowMs += 300;
    onPause(play.core, 'person');
    endTurn(play.core, { outcome: 'paused', by: 'person', durationMs: 1 });
    expect(totals(play)).toEqual([6_000, 12_000, 14_300]);
    play.nowMs += 1_000_000;
    onResume(play.core);
    expect(play.core.live.time?.usedMs).toBe(14_300);
  });

  it('[asked.time-counts] a turn that a death cut is gone on with by what was committed, over any number of them', () => {
    const time = (turn: string, usedMs: number): Line => ({ type: 'turnTime', turn, usedMs });
    const again = (turn: string): Line =>
      begun(turn, { kind: 'resume', submissions: ['r1'], cause: 'parent' });
    const log = [
      ...working('t1', 'r1', fromAbove),
      time('t1', 20_000),
      interrupted('t1'),
      again('t2'),
      time('t2', 50_000),
      time('t1', 59_000),
      interrupted('t2'),
      again('t3'),
      interrupted('t3'),
    ];
    const play = machine({ timeoutMinutes: 1 }, log);
    evaluate(play.core, { urgent: true });
    expect(play.core.facts.turn).toMatchObject({ kind: 'resume', usedMs: 50_000 });
    passes(play, 10);
    expect(play.core.live.control).toEqual(byLimit);
    // The next turn has its own.
    const next = machine({ timeoutMinutes: 1 }, [
      ...log,
      again('t4'),
      ended('t4', 'limitReached'),
      run('r2', { from: fromAbove }),
    ]);
    evaluate(next.core, { urgent: true });
    expect(next.core.facts.turn).toMatchObject({ kind: 'run', usedMs: 0 });
  });

  it('[asked.time-pause] a pause holds behind the end that its limit has made', () => {
    for (const isFirst of [true, false]) {
      const play = machine({ timeoutMinutes: 0.01 });
      evaluate(play.core, { urgent: true });
      if (isFirst) onPause(play.core, 'person');
      play.nowMs += 1_000;
      onTime(play.core);
      if (!isFirst) onPause(play.core, 'person');
      expect(play.core.live.control).toEqual({ ...byLimit, pauses: true });
      endTurn(play.core, { outcome: 'limitReached', reason: 'time', durationMs: 1 });
      expect(play.core.facts).toMatchObject({ paused: true, lastTurn: { outcome: 'limitReached' } });
    }
    const play = machine({ timeoutMinutes: 0.01 });
    evaluate(play.core, { urgent: true });
    play.nowMs += 1_000;
    onTime(play.core);
    onPause(play.core, 'person');
    onResume(play.core);
    expect(play.core.live.control).toEqual(byLimit);
  });
});

describe('the clock', () => {
  const delays = ({ performed }: Machine): number[] =>
    performed.flatMap((effect) =>
      effect.type === 'timer' && effect.name === 'time' ? [effect.delayMs] : [],
    );

  it.each<[string, JsonObject, number]>([
    ['a second at most', { timeoutMinutes: 60 }, 1_000],
    ['a tenth of the limit', { timeoutMinutes: 0.1 }, 600],
    ['a tenth of the smaller limit', { timeoutMinutes: 60, idleMinutes: 0.05 }, 300],
    ['a tenth of the only limit', { idleMinutes: 0.05 }, 300],
    ['no less than 20 ms', { timeoutMinutes: 0.001 }, 20],
  ])('[asked.timeout] runs out after %s', (_, demands, delayMs) => {
    const play = machine(demands);
    evaluate(play.core, { urgent: true });
    expect(delays(play)).toEqual([delayMs]);
  });

  it('[asked.timeout] [asked.idle] runs out with what is left, of the work and of the silence', () => {
    const work = machine({ timeoutMinutes: 0.1 });
    evaluate(work.core, { urgent: true });
    for (const ms of [5_600, 399.5]) {
      work.nowMs += ms;
      noteSign(work.core);
      onTime(work.core);
    }
    expect(delays(work)).toEqual([600, 400, 1]);
    const silence = machine({ idleMinutes: 0.1 });
    evaluate(silence.core, { urgent: true });
    silence.nowMs += 5_700;
    onTime(silence.core);
    expect(delays(silence)).toEqual([600, 300]);
  });

  it('[asked.timeout] runs for no pod that does nothing, for none that stops, and ends with its turn', () => {
    const play = machine({ timeoutMinutes: 1 });
    onTime(play.core);
    noteSign(play.core);
    commits(play, run('r2', { from: fromAbove }));
    expect([play.core.live.time, delays(play)]).toEqual([null, []]);
    evaluate(play.core, { urgent: true });
    play.core.live.mode = 'stopping';
    onTime(play.core);
    expect(delays(play)).toEqual([1_000]);
  });

  it('[asked.timeout] a cancel that was asked for before stays one', () => {
    const play = machine({ timeoutMinutes: 0.01 });
    evaluate(play.core, { urgent: true });
    play.core.live.control = { kind: 'cancel', by: 'person' };
    play.nowMs += 1_000;
    onTime(play.core);
    expect(play.core.live.control).toEqual({ kind: 'cancel', by: 'person' });
  });

  it('[asked.idle] what is handed to a child, and the total itself, are no sign of work', () => {
    const play = machine({ idleMinutes: 0.5 });
    evaluate(play.core, { urgent: true });
    const { turn } = play.core.facts.turn!;
    passes(play, 10);
    commits(play, assigned('w1', undefined, { turn, state: 'closed' }));
    commits(play, { type: 'turnTime', turn, usedMs: 10_000 });
    const heard = play.core.live.time!;
    expect(heard.atMs - heard.heardAtMs).toBe(10_000);
    commits(play, run('r9', { from: fromAbove }), called(turn, 'c1'));
    expect(heard.heardAtMs).toBe(heard.atMs);
  });
});

describe('silence', () => {
  it('[asked.idle] each sign of work begins it anew, what others send does not', () => {
    const play = machine({ idleMinutes: 0.5 });
    evaluate(play.core, { urgent: true });
    const { turn } = play.core.facts.turn!;
    passes(play, 29);
    commits(play, called(turn, 'c1'));
    passes(play, 29);
    noteSign(play.core);
    passes(play, 20);
    commits(play, run('r2', { from: fromAbove }));
    passes(play, 9);
    expect(play.core.live.control).toBeNull();
    passes(play, 1);
    expect(play.core.live.control).toEqual(byLimit);
  });

  it('[asked.idle] what the pod waits for is no silence', () => {
    const play = machine({ idleMinutes: 0.5 });
    evaluate(play.core, { urgent: true });
    play.core.live.provider.failing = { since: '', until: null, reason: 'busy' };
    passes(play, 600);
    expect(play.core.live.control).toBeNull();
    play.core.live.provider.failing = null;
    passes(play, 29);
    expect(play.core.live.control).toBeNull();
    passes(play, 1);
    expect(play.core.live.control).toEqual(byLimit);
  });
});
