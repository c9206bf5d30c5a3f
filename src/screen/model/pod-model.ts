/**
 * The pod that is looked at, folded from its entries and live events. Pure: each fold answers a new value,
 * and costs O(1) amortised whatever the history's length.
 *
 * Invariants
 * - PM1 Entries alone make items, each once: an entry at or below `lastSeq` is passed over.
 * - PM2 However deltas are cut, they come to the same text; behind a hole it begins anew, and committed text
 *   takes its place.
 * - PM3 No entry says that the pod runs, nor what it has used: a history that is sent again would say it
 *   twice. Rows of the tree alone do (`tree-model.ts`).
 * - PM4 What is kept is bounded: items by their window, live text, progress and sent texts each by itself.
 */
import type { LiveEvent } from '../../client/pod-stream.ts';
import type { Entry } from '../../session/facts/entries.ts';
import { itemOf } from './items.ts';
import { ItemWindow } from './item-window.ts';
import type { LiveText, OpenCall, PodModel, SentText } from './shape.ts';

export interface FoldedPod extends PodModel {
  readonly items: ItemWindow;
}

/** What comes from the pod, and what is known of it on this side. */
export type PodNews =
  | LiveEvent
  /** The log is not the one that was known: all that is kept is void. */
  | { readonly type: 'reset' }
  | { readonly type: 'link'; readonly link: PodModel['link'] }
  /** Asked for by a person; in their order, all below `from`. */
  | { readonly type: 'older'; readonly entries: readonly Entry[] }
  | { readonly type: 'sent'; readonly submission: string; readonly text: string }
  | { readonly type: 'refused'; readonly submission: string; readonly reason: string };

const progressCharsMax = 4_000;
/** Of one step at least; of more than twice as much the end is kept, until all of it is committed. */
export const liveCharsMax = 200_000;
const sentMax = 50;
const callsMax = 200;

export function emptyPod(name: string, instance: string): FoldedPod {
  return {
    name,
    instance,
    items: ItemWindow.empty(),
    from: 0,
    lastSeq: 0,
    live: null,
    calls: [],
    sent: [],
    isLive: false,
    link: 'connecting',
  };
}

/** Answers the same value where nothing has changed. */
export function foldPod(model: FoldedPod, event: PodNews): FoldedPod {
  if (event.type === 'entry') return foldEntry(model, event.entry);
  if (event.type === 'reset')
    return { ...emptyPod(model.name, model.instance), sent: model.sent, link: model.link };
  if (event.type === 'link') return withLink(model, event.link);
  if (event.type === 'older') return withOlder(model, event.entries);
  if (event.type === 'sent') return { ...model, sent: boundedSent([...model.sent, sentText(event)]) };
  if (event.type === 'refused')
    return withSent(model, event.submission, { state: 'refused', reason: event.reason });
  return foldLive(model, event);
}

/** What is on the live lane alone; what concerns the tree is none of a pod's. */
function foldLive(model: FoldedPod, event: Exclude<LiveEvent, { type: 'entry' }>): FoldedPod {
  switch (event.type) {
    case 'textDelta':
      return withDelta(model, event, 'text');
    case 'reasoningDelta':
      return withDelta(model, event, 'reasoning');
    case 'toolInputDelta':
      return withWritten(model, event);
    case 'toolProgress':
      return withProgress(model, event);
    case 'alert':
      // What a try has said that failed is void.
      return event.code === 'providerRetry' ? { ...model, live: null } : model;
    case 'live':
      return { ...model, isLive: true };
    case 'lagged':
      return { ...model, live: null, isLive: false };
    case 'shutdown':
      return { ...model, live: null };
    case 'status':
    case 'activity':
    case 'treeChanged':
    case 'deliveryChanged':
    case 'approvalRequested':
    case 'approvalAnswered':
    case 'compactionStarted':
    case 'compactionEnded':
    case 'toolCalled':
    case 'toolCallEnded':
      return model;
  }
}

function withWritten(model: FoldedPod, event: Extract<LiveEvent, { type: 'toolInputDelta' }>): FoldedPod {
  const live = liveAt(model, event);
  if (live === null) return model;
  const { call, tool, text } = event;
  const before = live.writes?.call === call ? live.writes.chars : 0;
  return { ...model, live: { ...live, writes: { call, tool, chars: before + text.length } } };
}

function foldEntry(model: FoldedPod, entry: Entry): FoldedPod {
  if (entry.seq <= model.lastSeq) return model;
  const items = model.items.append(itemOf(entry));
  const first = items.at(0)?.seq ?? entry.seq;
  // Each entry is an item: what is not in the window any more is on disk.
  return byEntry({ ...model, items, from: first, lastSeq: entry.seq }, entry);
}

