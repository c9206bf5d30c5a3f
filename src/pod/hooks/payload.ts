/** What a hook is told on its standard input: one JSON object. docs/hooks.md names the fields. Pure. */
import type { PodEventReceivedEntry } from '../../session/facts/delivery-entries.ts';
import type { Entry, SessionEntry, TurnEndedEntry } from '../../session/facts/entries.ts';
import type { ApprovalAskedEntry } from '../../session/facts/approval-entries.ts';
import type { EntryIdentity } from '../../session/facts/hook-entries.ts';
import type { HookEvent } from '../../session/facts/hooks.ts';
import type { JsonValue } from '../../std/json.ts';
import type { ToolAnswer } from '../../tools/tool.ts';
import type { CallRequest } from '../../worker/turn-ports.ts';

/** Of the pod in which it happens. */
export interface HookPlace {
  readonly session: SessionEntry;
  readonly path: string;
  readonly time: string;
  /** Absent where what happens leaves no entry. */
  readonly identity?: EntryIdentity;
}

export type HookWords = Readonly<Record<string, JsonValue | undefined>>;

export function payloadOf(
  hook: HookEvent,
  { session, path, time, identity }: HookPlace,
  words: HookWords,
): string {
  const { name, instance, root, parent, cwd } = session;
  const ref = parent === null ? null : { name: parent.name, instance: parent.instance };
  return `${JSON.stringify({
    hook,
    identity: identity ?? null,
    time,
    pod: { name, instance, path },
    root: { name: root.name, instance: root.instance },
    parent: ref,
    cwd,
    ...words,
  })}\n`;
}

const textCharsMax = 65_536;

function bounded(text: string): string {
  return text.length > textCharsMax ? text.slice(0, textCharsMax).toWellFormed() : text;
}

export function wordsOfReceipt({ from, eventSeq, event }: Entry<PodEventReceivedEntry>): HookWords {
  const { name, instance, incarnation } = from;
  return { from: { name, instance, incarnation }, eventSeq, event: json(event) };
}

/** `text`: the pod's last words, where nothing has been said since. */
export function wordsOfTurn(entry: TurnEndedEntry, text: string | null): HookWords {
  const { turn, outcome, reason, error, settled, outstanding, usage, durationMs } = entry;
  return {
    turn,
    outcome,
    reason: reason ?? null,
    error: error === undefined ? null : json(error),
    settled,
    outstanding,
    usage: json(usage),
    durationMs,
    text: text === null ? null : bounded(text),
  };
}

export function wordsOfQuestion({ request, turn, call, tool, summary, why }: ApprovalAskedEntry): HookWords {
  return { request, turn, call, tool, summary, why };
}

export function wordsOfCall({ call, step, tool, input, need }: CallRequest): HookWords {
  return { call, step, tool, input, need: need.kind };
}

export function wordsOfResult({ text, isError, denied }: ToolAnswer & { denied?: boolean }): HookWords {
  return { result: { text: bounded(text), isError: isError === true, denied: denied === true } };
}

function json(value: object): JsonValue {
  const copy: JsonValue = JSON.parse(JSON.stringify(value));
  return copy;
}
