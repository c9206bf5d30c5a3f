/** From what a pod's log and its live lane say to the events of the library. Pure. */
import type { LiveEvent } from '../client/pod-stream.ts';
import type { Entry, EntryBody } from '../session/facts/entries.ts';
import type { ApprovalRequest } from '../protocol/approval.ts';
import type { PodName, Question, TreeEvent } from './api.ts';

type Teller = {
  readonly [T in EntryBody['type']]?: (
    entry: Entry<Extract<EntryBody, { type: T }>>,
    at: { readonly pod: PodName; readonly time: string },
  ) => TreeEvent | null;
};

const tellers: Teller = {
  started: ({ incarnation }, at) => ({ ...at, type: 'started', incarnation }),
  stopped: ({ reason }, at) => ({ ...at, type: 'stopped', reason }),
  inputReceived: ({ kind, from, text }, at) =>
    kind === 'run' || kind === 'notice' ? { ...at, type: 'input', from: from.kind, text } : null,
  turnStarted: ({ turn }, at) => ({ ...at, type: 'turnStarted', turn }),
  assistantMessage({ turn, parts }, at) {
    const text = parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');
    return text === '' ? null : { ...at, type: 'text', turn, text };
  },
  toolCall: ({ turn, call, tool, input }, at) => ({ ...at, type: 'toolCall', turn, call, tool, input }),
  toolResult: ({ turn, call, tool, text, isError, denied = false }, at) => ({
    ...at,
    type: 'toolResult',
    turn,
    call,
    tool,
    text,
    isError,
    isDenied: denied,
  }),
  turnEnded: ({ turn, outcome, reason, error }, at) => ({
    ...at,
    type: 'turnEnded',
    turn,
    outcome,
    reason: reason ?? error?.message ?? null,
  }),
  child({ child: { name, instance }, state }, at) {
    return state === 'started' ? { ...at, type: 'spawned', child: { name, instance } } : null;
  },
  podEventReceived({ from: { name, instance }, eventSeq, event }, at) {
    const { kind } = event;
    return { ...at, type: 'report', from: { name, instance }, seq: eventSeq, kind, text: textOf(event) };
  },
  alert: ({ level, code, text }, at) => ({ ...at, type: 'alert', level, code, text }),
};

function textOf(event: Extract<EntryBody, { type: 'podEventReceived' }>['event']): string {
  if (event.kind === 'turnEnded') return event.text;
  if (event.kind === 'errored') return event.error.message;
  return event.kind === 'shutDown' || event.kind === 'died' ? (event.reason ?? '') : '';
}

/** Null for what is no event of the library. `now`: for what is in no log. */
export function treeEventOf(pod: PodName, event: LiveEvent, now: string): TreeEvent | null {
  if (event.type === 'entry') return ofEntry(pod, event.entry);
  const at = { pod, time: now };
  if (event.type === 'textDelta') return { ...at, type: 'textDelta', turn: event.turn, text: event.text };
  if (event.type === 'alert')
    return { ...at, type: 'alert', level: event.level, code: event.code, text: event.text };
  if (event.type === 'approvalRequested') return { ...at, type: 'question', question: questionOf(event) };
  if (event.type !== 'approvalAnswered') return null;
  const { request, decision, by } = event;
  return { ...at, type: 'questionClosed', request, decision, by };
}

export function questionOf({ request, pod, tool, summary, why, input, form }: ApprovalRequest): Question {
  return { request, pod, tool, summary, why, input, ...(form && { form }) };
}

function ofEntry(pod: PodName, entry: Entry): TreeEvent | null {
  // A newer pod's type may be any word.
  if (!Object.hasOwn(tellers, entry.type)) return null;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a type has its own teller
  const tell = tellers[entry.type] as
    | ((entry: Entry, at: { pod: PodName; time: string }) => TreeEvent | null)
    | undefined;
  return tell?.(entry, { pod, time: entry.time }) ?? null;
}
