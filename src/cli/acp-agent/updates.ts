/**
 * What a tree does, as the updates of one session: the root speaks, its calls and those below are tool calls,
 * a child is one more, with its reports. A fold over live events; pure but for its own memory, which is
 * bounded.
 *
 * Invariants
 * - AU1 What the root has said is shown once: what was streamed is not repeated by its entry, and what was
 *   not is filled in by it.
 * - AU2 No update is longer than its bound; the whole is in the pod's log.
 * - AU3 Nothing of a child's own words stands where the root speaks.
 */
import type { PlanEntry, SessionUpdate } from '@agentclientprotocol/sdk';
import type { LiveEvent } from '../../client/pod-stream.ts';
import type { PodEventReceivedEntry } from '../../session/facts/delivery-entries.ts';
import type {
  AssistantMessageEntry,
  ChildEntry,
  Entry,
  EntryBody,
  SystemItemEntry,
  ToolCallEntry,
  ToolResultEntry,
} from '../../session/facts/entries.ts';
import type { PlanItem } from '../../session/facts/plan.ts';
import { oneLine, printable } from '../format/printable.ts';
import { callBounds, shownCall, textContent } from './tool-calls.ts';

export interface SeenPod {
  readonly name: string;
  readonly instance: string;
  /** 0 for the root. */
  readonly depth: number;
}

export interface FoldOptions {
  /** Of the root, and of pods whose log's beginning is not seen. */
  readonly cwd: string;
  /** An input that the client gave itself, and shows already. */
  isOwn(submission: string): boolean;
}

/** One chunk; a longer text is several. */
const chunkCharsMax = 64_000;
const progressCharsMax = 8_000;
/** Calls of which no result has come; beyond it the oldest is forgotten. */
const callsMax = 2_000;
const placesMax = 1_000;

type Lane = 'agent_message_chunk' | 'agent_thought_chunk' | 'user_message_chunk';

interface StreamedStep {
  readonly key: string;
  /** Characters that were shown. */
  text: number;
  reasoning: number;
}

type Tellers = {
  readonly [T in EntryBody['type']]?: (
    entry: Entry<Extract<EntryBody, { type: T }>>,
    pod: SeenPod,
  ) => SessionUpdate[];
};

export class UpdateFold {
  readonly #options: FoldOptions;
  readonly #cwds = new Map<string, string>();
  /** By id of the call: what it has written so far, the last of it. */
  readonly #open = new Map<string, { progress: string; isDiff: boolean }>();
  /** Shown as a tool call each. */
  readonly #children = new Set<string>();
  /** How much of the newest step was streamed. */
  #step: StreamedStep = { key: '', text: 0, reasoning: 0 };

