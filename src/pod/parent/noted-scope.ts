/** What a pod's parent says at a link about its paths: what it holds now, and whether it waits for more. */
import type { Result } from '../../protocol/methods.ts';
import type { EntryBody, PathScope } from '../../session/facts/entries.ts';
import type { Facts } from '../../session/facts/facts.ts';
import { evaluate } from '../machine/state.ts';
import type { Pod } from '../pod.ts';

type Said = Pick<Result<'link'>, 'scope' | 'waits'>;

/**
 * It stands over what was said at the spawn, in later lives too. Throws `StorageFailed` where the end of a
 * wait could not be written: a link that the disk does not take is none.
 */
export function noteScope(pod: Pod, { scope, waits }: Said): void {
  const { facts, session } = pod;
  const isNew = scope !== null && !sameScope(scope, facts.granted ?? session.scope);
  const granted: EntryBody[] = isNew ? [{ type: 'scope', change: 'granted', scope }] : [];
  const wait = waitEntry(facts, waits);
  if (wait === null) {
    if (isNew) pod.tryCommit(granted);
    return;
  }
  pod.input((core) => {
    core.ports.commit([...granted, wait]);
    core.ports.perform({ type: 'statusChanged' });
    evaluate(core, { urgent: true });
  });
}

function waitEntry({ scopeWait: now }: Facts, said: Said['waits']): EntryBody | null {
  if (said === undefined)
    return now === null ? null : { type: 'scopeWait', state: 'over', reason: 'granted' };
  if (said.since === now?.since && said.reason === now.reason) return null;
  return { type: 'scopeWait', state: 'waits', since: said.since, reason: said.reason };
}

function sameScope(a: PathScope, b: PathScope): boolean {
  const text = ({ read, write, deny = [] }: PathScope) => JSON.stringify([read, write, deny]);
  return text(a) === text(b);
}
