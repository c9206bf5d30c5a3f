/** The fold of one pod: entries, deltas, and what is known of it on this side. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ItemWindow, windowBounds } from '../../../../src/screen/model/item-window.ts';
import {
  emptyPod,
  foldPod,
  liveCharsMax,
  type FoldedPod,
  type PodNews,
} from '../../../../src/screen/model/pod-model.ts';
import type { Entry, EntryBody } from '../../../../src/session/facts/entries.ts';
import * as rig from '../../machine-rig.ts';

const entry = (seq: number, body: EntryBody): PodNews => ({ type: 'entry', entry: entryOf(seq, body) });
const entryOf = (seq: number, body: EntryBody): Entry => ({ seq, time: rig.timeOf(seq), ...body });
const delta = (offset: number, text: string, step = 1): PodNews => ({
  type: 'textDelta',
  turn: 't',
  step,
  offset,
  text,
});
const folded = (news: readonly PodNews[], from: FoldedPod = emptyPod('me', 'i')): FoldedPod =>
  news.reduce(foldPod, from);
const seqsOf = ({ items }: FoldedPod): (number | undefined)[] =>
  Array.from({ length: items.length }, (_, at) => items.at(at)?.seq);
const said = (seq: number): PodNews => entry(seq, rig.said('t', `text ${seq}`));

describe('live text', () => {
  const cuts = fc.tuple(fc.string({ minLength: 1, maxLength: 60 }), fc.array(fc.nat(60), { maxLength: 8 }));

  it('[screen.pod-fold] any cut of a text comes to the text, also where pieces come twice', () => {
    fc.assert(
      fc.property(cuts, ([text, at]) => {
        const ends = [...new Set([0, ...at.filter((one) => one < text.length), text.length])].sort(
          (a, b) => a - b,
        );
        const pieces = ends.slice(1).map((end, i) => delta(ends[i] ?? 0, text.slice(ends[i], end)));
        const twice = pieces.flatMap((piece) => [piece, piece]);
        expect(folded(pieces).live).toMatchObject({ text, textFrom: 0 });
        expect(folded(twice).live).toMatchObject({ text, textFrom: 0 });
      }),
    );
  });

  it('[screen.pod-fold] behind a hole a text begins anew, and overlaps are taken once', () => {
    expect(folded([delta(0, 'abc'), delta(10, 'xy')]).live).toMatchObject({ text: 'xy', textFrom: 10 });
    expect(folded([delta(0, 'abc'), delta(2, 'cde')]).live).toMatchObject({ text: 'abcde', textFrom: 0 });
    expect(folded([delta(40, 'later')]).live).toMatchObject({ text: 'later', textFrom: 40 });
  });

  it('[screen.pod-fold] a long text is cut at the same place, however it came', () => {
    const text = 'x'.repeat(3 * liveCharsMax + 7);
    const pieces = Array.from({ length: 31 }, (_, i) =>
      delta(i * 20_000, text.slice(i * 20_000, (i + 1) * 20_000)),
    );
    const { live } = folded(pieces);
    expect(live).toEqual(folded([delta(0, text)]).live);
    expect(live?.textFrom).toBe(2 * liveCharsMax);
    expect(live?.text).toHaveLength(liveCharsMax + 7);
  });

  it('[screen.pod-fold] committed text takes its place, and a later step is not touched by it', () => {
    expect(folded([delta(0, 'abc'), entry(5, rig.said('t', 'abc'))]).live).toBeNull();
    expect(folded([delta(0, 'abc', 2), entry(5, rig.completed('t', 1))]).live).toMatchObject({ text: 'abc' });
    expect(folded([delta(0, 'abc', 2), delta(0, 'old', 1)]).live).toMatchObject({ step: 2, text: 'abc' });
  });

  it.each([
    ['a try that failed', { type: 'alert', level: 'warning', code: 'providerRetry', text: 'again' }],
    ['the end of the turn', entry(9, rig.ended('t'))],
    ['a connection that is gone', { type: 'link', link: 'away' }],
    ['a lag', { type: 'lagged', from: 3 }],
  ] as [string, PodNews][])('[screen.pod-fold] %s makes it void', (_, news) => {
    expect(folded([delta(0, 'abc'), news]).live).toBeNull();
  });
});

describe('calls and sent texts', () => {
  it('[screen.pod-fold] a call is open until its result, with the end of what it writes', () => {
    const open = folded([
      entry(1, rig.called('t', 'c1')),
      entry(2, rig.called('t', 'c2')),
      { type: 'toolProgress', turn: 't', call: 'c1', text: 'x'.repeat(5_000) },
    ]);
    expect(open.calls.map(({ call, progress }) => [call, progress.length])).toEqual([
      ['c1', 4_000],
      ['c2', 0],
    ]);
    expect(folded([entry(3, rig.result('t', 'c1'))], open).calls.map(({ call }) => call)).toEqual(['c2']);
    expect(folded([{ type: 'link', link: 'ended' }], open).calls).toEqual([]);
  });

  it('[screen.r14] a sent text is sent, on disk, read, and never goes back', () => {
    const states: (string | undefined)[] = [];
    let pod = emptyPod('me', 'i');
    const news: PodNews[] = [
      { type: 'sent', submission: 's', text: 'hi' },
      entry(1, rig.run('s')),
      entry(2, { type: 'userMessage', turn: 't', submission: 's', from: rig.person, text: 'hi' }),
      { type: 'reset' },
      entry(1, rig.run('s')),
    ];
    for (const one of news) states.push((pod = foldPod(pod, one)).sent[0]?.state);
    expect(states).toEqual(['sent', 'onDisk', 'read', 'read', 'read']);
  });

  it('[screen.r14] a text that is dropped or refused says why', () => {
    const sent: PodNews = { type: 'sent', submission: 's', text: 'hi' };
    expect(folded([sent, { type: 'refused', submission: 's', reason: 'full' }]).sent).toEqual([
      { submission: 's', text: 'hi', state: 'refused', reason: 'full' },
    ]);
    const dropped = folded([
      sent,
      entry(1, rig.run('s')),
      entry(2, { type: 'inputDropped', submission: 's', reason: 'dropped by a person' }),
    ]);
    expect(dropped.sent[0]).toMatchObject({ state: 'refused', reason: 'dropped by a person' });
  });
});

describe('history', () => {
  it('[screen.pod-fold] what is sent again changes nothing; a reset begins anew', () => {
    const news = [said(4), said(5), said(6)];
    const once = folded(news);
    expect(news.reduce(foldPod, once)).toEqual(once);
    expect([seqsOf(once), once.from, once.lastSeq]).toEqual([[4, 5, 6], 4, 6]);
    const anew = folded([{ type: 'reset' }, said(1)], once);
    expect([seqsOf(anew), anew.from, anew.lastSeq]).toEqual([[1], 1, 1]);
  });

  it('[screen.pod-fold] no entry says that the history is over, and no turn in it that the pod runs', () => {
    const replayed = folded([entry(1, rig.begun('t')), said(2)]);
    expect(replayed.isLive).toBe(false);
    expect(folded([{ type: 'live', seq: 2 }], replayed).isLive).toBe(true);
    expect(Object.keys(replayed)).not.toContain('status');
  });

  it('[screen.r06] older entries come before those that are there, and change no index from the end', () => {
    const here = folded([said(8), said(9)]);
    const more = foldPod(here, {
      type: 'older',
      entries: [5, 6, 7, 8].map((seq) => entryOf(seq, rig.said('t', 'x'))),
    });
    expect([seqsOf(more), more.from]).toEqual([[5, 6, 7, 8, 9], 5]);
    expect(more.items.at(-1)).toBe(here.items.at(-1));
  });

  it('[screen.window] the newest are kept, no more than the bounds say; older versions do not change', () => {
    const many = windowBounds.items + 1_500;
    const early = folded([said(1), said(2)]);
    const late = folded(
      Array.from({ length: many }, (_, i) => said(i + 3)),
      early,
    );
    expect(late.items.length).toBe(windowBounds.items);
    expect([late.from, late.lastSeq, late.items.at(-1)?.seq]).toEqual([
      many + 3 - windowBounds.items,
      many + 2,
      many + 2,
    ]);
    expect(seqsOf(early)).toEqual([1, 2]);
    // Two that go on from the same one part.
    expect([seqsOf(folded([said(7)], early)), seqsOf(folded([said(8)], early))]).toEqual([
      [1, 2, 7],
      [1, 2, 8],
    ]);
  });

  it('[screen.window] a window is as an array of the last, in any order of appending and prepending', () => {
    const bounds = { items: 5, chars: 1_000_000 };
    const item = (seq: number) => ({
      seq,
      time: '',
      body: { kind: 'note', text: 'x', isWarning: false } as const,
    });
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -3, max: 9 }), { maxLength: 12 }), (steps) => {
        let window = ItemWindow.empty(bounds);
        let model: number[] = [];
        let most = bounds.items;
        let [first, last] = [0, 0];
        for (const step of steps) {
          for (let i = 0; i < step; i += 1) model.push((last += 1));
          for (let i = 0; i < step; i += 1) window = window.append(item(last - step + i + 1));
          if (step < 0) {
            const older = Array.from({ length: -step }, (_, i) => (first -= 1) - i).sort((a, b) => a - b);
            window = window.prepend(older.map(item));
            model = [...older, ...model];
            most -= step;
          }
          model = model.slice(-most);
        }
        const all = Array.from({ length: window.length }, (_, at) => window.at(at)?.seq);
        expect(all).toEqual(model);
        expect([window.at(-1)?.seq, window.at(window.length), window.at(-window.length - 1)]).toEqual([
          model.at(-1),
          undefined,
          undefined,
        ]);
      }),
    );
  });

  it('[screen.window] characters bound it too, and the newest is there however long', () => {
    const long = entry(2, rig.result('t', 'c', { text: 'x'.repeat(200_000) }));
    let pod = emptyPod('me', 'i');
    for (let seq = 1; seq <= 60; seq += 1)
      pod = foldPod(pod, {
        ...long,
        entry: { ...entryOf(seq, rig.result('t', 'c', { text: 'x'.repeat(200_000) })) },
      } as PodNews);
    expect(pod.items.length).toBe(19);
    const window = ItemWindow.empty({ items: 5, chars: 10 }).append({
      seq: 1,
      time: '',
      body: { kind: 'machinery', text: 'x'.repeat(500) },
    });
    expect(window.length).toBe(1);
  });
});
