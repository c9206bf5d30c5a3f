/** What the next request comes to, and what could be taken from it, from the facts. Pure. */
import type { ModelRequest } from '../../model/port.ts';
import type { Facts, HistoryEntry } from '../../session/facts/facts.ts';
import { isPrunable } from '../../session/facts/shown.ts';
import { imagesOf, shownThrough, uncovered } from '../../session/facts/transcript.ts';
import { tokensOfImages } from '../../std/image.ts';
import { boundaryFor } from './boundary.ts';
import type { Cuttable, Load } from './plan.ts';
import { prunableOf } from './prune.ts';
import { rateOf, tokensOf, unitsOfRequest, unitsOfText } from './size.ts';

/** Of the window: what stays behind a compaction as it was said, if steps are that short. */
const tailShare = 0.1;
/** Of the window: what a request comes to behind a compaction, if there is enough to cover. */
const afterShare = 0.75;

export interface Sizing {
  readonly facts: Facts;
  readonly model: string;
  /** Tokens that a request may hold. */
  readonly window: number;
}

export function loadOf(
  sizing: Sizing,
  request: Pick<ModelRequest, 'system' | 'messages' | 'tools'>,
  refused: boolean,
): Load {
  const { facts, window } = sizing;
  const { context, seenThrough } = facts;
  const shown = uncovered(facts);
  const rate = rateOf(sizing.facts.context, sizing.model);
  const tokens = tokensOf(context, sizing.model, unitsOfRequest(request));
  const prunable = prunableOf(shown, { prunedThrough: context.prunedThrough, seenThrough });
  return {
    tokens,
    window,
    prunable: prunable && { through: prunable.through, tokens: prunable.units * rate },
    covers: coversOf(sizing, shown, tokens),
    largest: largestOf(facts, rate),
    asked: context.asked !== null,
    refused,
    failures: context.failures,
  };
}

/** Of the window, and in tokens: what a summary may come to. */
const summaryShare = 0.1;
const summaryTokensMax = 8_000;

export function summaryMax(window: number): number {
  return Math.min(summaryTokensMax, summaryShare * window);
}

function seenOf(facts: Facts, model: string): { seenThrough: number; keepsSinceUser: boolean } {
  return {
    seenThrough: facts.seenThrough,
    keepsSinceUser: facts.turn !== null && model.startsWith('google/'),
  };
}

function coversOf(sizing: Sizing, shown: readonly HistoryEntry[], tokens: number): Load['covers'] {
  const { facts, model, window } = sizing;
  const rate = rateOf(sizing.facts.context, sizing.model);
  const unitsOf = (entry: HistoryEntry) => unitsOfEntry(facts, entry);
  const all = shown.reduce((sum, entry) => sum + unitsOf(entry), 0);
  const wanted = (tokens + summaryMax(window) - afterShare * window) / rate;
  // Whoever asks wants all of it summed up.
  const tail = facts.context.asked === null ? Math.min((tailShare * window) / rate, all - wanted) : 0;
  const through = boundaryFor(shown, seenOf(facts, model), { tail, unitsOf });
  if (through === null) return null;
  const covered = shown.filter(({ seq }) => seq <= through);
  // What is kept word for word anyway is not worth a summary.
  if (covered.every(({ type }) => type === 'userMessage')) return null;
  return { through, tokens: covered.reduce((sum, entry) => sum + unitsOf(entry), 0) * rate };
}

/** As it is shown, about. */
export function unitsOfEntry({ context }: Pick<Facts, 'context'>, entry: HistoryEntry): number {
  switch (entry.type) {
    case 'userMessage':
      return unitsOfSaid(context, entry, entry.text);
    case 'systemItem':
      return unitsOfSaid(context, entry, entry.item.body);
    case 'assistantMessage':
      return entry.parts.reduce((sum, part) => sum + unitsOfText(part.text), 0);
    case 'toolCall':
      return unitsOfText(JSON.stringify(entry.input));
    case 'toolResult':
      if (entry.seq <= context.prunedThrough && isPrunable(entry)) return 0;
      return unitsOfSaid(context, entry, entry.text);
  }
}

/** What is shown cut has lost its images too. */
function unitsOfSaid({ cuts }: Facts['context'], entry: HistoryEntry, text: string): number {
  const chars = cuts.get(entry.seq);
  return unitsOfShown(text, chars) + (chars === undefined ? tokensOfImages(imagesOf(entry)) : 0);
}

function unitsOfShown(text: string, chars: number | undefined): number {
  return unitsOfText(chars === undefined ? text : text.slice(0, chars));
}

const charsOfUnit = 4;

/** Of outputs, notices and later inputs: the task stays as it is. */
function largestOf(facts: Facts, rate: number): Cuttable | null {
  const { context } = facts;
  const items = shownThrough(facts, facts.lastSeq);
  const task = items.find(({ type }) => type === 'userMessage');
  let largest: Cuttable | null = null;
  for (const entry of items) {
    const text = cuttableText(entry);
    if (text === null || entry === task) continue;
    if (entry.type === 'toolResult' && entry.seq <= context.prunedThrough) continue;
    const cut = context.cuts.get(entry.seq);
    // Its images go first: as many characters as they take.
    const ofImages = cut === undefined ? tokensOfImages(imagesOf(entry)) : 0;
    const chars = Math.min(text.length + ofImages * charsOfUnit, cut ?? Number.POSITIVE_INFINITY);
    const tokens = (unitsOfShown(text, chars) + ofImages) * rate;
    if (largest === null || tokens > largest.tokens) largest = { item: entry.seq, tokens, chars };
  }
  return largest;
}

function cuttableText(entry: HistoryEntry): string | null {
  switch (entry.type) {
    case 'userMessage':
    case 'toolResult':
      return entry.text;
    case 'systemItem':
      return entry.item.body;
    case 'assistantMessage':
    case 'toolCall':
      return null;
  }
}
