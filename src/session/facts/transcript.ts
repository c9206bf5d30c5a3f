/**
 * What was said in a session, from the facts alone: the only place that reads the history. What a provider is
 * sent of it is made in `worker/prompt.ts`.
 */
import type { ImageRef } from '../../std/image.ts';
import type { JsonValue } from '../../std/json.ts';
import type { AssistantMessageEntry, Entry, ToolCallEntry, ToolResultEntry } from './entries.ts';
import type { Facts, HistoryEntry } from './facts.ts';
import { cutText, isPrunable, prunedLine, summaryText } from './shown.ts';

/** One thing that is to be said to the model, in its own words and without its place in the log. */
export type TranscriptItem =
  | ({ readonly kind: 'input' | 'notice'; readonly text: string } & WithImages)
  /** Stands for everything that is not shown any more. */
  | { readonly kind: 'summary'; readonly text: string }
  | {
      readonly kind: 'answer';
      readonly model: string;
      readonly parts: AssistantMessageEntry['parts'];
      /** A cancel or a failure has cut it. */
      readonly isPartial: boolean;
    }
  | {
      readonly kind: 'call';
      readonly call: string;
      readonly tool: string;
      readonly input: JsonValue;
      readonly providerMetadata: ToolCallEntry['providerMetadata'] | undefined;
      readonly partsBefore: number | undefined;
    }
  | ({ readonly kind: 'result' } & WithImages &
      Readonly<Pick<ToolResultEntry, 'call' | 'tool' | 'text' | 'isError'>>);

/** In the order in which the text names them. Absent: it has none, or they are not shown any more. */
interface WithImages {
  readonly images?: readonly ImageRef[];
}

export type Transcript = readonly TranscriptItem[];

/** Which part of the prompt, and how. */
export interface Part {
  /** Only what is behind this entry: without what a compaction has kept and its summary. */
  readonly after?: number;
  /** Only what is at or below this entry. */
  readonly through?: number;
  /** Outputs of tools at or below this entry as one line, whatever else is said of them. */
  readonly prunedThrough?: number;
  /** No text longer than this. */
  readonly charsMax?: number;
}

type Shown = Pick<Facts, 'history' | 'quarantined'> & Partial<Pick<Facts, 'context'>>;
type Held = Pick<Facts, 'history'> & Partial<Pick<Facts, 'context'>>;

/** What the model is shown, in order. `putAside` is said in the place of what was put aside. */
export function transcriptOf(facts: Shown, putAside: string, part: Part = {}): Transcript {
  const { quarantined, context } = facts;
  const { through = Number.POSITIVE_INFINITY } = part;
  const compaction = context?.compaction ?? null;
  const pruned = Math.max(context?.prunedThrough ?? 0, part.prunedThrough ?? 0);
  const calls = new Map<string, ToolCallEntry>();
  const thought = newThought(context?.refusedReasoning);
  const shown = (entry: HistoryEntry): TranscriptItem => {
    if (entry.type === 'toolCall') calls.set(entry.call, entry);
    const item = thought(entry, itemOf(entry, quarantined.has(entry.seq) ? putAside : null));
    if (entry.type === 'toolResult' && entry.seq <= pruned && isPrunable(entry) && item.kind === 'result') {
      return inWords({ ...item, text: prunedLine(entry, calls.get(entry.call)) });
    }
    const chars = Math.min(context?.cuts.get(entry.seq) ?? Number.POSITIVE_INFINITY, charsMax(part));
    // What is cut, and what a compaction has kept, is words alone.
    const isWhole = chars === Number.POSITIVE_INFINITY && entry.seq > (compaction?.through ?? 0);
    const said = isWhole ? item : inWords(item);
    return 'text' in said && said.text.length > chars
      ? { ...said, text: cutText(said.text, chars, entry.type === 'toolResult' ? entry.tool : null) }
      : said;
  };
  const before: TranscriptItem[] =
    compaction === null || part.after !== undefined
      ? []
      : [...keptIn(facts).map(shown), { kind: 'summary', text: summaryText(compaction) }];
  const from = Math.max(part.after ?? 0, compaction?.through ?? 0);
  return [...before, ...between(facts.history, from, through).map(shown)];
}

/** The provider of a model's name: what one has thought says nothing to another. */
export function providerOf(model: string): string {
  return model.slice(0, model.indexOf('/'));
}

/**
 * Without the reasoning that its provider has refused, and without the ids and signatures that belong to it.
 * To be called in the order of the history: a call is of the model whose answer it stands behind.
 */
function newThought(refused: ReadonlyMap<string, number> = new Map()) {
  let provider = '';
  let given: AssistantMessageEntry['parts'] = [];
  const left = (parts: typeof given) => parts.filter(({ type }) => type !== 'reasoning');
  return (entry: HistoryEntry, item: TranscriptItem): TranscriptItem => {
    if (entry.type === 'assistantMessage') {
      provider = providerOf(entry.model);
      given = entry.parts;
    }
    if (entry.seq > (refused.get(provider) ?? 0)) return item;
    if (item.kind === 'call') {
      const { partsBefore } = item;
      const before = partsBefore === undefined ? undefined : left(given.slice(0, partsBefore)).length;
      return { ...item, providerMetadata: undefined, partsBefore: before };
    }
    if (item.kind !== 'answer') return item;
    return { ...item, parts: left(item.parts).map(({ type, text }) => ({ type, text })) };
  };
}

