/** One pod's part of what a tree does: a fold over its entries. Pure. */
import type { Usage } from '../protocol/pod-event.ts';
import type { CheckReport, ResultReport } from '../session/facts/demand-entries.ts';
import type { Entry, EntryBody, StartedEntry, TurnOutcome } from '../session/facts/entries.ts';
import { addUsage } from '../session/facts/facts.ts';

export interface Denial {
  pod: string;
  tool: string;
  call: string;
  /** What the call was to do: its input as JSON, bounded. */
  input: string;
  text: string;
  /** A person was asked and said no; left out where nobody was. */
  byPerson?: true;
}

export interface LastTurn {
  readonly outcome: TurnOutcome;
  readonly reason: string | null;
  readonly category: string | null;
  /** Of a root, where a person has asked for it. */
  readonly check: CheckReport | null;
  readonly result: ResultReport | null;
}

/** One pod's part of a run. */
export interface PodTally {
  readonly name: string;
  readonly instance: string;
  lastSeq: number;
  turns: number;
  /** Something was given to it: a run, or a notice. */
  hasInput: boolean;
  usage: Usage;
  /** The newest text that the model said. */
  text: string;
  denials: Denial[];
  /** Inputs of the calls that have no result yet. */
  readonly calls: Map<string, string>;
  /** Approvals and calls to which a person said no. */
  readonly noes: Set<string>;
  lastTurn: LastTurn | null;
  turnOpen: boolean;
  /** Its newest turn never ended: a stop has given it up. */
  isCut: boolean;
  started: Entry<StartedEntry> | null;
  stopped: boolean;
  /** Its process goes on: whoever watched it leaves it so. Only they know it. */
  isRunning?: boolean;
}

export function newTally(name: string, instance: string): PodTally {
  return {
    name,
    instance,
    lastSeq: 0,
    turns: 0,
    hasInput: false,
    usage: { inputTokens: 0, outputTokens: 0, cost: 0 },
    text: '',
    denials: [],
    calls: new Map(),
    noes: new Set(),
    lastTurn: null,
    turnOpen: false,
    isCut: false,
    started: null,
    stopped: false,
  };
}

const inputCharsMax = 500;

type Counters = {
  readonly [T in EntryBody['type']]?: (
    tally: PodTally,
    entry: Entry<Extract<EntryBody, { type: T }>>,
  ) => void;
};

function countUsage(tally: PodTally, { usage }: { readonly usage: Usage }): void {
  tally.usage = addUsage(tally.usage, usage);
}

const counters: Counters = {
  started(tally, entry) {
    tally.started = entry;
    tally.stopped = false;
  },
  stopped(tally) {
    tally.stopped = true;
  },
  inputReceived(tally) {
    tally.hasInput = true;
  },
  turnStarted(tally) {
    tally.turns += 1;
    tally.turnOpen = true;
    tally.isCut = false;
  },
  assistantMessage(tally, entry) {
    const text = entry.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');
    if (text.trim() !== '') tally.text = text;
  },
  toolCall(tally, { call, input }) {
    tally.calls.set(call, JSON.stringify(input).slice(0, inputCharsMax).toWellFormed());
  },
  toolResult(tally, { tool, call, text, denied }) {
    const input = tally.calls.get(call) ?? '';
    tally.calls.delete(call);
    const byPerson = tally.noes.delete(call) && { byPerson: true as const };
    if (denied === true) tally.denials.push({ pod: tally.name, tool, call, input, text, ...byPerson });
  },
  approval(tally, entry) {
    if (entry.state === 'answered' && entry.by === 'person' && entry.decision === 'deny')
      tally.noes.add(entry.call ?? entry.request);
    // An answer that was given before the call was made again.
    if (entry.state === 'taken' && tally.noes.delete(entry.request)) tally.noes.add(entry.call);
  },
  stepCompleted: countUsage,
  requestFailed: countUsage,
  compaction: countUsage,
  compactionFailed: countUsage,
  interrupted(tally) {
    tally.turnOpen = false;
    tally.isCut = true;
  },
  turnEnded(tally, { outcome, reason, error, check = null, result = null }) {
    // It was begun before whoever counts came to it.
    if (!tally.turnOpen) tally.turns += 1;
    tally.turnOpen = false;
    tally.isCut = false;
    tally.lastTurn = {
      outcome,
      reason: reason ?? error?.message ?? null,
      category: error?.category ?? null,
      check,
      result,
    };
  },
};

/** Entries that were counted before are passed over, so the same log may be read again. */
export function tallyEntry(tally: PodTally, entry: Entry): void {
  if (entry.seq <= tally.lastSeq) return;
  tally.lastSeq = entry.seq;
  // A newer pod's type may be any word.
  if (!Object.hasOwn(counters, entry.type)) return;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the counter of a type is handed entries of that type alone
  const count = counters[entry.type] as ((tally: PodTally, entry: Entry) => void) | undefined;
  count?.(tally, entry);
}

/**
 * How one pod stood at the end: its last turn's outcome, `died` where its process ended without having
 * stopped.
 */
export type PodOutcome = 'done' | 'failed' | 'limit' | 'cancelled' | 'paused' | 'died' | 'idle';

const outcomeWords = {
  finished: 'done',
  errored: 'failed',
  limitReached: 'limit',
  cancelled: 'cancelled',
  paused: 'paused',
} as const satisfies Record<TurnOutcome, PodOutcome>;

/** Of a pod whose process has ended, or is left running. */
export function podOutcome(tally: PodTally): PodOutcome {
  if (!tally.stopped && tally.isRunning !== true) return 'died';
  if (tally.stopped && (tally.isCut || tally.turnOpen)) return 'cancelled';
  return tally.lastTurn === null ? 'idle' : outcomeWords[tally.lastTurn.outcome];
}
