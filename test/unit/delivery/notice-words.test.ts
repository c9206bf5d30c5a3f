/**
 * The exact words that a model reads of each event, as a table; what stands in them as data is
 * `notice.test.ts`.
 */
import { describe, expect, it } from 'vitest';
import { noticeBody } from '../../../src/delivery/notice.ts';
import { inLine, listed } from '../../../src/delivery/quoted.ts';
import { waitersFor } from '../../../src/scope/ownership/delegation.ts';
import type { PodEvent } from '../../../src/protocol/pod-event.ts';
import {
  type Line,
  above,
  assigned,
  child,
  died,
  errored,
  factsOf,
  finished,
  kid,
  notice,
  received,
  scopeReport,
  shutDown,
  unreachable,
} from '../machine-rig.ts';

const usage = { inputTokens: 1_000, outputTokens: 234, cost: 0.01234 };
const as = { alreadyRead: false, quarantined: false };

/** What the model reads of an event of kid's, which had been asked to `do a1` unless it closes nothing. */
function words(
  event: PodEvent,
  options: { closes?: string[]; asked?: boolean; alreadyRead?: boolean } = {},
): string {
  const { closes = ['a1'], asked = true, alreadyRead = false } = options;
  const facts = factsOf([
    child(kid, 'linked'),
    ...(asked ? [assigned('a1')] : []),
    received(1, event, { closes }),
  ]);
  return noticeBody(facts.notifyBuffer[0]!, { ...as, alreadyRead });
}

const data = (...lines: string[]) => ['```data', ...lines, '```'];
const done = ['It took 0.0 s.', 'Its answer:', ...data('done')];
const restart = 'Sending it a message with SendToPod starts it again from its log.';

const turns: Record<string, [PodEvent, string[]]> = {
  finished: [finished({ assignments: ['a1'] }), ['Pod "kid" finished.', ...done]],
  cancelled: [finished({ outcome: 'cancelled' }), ['Pod "kid" was cancelled.', ...done]],
  'cancelled by its parent': [
    finished({ outcome: 'cancelled', by: 'parent' }),
    ['Pod "kid" was cancelled by its parent.', ...done],
  ],
  'cancelled by a person': [
    finished({ outcome: 'cancelled', by: 'person' }),
    ['Pod "kid" was cancelled by a person.', ...done],
  ],
  paused: [
    finished({ outcome: 'paused', settled: false }),
    ['Pod "kid" was paused and has not finished.', ...done],
  ],
  'at a limit': [finished({ outcome: 'limitReached' }), ['Pod "kid" stopped at a limit.', ...done]],
  'at a limit that is named': [
    finished({ outcome: 'limitReached', reason: 'steps' }),
    ['Pod "kid" stopped at a limit (steps).', ...done],
  ],
  failed: [errored(), ['Pod "kid" failed (rateLimit).', 'Its error:', ...data('no more'), ...done]],
  'without a text': [
    finished({ text: '', textChars: 0 }),
    ['Pod "kid" finished.', 'It took 0.0 s.', 'It left no text.'],
  ],
  'with a text that is longer': [
    finished({ text: 'begin', textChars: 105 }),
    [
      'Pod "kid" finished.',
      'It took 0.0 s.',
      'Its answer begins:',
      ...data('begin'),
      '(100 more characters: ReadPodOutput { "name": "kid" })',
    ],
  ],
  'with pods below': [
    finished({ outcome: 'limitReached', settled: false, outstanding: ['deep', 'low'] }),
    [
      'Pod "kid" stopped at a limit.',
      'It took 0.0 s.',
      'Pods below it that still work: deep, low.',
      'Its answer:',
      ...data('done'),
    ],
  ],
  'with tokens and their price': [
    finished({ durationMs: 9_949, usage }),
    ['Pod "kid" finished.', 'It took 9.9 s, 1234 tokens, $0.0123.', ...done.slice(1)],
  ],
  'with tokens that cost nothing': [
    finished({ durationMs: 10_000, usage: { ...usage, cost: 0 } }),
    ['Pod "kid" finished.', 'It took 10 s, 1234 tokens.', ...done.slice(1)],
  ],
  'with tokens of unknown price': [
    finished({ durationMs: 61_700, usage: { ...usage, cost: null } }),
    ['Pod "kid" finished.', 'It took 62 s, 1234 tokens.', ...done.slice(1)],
  ],
  'with parts that could not be read': [
    finished({ unread: ['usage', 'hops'] }),
    ['Pod "kid" finished.', 'Parts of its report could not be read and are left out: usage, hops.', ...done],
  ],
  'with nothing that could not be read': [finished({ unread: [] }), ['Pod "kid" finished.', ...done]],
};

