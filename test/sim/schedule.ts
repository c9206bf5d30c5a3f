/**
 * What befalls a history and when: drawn once from its seed, so that a failing one can be tried again with
 * less.
 */
import { Random } from './random.ts';
import { homeLeaves, leaveForLong, putBackOldCopy } from './absence.ts';
import { type SetAct, setActs, setBy } from './modes.ts';
import { askPod, remove, tell } from './persons.ts';
import type { SimPod } from './pods.ts';
import type { World } from './world.ts';

export type Act =
  | SetAct
  | { atMs: number; kind: 'crashAtPoint' | 'powerAtPoint'; pod: string; points: number }
  | { atMs: number; kind: 'crashThenPower'; pod: string; points: number; thenPoints: number }
  | { atMs: number; kind: 'kill' | 'cut' | 'remove' | 'term'; pod: string }
  | { atMs: number; kind: 'cancel' | 'pause' | 'resume' | 'compact' | 'restore'; pod: string }
  | { atMs: number; kind: 'run' | 'notice' | 'quietNotice'; pod: string }
  | { atMs: number; kind: 'answer'; deny: boolean; always: boolean }
  | { atMs: number; kind: 'shutdown'; pod: string; cascade: boolean }
  | { atMs: number; kind: 'full'; pod: string; forMs: number; how: 'before' | 'partly' | 'flickering' }
  | { atMs: number; kind: 'freeze'; pod: string; forMs: number }
  | { atMs: number; kind: 'homeAway'; forMs: number }
  | { atMs: number; kind: 'goneForLong'; pod: string; forMs: number }
  | { atMs: number; kind: 'oldCopy'; pod: string; share: number }
  | { atMs: number; kind: 'power' | 'killAll' | 'cutAll' };

const names: readonly string[] = ['root', 'root', 'other', 'a', 'a', 'b', 'c', 'd', 'g', 'h'];
export const lastActMs = 6_000;

export function scheduleOf(seed: number): Act[] {
  const random = new Random(seed, 3);
  const acts: Act[] = [];
  const count = random.between(2, 14);
  for (let index = 0; index < count; index += 1) acts.push(actAt(random, lastActMs * random.next() ** 2));
  // People come and go: they answer now and then, or not at all before the end.
  if (random.chance(0.7)) {
    for (let atMs = random.between(100, 800); atMs < lastActMs; atMs += random.between(50, 900)) {
      acts.push({ atMs, kind: 'answer', deny: random.chance(0.3), always: random.chance(0.3) });
    }
  }
  acts.push(
    ...rareActs(new Random(seed, 5)),
    ...compactActs(new Random(seed, 7)),
    ...setActs(new Random(seed, 9), lastActMs, names),
  );
  return acts.sort((a, b) => a.atMs - b.atMs);
}

/** In few histories each: what would drown the rest if it were frequent. */
function rareActs(random: Random): Act[] {
  const acts: Act[] = [];
  const atMs = random.between(500, 5_000);
  if (random.chance(0.08)) acts.push({ atMs, kind: 'homeAway', forMs: random.between(20, 6_000) });
  if (random.chance(0.08)) {
    acts.push({ atMs, kind: 'oldCopy', pod: random.pick(['root', 'root', 'other']), share: random.next() });
  }
  if (random.chance(0.04)) {
    const pod = random.pick(['root', 'a', 'g']);
    acts.push({ atMs, kind: 'goneForLong', pod, forMs: random.between(15_000, 60_000) });
  }
  return acts;
}

function compactActs(random: Random): Act[] {
  const acts: Act[] = [];
  while (acts.length < 3 && random.chance(0.3))
    acts.push({ atMs: random.between(500, lastActMs), kind: 'compact', pod: random.pick(names) });
  return acts;
}

function actAt(random: Random, atMs: number): Act {
  const pod = random.pick(names);
  const what = random.int(100);
  if (what < 26) return { atMs, kind: 'crashAtPoint', pod, points: random.between(1, 30) };
  if (what < 34) return { atMs, kind: 'powerAtPoint', pod, points: random.between(1, 30) };
  if (what < 38) {
    const [points, thenPoints] = [random.between(1, 30), random.between(1, 30)];
    return { atMs, kind: 'crashThenPower', pod, points, thenPoints };
  }
  if (what < 43) return { atMs, kind: 'kill', pod };
  if (what < 46) return { atMs, kind: 'power' };
  if (what < 48) return { atMs, kind: 'killAll' };
  if (what < 55) return { atMs, kind: 'cut', pod };
  if (what < 57) return { atMs, kind: 'cutAll' };
  if (what < 62) {
    const how = random.pick(['before', 'partly', 'flickering'] as const);
    return { atMs, kind: 'full', pod, forMs: random.between(10, 3_000), how };
  }
  if (what < 66) return { atMs, kind: 'freeze', pod, forMs: random.between(50, 9_000) };
  if (what < 71) return { atMs, kind: 'run', pod };
  if (what < 75) return { atMs, kind: 'notice', pod };
  if (what < 76) return { atMs, kind: 'quietNotice', pod };
  if (what < 80) return { atMs, kind: 'cancel', pod };
  if (what < 84) return { atMs, kind: 'pause', pod };
  if (what < 87) return { atMs, kind: 'resume', pod };
  if (what < 88) return { atMs, kind: 'term', pod };
  if (what < 92) return { atMs, kind: 'shutdown', pod, cascade: random.chance(0.5) };
  if (what < 95) return { atMs, kind: 'restore', pod };
  return { atMs, kind: 'remove', pod };
}

