/** Questions before one keyboard: which is shown, which key answers which, and that no pod can write a line of ours. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LiveEvent } from '../../../src/cli/pods/pod-stream.ts';
import { QuestionDesk, questionText } from '../../../src/cli/questions/question-desk.ts';

const style = { color: false, keyboard: true };
const pod = (name: string) => ({ name, instance: '01a2059d-6376-704c-b61f-f1ab3bd2ad11' });

const asked = (request: string, more: { summary?: string; name?: string } = {}): LiveEvent => ({
  type: 'approvalRequested',
  request,
  pod: pod(more.name ?? `pod-${request}`),
  tool: 'Bash',
  summary: more.summary ?? `echo ${request}`,
  why: 'the mode asks',
  askedAt: '2026-01-01T00:00:00Z',
});
const closed = (request: string, by = 'person'): LiveEvent => ({
  type: 'approvalAnswered',
  request,
  pod: pod('x'),
  decision: 'allow',
  by,
});

describe('the desk', () => {
  it('[question.one-at-a-time] shows one question, counts the others, and goes on with the next', () => {
    const desk = new QuestionDesk(style);
    expect(desk.take(asked('a'), 0)).toContain('│ echo a');
    expect(desk.take(asked('a'), 1)).toBeNull();
    expect(desk.take(asked('b'), 2)).toBe('One more question waits, from pod-b.');
    expect(desk.typed('y', 5_000)).toMatchObject({
      kind: 'answer',
      question: { request: 'a' },
      decision: 'allow',
    });
    expect(desk.settled('a', 5_001)).toContain('│ echo b');
    expect(desk.take(closed('a'), 5_002)).toBeNull();
    for (const [key, decision] of [
      ['n', 'deny'],
      ['A', 'allowAlways'],
      [' yes ', 'allow'],
    ] as const) {
      const fresh = new QuestionDesk(style);
      fresh.take(asked('q'), 0);
      expect(fresh.typed(key, 5_000)).toMatchObject({ decision });
    }
  });

  it('[question.other-lines] takes no other line for an answer, and no key where nothing waits', () => {
    const desk = new QuestionDesk(style);
    expect(desk.typed('y', 0)).toEqual({ kind: 'other' });
    desk.take(asked('a'), 0);
    for (const line of ['', 'yes please', 'ya', 'y y', '/help', 'toString']) {
      expect(desk.typed(line, 9_000), line).toEqual({ kind: 'other' });
    }
  });

  it('[question.unread] a key that comes before the question could be read answers nothing', () => {
    const desk = new QuestionDesk(style);
    desk.take(asked('a'), 1_000);
    expect(desk.typed('y', 1_200)).toMatchObject({ kind: 'late' });
    expect(desk.typed('y', 3_000)).toMatchObject({ kind: 'answer', question: { request: 'a' } });
    expect(desk.typed('y', 3_050)).toMatchObject({ kind: 'late', text: 'The answer is on its way.' });
    desk.take(asked('b'), 3_060);
    desk.settled('a', 3_100);
    expect(desk.typed('y', 3_200)).toMatchObject({ kind: 'late' });
    expect(desk.take(closed('b'), 3_300)).toContain('pod-b is closed (allow)');
    expect(desk.typed('y', 3_400)).toMatchObject({
      kind: 'late',
      text: expect.stringContaining('No question'),
    });
    expect(desk.typed('y', 9_000)).toEqual({ kind: 'other' });
  });

  it('[question.unread] a key never answers any but the one question that stood on the screen for a while', () => {
    const step = fc.record({
      afterMs: fc.integer({ min: 0, max: 1_500 }),
      what: fc.constantFrom('ask', 'close', 'type'),
      id: fc.constantFrom('a', 'b', 'c'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const desk = new QuestionDesk(style);
        let nowMs = 0;
        const shown = { id: '', atMs: 0 };
        const look = (text: string | null) => {
          const id = /│ echo (\w)/.exec(text ?? '')?.[1];
          if (id !== undefined) Object.assign(shown, { id, atMs: nowMs });
        };
        for (const { afterMs, what, id } of steps) {
          nowMs += afterMs;
          if (what === 'ask') look(desk.take(asked(id), nowMs));
          if (what === 'close') look(desk.take(closed(id), nowMs));
          if (what !== 'type') continue;
          const typed = desk.typed('y', nowMs);
          if (typed.kind !== 'answer') continue;
          expect(typed.question.request).toBe(shown.id);
          expect(nowMs - shown.atMs).toBeGreaterThanOrEqual(1_000);
          look(desk.settled(typed.question.request, nowMs));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('[question.not-taken] an answer that did not arrive leaves the question to be answered again', () => {
    const desk = new QuestionDesk(style);
    desk.take(asked('a'), 0);
    desk.typed('y', 2_000);
    expect(desk.settled('a', 2_001, { open: true })).toBeNull();
    expect(desk.typed('n', 4_000)).toMatchObject({ kind: 'answer', decision: 'deny' });
  });

  it('[question.no-keyboard] without a keyboard every question is shown, with the command that answers it', () => {
    const desk = new QuestionDesk({ color: false, keyboard: false });
    expect(desk.take(asked('a'), 0)).toContain('podkin approve a');
    expect(desk.take(asked('b'), 1)).toContain('podkin approve b');
    expect(desk.take(closed('a', 'cancel'), 2)).toBe('The question of pod-a is closed (cancel).');
  });
});

describe('the text of a question', () => {
  it('[question.forged] nothing that a pod writes begins a line of ours or steers the terminal', () => {
    // oxlint-disable-next-line no-control-regex
    const evil = fc.stringMatching(/^[\u0000-\u0020?│yna\u007f-\u009f\u202e\u2028\u2066]{0,60}$/u);
    fc.assert(
      fc.property(evil, evil, evil, (summary, why, tool) => {
        const text = questionText({ request: 'r', pod: 'p', tool, summary, why }, { color: false });
        // oxlint-disable-next-line no-control-regex
        expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e\u2028\u2066]/);
        const [head = '', ...rest] = text.split('\n');
        expect(head.startsWith('? p asks for ')).toBe(true);
        for (const line of rest) expect(line).toMatch(/^ {2}[│…]/);
      }),
    );
    const shown = questionText(
      { request: 'r', pod: 'p', tool: 'Bash', summary: 'ls\u001b[2K\u200b\rrm -rf x', why: 'w' },
      { color: false },
    );
    expect(shown).toContain('│ ls\\u{1b}[2K\\u{200b}');
    expect(shown).toContain('│ rm -rf x');
  });

  it('[question.forged] what is not shown is said', () => {
    const summary = Array.from({ length: 100 }, (_, i) => `line ${i}`).join('\n');
    const text = questionText({ request: 'r', pod: 'p', tool: 'Bash', summary, why: 'w' }, { color: false });
    expect(text).toContain('… and 40 more lines');
  });
});