function byEntry(model: FoldedPod, entry: Entry): FoldedPod {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- most entries change nothing here
  switch (entry.type) {
    case 'assistantMessage':
      return { ...model, live: liveBehind(model.live, entry) };
    case 'stepCompleted':
    case 'requestFailed':
      return { ...model, live: liveBehind(model.live, entry) };
    case 'toolCall': {
      const { call, tool, input, time: since } = entry;
      const calls = [...model.calls, { call, tool, input, since, progress: '' }];
      return { ...model, calls: calls.slice(-callsMax) };
    }
    case 'toolResult':
      return { ...model, calls: withoutCall(model.calls, entry.call) };
    case 'turnEnded':
    case 'stopped':
      return { ...model, live: null, calls: [] };
    case 'interrupted':
    case 'started':
      return { ...model, live: null };
    case 'inputReceived':
      return entry.kind === 'run' ? withSent(model, entry.submission, { state: 'onDisk' }) : model;
    case 'userMessage':
      return withSent(model, entry.submission, { state: 'read' });
    case 'inputDropped':
      return withSent(model, entry.submission, { state: 'refused', reason: entry.reason });
    default:
      return model;
  }
}

/** What is being said of the step that the entry is about, or of one before it, is committed. */
function liveBehind(live: LiveText | null, at: { turn: string; step: number }): LiveText | null {
  return live === null || (live.turn === at.turn && live.step > at.step) ? live : null;
}

interface At {
  readonly turn: string;
  readonly step: number;
}

/** Of that step, and no other; null where a later one is known. */
function liveAt({ live }: FoldedPod, { turn, step }: At): LiveText | null {
  if (live?.turn === turn) {
    if (live.step === step) return live;
    if (live.step > step) return null;
  }
  return { turn, step, text: '', textFrom: 0, reasoning: '', reasoningFrom: 0, writes: null };
}

interface Delta extends At {
  readonly offset: number;
  readonly text: string;
}

function withDelta(model: FoldedPod, delta: Delta, which: 'text' | 'reasoning'): FoldedPod {
  const live = liveAt(model, delta);
  if (live === null) return model;
  if (which === 'text') {
    const piece = grown({ text: live.text, from: live.textFrom }, delta);
    return piece === null ? model : { ...model, live: { ...live, text: piece.text, textFrom: piece.from } };
  }
  const piece = grown({ text: live.reasoning, from: live.reasoningFrom }, delta);
  if (piece === null) return model;
  return { ...model, live: { ...live, reasoning: piece.text, reasoningFrom: piece.from } };
}

/** A text in one piece, and its place in the whole. */
interface Piece {
  readonly text: string;
  readonly from: number;
}

/** Null where it says nothing new. */
function grown(known: Piece, { offset, text }: Delta): Piece | null {
  const end = known.from + known.text.length;
  if (text === '' || offset + text.length <= end) return null;
  // We were behind for a while, or have come in the middle: the committed message has what is missing.
  if (offset > end) return bounded({ text, from: offset });
  return bounded({ text: known.text + text.slice(end - offset), from: known.from });
}

/** Cut at places that do not hang on how it came, and not with each delta. */
function bounded({ text, from }: Piece): Piece {
  const end = from + text.length;
  const least = Math.floor(end / liveCharsMax - 1) * liveCharsMax;
  return least <= from ? { text, from } : { text: text.slice(least - from), from: least };
}

function withProgress(model: FoldedPod, { call, text }: { call: string; text: string }): FoldedPod {
  if (!model.calls.some((open) => open.call === call)) return model;
  const calls = model.calls.map((open) =>
    open.call === call ? { ...open, progress: (open.progress + text).slice(-progressCharsMax) } : open,
  );
  return { ...model, calls };
}

function withoutCall(calls: readonly OpenCall[], call: string): readonly OpenCall[] {
  return calls.some((open) => open.call === call) ? calls.filter((open) => open.call !== call) : calls;
}

function withLink(model: FoldedPod, link: PodModel['link']): FoldedPod {
  if (link === model.link) return model;
  // Nothing of it goes on: a start again closes what was open.
  if (link === 'ended') return { ...model, link, live: null, calls: [], isLive: true };
  // What is said meanwhile is missed; the history comes first again.
  return { ...model, link, live: null, isLive: false };
}

function withOlder(model: FoldedPod, entries: readonly Entry[]): FoldedPod {
  const older = entries.filter(({ seq }) => model.from === 0 || seq < model.from);
  if (older.length === 0) return model;
  const items = model.items.prepend(older.map(itemOf));
  const lastSeq = Math.max(model.lastSeq, items.at(-1)?.seq ?? 0);
  return { ...model, items, from: items.at(0)?.seq ?? model.from, lastSeq };
}

function sentText({ submission, text }: { submission: string; text: string }): SentText {
  return { submission, text, state: 'sent' };
}

const order: Readonly<Record<SentText['state'], number>> = { sent: 0, onDisk: 1, read: 2, refused: 2 };

/** Never back: the history may say again what is known. */
function withSent(model: FoldedPod, submission: string, now: Pick<SentText, 'state' | 'reason'>): FoldedPod {
  const known = model.sent.find((one) => one.submission === submission);
  if (known === undefined || order[now.state] <= order[known.state]) return model;
  return { ...model, sent: model.sent.map((one) => (one === known ? { ...one, ...now } : one)) };
}

/** Those that are over go first. */
function boundedSent(sent: readonly SentText[]): readonly SentText[] {
  if (sent.length <= sentMax) return sent;
  const over = sent.find(({ state }) => order[state] === 2) ?? sent[0];
  return sent.filter((one) => one !== over);
}
