/** A pod on another machine is ended by its host there. */
import type { FoundPod } from '../../client/find-pod.ts';
import { nodeOthers } from '../../pod/elsewhere/node-others.ts';
import { hostOf } from '../../session/home/host-places.ts';
import { thrownText } from '../../std/thrown-text.ts';

/** Null for a pod of this machine; true when nothing of it runs there any more. */
export async function stopElsewhere(
  pod: FoundPod,
  { cascade, graceMs, say }: { cascade: boolean; graceMs: number; say: (text: string) => void },
): Promise<boolean | null> {
  const { name, instance, spec, label } = pod;
  const host = hostOf(spec);
  if (host === null || spec.parent === null) return null;
  const there = { name, instance, root: spec.root.instance, parent: spec.parent.instance };
  try {
    const { kind, message } = await nodeOthers(pod.home).stop(host, {
      ...there,
      cascade,
      graceMs: Math.min(graceMs, 600_000),
      reason: 'podkin stop',
    });
    const isOver = kind === 'ended' || kind === 'wasGone';
    say(isOver ? `${label} is stopped on ${host}.` : `${label} was not stopped on ${host}: ${message}`);
    return isOver;
  } catch (error) {
    say(
      `Whether "${label}" runs is not known: its host "${host}" does not answer (${thrownText(error)}); "podkin host connect ${host}" says why.`,
    );
    return false;
  }
}