function inWords(item: TranscriptItem): TranscriptItem {
  if (!('images' in item)) return item;
  const { images: _, ...rest } = item;
  return rest;
}

function charsMax({ charsMax = Number.POSITIVE_INFINITY }: Part): number {
  return charsMax;
}

/** Behind the one entry and through the other. */
function between(history: readonly HistoryEntry[], after: number, through: number): readonly HistoryEntry[] {
  const end = through === Number.POSITIVE_INFINITY ? history.length : firstAtOrAfter(history, through + 1);
  return history.slice(after === 0 ? 0 : firstAtOrAfter(history, after + 1), end);
}

/** What the next prompt shows of the history as it was said, in order: nothing that a compaction covers. */
export function uncovered({ history, context }: Held): readonly HistoryEntry[] {
  return between(history, context?.compaction?.through ?? 0, Number.POSITIVE_INFINITY);
}

/** What the model is shown: the words that were kept, and all behind the newest compaction, in order. */
export function shownThrough({ history }: Held, through: number): readonly HistoryEntry[] {
  return between(history, 0, through);
}

/** What the newest compaction covers and has kept word for word, in order. */
function keptIn({ history, context }: Held): readonly HistoryEntry[] {
  return between(history, 0, context?.compaction?.through ?? 0);
}

function itemOf(entry: HistoryEntry, instead: string | null): TranscriptItem {
  switch (entry.type) {
    case 'userMessage':
      return { kind: 'input', text: entry.text, ...imagesIn(entry) };
    case 'systemItem': {
      const { item } = entry;
      if (instead !== null || item.kind !== 'notice') return { kind: 'notice', text: instead ?? item.body };
      return { kind: 'notice', text: item.body, ...imagesIn(item) };
    }
    case 'assistantMessage':
      return { kind: 'answer', model: entry.model, parts: entry.parts, isPartial: entry.partial === true };
    case 'toolCall': {
      const { call, tool, input, providerMetadata, partsBefore } = entry;
      return { kind: 'call', call, tool, input, providerMetadata, partsBefore };
    }
    case 'toolResult': {
      const { call, tool, text, isError } = entry;
      return { kind: 'result', call, tool, text, isError, ...imagesIn(entry) };
    }
  }
}

function imagesIn({ images = [] }: { images?: readonly ImageRef[] }): WithImages {
  return images.length === 0 ? {} : { images };
}

/** Images that an entry brought with it. */
export function imagesOf(entry: HistoryEntry): readonly ImageRef[] {
  if (entry.type === 'userMessage' || entry.type === 'toolResult') return entry.images ?? [];
  return entry.type === 'systemItem' && entry.item.kind === 'notice' ? (entry.item.images ?? []) : [];
}

/** What was said from a place in the log on. */
export function* saidFrom({ history }: Facts, seq: number): Iterable<HistoryEntry> {
  for (let index = firstAtOrAfter(history, seq); index < history.length; index += 1) {
    const entry = history[index];
    if (entry !== undefined) yield entry;
  }
}

/** The entry with this number, or the next one that says something. */
export function saidAt({ history }: Facts, seq: number): HistoryEntry | undefined {
  return history[firstAtOrAfter(history, seq)];
}

/** For those who want to know how a pod is, and nothing of what was said in it. */
export function forgetSaid(facts: Facts): void {
  forgetSaidThrough(facts, facts.lastSeq);
}

/**
 * What was said up to a place is read from the log from now on, except these words of people and of children:
 * the model is shown them still.
 */
export function forgetSaidThrough(facts: Facts, through: number, kept: readonly number[] = []): void {
  facts.heldFrom = Math.max(facts.heldFrom, through + 1);
  if (facts.history.length === 0) return;
  const words = new Set(kept);
  facts.history = facts.history.filter(
    ({ seq, type }) => seq > through || ((type === 'userMessage' || type === 'systemItem') && words.has(seq)),
  );
}

/** Memory holds all that was said from this place on. */
export function holdsSaid(facts: Facts, seq: number): boolean {
  return seq >= facts.heldFrom;
}

export function isSaid(entry: Entry): entry is HistoryEntry {
  return saidTypes.has(entry.type);
}

const saidTypes = new Set<string>([
  'userMessage',
  'assistantMessage',
  'toolCall',
  'toolResult',
  'systemItem',
] satisfies HistoryEntry['type'][]);

/** Facts as a checkpoint keeps them: of what was said only the places. */
export function withoutSaid(facts: Facts): { facts: Facts; said: number[] } {
  return { facts: { ...facts, history: [] }, said: facts.history.map(({ seq }) => seq) };
}

/** What `withoutSaid` left out. */
export function putSaid(facts: Facts, said: HistoryEntry[]): void {
  facts.history = said;
}

export function textOf(entry: Pick<AssistantMessageEntry, 'parts'>): string {
  return entry.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');
}

function firstAtOrAfter(history: readonly HistoryEntry[], seq: number): number {
  let low = 0;
  let high = history.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((history[middle]?.seq ?? 0) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
