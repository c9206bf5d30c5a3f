/** How many tokens a request of a model may hold. Pure. */
import { catalogEntry } from './catalog.ts';

export interface Window {
  /** Of a request: what is kept free for the answer is not in it. */
  readonly tokens: number;
  /** False: nobody has said how large it is, and this is a guess. */
  readonly isKnown: boolean;
  /** False: whatever its size, nobody refuses a request; the window is for those who want to know. */
  readonly isBound: boolean;
  /** What a person has said of it (contextTokens). */
  readonly given?: number | undefined;
}

const unknownContextTokens = 128_000;
/** Kept free for an answer of which nothing else is known: so much, and no larger part of the window. */
const unknownOutputTokens = 32_000;
const unknownOutputShare = 1 / 8;
/** No more than this part of a window is kept free, whatever was said. */
const outputShareMax = 1 / 2;

/** What a person says of the model; it wins over the catalogue. */
interface GivenWindow {
  readonly contextTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
}

/** A person may have said less than the model takes, and what is known of it may be old. */
const doubtedFrom = 10;

/** A count beyond it is one that no request and no answer of this model come to. */
export function tokensMaxOf(name: string, given: GivenWindow = {}): number {
  const entry = catalogEntry(name);
  const context = Math.max(given.contextTokens ?? 0, entry?.contextTokens ?? 0, unknownContextTokens);
  const answer = Math.max(given.outputTokens ?? 0, entry?.outputTokens ?? 0, unknownOutputTokens);
  return doubtedFrom * (context + answer);
}

export function windowOf(name: string, given: GivenWindow = {}): Window {
  const entry = catalogEntry(name);
  const known = given.contextTokens ?? entry?.contextTokens;
  const context = known ?? unknownContextTokens;
  const guess = Math.min(unknownOutputTokens, context * unknownOutputShare);
  // Of a model in the catalogue without a length of answers the window is for requests alone.
  const answer = given.outputTokens ?? (entry === null ? guess : (entry.outputTokens ?? 0));
  const reserve = Math.min(answer, context * outputShareMax);
  // A scenario takes what it is given, unless a person wants to see what a window does.
  const isScenario = name.startsWith('script/');
  return {
    tokens: Math.floor(context - reserve),
    isKnown: known !== undefined || isScenario,
    isBound: known !== undefined || !isScenario,
    ...(given.contextTokens !== undefined && { given: given.contextTokens }),
  };
}
