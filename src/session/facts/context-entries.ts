/**
 * Entries about what a request holds. None changes an entry that is there: they say how the model is shown it
 * from then on, so that a replay gives the prompt of the living pod byte for byte (K3). An older podkin
 * passes over them.
 */
import type { JsonObject } from '../../std/json.ts';
import type { Usage } from '../../protocol/pod-event.ts';

/** Stage 1: long outputs of tools at or below `through` are shown as one line. */
export interface PrunedEntry {
  type: 'pruned';
  turn: string;
  /** An entry seq. */
  through: number;
  /** Tokens of the next request, before and after, as estimated. */
  before: number;
  after: number;
}
/** Why a compaction is made. */
export type CompactionCause = 'size' | 'contextTooLong' | 'asked';
/** Stage 2: in the place of everything at or below `through` the model is shown this. */
export interface CompactionEntry {
  type: 'compaction';
  /** Empty where it was made between two turns. */
  turn: string;
  why: CompactionCause;
  /** Entry seq of the newest request by a person that it heeds; 0: of none. Absent in older logs. */
  asked?: number;
  /** An entry seq; never above what was seen (K1). */
  through: number;
  model: string;
  /** Entry seqs of what is shown verbatim all the same: the task, and what people said. */
  kept: number[];
  summary: string;
  /** Made from facts, as shown. */
  table: string;
  /** Of all its requests that were answered; what others used is in a `requestFailed`. */
  usage: Usage;
  /** Tokens of the next request, before and after, as estimated. */
  before: number;
  after: number;
}
/** It has changed nothing (K4). */
export interface CompactionFailedEntry {
  type: 'compactionFailed';
  /** Empty where no turn was running. */
  turn: string;
  why: CompactionCause;
  reason: string;
  usage: Usage;
  /** Tokens of the request that was to become shorter, as estimated. */
  before: number;
}
/** Why one that was asked for is not made, and no failure: all that could be summed up is. */
export const nothingToCompact = 'there is nothing to compact yet';

/** A person wants one: at once between two turns, else before the next request. */
export interface CompactionAskedEntry {
  type: 'compactionAsked';
  /** What the summary is to heed. */
  instructions: string | null;
}
/** Stage 3: one item is shown cut, with its size and how to read the rest. */
export interface ItemCutEntry {
  type: 'itemCut';
  turn: string;
  /** Its entry seq. */
  item: number;
  /** UTF-16 units of it that are shown. */
  chars: number;
}
/** The provider has refused a request as too long: its window is smaller than was thought. */
export interface ContextRefusedEntry {
  type: 'contextRefused';
  turn: string;
  model: string;
  /** Tokens that a request may hold, as it is believed from now on. */
  window: number;
  /** What a person said of this model then (contextTokens): once they say something else, that holds. */
  given?: number;
}
/** The provider has refused a request for its images: they are named to the model in words from now on. */
export interface ImagesRefusedEntry {
  type: 'imagesRefused';
  turn: string;
  model: string;
  /** As the provider said it. */
  reason: string;
  /** These, by their content, whoever is asked; absent: this model takes none. */
  images?: string[];
}
/**
 * The provider has refused a request for the reasoning of answers before: its models are asked without it.
 */
export interface ReasoningRefusedEntry {
  type: 'reasoningRefused';
  turn: string;
  model: string;
  /** As the provider said it. */
  reason: string;
  /** Of answers at or below this entry; absent: it takes none, from now on too. */
  through?: number;
}
/** What every request begins with, from here on (K3). */
export interface SystemPromptEntry {
  type: 'systemPrompt';
  turn: string;
  text: string;
}
export interface ToolSchema {
  name: string;
  description: string;
  inputSchema: JsonObject;
}
/** The tools that are offered, from here on (K3). */
export interface ToolsEntry {
  type: 'tools';
  turn: string;
  hash: string;
  names: string[];
  /** Once for each hash. */
  schemas?: ToolSchema[];
}

export type ContextEntry =
  | PrunedEntry
  | CompactionEntry
  | CompactionFailedEntry
  | CompactionAskedEntry
  | ItemCutEntry
  | ContextRefusedEntry
  | ImagesRefusedEntry
  | ReasoningRefusedEntry
  | SystemPromptEntry
  | ToolsEntry;

/** Of a completed response: what its request and it came to, in units of `worker/context/size.ts`. */
export interface MeasuredSize {
  model: string;
  request: number;
  answer: number;
}
