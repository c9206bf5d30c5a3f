/** One history: from an empty home through whatever befalls it to a quiet end, and what is wrong then. */
import { schemaVersion } from '../../src/session/facts/entries.ts';
import type { Pod } from '../../src/pod/pod.ts';
import type { Facts } from '../../src/session/facts/facts.ts';
import type { PodSpec } from '../../src/session/home/home.ts';
import type { Engine } from '../../src/worker/turn-ports.ts';
import { homeReturns } from './absence.ts';
import { checkEnd } from './checker.ts';
import { Observers } from './observers.ts';
import { askPod, tell } from './persons.ts';
import { isTooLarge } from './prompts.ts';
import type { SimPod, Violation } from './pods.ts';
import { ProcessGone } from './process.ts';
import { type Act, lastActMs, plan, scheduleOf } from './schedule.ts';
import { World } from './world.ts';

export interface HistoryOptions {
  seed: number;
  /** Instead of those of the seed. */
  acts?: readonly Act[];
  hits?: Map<string, number>;
  /** In the place of the worker. */
  engine?: Engine;
  trace?: (line: string) => void;
  /** Who watches; without it, as the seed says. */
  observers?: 'none' | 'silent' | 'answering';
}

export interface History {
  violations: Violation[];
  world: World;
}

const quietMaxMs = 200_000;
const stepsMax = 40_000;

export async function runHistory(options: HistoryOptions): Promise<History> {
  const { seed } = options;
  const { trace, engine } = options;
  const world = new World({ seed, hits: options.hits ?? new Map(), trace, engine });
  plan(world, options.acts ?? scheduleOf(seed));
  for (const name of ['root', 'other']) begin(world, name);
  const observers = observersOf(world, options);
  if (await runUntil(world, lastActMs + 500)) {
    observers?.beQuiet();
    await endInQuiet(world);
    if (world.watch.violations.length === 0) checkEnd(world);
    if (world.watch.violations.length === 0) observers?.checkEnd();
  }
  for (const process of world.processes.values()) process.dead = true;
  return { violations: world.watch.violations, world };
}

/** In one history of four: they change only what they answer, and cost time. */
function observersOf(world: World, { seed, observers }: HistoryOptions): Observers | null {
  const who = observers ?? (seed % 4 === 3 ? 'answering' : 'none');
  if (who === 'none') return null;
  return new Observers(world, { seed, untilMs: lastActMs, answer: who === 'answering' });
}

function begin(world: World, name: string): void {
  const instance = world.newId();
  const spec: PodSpec = {
    schema: schemaVersion,
    podkin: 'sim',
    name,
    instance,
    parent: null,
    root: { name, instance },
    depth: 0,
    cwd: '/work',
    model: 'sim/model',
    instructions: null,
    permissionMode: world.random.chance(0.5) ? 'bypassPermissions' : 'default',
    // Both trees may want the same places.
    scope: { read: ['/'], write: [world.random.chance(0.5) ? '/work' : `/work/${world.random.int(2)}`] },
    settings: {
      limits: { ...world.limits },
      ...world.money.settingsFor(instance),
      ...world.script.demands.ofRoot(),
      ...(world.contextTokens === null
        ? {}
        : { models: { 'sim/model': { contextTokens: world.contextTokens, outputTokens: 1 } } }),
    },
  };
  const pod = world.createPod(spec);
  const first = world.startProcess(pod.folder.path);
  world.whenSaid(first, ({ kind }) => {
    if (kind === 'ready') tell(world, pod, 'run');
  });
}

/** False where a violation was found. */
async function runUntil(world: World, untilMs: number): Promise<boolean> {
  while (world.clock.step(untilMs)) {
    await settled();
    world.watch.afterEvent();
    if (world.clock.steps > stepsMax) world.watch.violation('livelock', null, `${stepsMax} steps and no end`);
    if (world.watch.violations.length > 0) return false;
  }
  return world.watch.violations.length === 0;
}

/** Promises are settled between any two immediates: so many steps share one turn of the event loop. */
const stepsPerTurn = 32;
let immediatesLeft = 0;
let waiting: (() => void)[] = [];

/** All that follows at once from what has just happened has happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (immediatesLeft > 0) return;
    immediatesLeft = stepsPerTurn;
    for (let each = 0; each < stepsPerTurn; each += 1) setImmediate(goOn);
  });
}

function goOn(): void {
  immediatesLeft -= 1;
  const next = waiting;
  waiting = [];
  for (const resolve of next) resolve();
}

/**
 * No faults any more; what is dead stays so or is restored, people answer and resume, and everything comes to
 * its end.
 */
