/** People at terminals: they talk to pods over sockets of their own, and remove what has ended. */
import type { MethodName, ParamsIn } from '../../src/protocol/methods.ts';
import { replay } from '../../src/session/facts/replay.ts';
import { sendOver } from '../../src/transport/connect-and-send.ts';
import { socketPathOf } from './host-home.ts';
import { simHost } from './host.ts';
import type { SimPod } from './pods.ts';
import type { World } from './world.ts';

export function askPod<M extends MethodName>(
  world: World,
  pod: SimPod,
  method: M,
  params: ParamsIn<M>,
): void {
  const host = simHost(world.person);
  const path = socketPathOf(pod.spec.instance);
  const dial = host.wire.dial;
  const { clock } = host;
  sendOver({ clock, dial }, { path, method, params }).then(
    (sent) => world.note(world.person, `${method} to ${pod.spec.name}: ${sent.ok ? 'ok' : sent.message}`),
    (error: unknown) => world.watch.defect(world.person, error),
  );
}

export function tell(world: World, pod: SimPod, kind: 'run' | 'notice' | 'quietNotice'): void {
  // A spawn that has not come to its first run is nobody's to talk to: it may be undone.
  if (!hasWork(world, pod)) return;
  if (kind === 'run') askPod(world, pod, 'run', { input: 'please' });
  else askPod(world, pod, 'notify', { message: 'by the way', wake: kind === 'notice' });
}

function hasWork(world: World, pod: SimPod): boolean {
  const parent = world.pods.get(pod.spec.parent?.instance ?? '');
  if (parent === undefined) return true;
  return world
    .logOf(parent)
    .entries.some((entry) => entry.type === 'assignment' && entry.child.instance === pod.spec.instance);
}

/** `podkin rm`: only of a pod that has ended, and whose parent holds everything of it. */
export function remove(world: World, pod: SimPod): void {
  const parent = world.pods.get(pod.spec.parent?.instance ?? '');
  if (parent === undefined || pod.processes.size > 0 || pod.removed || world.homeIsAway) return;
  const known = world.processOf(parent)?.pod?.facts.children.get(pod.spec.instance);
  const own = [...world.pods.values()].some(
    (other) => other.spec.parent?.instance === pod.spec.instance && !other.removed,
  );
  if (known === undefined || own) return;
  const log = world.logOf(pod).entries;
  const emitted = log.filter((entry) => entry.type === 'podEventEmitted').length;
  const lives = log.filter((entry) => entry.type === 'started').length;
  if (known.received < emitted || known.terminal < lives) return;
  world.hit('pod.removed');
  const { name, instance } = pod.spec;
  world.bury({
    name,
    instance,
    folder: pod.folder,
    parent: parent.spec.instance,
    facts: replay(log),
    receivedAbove: known.received,
    discarded: false,
  });
  // Somebody wants it back.
  world.script.wantAgain(name, parent.spec.name);
  tell(world, parent, 'run');
}
