/** What befalls a history and when: drawn once from its seed, so that a failing one can be tried again with less. */
import { onCancel, onPause, onResume, onShutdown } from '../../src/pod/machine/inputs.ts';
import type { Core } from '../../src/pod/machine/core.ts';
import { Random } from './random.ts';
import { sendOneOff } from './wire.ts';
import type { SimPod } from './pods.ts';
import type { World } from './world.ts';

export type Act =
  | { atMs: number; kind: 'crashAtPoint' | 'powerAtPoint'; pod: string; points: number }
  | { atMs: number; kind: 'crashThenPower'; pod: string; points: number; thenPoints: number }
  | { atMs: number; kind: 'kill' | 'cut' | 'restore' | 'remove'; pod: string }
  | { atMs: number; kind: 'cancel' | 'pause' | 'resume'; pod: string }
  | { atMs: number; kind: 'run' | 'notice' | 'quietNotice'; pod: string }
  | { atMs: number; kind: 'shutdown'; pod: string; cascade: boolean }
  | { atMs: number; kind: 'full'; pod: string; forMs: number; how: 'before' | 'partly' | 'flickering' }
  | { atMs: number; kind: 'freeze'; pod: string; forMs: number }
  | { atMs: number; kind: 'power' | 'killAll' | 'cutAll' };

const names = ['root', 'root', 'a', 'a', 'b', 'c', 'g'] as const;
export const lastActMs = 6_000;

export function scheduleOf(seed: number): Act[] {
  const random = new Random(seed, 3);
  const acts: Act[] = [];
  const count = random.between(2, 14);
  for (let index = 0; index < count; index += 1) acts.push(actAt(random, lastActMs * random.next() ** 1.5));
  return acts.sort((a, b) => a.atMs - b.atMs);
}

function actAt(random: Random, atMs: number): Act {
  const pod = random.pick(names);
  const what = random.int(100);
  if (what < 26) return { atMs, kind: 'crashAtPoint', pod, points: random.between(1, 60) };
  if (what < 34) return { atMs, kind: 'powerAtPoint', pod, points: random.between(1, 60) };
  if (what < 38) {
    const [points, thenPoints] = [random.between(1, 60), random.between(1, 30)];
    return { atMs, kind: 'crashThenPower', pod, points, thenPoints };
  }
  if (what < 43) return { atMs, kind: 'kill', pod };
  if (what < 47) return { atMs, kind: 'power' };
  if (what < 49) return { atMs, kind: 'killAll' };
  if (what < 56) return { atMs, kind: 'cut', pod };
  if (what < 58) return { atMs, kind: 'cutAll' };
  if (what < 63)
    return {
      atMs,
      kind: 'full',
      pod,
      forMs: random.between(10, 3_000),
      how: random.pick(['before', 'partly', 'flickering']),
    };
  if (what < 67) return { atMs, kind: 'freeze', pod, forMs: random.between(50, 9_000) };
  if (what < 72) return { atMs, kind: 'run', pod };
  if (what < 76) return { atMs, kind: 'notice', pod };
  if (what < 77) return { atMs, kind: 'quietNotice', pod };
  if (what < 81) return { atMs, kind: 'cancel', pod };
  if (what < 85) return { atMs, kind: 'pause', pod };
  if (what < 88) return { atMs, kind: 'resume', pod };
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
    const pod = world.podNamed(act.pod);
    if (pod !== undefined) onPod(world, pod, act);
  } else if (act.kind === 'power') world.losePower();
  else if (act.kind === 'cutAll') for (const connection of world.connections) connection.close(null);
  else {
    for (const pod of world.pods.values()) {
      pod.process?.die();
      world.restoreLater(pod, pod.parent === null ? 0.9 : 0.6);
    }
  }
}

type PodAct = Extract<Act, { pod: string }>;
type PersonsAct = Extract<
  PodAct,
  { kind: 'run' | 'notice' | 'quietNotice' | 'cancel' | 'pause' | 'resume' | 'shutdown' }
>;

const personsKinds = new Set<string>([
  'run',
  'notice',
  'quietNotice',
  'cancel',
  'pause',
  'resume',
  'shutdown',
]);

function onPod(world: World, pod: SimPod, act: PodAct): void {
  if ('points' in act) return atPoint(world, pod, act);
  if (isPersons(act)) return byPerson(world, pod, act);
  switch (act.kind) {
    case 'kill':
      pod.process?.die();
      return world.restoreLater(pod, 0.6);
    case 'cut':
      for (const connection of pod.process?.connections ?? []) {
        if (world.random.chance(0.5)) connection.close(null);
      }
      return;
    case 'restore':
      return world.restore(pod);
    case 'remove':
      pod.process?.die();
      world.clock.after(2_500, () => remove(world, pod));
      return;
    case 'full':
      pod.disk.full = act.how;
      world.clock.after(act.forMs, () => {
        pod.disk.full = null;
      });
      return;
    case 'freeze': {
      const { process } = pod;
      if (process === null) return;
      process.frozen = true;
      world.clock.after(act.forMs, () => process.thaw());
      return;
    }
  }
}