async function endInQuiet(world: World): Promise<void> {
  homeReturns(world);
  world.quiet = true;
  world.script.quiet = true;
  for (const pod of world.pods.values()) {
    pod.full = null;
    pod.crashAt = -1;
    pod.powerAt = -1;
    for (const process of pod.processes) process.thaw();
  }
  for (const pod of world.livingFolders()) {
    const isBack = pod.spec.parent === null || world.random.chance(0.5);
    if (isBack || world.money.isNeeded(pod)) world.restore(pod);
    else if (pod.processes.size === 0) world.hit('pod.deadForGood');
  }
  const startMs = world.clock.nowMs;
  let calm = 0;
  while (world.clock.nowMs < startMs + quietMaxMs) {
    if (!(await runUntil(world, world.clock.nowMs + 3_000))) return;
    nudge(world);
    calm = isCalm(world) ? calm + 1 : 0;
    if (calm === 2) return;
  }
  world.watch.violation(
    'settled',
    null,
    `not quiet ${quietMaxMs / 1000} s after the last fault: ${whatIsLeft(world)}`,
  );
}

/**
 * What only a person may do: answer, go on behind a pause, a cancel, a failure, or a chain that is too long.
 */
function nudge(world: World): void {
  for (const pod of world.livingFolders()) {
    const opened = world.processOf(pod)?.pod;
    if (opened === null || opened === undefined) continue;
    const { facts, live } = opened.core;
    for (const request of facts.approvals.keys())
      askPod(world, pod, 'approve', { request, decision: 'allow' });
    world.money.raise(pod);
    if (live.mode !== 'idle') continue;
    if (facts.scopeWait !== null) endWait(world, pod);
    else if (facts.paused || facts.held !== null) askPod(world, pod, 'resume', {});
    else if (live.overBudget === 'hops') tell(world, pod, 'run');
  }
}

/** A path that is waited for is free once its holder is stopped; or the work that waits is given up. */
function endWait(world: World, pod: SimPod): void {
  const parent = world.processOf(world.pods.get(pod.spec.parent?.instance ?? '') ?? pod)?.pod;
  const holders = [...(parent?.facts.children.values() ?? [])].filter(({ holds }) => holds !== null);
  const holder = holders.length === 0 ? undefined : world.pods.get(world.random.pick(holders).instance);
  if (holder === undefined || holder === pod || world.random.chance(0.3)) askPod(world, pod, 'cancel', {});
  else askPod(world, holder, 'shutdown', { reason: 'others wait' });
}

function isCalm(world: World): boolean {
  return world.livingFolders().every((pod) => left(world, pod) === null);
}

function whatIsLeft(world: World): string {
  return world
    .livingFolders()
    .flatMap((pod) => {
      const what = left(world, pod);
      return what === null ? [] : [`${pod.spec.name}: ${what}`];
    })
    .join('; ');
}

function left(world: World, pod: SimPod): string | null {
  if (world.money.isStuck(pod)) return null;
  const process = world.processOf(pod);
  if (process === null) {
    if (pod.awayUntilMs > world.clock.nowMs) return 'away';
    return pod.processes.size > 0 ? 'starting' : null;
  }
  if (process.pod === null) return 'not listening';
  return leftOfItsOwn(process.pod) ?? leftWithOthers(world, pod, process.pod.facts);
}

function leftOfItsOwn({ core }: Pod): string | null {
  const { facts, live } = core;
  if (isTooLarge(facts)) return null;
  if (live.mode !== 'idle') return live.mode;
  if (facts.paused || facts.held !== null) return 'stopped by a person';
  if (live.overBudget !== null || live.coalescing || live.storage !== null) return 'waiting';
  if (facts.queue.length > 0 || facts.notifyBuffer.some((item) => item.wakes)) return 'has work';
  return facts.unseen.some((item) => item.wakes) ? 'has unseen items' : null;
}

/** What it has to send, or to hear of its children. */
function leftWithOthers(world: World, pod: SimPod, facts: Facts): string | null {
  const parent = world.pods.get(pod.spec.parent?.instance ?? '');
  const parentRuns = parent !== undefined && world.processOf(parent) !== null;
  const isRefused = facts.refusal !== null;
  if (!isRefused && parentRuns && facts.outbox.acked < facts.outbox.emitted) return 'has events to send';
  if (facts.assignments.size > 0) {
    return `waits for ${[...facts.assignments.values()].map((open) => open.child.name).join(', ')}`;
  }
  const unknown = [...facts.children.values()].find((child) => {
    if (child.incarnation === 0 || child.terminal >= child.incarnation || child.state === 'ended')
      return false;
    const simChild = world.pods.get(child.instance);
    return simChild === undefined || world.processOf(simChild) === null;
  });
  return unknown === undefined ? null : `does not know what became of ${unknown.name}`;
}

/** Its log, too, says that it failed: with what it met as the cause. */
function isOfTheDead(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof ProcessGone) return true;
  return false;
}

/** What was under way in a process that died is nobody's failure. */
export function passOverTheDead(): () => void {
  const before = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  const pass = (error: unknown): void => {
    if (!isOfTheDead(error)) throw error;
  };
  process.on('unhandledRejection', pass);
  return () => {
    process.off('unhandledRejection', pass);
    for (const listener of before) process.on('unhandledRejection', listener);
  };
}
