/** What is wrong with who may write where, for `podkin doctor` and `podkin verify`. */
import { HolderUnreadable, claimsFromLogs, heldTwice } from '../../pod/process/claims-from-logs.ts';
import type { Claim } from '../../scope/ownership/claims.ts';
import { Registry } from '../../scope/ownership/registry.ts';
import { type Home, PodsNotListed } from '../../session/home/home.ts';

export interface Trouble {
  readonly text: string;
  readonly fix: string;
}

/** Reads the logs of the pods that run. Throws the file system's error. */
export async function registryTrouble(home: Home): Promise<Trouble[]> {
  const registry = new Registry(home);
  const aside = registry.setAside().map(({ path, sinceMs }) => ({
    text: `${registry.path} was damaged at ${new Date(sinceMs).toISOString()} and was made again from the logs of the pods that ran; what was there is in ${path}`,
    fix: `when you have seen it: rm ${path}`,
  }));
  const state = registry.state();
  const lost = state === 'damaged' ? 'cannot be read' : 'is missing';
  let held: readonly Claim[];
  try {
    held = await claimsFromLogs(home);
  } catch (error) {
    // That is said for itself.
    if (error instanceof PodsNotListed) return aside;
    if (!(error instanceof HolderUnreadable)) throw error;
    // A whole one does not need it.
    return state === 'whole' ? aside : [...aside, { text: `${registry.path} ${lost}`, fix: error.message }];
  }
  const now =
    state === 'damaged' || (state === 'missing' && held.length > 0)
      ? [{ text: `${registry.path} ${lost}: nothing is given out of it until it is made again`, fix: again }]
      : [];
  return [...aside, ...now, ...heldTwice(held).map((pair) => twice(pair, registry.claims()))];
}

const again =
  'nothing: the next pod that is given something to write in, or the sweep of one that runs, makes it again from the logs within moments';

function twice(
  { one, other, path }: ReturnType<typeof heldTwice>[number],
  registered: readonly Claim[],
): Trouble {
  const [a, b] = [one.owner, other.owner];
  const holder = [a, b].find(({ instance }) => registered.some(({ owner }) => owner.instance === instance));
  const loser = holder === a ? b : a;
  const now = holder === undefined ? '' : `; the registry gives it to "${holder.name}" at this moment`;
  const text = `"${a.name}" and "${b.name}" both run and hold ${path} alone by their logs${now}`;
  return { text, fix: `see who wrote there, and end one of them: podkin stop ${loser.name}` };
}