  readonly #ofAll: Tellers = {
    session: ({ cwd }, { instance }) => {
      remember(this.#cwds, instance, cwd);
      return [];
    },
    toolCall: (entry, pod) => this.#call(pod, entry),
    toolResult: (entry, pod) => this.#result(pod, entry),
    child: (entry, pod) => this.#child(pod, entry),
    podEventReceived: (entry) => this.#report(entry),
  };
  readonly #ofRoot: Tellers = {
    ...this.#ofAll,
    userMessage: ({ submission, text }) =>
      this.#options.isOwn(submission) ? [] : chunks('user_message_chunk', text),
    assistantMessage: (entry) => this.#message(entry),
    systemItem: item,
    alert: ({ text }) => chunks('agent_thought_chunk', `\n! ${text}\n`),
    set: ({ permissionMode }) =>
      permissionMode === undefined
        ? []
        : [{ sessionUpdate: 'current_mode_update', currentModeId: permissionMode }],
  };

  constructor(options: FoldOptions) {
    this.#options = options;
  }

  take(pod: SeenPod, event: LiveEvent): SessionUpdate[] {
    if (event.type === 'entry') return this.#entry(pod, event.entry);
    if (event.type === 'toolProgress') return this.#progress(callId(pod, event.call), event.text);
    if (pod.depth > 0) return [];
    if (event.type === 'textDelta') return this.#streamed('text', event);
    if (event.type === 'reasoningDelta') return this.#streamed('reasoning', event);
    return event.type === 'alert' ? this.#alert(event) : [];
  }

  #entry(pod: SeenPod, entry: Entry): SessionUpdate[] {
    const tellers = pod.depth === 0 ? this.#ofRoot : this.#ofAll;
    // A newer pod's type may be any word.
    if (!Object.hasOwn(tellers, entry.type)) return [];
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a type has its own teller
    const teller = tellers[entry.type] as ((entry: Entry, pod: SeenPod) => SessionUpdate[]) | undefined;
    return teller?.(entry, pod) ?? [];
  }

  #at({ turn, step }: { turn: string; step: number }): StreamedStep {
    const key = `${turn} ${step}`;
    if (this.#step.key !== key) this.#step = { key, text: 0, reasoning: 0 };
    return this.#step;
  }

  #streamed(
    lane: 'text' | 'reasoning',
    event: { turn: string; step: number; offset: number; text: string },
  ): SessionUpdate[] {
    const step = this.#at(event);
    const shown = step[lane];
    // What lies between was not seen: the entry will fill it in.
    if (event.offset > shown || event.offset + event.text.length <= shown) return [];
    step[lane] = event.offset + event.text.length;
    return chunks(laneOf[lane], event.text.slice(shown - event.offset));
  }

  #message({ parts, ...place }: Entry<AssistantMessageEntry>): SessionUpdate[] {
    const step = this.#at(place);
    const textOf = (type: 'text' | 'reasoning') =>
      parts.flatMap((part) => (part.type === type ? [part.text] : [])).join('');
    const [text, reasoning] = [textOf('text'), textOf('reasoning')];
    const rest = [
      ...chunks('agent_thought_chunk', reasoning.slice(step.reasoning)),
      ...chunks('agent_message_chunk', text.slice(step.text)),
    ];
    step.text = Math.max(step.text, text.length);
    step.reasoning = Math.max(step.reasoning, reasoning.length);
    return rest;
  }

  #alert({ code, text, ...place }: Extract<LiveEvent, { type: 'alert' }>): SessionUpdate[] {
    const { turn, step } = place;
    if (code !== 'providerRetry' || turn === undefined || step === undefined) return [];
    // What was streamed is void, and no client takes a chunk back.
    const shown = this.#at({ turn, step });
    const isCut = shown.text > 0;
    shown.text = 0;
    shown.reasoning = 0;
    return [
      ...(isCut
        ? chunks('agent_message_chunk', '\n[The answer broke off here and is asked for again.]\n\n')
        : []),
      ...chunks('agent_thought_chunk', `\n! ${text}\n`),
    ];
  }

  #call(pod: SeenPod, { call, tool, input }: Entry<ToolCallEntry>): SessionUpdate[] {
    if (tool === 'Plan') return [];
    const id = callId(pod, call);
    const shown = shownCall({ tool, input, cwd: this.#cwdOf(pod), prefix: prefixOf(pod) });
    remember(this.#open, id, { progress: '', isDiff: shown.content?.[0]?.type === 'diff' }, callsMax);
    return [{ sessionUpdate: 'tool_call', toolCallId: id, ...shown, status: 'in_progress' }];
  }

  #result(pod: SeenPod, entry: Entry<ToolResultEntry>): SessionUpdate[] {
    const { call, tool, text, isError, denied = false, interrupted = false, plan } = entry;
    if (tool === 'Plan') return pod.depth === 0 && plan !== undefined ? [planUpdate(plan)] : [];
    const id = callId(pod, call);
    const open = this.#open.get(id);
    this.#open.delete(id);
    const isFailed = isError || denied || interrupted;
    const status = isFailed ? ('failed' as const) : ('completed' as const);
    // The diff says more than "Edited".
    const content = open?.isDiff === true && !isFailed ? {} : { content: [textContent(text)] };
    if (open !== undefined)
      return [{ sessionUpdate: 'tool_call_update', toolCallId: id, status, ...content }];
    const title = oneLine(`${prefixOf(pod)}${tool}`, callBounds.titleChars);
    return [{ sessionUpdate: 'tool_call', toolCallId: id, title, status, ...content }];
  }

  #progress(id: string, text: string): SessionUpdate[] {
    const open = this.#open.get(id);
    if (open === undefined) return [];
    open.progress = `${open.progress}${text}`.slice(-progressCharsMax);
    return [{ sessionUpdate: 'tool_call_update', toolCallId: id, content: [textContent(open.progress)] }];
  }

  #child(pod: SeenPod, { child, state, task }: Entry<ChildEntry>): SessionUpdate[] {
    const toolCallId = childId(child.instance);
    if (state === 'undone' || state === 'removed') {
      if (!this.#children.delete(child.instance)) return [];
      return [{ sessionUpdate: 'tool_call_update', toolCallId, status: 'failed' }];
    }
    if (state !== 'reserved' && state !== 'started') return [];
    if (this.#children.has(child.instance))
      return [{ sessionUpdate: 'tool_call_update', toolCallId, status: 'in_progress' }];
    this.#children.add(child.instance);
    const above = pod.depth === 0 ? '' : `${pod.name}/`;
    return [
      {
        sessionUpdate: 'tool_call',
        toolCallId,
        title: oneLine(`pod ${above}${child.name}${task === undefined ? '' : `: ${task}`}`, 160),
        kind: 'other',
        status: 'in_progress',
        ...(task !== undefined && { content: [textContent(task)] }),
      },
    ];
  }

  #report({ from, event }: Entry<PodEventReceivedEntry>): SessionUpdate[] {
    const report = reportOf(event);
    if (report === null) return [];
    const toolCallId = childId(from.instance);
    const content = [textContent(report.text)];
    if (this.#children.has(from.instance))
      return [{ sessionUpdate: 'tool_call_update', toolCallId, status: report.status, content }];
    this.#children.add(from.instance);
    return [
      { sessionUpdate: 'tool_call', toolCallId, title: `pod ${from.name}`, status: report.status, content },
    ];
  }

  #cwdOf({ instance }: SeenPod): string {
    return this.#cwds.get(instance) ?? this.#options.cwd;
  }
}

