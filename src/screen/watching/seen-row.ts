/** A pod that was probed, or read from its log, as a row of the tree. */
import { type Activity, activityOf } from '../../client/pod-activity.ts';
import type { FoundPod } from '../../client/find-pod.ts';
import type { SeenPod } from '../../client/pod-view.ts';
import type { Entry } from '../../session/facts/entries.ts';
import { tailEntries } from '../../session/log/read-log.ts';
import { deathWords } from '../model/items.ts';
import type { PodRow } from '../model/tree-model.ts';

/** How a pod's process ended, as its parent's log has it; null where that does not say it, or not yet. */
type DeathOf = (pod: FoundPod) => Promise<string | null>;

export async function seenRow(
  { pod, probed, view }: SeenPod,
  deathOf: DeathOf,
  nowMs: number,
): Promise<PodRow> {
  const activity = await activityOf(pod, probed).catch(() => null);
  const isDead = view.status === 'dead';
  const death = isDead ? await deathOf(pod).catch(() => null) : null;
  const lastTurn = probed.kind === 'live' ? probed.status.lastTurn : null;
  // Stopped in the middle of a turn: that is no end of its work, and it is not among what is done.
  const isCut = view.status === 'stopped' && activity?.kind === 'cut';
  const ended = activity?.kind === 'ended' ? activity.text : isCut ? 'stopped in a turn' : null;
  const outcome = lastTurn === null ? ended : words(lastTurn);
  return {
    instance: pod.instance,
    parent: view.parentInstance,
    name: pod.name,
    path: view.path,
    status: view.status,
    settled:
      probed.kind === 'live'
        ? probed.status.settled
        : view.status === 'stopped' && view.pendingOut === 0 && !isCut,
    activity: activityIn(activity, nowMs),
    attention: view.attention,
    outcome: isDead ? `died${death === null ? '' : `: ${death}`}` : outcome,
    hasFailed: isDead || /^(?:errored|limitReached)(?::|$)/.test(outcome ?? ''),
    model: view.model,
    own: { tokens: view.tokens, cost: view.cost },
    context: view.context,
    pendingIn: view.pendingIn,
    pendingOut: view.pendingOut,
    since: activity?.since ?? view.startedAt,
  };
}

function words({ outcome, reason }: { readonly outcome: string; readonly reason: string | null }): string {
  return reason === null ? outcome : `${outcome}: ${reason}`;
}

/** Null where nothing goes on. */
function activityIn(activity: Activity | null, nowMs: number): PodRow['activity'] {
  if (activity === null || activity.since === null) return null;
  const { kind, text, since, until } = activity;
  if (kind === 'ended' || kind === 'cut') return null;
  if (kind !== 'retry' || until === null) return { text, since };
  const leftMs = Math.max(0, Date.parse(until) - nowMs);
  return {
    text: `retrying in ${Math.ceil((Number.isFinite(leftMs) ? leftMs : 0) / 1_000)} s: ${text}`,
    since,
  };
}

/** A death is among the newest that a parent has received, or was read long ago. */
const endEntries = 300;

/** Each death is looked for until it is found. */
export function deathsInLogs(podOf: (instance: string) => FoundPod | null): DeathOf {
  const found = new Map<string, string>();
  return async ({ instance, spec }) => {
    const known = found.get(instance);
    if (known !== undefined) return known;
    const above = spec.parent === null ? null : podOf(spec.parent.instance);
    if (above === null) return null;
    const end = (await tailEntries(above.folder.log, endEntries)).map(({ entry }) => entry);
    const death = deathIn(end, instance);
    if (death !== null) found.set(instance, death);
    return death;
  };
}

/** Pure. */
function deathIn(end: readonly Entry[], instance: string): string | null {
  for (const entry of end.toReversed()) {
    if (entry.type !== 'podEventReceived' || entry.from.instance !== instance) continue;
    return entry.event.kind === 'died' ? deathWords(entry.event) : null;
  }
  return null;
}
