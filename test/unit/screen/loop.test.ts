/** The loop of the screen in its pure parts: frames, clocks, what is printed, what stays. */
import { describe, expect, it } from 'vitest';
import { nextTickInMs } from '../../../src/screen/loop/clocks.ts';
import { Feed } from '../../../src/screen/loop/feed.ts';
import { keptFile, lastLines } from '../../../src/screen/loop/last-lines.ts';
import { Pace } from '../../../src/screen/loop/pace.ts';
import { noticeFor, titleOf } from '../../../src/screen/loop/signs.ts';
import type { Item, PodModel, TreeModel, TreeRow } from '../../../src/screen/model/shape.ts';

const drained = { isDrained: true };

describe('the pace of frames', () => {
  it('[screen.r10] frames of output are the interval apart, a key is due at once, and nothing wanted is nothing due', () => {
    const pace = new Pace(250);
    expect(pace.dueInMs(0, drained)).toBeNull();
    pace.want('output');
    expect(pace.dueInMs(1_000, drained)).toBe(0);
    pace.drawn(1_000, { withOutput: true });
    expect(pace.dueInMs(1_001, drained)).toBeNull();
    pace.want('output');
    expect(pace.dueInMs(1_100, drained)).toBe(150);
    pace.want('key');
    expect(pace.dueInMs(1_100, drained)).toBe(0);
    expect(pace.mayShowOutput(1_100)).toBe(false);
    pace.drawn(1_100, { withOutput: false });
    expect(pace.dueInMs(1_100, drained)).toBe(150);
    expect(pace.dueInMs(1_300, drained)).toBe(0);
  });

  it('[screen.r10] while what was written has not left no frame is due, not for a key either', () => {
    const pace = new Pace(33);
    pace.want('key');
    pace.want('output');
    expect(pace.dueInMs(5, { isDrained: false })).toBeNull();
    expect(pace.dueInMs(5, drained)).toBe(0);
  });

  it('[screen.r10] clocks tick each second below a minute, each ten below ten minutes, then each minute', () => {
    expect(nextTickInMs([], 0)).toBeNull();
    expect(nextTickInMs([Number.NaN], 0)).toBeNull();
    expect(nextTickInMs([0], 59_400)).toBe(600);
    expect(nextTickInMs([0], 60_000)).toBe(10_000);
    expect(nextTickInMs([0], 601_000)).toBe(59_000);
    expect(nextTickInMs([0, 600_300], 601_000)).toBe(300);
    // A clock of another machine that is ahead.
    expect(nextTickInMs([5_000], 1_000)).toBe(1_000);
  });
});

const row = (name: string, more: Partial<TreeRow> = {}): TreeRow => ({
  instance: `i-${name}`,
  parent: null,
  name,
  path: name,
  depth: 0,
  status: 'idle',
  settled: true,
  activity: null,
  attention: null,
  outcome: null,
  hasFailed: false,
  questions: 0,
  model: 'script/x',
  own: { tokens: 0, cost: 0 },
  subtree: { tokens: 0, cost: 0 },
  context: null,
  pendingIn: 0,
  pendingOut: 0,
  since: null,
  ...more,
});

const tree = (rows: readonly TreeRow[], asked: readonly string[] = []): TreeModel => ({
  rows,
  questions: asked.map((request) => ({
    approval: {
      request,
      pod: { name: 'a', instance: 'i-a' },
      tool: 'Bash',
      summary: 'x',
      why: 'y',
      askedAt: '2026-01-01T00:00:00.000Z',
    },
    path: 'a',
    openedAtMs: 0,
  })),
  deliveries: [],
  hasAllDeliveries: true,
  watching: null,
});

describe('title and notice', () => {
  it('[screen.r18] the title counts questions and running pods', () => {
    expect(titleOf(tree([row('a')]))).toBe('podkin');
    expect(titleOf(tree([row('a', { status: 'running' })], ['q', 'r']))).toBe('podkin ? 2 ▶ 1');
  });

  it('[screen.r18] a question is signalled once, and only while nobody looks; a root that settles always', () => {
    const away = { isFocused: false, sinceKeyMs: 0 };
    const here = { isFocused: true, sinceKeyMs: 5_000 };
    const [before, asked] = [tree([row('a')]), tree([row('a')], ['q'])];
    expect(noticeFor(before, asked, away)).toContain('answer');
    expect(noticeFor(asked, asked, away)).toBeNull();
    expect(noticeFor(before, asked, here)).toBeNull();
    expect(noticeFor(before, asked, { isFocused: null, sinceKeyMs: 11_000 })).toContain('answer');
    expect(noticeFor(tree([row('a', { settled: false })]), before, here)).toContain('settled');
    expect(noticeFor(before, before, here)).toBeNull();
  });
});

const item = (seq: number): Item => ({
  seq,
  time: '2026-01-01T00:00:00.000Z',
  body: { kind: 'answer', text: `entry ${seq}`, reasoning: '', partial: false },
});