const ends: Record<string, [PodEvent, string[]]> = {
  'shut down': [shutDown({ reason: undefined }), ['Pod "kid" has shut down.']],
  'shut down with a reason': [
    shutDown({ reason: 'the "end"' }),
    ['Pod "kid" has shut down.', 'The reason that was given: "the \\"end\\""'],
  ],
  'shut down at work': [
    shutDown({ reason: undefined, assignments: ['a1'], notStarted: ['a2', 'a3'], outstanding: ['deep'] }),
    [
      'Pod "kid" has shut down.',
      'Its work was not finished.',
      '2 queued task(s) were never begun.',
      'Pods below it that still work: deep.',
    ],
  ],
  'dead by a signal': [died(), ['Pod "kid" died (SIGKILL).', restart]],
  'dead with an exit code': [
    died({ signal: undefined, exitCode: 0 }),
    ['Pod "kid" died (exit code 0).', restart],
  ],
  'dead, nobody knows how': [died({ signal: undefined }), ['Pod "kid" died (cause unknown).', restart]],
  'dead at work': [
    died({ assignments: ['a1'], outstanding: ['deep'], stderrTail: 'oh no' }),
    [
      'Pod "kid" died (SIGKILL).',
      'Its work was not finished.',
      'Pods below it that still work: deep.',
      'The end of its error output:',
      ...data('oh no'),
      restart,
    ],
  ],
  'dead without error output': [died({ stderrTail: '' }), ['Pod "kid" died (SIGKILL).', restart]],
  'out of reach': [unreachable, ['Pod "kid" has not answered for 60 s; its process is alive.']],
  'with a scope handed on': [scopeReport(kid, 1), ['Pod "kid" gave part of its scope to "sib".']],
};

describe('a notice of a pod', () => {
  it.each(Object.entries({ ...turns, ...ends }))('[notice.words] %s', (_, [event, lines]) => {
    const [first, ...rest] = lines;
    expect(words(event).split('\n')).toEqual([first, 'It had been asked: "do a1"', ...rest]);
  });

  it('[notice.words] without what it had been asked, where nobody knows', () => {
    expect(words(finished(), { asked: false, closes: [] }).split('\n')).toEqual([
      'Pod "kid" finished.',
      ...done,
    ]);
  });

  it.each<[string, PodEvent, string[]]>([
    ['finished', finished(), ['Pod "kid" finished. You have already read its output.']],
    [
      'failed',
      errored(),
      ['Pod "kid" failed (rateLimit). You have already read its output.', 'Its error:', ...data('no more')],
    ],
    [
      'has shut down',
      shutDown(),
      ['Pod "kid" has shut down. You have already read its output.', 'The reason that was given: "asked"'],
    ],
  ])('[notice.words] one line, and why, of a pod whose output was read: %s', (_, event, lines) => {
    expect(words(event, { alreadyRead: true }).split('\n')).toEqual(lines);
  });
});

describe('a report that comes late', () => {
  const late = 'This report comes late: its end had been told to you before, and it was restored.';

  it.each<[string, PodEvent, string[], boolean]>([
    ['work that is closed here already', finished({ assignments: ['a0'] }), [], true],
    ['work that is closed here already, as an error', errored({ assignments: ['a0'] }), [], true],
    ['work that it closes now', finished({ assignments: ['a1'] }), ['a1'], false],
    ['no work', finished(), [], false],
    ['work that goes on', finished({ assignments: ['a0'], outcome: 'paused', settled: false }), [], false],
    ['the end of the pod itself', shutDown({ assignments: ['a0'] }), [], false],
    ['its death', died({ assignments: ['a0'] }), [], false],
  ])('[notice.late] is told as that where it names %s', (_, event, closes, isLate) => {
    expect(words(event, { closes }).split('\n').includes(late)).toBe(isLate);
  });

  it('[notice.late] and the error stands before it, what could not be read behind it', () => {
    const lines = words(errored({ assignments: ['a0'], unread: ['hops'] }), {
      closes: [],
      asked: false,
    }).split('\n');
    expect(lines.slice(4, 7)).toEqual([
      '```',
      late,
      'Parts of its report could not be read and are left out: hops.',
    ]);
  });
});