const laneOf = { text: 'agent_message_chunk', reasoning: 'agent_thought_chunk' } as const;

/** Ids of calls are a pod's own. */
export function callId({ instance }: Pick<SeenPod, 'instance'>, call: string): string {
  return `${instance}/${call}`;
}

function childId(instance: string): string {
  return `pod/${instance}`;
}

function prefixOf({ depth, name }: SeenPod): string {
  return depth === 0 ? '' : `${name}: `;
}

export function chunks(sessionUpdate: Lane, text: string): SessionUpdate[] {
  const whole = printable(text);
  const found: SessionUpdate[] = [];
  for (let from = 0; from < whole.length; from += chunkCharsMax) {
    const piece = whole.slice(from, from + chunkCharsMax).toWellFormed();
    found.push({ sessionUpdate, content: { type: 'text', text: piece } });
  }
  return found;
}

function reportOf(
  event: PodEventReceivedEntry['event'],
): { status: 'in_progress' | 'completed' | 'failed'; text: string } | null {
  switch (event.kind) {
    case 'turnEnded': {
      const isWaiting = event.outcome === 'finished' && !event.settled;
      const status = isWaiting ? 'in_progress' : event.outcome === 'finished' ? 'completed' : 'failed';
      return { status, text: `${event.outcome}: ${event.text}` };
    }
    case 'errored':
      return { status: 'failed', text: `failed (${event.error.category}): ${event.error.message}` };
    case 'died':
      return { status: event.restored ? 'in_progress' : 'failed', text: 'its process died' };
    case 'unreachable':
      return { status: 'in_progress', text: 'it does not answer' };
    case 'shutDown':
      return { status: 'completed', text: `stopped: ${event.reason ?? ''}` };
    case 'scopeSubDelegated':
      return null;
  }
}

/** Reports of children stand at the child. */
function item({ seq, item: read }: Entry<SystemItemEntry>): SessionUpdate[] {
  const titles: Readonly<Record<string, string>> = {
    notice: 'notice',
    assignment: 'work that came to nothing',
    command: 'a command in the background has ended',
  };
  const title = Object.hasOwn(titles, read.kind) ? titles[read.kind] : undefined;
  if (title === undefined) return [];
  return [
    {
      sessionUpdate: 'tool_call',
      toolCallId: `item/${seq}`,
      title,
      kind: 'other',
      status: 'completed',
      content: [textContent(read.body)],
    },
  ];
}

const planStatus = { todo: 'pending', doing: 'in_progress', done: 'completed' } as const;

function planUpdate(items: readonly PlanItem[]): SessionUpdate {
  const entries = items.map(({ text, state }): PlanEntry => {
    return { content: printable(text), priority: 'medium', status: planStatus[state] };
  });
  return { sessionUpdate: 'plan', entries };
}

/** The oldest goes. */
function remember<T>(known: Map<string, T>, key: string, value: T, most = placesMax): void {
  known.set(key, value);
  const [oldest] = known.keys();
  if (known.size > most && oldest !== undefined) known.delete(oldest);
}
