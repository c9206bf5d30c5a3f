/** The exact words for what is owed with an end, and of whom it is due. */
import { describe, expect, it } from 'vitest';
import {
  demandsGuidance,
  evidenceDue,
  hasTriesLeft,
  unmetCheck,
  unmetResult,
  worktreeDue,
  worktreeOfStop,
} from '../../../../src/pod/machine/evidence.ts';
import { demandsOf } from '../../../../src/session/settings/demands.ts';
import type { JsonObject } from '../../../../src/std/json.ts';
import { type Line, above, completed, fromAbove, machineOf, working } from '../../machine-rig.ts';

const worktree = {
  holder: '/h',
  source: '/w',
  store: '/w/.git',
  objects: ['/w/.git/objects'],
  format: 'sha1' as const,
  branch: 'podkin/kid',
  base: '0123456789abcdef0123456789abcdef01234567',
  returns: true,
};
const check = { command: 'npm test', tries: 3, outside: false };
const given = [...working('t1', 'a1', fromAbove), completed('t1', 5)];
const own = [...working('t1', 'r1'), completed('t1', 5)];

function facts(log: Line[], demands: JsonObject, parent: typeof above | null = above) {
  const { core } = machineOf(log, { parent, live: { mode: 'running' } });
  core.facts.session!.settings = { demands };
  return core.facts;
}

describe('what is due', () => {
  it('[worktree.returns] a clone is told of with work of the parent, however that ends', () => {
    expect(worktreeDue(facts(given, { worktree }))).toEqual(worktree);
    expect(worktreeDue(facts(given, { check }))).toBeNull();
    expect(worktreeDue(facts(own, { worktree }))).toBeNull();
    expect(worktreeDue(facts(own, { worktree }, null))).toBeNull();
    expect(evidenceDue(facts(given, { worktree }))).toMatchObject({ worktree });
  });

  it('[worktree.stop] a stop tells of it whoever the work was for, where there is a parent', () => {
    expect(worktreeOfStop(facts(own, { worktree }))).toEqual(worktree);
    expect(worktreeOfStop(facts([], { worktree }))).toEqual(worktree);
    expect(worktreeOfStop(facts(own, { worktree }, null))).toBeNull();
  });

  it('[asked.check] [asked.result] an answer has the tries of its check, and one more as a result', () => {
    const left = (of: 'check' | 'result', unmet: number, demands: JsonObject) => {
      const lines = Array.from({ length: unmet }, () => unmetOf(of));
      return hasTriesLeft(facts([...given, ...lines], demands), of, demandsOf({ demands }));
    };
    const both = { check, result: { type: 'null' } };
    expect([0, 1, 2].map((unmet) => left('check', unmet, both))).toEqual([true, true, false]);
    expect([0, 1].map((unmet) => left('result', unmet, both))).toEqual([true, false]);
    expect(left('check', 0, {})).toBe(false);
    expect(hasTriesLeft(facts([], both), 'check', demandsOf({ demands: both }))).toBe(true);
  });
});

const unmetOf = (of: 'check' | 'result') =>
  of === 'check'
    ? unmetCheck('t1', { passed: false, exitCode: 2, tail: 'boom' })
    : unmetResult('t1', 'no /a');
const item = (of: 'check' | 'result', ...lines: string[]) => ({
  type: 'systemItem',
  turn: 't1',
  item: { kind: 'unmet', of, body: lines.join('\n') },
});

describe('what the model reads', () => {
  it('[asked.check] of a check that did not pass', () => {
    expect(unmetOf('check')).toEqual(
      item(
        'check',
        'The check that was asked for with your task did not pass: podkin ran it when you had ended. Go on with the work until it passes, then end again; the check is run again then.',
        'What came of it: exit code 2. What it wrote last:',
        '```data',
        'boom',
        '```',
      ),
    );
  });

  it('[asked.result] of an answer that is no result', () => {
    expect(unmetOf('result')).toEqual(
      item(
        'result',
        'Your last answer is not the result that was asked for with your task. Give it again, as JSON that fits the schema and nothing beside it. What is wrong with it:',
        '```data',
        'no /a',
        '```',
      ),
    );
  });

  const clone = (then: string) =>
    `Your working directory is in a clone of your own of the repository /w, begun at commit 0123456789ab; work here, not there. Commit on the branch podkin/kid what you hand over: ${then}. What is in no commit of that branch stays behind.`;
  it.each<[string, JsonObject, string[]]>([
    ['of nothing', { timeoutMinutes: 3 }, []],
    [
      'of a check',
      { check },
      [
        'When you end, podkin runs this command where yours run, and reports what comes of it:\n```data\nnpm test\n```',
      ],
    ],
    [
      'of a result',
      { result: { type: 'null' } },
      [
        'Your last answer must be JSON that fits this JSON Schema, and nothing beside it:\n```data\n{"type":"null"}\n```',
      ],
    ],
    ['of a clone', { worktree }, [clone('when you end, podkin brings that branch into the repository')]],
    [
      'of a clone whose branch stays',
      { worktree: { ...worktree, returns: false } },
      [clone('whoever gave you the work takes it from there')],
    ],
  ])('[asked.check] [asked.result] [worktree.clone] beforehand %s', (_, demands, lines) => {
    expect(demandsGuidance(demandsOf({ demands }))).toEqual(lines);
  });
});
