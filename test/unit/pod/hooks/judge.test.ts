/** What comes of a hook's end: for a call, for the log, for the person. */
import { describe, expect, it } from 'vitest';
import type { HookRan } from '../../../../src/pod/host.ts';
import { exitOf, failureText, verdictOf } from '../../../../src/pod/hooks/judge.ts';
import { type Hook, hookOf } from '../../../../src/session/facts/hooks.ts';

const hook = (fields: Partial<Omit<Hook, 'id'>> = {}): Hook =>
  hookOf({
    event: 'preToolUse',
    match: null,
    command: ['./judge'],
    folder: '/c',
    timeoutMs: 1_000,
    onFailure: 'ask',
    origin: 'config',
    ...fields,
  });

const good: HookRan = { kind: 'exited', code: 0, errors: 'noise' };
const no: HookRan = { kind: 'exited', code: 2, errors: 'not on \u001b[31mFridays\u001b[0m\u202e\n' };
const failures: [string, HookRan, string][] = [
  ['another exit', { kind: 'exited', code: 1, errors: 'oops' }, 'it ended with 1'],
  ['a signal', { kind: 'signalled', signal: 'SIGSEGV', errors: '' }, 'it was ended by SIGSEGV'],
  ['its time', { kind: 'timedOut', errors: '' }, 'it did not end in its time'],
  ['a flood', { kind: 'flooded', errors: '' }, 'it wrote without an end'],
  ['a start that failed', { kind: 'notStarted', why: 'gone\u0007' }, 'it could not be started: gone'],
];

describe('a verdict', () => {
  it('[hook.judges] is no with what it says, without what steers a terminal', () => {
    const text = "Denied: a hook of the person's blocks this call. It says: not on Fridays";
    expect(verdictOf(hook({ onFailure: 'allow' }), no)).toEqual({ kind: 'denied', text });
    const long = verdictOf(hook(), { kind: 'exited', code: 2, errors: 'x'.repeat(100_000) });
    expect(long.kind === 'denied' && long.text.length).toBeLessThan(1_200);
  });

  it('[hook.never-allows] leaves what passes to whoever comes behind it', () => {
    for (const onFailure of ['ask', 'deny', 'allow'] as const)
      expect(verdictOf(hook({ onFailure }), good)).toEqual({ kind: 'allowed' });
  });

  it('[hook.fails] of a hook that the pod has ended is none', () => {
    expect(verdictOf(hook({ onFailure: 'allow' }), { kind: 'aborted' })).toEqual({ kind: 'closed' });
  });

  it.each(failures)('[hook.fails] [hook.others] %s', (_, ran, how) => {
    expect(verdictOf(hook(), ran)).toEqual({
      kind: 'ask',
      why: `the preToolUse hook "./judge" failed: ${how}`,
    });
    expect(verdictOf(hook({ onFailure: 'deny' }), ran)).toMatchObject({ kind: 'denied' });
    expect(verdictOf(hook({ onFailure: 'allow' }), ran)).toEqual({ kind: 'allowed' });
    expect(failureText(hook(), ran)).toContain(how);
  });

  it('[hook.others] of any other event, 2 is a failure as any', () => {
    expect(failureText(hook({ event: 'question' }), no)).toContain('it ended with 2. It says: not on');
    expect(failureText(hook(), no)).toBeNull();
    expect(failureText(hook(), good)).toBeNull();
  });

  it('[hook.start] stands in the log as a code, or as why there is none', () => {
    expect(exitOf({ kind: 'exited', code: 3, errors: '' })).toEqual({ exit: 3 });
    expect(exitOf({ kind: 'timedOut', errors: '' })).toEqual({
      exit: null,
      why: 'it did not end in its time',
    });
  });
});
