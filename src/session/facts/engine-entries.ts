/**
 * Entries of a pod whose turns another vendor's agent drives, and what they come to. An older podkin passes
 * over them.
 */

/** Before the first prompt of a session: the agent keeps what is said in it under that name. */
export interface EngineStartedEntry {
  type: 'engine';
  /** As the agent names itself, and its version. */
  agent: string;
  version: string;
  session: string;
}

/** Before the prompt is written to the agent. */
export interface EnginePromptEntry {
  type: 'enginePrompt';
  turn: string;
  /** Stands in the prompt: a session that is loaded again is searched for it. */
  marker: string;
  /** SHA-256 of the prompt's text. */
  sha: string;
}

/** How a turn ends behind an answer that is no success. */
export type AnswerEnd =
  | { kind: 'cancelled' }
  | { kind: 'limitReached'; reason: string }
  | { kind: 'errored'; category: string; message: string };

export type EngineEntry = EngineStartedEntry | EnginePromptEntry;

export interface EngineFacts {
  readonly agent: string;
  readonly version: string;
  readonly session: string;
  readonly begunAt: string;
  /** The newest prompt of this session; null before the first. */
  readonly prompt: EnginePrompt | null;
  /** The marker of the prompt before it; null where it is the first. */
  readonly before: string | null;
  /** Whether it says how many tokens a turn has used; null before its first end that was no cancel. */
  readonly reportsUsage: boolean | null;
}

export interface EnginePrompt {
  readonly turn: string;
  readonly marker: string;
  /** Entry seq: what is said behind it is not in it. */
  readonly seq: number;
  /** Its answer is committed. */
  readonly answered: boolean;
  /** Of an answer that is no success: what its turn comes to, also where the pod dies before it says so. */
  readonly comesTo: AnswerEnd | null;
}

/** An agent of another version goes on with the same session. */
export function engineBegun(
  known: EngineFacts | null,
  { agent, version, session, time }: EngineStartedEntry & { time: string },
): EngineFacts {
  const kept = known?.session === session ? known : { prompt: null, before: null, begunAt: time };
  const { prompt, before, begunAt } = kept;
  const reportsUsage = known?.version === version ? known.reportsUsage : null;
  return { agent, version, session, begunAt, prompt, before, reportsUsage };
}

/** One that is said again has the marker that it had. */
export function enginePrompted(
  known: EngineFacts | null,
  { turn, marker, seq }: EnginePromptEntry & { seq: number },
): EngineFacts | null {
  if (known === null) return null;
  const { prompt } = known;
  const isRepeated = prompt?.marker === marker;
  return {
    ...known,
    before: isRepeated ? known.before : (prompt?.marker ?? null),
    prompt: { turn, marker, seq, answered: false, comesTo: null },
  };
}

export function engineAnswered(
  known: EngineFacts | null,
  {
    finishReason,
    usage,
    comesTo = null,
  }: {
    readonly finishReason: string;
    readonly comesTo?: AnswerEnd | null;
    readonly usage: { readonly inputTokens: number; readonly outputTokens: number; readonly said?: object };
  },
): EngineFacts | null {
  if (known === null || known.prompt === null) return known;
  const isSaid = usage.inputTokens + usage.outputTokens > 0 && usage.said === undefined;
  const silent = finishReason === 'cancelled' ? known.reportsUsage : (known.reportsUsage ?? false);
  return {
    ...known,
    prompt: { ...known.prompt, answered: true, comesTo },
    reportsUsage: isSaid ? true : silent,
  };
}
