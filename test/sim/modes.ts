/**
 * People who set mode and model while pods live, die and are away: when, and what must be true of it. No
 * child that lives under a living parent is freer than that one, and what a parent says only narrows (T2).
 */
import type { Entry } from '../../src/session/facts/entries.ts';
import { isFreer } from '../../src/session/settings/permissions.ts';
import { askPod } from './persons.ts';
import type { SimPod } from './pods.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

const modes = ['dontAsk', 'default', 'acceptEdits', 'bypassPermissions'] as const;
const models = ['sim/model', 'sim/other'] as const;

export interface SetAct {
  readonly atMs: number;
  readonly kind: 'set';
  readonly pod: string;
  readonly mode: (typeof modes)[number] | null;
  readonly model: (typeof models)[number] | null;
}

/** In a part of the histories. Most are about a root: what is narrowed there has to reach the whole tree. */
export function setActs(random: Random, lastMs: number, names: readonly string[]): SetAct[] {
  const acts: SetAct[] = [];
  if (!random.chance(0.3)) return acts;
  const count = random.between(1, 4);
  for (let at = 0; at < count; at += 1) {
    const isOfModel = random.chance(0.25);
    acts.push({
      atMs: random.between(300, lastMs),
      kind: 'set',
      pod: random.chance(0.5) ? 'root' : random.pick(names),
      mode: isOfModel ? null : random.pick(modes),
      model: isOfModel || random.chance(0.2) ? random.pick(models) : null,
    });
  }
  return acts;
}

export function setBy(world: World, pod: SimPod, { mode, model }: SetAct): void {
  const models = { [model ?? '']: { contextTokens: world.contextTokens ?? 0, outputTokens: 1 } };
  askPod(world, pod, 'set', {
    ...(mode !== null && { mode }),
    // The window is the same: it is the world's.
    ...(model !== null && { model, ...(world.contextTokens !== null && { models }) }),
  });
}

/** The mode that holds behind each entry. */
export function* modesOf(
  entries: readonly Entry[],
): Generator<{ entry: Entry; before: string; mode: string }> {
  let mode = '';
  for (const entry of entries) {
    const before = mode;
    if (entry.type === 'session') mode = entry.permissionMode;
    if (entry.type === 'set') mode = entry.permissionMode ?? mode;
    yield { entry, before, mode };
  }
}

/** T2: of the log of each pod. */
export function checkNarrowed(world: World, pod: SimPod): void {
  for (const { entry, before, mode } of modesOf(world.logOf(pod).entries)) {
    if (entry.type !== 'set' || entry.permissionMode === undefined) continue;
    world.hit(`set.by.${entry.by}`);
    if (entry.by === 'parent' && !isFreer(before, mode))
      world.watch.violation('T2', pod, `entry ${entry.seq} of its parent makes ${mode} of ${before}`);
  }
  if (world.logOf(pod).entries.some((entry) => entry.type === 'set' && entry.model !== undefined))
    world.hit('set.model');
}

/** At rest every living child is linked, and has heard what its parent's mode is. */
export function checkModes(world: World, parent: SimPod, child: SimPod): void {
  const [above, below] = [parent, child].map(
    (pod) => world.processOf(pod)?.pod?.facts.session?.permissionMode,
  );
  if (above === undefined || below === undefined || parent.isOldCopy || child.isOldCopy) return;
  if (isFreer(below, above)) world.watch.violation('mode', child, `it is in ${below} under ${above}`);
}
