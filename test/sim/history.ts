/** One history: from an empty home through whatever befalls it to a quiet end, and what is wrong then. */
import { onResume } from '../../src/pod/machine/inputs.ts';
import { checkEnd } from './checker.ts';
import type { MutantName } from './mutants.ts';
import type { SimProcess } from './process.ts';
import { type Act, control, lastActMs, plan, scheduleOf, tell } from './schedule.ts';
import type { SimPod, Violation } from './pods.ts';
import { World } from './world.ts';

export interface HistoryOptions {
  seed: number;
  mutant?: MutantName | null;
  /** Instead of those of the seed. */
  acts?: readonly Act[];
  hits?: Map<string, number>;
  /** Also asks the shipped oracle, which is slower. */
  verify?: boolean;
  trace?: (line: string) => void;
}

export interface History {
  violations: Violation[];
  world: World;
}

const quietMaxMs = 200_000;
/** An ordinary history has a few hundred. */
const stepsMax = 20_000;

export function runHistory(options: HistoryOptions): History {
  const { seed, mutant = null } = options;
  const world = new World({ seed, mutant, hits: options.hits ?? new Map(), trace: options.trace });
  plan(world, options.acts ?? scheduleOf(seed));
  const root = world.createPod('root', null);
  if (root === null) throw new Error('the home is not empty');
  const first = world.startProcess(root);
  first.whenReady((ok) => {
    if (ok) tell(world, root, 'run');
  });
  const broken = (): boolean => {
    if (world.clock.steps > stepsMax) world.violation('livelock', null, `${stepsMax} steps and no end`);
    return world.violations.length > 0;
  };
  if (!world.clock.run(lastActMs + 500, broken)) return { violations: world.violations, world };
  endInQuiet(world, broken);
  if (!broken()) checkEnd(world, options.verify === true);
  return { violations: world.violations, world };
}

/** No faults any more; what is dead stays so or is restored, people resume what they stopped, and everything comes to its end. */
function endInQuiet(world: World, broken: () => boolean): void {
  world.quiet = true;
  world.script.quiet = true;
  for (const pod of world.pods.values()) {
    pod.disk.full = null;
    pod.crashAt = -1;
    pod.powerAt = -1;
    for (const process of pod.processes) process.thaw();
  }
  for (const pod of world.pods.values()) {
    if (pod.parent === null || world.random.chance(0.5)) world.restore(pod);
    else if (pod.processes.size === 0) world.hit('pod.deadForGood');
  }
  const startMs = world.clock.nowMs;
  let calm = 0;
  while (world.clock.nowMs < startMs + quietMaxMs) {
    if (!world.clock.run(world.clock.nowMs + 3_000, broken)) return;
    nudge(world);
    calm = isCalm(world) ? calm + 1 : 0;
    if (calm === 2) return;
  }
  world.violation(
    'settled',
    null,
    `not quiet ${quietMaxMs / 1000} s after the last fault: ${whatIsLeft(world)}`,
  );
}

/** What only a person may do: go on behind a pause, a cancel, a failure, or a chain that is too long. */
function nudge(world: World): void {
  for (const pod of world.pods.values()) {
    const { process } = pod;
    if (process === null || !process.listening || process.core.live.mode !== 'idle') continue;
    const { facts, live } = process.core;
    if (facts.paused || facts.held !== null) control(world, pod, (core) => onResume(core));
    else if (live.overBudget === 'hops') tell(world, pod, 'run');
  }
}

function isCalm(world: World): boolean {
  return [...world.pods.values()].every((pod) => left(world, pod) === null);
}

function whatIsLeft(world: World): string {
  return [...world.pods.values()]
    .flatMap((pod) => {
      const what = left(world, pod);
      return what === null ? [] : [`${pod.instance}: ${what}`];
    })
    .join('; ');
}

function left(world: World, pod: SimPod): string | null {
  const { process } = pod;
  if (process === null) return pod.processes.size > 0 ? 'starting' : null;
  if (!process.listening) return 'not listening';
  const { facts, live } = process.core;
  if (live.mode !== 'idle') return live.mode;
  if (facts.paused || facts.held !== null) return 'stopped by a person';
  if (live.overBudget !== null || live.coalescing || live.storage !== null) return 'waiting';
  if (facts.queue.length > 0 || facts.notifyBuffer.some((item) => item.wakes)) return 'has work';
  if (facts.unseen.some((item) => item.wakes)) return 'has unseen items';
  return leftWithOthers(world, pod, process);
}

/** What it has to send, or to hear of its children. */
function leftWithOthers(world: World, pod: SimPod, process: SimProcess): string | null {
  const { facts } = process;
  const refused = process.parentSide?.phase.kind === 'refused';
  const parentRuns = pod.parent !== null && world.pods.get(pod.parent)?.process !== null;
  if (!refused && parentRuns && facts.outbox.acked < facts.outbox.emitted) return 'has events to send';
  if (facts.assignments.size > 0) {
    const children = [...facts.assignments.values()].map((open) => open.child.instance);
    return `waits for ${children.join(', ')}`;
  }
  for (const child of facts.children.values()) {
    if (process.children.hasEnded(child.instance) || child.incarnation === 0) continue;
    if (!process.children.isLinked(child.instance)) return `does not know what became of ${child.instance}`;
  }
  return null;
}
