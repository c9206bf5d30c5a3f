/** What a pod is at in this moment, in words: from the facts and the little that is not in the log. Pure. */
import { callText } from '../../session/facts/call-words.ts';
import type { Facts } from '../../session/facts/facts.ts';
import { treeBounds } from '../../protocol/tree.ts';
import type { Core } from './core.ts';
import { type OtherWaits, waitingOf } from './waiting.ts';

export interface Activity {
  readonly kind: 'request' | 'tool' | 'retry' | 'wait';
  /** The words of models, providers and others, bounded. */
  readonly text: string;
  /** ISO. */
  readonly since: string;
}

/** What has come of the answer to the running request. */
export interface Output {
  readonly chars: number;
  /** Wall time; null before the first. */
  readonly firstAtMs: number | null;
  readonly lastAtMs: number | null;
}

export const noOutput: Output = { chars: 0, firstAtMs: null, lastAtMs: null };

/** Longer without a word, and that is what there is to say. */
const silentAfterMs = 5_000;
const charsOfAToken = 4;

export function tokensOf({ chars }: Output): number {
  return Math.ceil(chars / charsOfAToken);
}

/** Null where it does nothing, waits for nothing, and nothing runs in its background. */
export function activityOf(core: Core, how: OtherWaits & { readonly output: Output }): Activity | null {
  const waiting = waitingOf(core, how);
  if (waiting !== null && waiting.kind !== 'provider') {
    return words({ kind: 'wait', text: `${waiting.kind}: ${waiting.reason}`, since: waiting.since });
  }
  const { failing } = core.live.provider;
  if (core.live.mode === 'running' && failing !== null)
    return words({ kind: 'retry', text: failing.reason, since: failing.since });
  if (core.facts.turn === null) return ofCommands(core.facts);
  const call = callsIn(core.facts);
  return words(call === null ? requestOf(core, how) : { kind: 'tool', ...call });
}

/** The calls that have no result yet, the first in words; null where there are none. */
export function callsIn({ turn }: Facts): Omit<Activity, 'kind'> | null {
  const [first, ...more] = turn?.dangling.values() ?? [];
  if (first === undefined) return null;
  const others = more.length === 0 ? '' : ` and ${more.length} more`;
  return { text: `${callText(first)}${others}`, since: first.time };
}

/** What runs in the background, the first that was started first. */
export function commandsIn({ commands }: Facts): { name: string; text: string; since: string }[] {
  return [...commands.open.values()].map(({ command, text, startedAt }) => ({
    name: command,
    text: callText({ tool: '', input: { command: text } }),
    since: startedAt,
  }));
}

function ofCommands(facts: Facts): Activity | null {
  const [first, ...more] = commandsIn(facts);
  if (first === undefined) return null;
  const others = more.length === 0 ? '' : ` and ${more.length} more`;
  return words({ kind: 'tool', text: `in the background: ${first.text}${others}`, since: first.since });
}

function requestOf({ facts, live }: Core, { output, nowMs }: { output: Output; nowMs: number }): Activity {
  const asked = live.provider.askedAt ?? facts.lastTime;
  const { firstAtMs, lastAtMs } = output;
  const heardMs = lastAtMs ?? Date.parse(asked);
  const isSilent = nowMs - heardMs >= silentAfterMs;
  if (isSilent) return { kind: 'request', text: 'no token', since: iso(heardMs, asked) };
  if (firstAtMs === null) return { kind: 'request', text: 'asks the model', since: asked };
  return { kind: 'request', text: 'answers', since: iso(firstAtMs, asked) };
}

function iso(ms: number, otherwise: string): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : otherwise;
}

function words({ kind, text, since }: Activity): Activity {
  return { kind, text: text.slice(0, treeBounds.wordsMax).toWellFormed(), since };
}
