/** What a turn owes before it says that it has finished, and how often its answer may lack it. */
import { describe, expect, it } from 'vitest';
import { noticeBody } from '../../../../src/delivery/notice.ts';
import { evidenceDue, hasTriesLeft } from '../../../../src/pod/machine/evidence.ts';
import { endTurn, evaluate } from '../../../../src/pod/machine/state.ts';
import { demandsOf } from '../../../../src/session/settings/demands.ts';
import type { JsonObject } from '../../../../src/std/json.ts';
import {
  type Line,
  above,
  assigned,
  begun,
  completed,
  ended,
  finished,
  fromAbove,
  interrupted,
  kid,
  machineOf,
  run,
  working,
} from '../../machine-rig.ts';

const demands = { check: { command: 'true', tries: 3, outside: false } };
const work = [...working('t1', 'a1', fromAbove), completed('t1', 5)];
const unmet = (turn: string): Line => ({
  type: 'systemItem',
  turn,
  item: { kind: 'unmet', of: 'check', body: 'no' },
});

function machine(log: Line[], asked: JsonObject = demands) {
  const made = machineOf(log, { parent: above, live: { mode: 'running' } });
  made.core.facts.session!.settings = { demands: asked };
  return made;
}

describe('evidence', () => {
  it('[asked.check] is owed for work of the parent of which nothing is left, and for nothing else', () => {
    const due = (log: Line[], asked?: JsonObject) => evidenceDue(machine(log, asked).core.facts) !== null;
    expect(due(work)).toBe(true);
    expect(due(work, { result: { type: 'null' } })).toBe(true);
    expect(due(work, { timeoutMinutes: 3 })).toBe(false);
    expect(due([...work, assigned('w1', kid)])).toBe(false);
    expect(due([...work, run('a2', { from: fromAbove })])).toBe(false);
    expect(due([...working('t1', 'r1'), completed('t1', 5)])).toBe(false);
  });

  it('[asked.check] goes with a settled end that finished, and with no other', () => {
    const check = { passed: true, exitCode: 0, tail: '' };
    const said = (log: Line[], outcome: 'finished' | 'errored' | 'limitReached') => {
      const play = machine(log);
      endTurn(play.core, { outcome, durationMs: 1, evidence: { check } });
      const report = play.committed.flat().find(({ type }) => type === 'podEventEmitted');
      return report?.type === 'podEventEmitted' && 'check' in report.event;
    };
    expect(said(work, 'finished')).toBe(true);
    expect(said(work, 'limitReached')).toBe(false);
    expect(said(work, 'errored')).toBe(false);
    expect(said([...work, assigned('w1', kid)], 'finished')).toBe(false);
  });

  it('[asked.check-anew] its tries are those of the work, over deaths, and new with new work', () => {
    const left = (log: Line[]) => {
      const { facts } = machine(log).core;
      return hasTriesLeft(facts, 'check', demandsOf({ demands }));
    };
    const again = begun('t2', { kind: 'resume', submissions: ['a1'], cause: 'parent' });
    expect(left([...work, unmet('t1')])).toBe(true);
    expect(left([...work, unmet('t1'), unmet('t1')])).toBe(false);
    expect(left([...work, unmet('t1'), interrupted('t1'), again, unmet('t2')])).toBe(false);
    expect(left([...work, unmet('t1'), unmet('t1'), ended('t1'), ...working('t3', 'a2', fromAbove)])).toBe(
      true,
    );
  });

  it('[asked.check] an end that is owed without a turn gets one, which asks the model nothing new', () => {
    const log = [...work, ended('t1', 'finished', { settled: false, outstanding: ['kid'] })];
    const play = machineOf(log, { parent: above });
    play.core.facts.session!.settings = { demands };
    evaluate(play.core, { urgent: true });
    expect(play.committed).toMatchObject([
      [{ type: 'turnStarted', kind: 'resume', submissions: [], cause: 'parent' }],
    ]);
    expect(play.core.facts.outbox.pending.size).toBe(0);
  });
});

describe('evidence of a root', () => {
  const working1 = [...working('t1', 'r1'), completed('t1', 5)];
  const root = (log: Line[], asked: JsonObject = demands, mode: 'running' | 'idle' = 'running') => {
    const made = machineOf(log, { live: { mode } });
    made.core.facts.session!.settings = { demands: asked };
    return made;
  };

  it('[asked.root-check] is due at the end of all its work, whoever it was for, and stands in the end itself', () => {
    const check = { passed: true, exitCode: 0, tail: '' };
    const result = { fits: true as const, data: 3 };
    const end = (log: Line[], outcome: 'finished' | 'limitReached' = 'finished') => {
      const play = root(log);
      expect(evidenceDue(play.core.facts) === null).toBe(log.length > working1.length);
      endTurn(play.core, { outcome, durationMs: 1, evidence: { check, result } });
      return play.committed.flat().find(({ type }) => type === 'turnEnded');
    };
    expect(end(working1)).toMatchObject({ settled: true, check, result });
    expect(end(working1, 'limitReached')).not.toHaveProperty('check');
    expect(end([...working1, assigned('w1', kid)])).not.toHaveProperty('check');
  });

  it('[asked.root-owed] is made in a turn of its own where the last answer came before the others ended', () => {
    const early = [...working1, ended('t1', 'finished', { settled: false, outstanding: ['kid'] })];
    const play = root(early, demands, 'idle');
    evaluate(play.core, { urgent: true });
    expect(play.committed).toMatchObject([
      [{ type: 'turnStarted', kind: 'resume', submissions: [], cause: 'person' }],
    ]);
    const none = [
      root(early, { timeoutMinutes: 3 }, 'idle'),
      root([...working1, ended('t1')], demands, 'idle'),
      root([...working1, ended('t1', 'cancelled', { settled: false })], demands, 'idle'),
      root([...early, ...working('t2', 'r2'), ended('t2')], demands, 'idle'),
    ];
    for (const one of none) {
      evaluate(one.core, { urgent: true });
      expect(one.committed).toEqual([]);
    }
  });
});

describe('a notice', () => {
  const first = (fields: object) => {
    const from = { ...kid, incarnation: 1 };
    const content = {
      kind: 'podEvent' as const,
      from,
      seq: 1,
      event: finished(fields),
      closes: [],
      asked: '',
    };
    const item = { entrySeq: 1, wakes: true, hops: 0, receivedAt: '', deathsAt: [], content };
    return noticeBody(item, { alreadyRead: false, quarantined: false }).split('\n')[0];
  };

  it('[asked.check] says first what is not there', () => {
    const failed = { passed: false, exitCode: null, tail: 'x' };
    expect(first({ check: { ...failed, exitCode: 2 } })).toBe(
      'Pod "kid" finished, but its check did not pass (exit code 2).',
    );
    expect(first({ check: { ...failed, why: 'notRun' } })).toContain('(it could not be run)');
    expect(first({ check: failed })).toContain('(it was ended by a signal)');
    expect(first({ check: failed, result: { fits: false, problem: 'no' } })).toContain(
      'did not pass (it was ended by a signal) and its answer is not the result',
    );
    expect(first({ check: { ...failed, passed: true, exitCode: 0 } })).toBe(
      'Pod "kid" finished; its check passed.',
    );
    expect(first({ result: { fits: true, data: 3 } })).toBe('Pod "kid" finished.');
  });
});
