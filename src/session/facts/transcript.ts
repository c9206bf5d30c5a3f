/**
 * What was said in a session, from the facts alone: the only place that reads the history. What a provider is
 * sent of it is made in `worker/prompt.ts`.
 */
import type { JsonValue } from '../../std/json.ts';
import type { AssistantMessageEntry, ToolCallEntry, ToolResultEntry } from './entries.ts';
import type { Facts, HistoryEntry } from './facts.ts';

/** One thing that is to be said to the model, in its own words and without its place in the log. */
export type TranscriptItem =
  | { readonly kind: 'input' | 'notice'; readonly text: string }
  | {
      readonly kind: 'answer';
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
  | ({ readonly kind: 'result' } & Readonly<Pick<ToolResultEntry, 'call' | 'tool' | 'text' | 'isError'>>);

export type Transcript = readonly TranscriptItem[];

/** All of it, in order. `putAside` is said in the place of what was put aside. */
export function transcriptOf(
  { history, quarantined }: Pick<Facts, 'history' | 'quarantined'>,
  putAside: string,
): Transcript {
  return history.map((entry) => itemOf(entry, quarantined.has(entry.seq) ? putAside : null));
}

function itemOf(entry: HistoryEntry, instead: string | null): TranscriptItem {
  switch (entry.type) {
    case 'userMessage':
      return { kind: 'input', text: entry.text };
    case 'systemItem':
      return { kind: 'notice', text: instead ?? entry.item.body };
    case 'assistantMessage':
      return { kind: 'answer', parts: entry.parts, isPartial: entry.partial === true };
    case 'toolCall': {
      const { call, tool, input, providerMetadata, partsBefore } = entry;
      return { kind: 'call', call, tool, input, providerMetadata, partsBefore };
    }
    case 'toolResult': {
      const { call, tool, text, isError } = entry;
      return { kind: 'result', call, tool, text, isError };
    }
  }
}

/** What was said from a place in the log on. */
export function* saidFrom({ history }: Facts, seq: number): Iterable<HistoryEntry> {
  for (let index = firstAtOrAfter(history, seq); index < history.length; index += 1) {
    const entry = history[index];
    if (entry !== undefined) yield entry;
  }
}

/** The newest first. */
export function* saidLast({ history }: Facts): Iterable<HistoryEntry> {
  for (let index = history.length - 1; index >= 0; index -= 1) {
    const entry = history[index];
    if (entry !== undefined) yield entry;
  }
}

/** The entry with this number, or the next one that says something. */
export function saidAt({ history }: Facts, seq: number): HistoryEntry | undefined {
  return history[firstAtOrAfter(history, seq)];
}

/** One of these turns was begun by a run, and not by notices alone. */
export function hasInputOf({ history }: Facts, turns: readonly string[]): boolean {
  return history.some((entry) => entry.type === 'userMessage' && turns.includes(entry.turn));
}

/** For those who want to know how a pod is, and nothing of what was said in it. */
export function forgetSaid(facts: Facts): void {
  facts.history.length = 0;
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