export function plan(world: World, acts: readonly Act[]): void {
  for (const act of acts) {
    world.clock.after(act.atMs, () => {
      world.hit(`act.${act.kind}`);
      perform(world, act);
    });
  }
}

function perform(world: World, act: Act): void {
  if ('pod' in act) {
    // Another one where there is none of that name yet: faults are there to be met.
    const living = world.livingFolders();
    const pod = world.podNamed(act.pod) ?? living[names.indexOf(act.pod) % Math.max(1, living.length)];
    if (pod !== undefined) onPod(world, pod, act);
  } else if (act.kind === 'power') world.losePower();
  else if (act.kind === 'homeAway') {
    homeLeaves(world, act.forMs);
  } else if (act.kind === 'answer') answerOne(world, act);
  else if (act.kind === 'cutAll') for (const end of world.ends) world.cut(end);
  else {
    for (const pod of world.livingFolders()) {
      for (const process of pod.processes) process.die();
      world.restoreLater(pod, pod.spec.parent === null ? 0.9 : 0.6);
    }
  }
}

/** An approval that any pod has open is answered: at the pod itself, or at one above it. */
function answerOne(world: World, act: { deny: boolean; always: boolean }): void {
  const open = world.livingFolders().flatMap((pod) => {
    const facts = world.processOf(pod)?.pod?.facts;
    return [...(facts?.approvals.keys() ?? [])].map((request) => ({ pod, request }));
  });
  if (open.length === 0) return;
  const { pod, request } = world.random.pick(open);
  const parent = world.pods.get(pod.spec.parent?.instance ?? '');
  const at = parent !== undefined && world.random.chance(0.4) ? parent : pod;
  world.hit(at === pod ? 'answer.atPod' : 'answer.above');
  const decision = act.deny ? 'deny' : act.always ? 'allowAlways' : 'allow';
  askPod(world, at, 'approve', { request, decision });
}

type PodAct = Extract<Act, { pod: string }>;

type PersonsAct = Extract<
  PodAct,
  {
    kind:
      | 'run'
      | 'notice'
      | 'quietNotice'
      | 'cancel'
      | 'pause'
      | 'resume'
      | 'compact'
      | 'shutdown'
      | 'set'
      | 'restore';
  }
>;
type FaultyAct = Exclude<PodAct, PersonsAct>;

const personsKinds = new Set<string>([
  'run',
  'notice',
  'quietNotice',
  'cancel',
  'pause',
  'resume',
  'compact',
  'shutdown',
  'set',
  'restore',
]);

function onPod(world: World, pod: SimPod, act: PodAct): void {
  if (isPersons(act)) byPerson(world, pod, act);
  else fault(world, pod, act);
}

function isPersons(act: PodAct): act is PersonsAct {
  return personsKinds.has(act.kind);
}

function byPerson(world: World, pod: SimPod, act: PersonsAct): void {
  switch (act.kind) {
    case 'restore':
      return world.restore(pod);
    case 'run':
    case 'notice':
    case 'quietNotice':
      return tell(world, pod, act.kind);
    case 'set':
      return setBy(world, pod, act);
    case 'cancel':
    case 'pause':
    case 'resume':
    case 'compact':
      return askPod(world, pod, act.kind, {});
    case 'shutdown':
      askPod(world, pod, 'shutdown', {
        cascade: act.cascade,
        graceMs: 1_000,
        reason: 'stopped by a person',
      });
      for (const process of pod.processes) world.whenDead(process, () => world.restoreLater(pod, 0.5));
  }
}

function fault(world: World, pod: SimPod, act: FaultyAct): void {
  switch (act.kind) {
    case 'crashAtPoint':
      pod.crashAt = pod.points + act.points;
      for (const process of pod.processes) world.whenDead(process, () => world.restoreLater(pod, 0.6));
      return;
    case 'powerAtPoint':
      pod.powerAt = pod.points + act.points;
      return;
    case 'crashThenPower':
      return crashThenPower(world, pod, act);
    case 'kill':
      for (const process of pod.processes) process.die();
      return world.restoreLater(pod, 0.6);
    case 'goneForLong':
      return leaveForLong(world, pod, act.forMs);
    case 'oldCopy':
      return putBackOldCopy(world, pod, act.share);
    case 'cut':
      for (const end of world.ends) if (end.owner.simPod === pod && world.random.chance(0.5)) world.cut(end);
      return;
    case 'remove':
      for (const process of pod.processes) process.die();
      world.clock.after(2_500, () => remove(world, pod));
      return;
    case 'term':
      for (const process of pod.processes) {
        process.run(() => process.signalled?.('SIGTERM'));
        world.whenDead(process, () => world.restoreLater(pod, 0.5));
      }
      return;
    case 'full':
      pod.full = act.how;
      world.clock.after(act.forMs, () => {
        pod.full = null;
      });
      return;
    case 'freeze':
      for (const process of pod.processes) {
        process.frozen = true;
        world.clock.after(act.forMs, () => process.thaw());
      }
  }
}

/**
 * Two faults in a row: what the first left in the page cache is lost by the second, while somebody acts on
 * it.
 */
function crashThenPower(world: World, pod: SimPod, act: Extract<Act, { kind: 'crashThenPower' }>): void {
  pod.crashAt = pod.points + act.points;
  const parent = world.pods.get(pod.spec.parent?.instance ?? '');
  const victim = parent !== undefined && act.thenPoints % 2 === 0 ? parent : pod;
  for (const process of pod.processes) {
    world.whenDead(process, () => {
      victim.powerAt = victim.points + act.thenPoints;
      world.restoreLater(pod, 0.8);
    });
  }
}