describe('the other notices', () => {
  const first = (...lines: Line[]) => factsOf(lines).notifyBuffer[0]!;

  it.each<[string, Line, string[]]>([
    ['of a person', notice('n1'), ['A notice from a client of this pod:', ...data('see n1')]],
    [
      'of the parent',
      notice('n1', { from: { kind: 'parent', ...above } }),
      ['A notice from pod "above":', ...data('see n1')],
    ],
    [
      'of another pod',
      notice('n1', { from: { kind: 'pod', name: 'far' } }),
      ['A notice from pod "far":', ...data('see n1')],
    ],
    [
      'of work that never began',
      assigned('a1', kid, { state: 'closed', outcome: 'notStarted', tell: true, text: 'do "a1"' }),
      ['Pod "kid" never began this work (notStarted): "do \\"a1\\""'],
    ],
  ])('[notice.words] %s', (_, line, lines) => {
    expect(noticeBody(first(line), as).split('\n')).toEqual(lines);
  });

  it('[scope.wait-notice] of one that has finished says who waits for what it holds; of an end nothing, as that returns it', () => {
    const scope = { read: [], write: ['/w/a'] };
    const sibs = ['one', 'two'].map((name) => ({ name, instance: `${name}-id` }));
    const queued = sibs.flatMap((ref): Line[] => [
      child(ref, 'reserved', { scope: { read: [], write: ['/w'] }, isToWait: true }),
      { type: 'scopeWait', state: 'waits', child: ref },
    ]);
    const held: Line[] = [
      child(kid, 'linked', { scope }),
      { type: 'scope', change: 'delegated', child: kid, scope },
    ];
    const facts = factsOf([...held, ...queued]);
    expect(waitersFor(facts, kid.instance)).toEqual(['one', 'two']);
    expect(waitersFor(facts, 'one-id')).toEqual([]);
    const body = (event: PodEvent, waiters: string[]) =>
      noticeBody(first(received(1, event)), { ...as, waiters });
    expect(body(finished(), ['one', 'two'])).toContain(
      '\none, two wait for a path that it holds; StopPod returns it.\n',
    );
    expect(body(errored(), ['one'])).toContain('\none waits for a path that it holds; StopPod returns it.\n');
    expect(body(died(), ['one'])).not.toContain('waits for a path');
  });

  it('[notice.quarantined] of what this pod died of says nothing of it', () => {
    const text =
      'A notice was put aside: this pod died repeatedly while handling it. Its content is in the log (podkin logs).';
    expect(noticeBody(first(notice('n1')), { ...as, quarantined: true })).toBe(text);
  });
});

describe('the bounds of a notice', () => {
  const long = (chars: number) => 'x'.repeat(chars);
  const lineOf = (body: string, begin: string) => body.split('\n').find((line) => line.startsWith(begin));

  it('[notice.bounds] 200 characters of what it had been asked and of a reason, 500 of an error, 2,000 of an answer or a notice', () => {
    const text = long(5_000);
    const facts = factsOf([
      child(kid, 'linked'),
      assigned('a1', kid, { text }),
      received(1, errored({ error: { category: 'c', message: text }, text, textChars: 5_000 }), {
        closes: ['a1'],
      }),
    ]);
    const body = noticeBody(facts.notifyBuffer[0]!, as);
    expect(lineOf(body, 'It had been asked')).toBe(`It had been asked: "${long(200)}…"`);
    expect(body.split('\n').filter((line) => line.startsWith('xx'))).toEqual([
      `${long(500)}…`,
      `${long(2_000)}…`,
    ]);
    expect(lineOf(words(shutDown({ reason: text })), 'The reason')).toBe(
      `The reason that was given: "${long(200)}…"`,
    );
    expect(lineOf(noticeBody(factsOf([notice('n1', { text })]).notifyBuffer[0]!, as), 'xx')).toBe(
      `${long(2_000)}…`,
    );
    const unbegun = assigned('a1', kid, { state: 'closed', outcome: 'notStarted', tell: true, text });
    expect(noticeBody(factsOf([unbegun]).notifyBuffer[0]!, as)).toBe(
      `Pod "kid" never began this work (notStarted): "${long(200)}…"`,
    );
  });

  it.each<[string, string, string]>([
    ['1,000 characters whole', long(1_000), long(1_000)],
    ['of more, the last 1,000', `${long(10)}${'y'.repeat(1_000)}`, `…${'y'.repeat(1_000)}`],
    ['a character that was halved is none', `x\u{1F600}${'y'.repeat(999)}`, `…\uFFFD${'y'.repeat(999)}`],
  ])('[notice.bounds] of the error output of a dead pod: %s', (_, stderrTail, shown) => {
    const lines = words(died({ stderrTail })).split('\n');
    expect(lines[lines.indexOf('```data') + 1]).toBe(shown);
  });
});

describe('names in a line', () => {
  it('[notice.bounds] stand as they are up to 64 characters, and twenty of them', () => {
    expect(inLine('x'.repeat(64))).toBe('x'.repeat(64));
    expect(inLine('x'.repeat(65))).toBe(`"${'x'.repeat(64)}…"`);
    const names = Array.from({ length: 22 }, (_, n) => `n${n}`);
    const twenty = names.slice(0, 20).join(', ');
    expect(listed(names.slice(0, 20))).toBe(twenty);
    expect(listed(names)).toBe(`${twenty} and 2 more`);
  });
});
