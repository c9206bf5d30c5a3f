import { describe, expect, it } from 'vitest';
import { lineOf } from '../../../src/cli/format/live-lines.ts';
import { LiveView } from '../../../src/cli/format/live-view.ts';
import { type LiveEvent, parseLiveEvent } from '../../../src/client/pod-stream.ts';
import type { EntryBody } from '../../../src/session/facts/entries.ts';
import { answer, denied, ended, numbered } from './entries.ts';

function screen(options: { streaming: boolean } = { streaming: true }) {
  let text = '';
  const view = new LiveView({ ...options, color: false, write: (part) => (text += part) });
  return { view, text: () => text };
}

function entry(body: EntryBody): LiveEvent {
  return { type: 'entry', entry: numbered([body])[0]! };
}

function delta(offset: number, text: string, step = 1): LiveEvent {
  return { type: 'textDelta', turn: 't1', step, offset, text };
}

describe('the live view', () => {
  const whole = 'one two three\nfour';

  it('[view.nothing-twice] text streamed in any pieces, with repeats, holes or none at all, stands there once', () => {
    const pieces: LiveEvent[][] = [
      [],
      [delta(0, whole)],
      [delta(0, 'one '), delta(4, 'two three\nfour')],
      // Sent again after a resynchronisation, whole or in part.
      [delta(0, 'one two'), delta(0, 'one two three')],
      [delta(0, 'one two'), delta(4, 'two three')],
      // A hole: what is missing comes with the message.
      [delta(0, 'one '), delta(8, 'three')],
      [delta(4, 'two')],
    ];
    for (const stream of pieces) {
      const { view, text } = screen();
      for (const event of [...stream, entry(answer(whole))]) view.showMain(event);
      expect(text(), JSON.stringify(stream)).toBe(`${whole}\n`);
    }
  });

  it('[view.retry-voids] what was streamed of an answer that the provider cut is followed by the whole new one', () => {
    const { view, text } = screen();
    view.showMain(delta(0, 'one tw'));
    view.showMain({
      type: 'alert',
      level: 'warning',
      code: 'providerRetry',
      text: 'again',
      turn: 't1',
      step: 1,
    });
    view.showMain(delta(0, 'uno '));
    view.showMain(entry(answer('uno dos')));
    expect(text()).toBe('one tw\n! again\nuno dos\n');
  });

  it('[context.summary-request] a compaction is said when it begins and when it is over', () => {
    const { view, text } = screen();
    view.showMain({ type: 'compactionStarted', turn: 't1', why: 'size', tokens: 170_000, window: 192_000 });
    const usage = { inputTokens: 1, outputTokens: 1, cost: 0 };
    const over = { turn: 't1', why: 'size' as const, usage, before: 170_000 };
    const made = { through: 1, model: 'm', kept: [], summary: 'S', table: '', after: 9_000 };
    view.showMain(entry({ type: 'compaction', ...over, ...made }));
    view.showMain(entry({ type: 'compactionFailed', ...over, reason: 'no' }));
    expect(text()).toBe(
      [
        '— the history is being summed up (170,000 of 192,000 tokens)',
        '— history summed up: 170,000 → 9,000 tokens',
        '— the history was not compacted: no',
        '',
      ].join('\n'),
    );
  });

  it('[view.whole-lines] a line of another pod never stands inside a line that is being streamed', () => {
    const { view, text } = screen();
    view.showMain(delta(0, 'one '));
    view.showOther('alpha', entry(answer('hello')));
    view.showMain(delta(4, 'two'));
    view.showMain(entry(answer('one two')));
    expect(text()).toBe('one \nalpha │ hello\ntwo\n');
  });

  it('[view.no-streaming] off a terminal only whole messages are written', () => {
    const { view, text } = screen({ streaming: false });
    view.showMain(delta(0, 'one '));
    view.showMain(delta(4, 'two'));
    expect(text()).toBe('');
    view.showMain(entry(answer('one two')));
    expect(text()).toBe('one two\n');
  });

  it('[view.no-steering] what a pod says cannot steer the terminal, in whatever pieces it comes', () => {
    const hostile = 'a\u001B[2Jb\u009B31mc\u202Ed\re';
    const { view, text } = screen();
    for (const [at, letter] of hostile.split('').entries()) view.showMain(delta(at, letter));
    view.showMain(entry(answer(hostile)));
    view.showOther('alpha', entry(answer(hostile)));
    // oxlint-disable-next-line no-control-regex
    expect(text()).not.toMatch(/[\u001B\u009B\u202E\r]/);
    expect(text()).toContain('a[2Jb31mcde');
  });

  it('[view.one-line] an entry of a child is one line, whatever is in it', () => {
    const bodies: EntryBody[] = [
      answer('first\nsecond\nthird'),
      denied(),
      ended('errored', { error: { category: 'network', message: 'a\nb' } }),
      {
        type: 'toolCall',
        turn: 't1',
        step: 1,
        call: 'c',
        tool: 'Write',
        input: { path: 'a\nb', content: 'x'.repeat(5_000) },
      },
    ];
    for (const body of bodies) {
      const line = lineOf(numbered([body])[0]!);
      expect(line).not.toBeNull();
      expect(line).not.toContain('\n');
      expect(line!.length).toBeLessThan(300);
    }
    expect(lineOf(numbered([denied()])[0]!)).toBe('✗ Write denied: no');
  });

  it('[view.unknown-passes] an event or entry that a newer pod sends is passed over', () => {
    expect(parseLiveEvent({ type: 'somethingNew', x: 1 })).toBeNull();
    expect(parseLiveEvent('text')).toBeNull();
    expect(parseLiveEvent({ type: 'entry', entry: { seq: 0, time: '', type: 'started' } })).toBeNull();
    const event = parseLiveEvent({
      type: 'entry',
      entry: { seq: 3, time: 't', type: 'somethingNew', more: [1] },
    });
    expect(event).toEqual({ type: 'entry', entry: { seq: 3, time: 't', type: 'somethingNew', more: [1] } });
    expect(event?.type === 'entry' ? lineOf(event.entry) : '').toBeNull();
  });
});
