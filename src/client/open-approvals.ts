/**
 * The approvals that a person is asked for in a home, as the pods' logs have them: of living pods and of
 * those that have ended.
 */
import type { Form } from '../protocol/form.ts';
import { foldLog } from '../session/log/fold-log.ts';
import type { Facts } from '../session/facts/facts.ts';
import type { ToolCallEntry } from '../session/facts/entries.ts';
import { readEntries } from '../session/log/read-log.ts';
import type { Home } from '../session/home/home.ts';
import { checkLine, roleCheckIn } from '../session/settings/profiles.ts';
import { allPods, type FoundPod } from './find-pod.ts';
import { holdsOn } from './pod-probe.ts';

export interface OpenApproval {
  readonly request: string;
  readonly pod: FoundPod;
  /** The pod's process runs, so that it can be answered now. */
  readonly running: boolean;
  readonly tool: string;
  /** As it is shown; of a long call only its beginning. */
  readonly summary: string;
  /** All of the call; null where its line in the log cannot be read. */
  readonly whole: string | null;
  readonly why: string;
  readonly askedAt: string;
  /** What a yes may open beside it. */
  readonly offers?: { readonly write: string };
  /** A server asks it in the middle of a call: filled in or declined. */
  readonly form?: Form;
}

/** By name of the pod, then in the order of asking. A pod that vanishes meanwhile is passed over. */
export async function openApprovals(home: Home): Promise<OpenApproval[]> {
  const found = await Promise.all(allPods(home).map((pod) => approvalsOf(pod).catch(() => [])));
  return found.flat();
}

export async function approvalsOf(pod: FoundPod): Promise<OpenApproval[]> {
  const facts = await foldLog(pod.folder.log);
  const asked = [...facts.approvals.values()].filter(({ answer }) => answer === null);
  if (asked.length === 0) return [];
  const running = await holdsOn(pod, facts.started);
  // Of a pod that has ended nobody hears what a form is filled in with.
  const open = asked.filter(({ form }) => running || form === undefined);
  const calls = await callsIn(pod, facts, new Set(open.map(({ call }) => call)));
  return open.map(({ request, tool, summary, why, askedAt, call, offers, form }) => ({
    request,
    pod,
    running,
    tool,
    summary,
    whole: form === undefined ? wholeOf(calls.get(call), facts) : summary,
    why,
    askedAt,
    ...(offers === undefined ? {} : { offers }),
    ...(form === undefined ? {} : { form }),
  }));
}

/** The facts hold no conversation, but the calls of an open turn that have no result yet. */
async function callsIn(
  pod: FoundPod,
  { turn }: Facts,
  wanted: ReadonlySet<string>,
): Promise<ReadonlyMap<string, ToolCallEntry>> {
  if (turn !== null && [...wanted].every((call) => turn.dangling.has(call))) return turn.dangling;
  const calls = new Map<string, ToolCallEntry>();
  for await (const { entry } of readEntries(pod.folder.log))
    if (entry.type === 'toolCall' && wanted.has(entry.call)) calls.set(entry.call, entry);
  return calls;
}

function wholeOf(made: ToolCallEntry | undefined, { session }: Facts): string | null {
  if (made === undefined) return null;
  const { tool, input } = made;
  const isCommand = tool === 'Bash' && typeof input === 'object' && input !== null && !Array.isArray(input);
  const command = isCommand ? input['command'] : undefined;
  if (typeof command === 'string') return command;
  const check = tool === 'SpawnPod' ? roleCheckIn(session?.settings ?? {}, input) : null;
  return `${check === null ? '' : checkLine(check)}${JSON.stringify(input)}`;
}
