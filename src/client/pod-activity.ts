/** What a pod is at, for lists: of one that answers as it says, of any other the end of its log. */
import type { StatusResult } from '../protocol/status-result.ts';
import type { Entry, TurnEndedEntry } from '../session/facts/entries.ts';
import { tailEntries } from '../session/log/read-log.ts';
import { callText } from '../session/facts/call-words.ts';
import type { FoundPod } from './find-pod.ts';
import type { ProbedPod } from './pod-probe.ts';

export interface Activity {
  /**
   * `call`: a tool runs. `request`: the model is asked. `retry`: a provider is asked again at `until`.
   * `wait`: for something else. `ended`: how its last turn did. `cut`: at which call its process ended, if at
   * one.
   */
  readonly kind: 'call' | 'request' | 'retry' | 'wait' | 'ended' | 'cut';
  /** The words of models, providers and others. */
  readonly text: string;
  readonly since: string | null;
  readonly until: string | null;
}

/** Null where it has done nothing yet, or its log cannot be read. */
export async function activityOf(pod: FoundPod, probed: ProbedPod): Promise<Activity | null> {
  if (probed.kind === 'live') return saidActivity(probed.status);
  try {
    return loggedActivity((await tailEntries(pod.folder.log, endEntries)).map(({ entry }) => entry));
  } catch {
    return null;
  }
}

function saidActivity({
  waiting,
  activity,
  status,
  lastTurn,
  lastActivityAt,
  commands = [],
}: StatusResult): Activity | null {
  if (waiting?.kind === 'provider' && waiting.until !== null) {
    const { reason, since, until } = waiting;
    return { kind: 'retry', text: reason, since, until };
  }
  if (waiting !== null && (waiting.kind !== 'provider' || activity === null)) {
    const { kind, reason, since, until } = waiting;
    return { kind: 'wait', text: `${kind}: ${reason}`, since, until };
  }
  if (activity !== null) return { kind: 'call', ...activity, until: null };
  if (status === 'running') return { kind: 'request', text: 'the model', since: lastActivityAt, until: null };
  const [first, ...more] = commands;
  if (first !== undefined) {
    const others = more.length === 0 ? '' : ` and ${more.length} more`;
    return {
      kind: 'call',
      text: `in the background: ${first.text}${others}`,
      since: first.since,
      until: null,
    };
  }
  if (lastTurn === null) return null;
  return { kind: 'ended', text: outcomeText(lastTurn), since: lastActivityAt, until: null };
}

/** Enough to find the last turn's end behind what a stop leaves, and the open calls of a step. */
const endEntries = 100;

/** Pure. */
function loggedActivity(end: readonly Entry[]): Activity | null {
  const answered = new Set<string>();
  for (const entry of end.toReversed()) {
    const { time: since } = entry;
    if (entry.type === 'turnEnded') return { kind: 'ended', text: endText(entry), since, until: null };
    if (entry.type === 'toolResult') answered.add(entry.call);
    if (entry.type === 'toolCall' && !answered.has(entry.call))
      return { kind: 'cut', text: callText(entry), since, until: null };
    if (entry.type === 'turnStarted') return { kind: 'cut', text: '', since, until: null };
  }
  return null;
}

function endText({ outcome, reason, error }: TurnEndedEntry): string {
  return outcomeText({ outcome, reason: error?.message ?? reason ?? null });
}

function outcomeText({
  outcome,
  reason,
}: {
  readonly outcome: string;
  readonly reason: string | null;
}): string {
  return reason === null ? outcome : `${outcome}: ${reason}`;
}
