/** What the log says about the prompt: how the history is shown, and what sizes were measured. */
import type { CompactionEntry, MeasuredSize, ToolSchema } from './context-entries.ts';

export interface ContextFacts {
  /** Outputs of tools at or below it are shown as one line. */
  prunedThrough: number;
  /** The newest; null before the first. */
  compaction: ShownCompaction | null;
  /** Items that are shown cut: entry seq → UTF-16 units. */
  cuts: Map<number, number>;
  /** What a person has asked for (entry seq) and no compaction has met yet. */
  asked: { seq: number; instructions: string | null } | null;
  /** Compactions that failed unasked, in a row and in this turn, and the size at the last one. */
  failures: Failures;
  system: string | null;
  tools: { hash: string; names: string[] } | null;
  /** By hash. */
  toolSets: Map<string, readonly ToolSchema[]>;
  /** The last completed response. */
  measured: (MeasuredSize & { inputTokens: number; outputTokens: number }) | null;
  /** Tokens of the next request, where it was made shorter since the last response. */
  estimated: number | null;
  /** Model → tokens a unit, as its provider last counted. */
  rates: Map<string, number>;
  /** Model → the window that its provider has told by a refusal; never less than it has answered. */
  windows: Map<string, number>;
  /**
   * Model → what a person said of it when its provider told that; none for those of whom nothing was said.
   */
  windowsGiven: Map<string, number>;
  /** Model → tokens of the largest request that it has answered, as its provider counted them. */
  answered: Map<string, number>;
  /** Models that have refused images as such. */
  imageless: Set<string>;
  /** Images that a provider has refused, by their content. */
  refusedImages: Set<string>;
  /** Provider → entry seq: of its answers at or below, it takes no reasoning back. */
  refusedReasoning: Map<string, number>;
  /** A person was told that a window is not known. */
  isWindowReported: boolean;
  /** A person was told that a provider counts what no request comes to. */
  isUsageDoubted: boolean;
  /** Path → what was done with it last, the newest last. */
  files: Map<string, 'read' | 'changed'>;
  /** Files of instructions that the model was given with a result and still has: path → its entry seq. */
  instructed: Map<string, number>;
  /** Instance of a child → what the model was last told of it. */
  reports: Map<string, string>;
}

export interface Failures {
  readonly count: number;
  /** At the last one. */
  readonly tokens: number;
  readonly reason: string;
}

export function noFailures(): Failures {
  return { count: 0, tokens: 0, reason: '' };
}

export interface ShownCompaction {
  seq: number;
  through: number;
  summary: string;
  table: string;
  why: CompactionEntry['why'];
}

export function emptyContext(): ContextFacts {
  return {
    prunedThrough: 0,
    compaction: null,
    cuts: new Map(),
    asked: null,
    failures: noFailures(),
    system: null,
    tools: null,
    toolSets: new Map(),
    measured: null,
    estimated: null,
    rates: new Map(),
    windows: new Map(),
    windowsGiven: new Map(),
    answered: new Map(),
    imageless: new Set(),
    refusedImages: new Set(),
    refusedReasoning: new Map(),
    isWindowReported: false,
    isUsageDoubted: false,
    files: new Map(),
    instructed: new Map(),
    reports: new Map(),
  };
}
