import { describe, expect, it } from 'vitest';
import { answerRead, denialBecause } from '../../../src/library/question-answer.ts';

describe('what onQuestion gave back', () => {
  it.each([
    ['allow', { decision: 'allow' }],
    ['deny', { decision: 'deny' }],
    ['allowAlways', { decision: 'allowAlways' }],
    [
      { decision: 'deny', reason: 'no' },
      { decision: 'deny', reason: 'no' },
    ],
    [
      { decision: 'allow', rule: 'Bash(ls:*)', more: 1 },
      { decision: 'allow', rule: 'Bash(ls:*)' },
    ],
    [{ decision: 'allow', reason: undefined, rule: null }, { decision: 'allow' }],
  ])('[library.question-answers] %j is an answer', (given, answer) => {
    expect(answerRead(given)).toEqual({ kind: 'answer', answer });
  });

  it('[library.question-answers] undefined leaves it to a person', () => {
    expect(answerRead(undefined)).toEqual({ kind: 'left' });
  });

  it.each([
    [true, 'true, not "allow", "deny" or "allowAlways"'],
    ['yes', '"yes", not'],
    [null, 'null, not'],
    [{ decision: 'ALLOW' }, 'decision is "ALLOW", not'],
    [{}, 'decision is undefined, not'],
    [{ decision: 'allow', rule: 5 }, 'rule is no text'],
    [{ decision: 'allow', rule: '' }, 'a rule has 1 to 1000 characters'],
    [{ decision: 'deny', reason: {} }, 'reason is no text'],
    [() => 'allow', 'of type function, not'],
  ])('[library.question-answers] %s is none, and denies with its reason', (given, why) => {
    const read = answerRead(given);
    expect(read).toEqual({ kind: 'wrong', why: expect.stringContaining(why) });
    expect(denialBecause(why)).toEqual({
      decision: 'deny',
      reason: `the program's onQuestion gave no answer: ${why}`,
      unasked: true,
    });
  });

  it('[library.question-answers] one that throws as it is read is none', () => {
    const closed = Object.defineProperty({}, 'decision', {
      get() {
        throw new Error('closed');
      },
    });
    expect(answerRead(closed)).toEqual({ kind: 'wrong', why: 'it cannot be read (closed)' });
  });
});