const pod = (name: string, from: number, to: number, more: Partial<PodModel> = {}): PodModel => ({
  name,
  instance: `i-${name}`,
  items: Array.from({ length: to - from + 1 }, (_, at) => item(from + at)),
  from,
  lastSeq: to,
  live: null,
  calls: [],
  sent: [],
  isLive: true,
  link: 'live',
  ...more,
});

const options = {
  size: { columns: 80, rows: 10 },
  isLabelled: false,
  text: (one: Item) => [[{ text: String(one.seq) }]],
};
const texts = (lines: readonly (readonly { text: string }[])[]) =>
  lines.map((line) => line.map(({ text }) => text).join(''));

describe('what is printed inline', () => {
  it('[screen.r03] first the last two screens behind a line that counts what is before them, then each entry once', () => {
    const feed = new Feed();
    const first = texts(feed.take(pod('root', 1, 100), options));
    expect(first[0]).toBe('… 80 earlier entries: podkin logs root');
    expect(first.slice(1)).toEqual(Array.from({ length: 20 }, (_, at) => String(81 + at)));
    expect(feed.take(pod('root', 1, 100), options)).toEqual([]);
    expect(texts(feed.take(pod('root', 1, 103), options))).toEqual(['101', '102', '103']);
    // Another was shown in between.
    expect(texts(feed.take(pod('kid', 1, 2), options))).toEqual(['kid:', '1', '2']);
    expect(texts(feed.take(pod('root', 50, 104), options))).toEqual(['root:', '104']);
  });

  it('[screen.r03] nothing is printed before the history is all there, and a short past has no line that counts', () => {
    const feed = new Feed();
    expect(feed.take(pod('root', 1, 3, { isLive: false, link: 'connecting' }), options)).toEqual([]);
    expect(texts(feed.take(pod('root', 1, 4), options))).toEqual(['1', '2', '3', '4']);
  });

  it('[screen.r08] a label stands before what is one line, and above what is several, without a frame', () => {
    const feed = new Feed();
    const labelled = { ...options, isLabelled: true };
    expect(texts(feed.take(pod('kid', 1, 1), labelled))).toEqual(['kid: 1']);
    const long = { ...labelled, text: () => [[{ text: 'x'.repeat(70) }], [{ text: 'y' }]] };
    expect(texts(feed.take(pod('kid', 1, 2), long))).toEqual(['kid:', `  ${'x'.repeat(70)}`, '  y']);
  });
});

describe('what stays on the terminal', () => {
  const many = Array.from({ length: 64 }, (_, at) => row(`p${at}`));

  it('[screen.r05] of all pods at most twelve lines: pods, what waits, how to come back', () => {
    const lines = texts(
      lastLines(tree(many, ['a', 'b', 'c', 'd', 'e']), {
        pod: null,
        ownsTree: false,
        end: 'left',
        unsent: [],
        file: null,
      }),
    );
    expect(lines.length).toBeLessThanOrEqual(12);
    expect(lines[0]).toBe('64 pods keep running:');
    expect(lines.join('\n')).toContain('podkin approvals');
    expect(lines.at(-1)).toBe('Come back with: podkin');
  });

  it('[screen.r05] of one pod how to attach again, and what was not sent word for word', () => {
    const left = {
      pod: { name: 'a', instance: 'i-a', label: 'r/a' },
      ownsTree: false,
      end: 'left' as const,
      unsent: ['x\ny'],
      file: null,
    };
    expect(texts(lastLines(tree([row('a')]), left))).toEqual([
      'Detached; "a" keeps running. Attach again with: podkin attach r/a',
      'This was not sent: x',
      'y',
    ]);
    const long = `one\n${'x\n'.repeat(5_000)}`;
    const kept: string[] = [];
    const keep = (text: string) => {
      kept.push(text);
      return '/f';
    };
    const unsent = ['short', long];
    const file = keptFile(unsent, keep);
    expect([file, kept]).toEqual(['/f', [long]]);
    expect(texts(lastLines(tree([row('a')]), { ...left, unsent, file }))).toEqual([
      'Detached; "a" keeps running. Attach again with: podkin attach r/a',
      'This was not sent: short',
      'This was not sent: one',
      'x',
      'x',
      '… and 4999 more lines: all of it is in /f',
    ]);
    const none = keptFile([long], () => {
      throw new Error('no room');
    });
    expect(lastLines(tree([row('a')]), { ...left, unsent: [long], file: none }).length).toBe(5_003);
    expect(keptFile(['short'], keep)).toBeNull();
    expect(texts(lastLines(tree([row('a', { status: 'dead' })]), left))[0]).toContain('podkin restore r/a');
    expect(lastLines(tree([row('a')]), { ...left, end: 'lost' })).toEqual([]);
  });
});