function isPersons(act: PodAct): act is PersonsAct {
  return personsKinds.has(act.kind);
}

function byPerson(world: World, pod: SimPod, act: PersonsAct): void {
  switch (act.kind) {
    case 'run':
    case 'notice':
    case 'quietNotice':
      // A spawn that has not come to its first run is nobody's to talk to: it may be undone.
      return !hasWork(world, pod) ? undefined : tell(world, pod, act.kind);
    case 'cancel':
      return control(world, pod, (core) => onCancel(core, 'person'));
    case 'pause':
      control(world, pod, (core) => onPause(core, 'person'));
      return;
    case 'resume':
      return control(world, pod, (core) => onResume(core));
    case 'shutdown':
      return shutdown(world, pod, act.cascade);
  }
}

function hasWork(world: World, pod: SimPod): boolean {
  const parent = world.pods.get(pod.parent ?? '');
  if (parent === undefined) return true;
  return parent.disk.entries.some(
    (entry) => entry.type === 'assignment' && entry.child.instance === pod.instance,
  );
}

function atPoint(world: World, pod: SimPod, act: Extract<PodAct, { points: number }>): void {
  switch (act.kind) {
    case 'crashAtPoint':
      pod.crashAt = pod.points + act.points;
      return world.restoreAfterDeath(pod, 0.6);
    case 'powerAtPoint':
      pod.powerAt = pod.points + act.points;
      return;
    case 'crashThenPower':
      return crashThenPower(world, pod, act);
  }
}

/** Two faults in a row: what the first left in the page cache is lost by the second, while somebody acts on it. */
function crashThenPower(world: World, pod: SimPod, act: Extract<Act, { kind: 'crashThenPower' }>): void {
  pod.crashAt = pod.points + act.points;
  const parent = world.pods.get(pod.parent ?? '');
  const victim = parent !== undefined && act.thenPoints % 2 === 0 ? parent : pod;
  for (const process of pod.processes) {
    process.whenDead(() => {
      victim.powerAt = victim.points + act.thenPoints;
      world.restoreLater(pod, 0.8);
    });
  }
}

export function tell(world: World, pod: SimPod, kind: 'run' | 'notice' | 'quietNotice'): void {
  sendOneOff(
    null,
    pod.instance,
    (process, answer) => {
      if (kind === 'run') process.turns.takePerson('please', answer);
      else process.turns.takeNotice({ text: 'by the way', wake: kind === 'notice' }, answer);
    },
    { world, done: () => {} },
  );
}

export function control(world: World, pod: SimPod, act: (core: Core) => void): void {
  sendOneOff(null, pod.instance, (process, answer) => process.turns.control(act, answer), {
    world,
    done: () => {},
  });
}

function shutdown(world: World, pod: SimPod, cascade: boolean): void {
  const handle = (process: NonNullable<SimPod['process']>, answer: () => void): void => {
    answer();
    process.stopCascade = cascade;
    process.after(0, () => process.input((core) => onShutdown(core, 'person', 'stopped by a person')));
    process.whenDead(() => world.restoreLater(pod, 0.5));
  };
  sendOneOff(null, pod.instance, handle, { world, done: () => {} });
}

/** `podkin rm`: only of a pod that has ended, and whose parent holds everything of it. */
function remove(world: World, pod: SimPod): void {
  const parent = pod.parent === null ? undefined : world.pods.get(pod.parent);
  if (parent === undefined || pod.processes.size > 0) return;
  const known = parent.process?.facts.children.get(pod.instance);
  const own = [...world.pods.values()].some((other) => other.parent === pod.instance && !other.removed);
  if (known === undefined || own) return;
  const log = pod.disk.readable();
  const emitted = log.filter((entry) => entry.type === 'podEventEmitted').length;
  const lives = log.filter((entry) => entry.type === 'started').length;
  if (known.received < emitted || known.terminal < lives) return;
  world.hit('pod.removed');
  world.tombstones.push({
    name: pod.name,
    instance: pod.instance,
    removedAt: world.clock.wallTime(),
    received: {},
    emitted,
    acked: emitted,
    discarded: false,
  });
  world.removeFolder(pod);
  // Somebody wants it back.
  world.script.wantAgain(pod.name);
  tell(world, parent, 'run');
}
