/** For people and models: what somebody waits for, who has it, and why a wait is refused. Pure. */
import { relative } from 'node:path';
import { inLine } from '../../delivery/quoted.ts';
import type { PodRef } from '../../session/facts/entries.ts';
import type { Blocker, Registered } from '../../scope/ownership/waits.ts';

const blockersShown = 3;
const pathCharsMax = 1_000;

export interface Naming {
  /** For the names of the pods above an owner. */
  readonly claims: Registered['claims'];
  readonly cwd: string;
}

/** `src/a, which root/x holds`. */
export function blockedText(blockers: readonly Blocker[], naming: Naming): string {
  const texts = blockers.map(({ path, how, ...owner }) => {
    const [shown, who] = [shownPath(path, naming.cwd), podPath(owner, naming)];
    return how === 'holds'
      ? `${shown}, which ${who} holds`
      : `${shown}, for which ${who} waits and came first`;
  });
  const unique = [...new Set(texts)];
  const left = unique.length - blockersShown;
  return [...unique.slice(0, blockersShown), ...(left > 0 ? [`and ${left} more`] : [])].join('; ');
}

export function circleText(circle: readonly PodRef[]): string {
  const names = [...circle, ...circle.slice(0, 1)].map(({ name }) => `"${name}"`);
  return `To wait would close a circle, in which nobody ever got anything: ${names.join(' → ')}. Give it other paths, or spawn it once one of these has ended.`;
}

/** A pod above it whose claim is not known is left out. */
function podPath({ owner, above }: Pick<Blocker, 'owner' | 'above'>, { claims }: Naming): string {
  const names = above.flatMap(
    (instance) => claims.find((claim) => claim.owner.instance === instance)?.owner.name ?? [],
  );
  return [...names, owner.name].join('/');
}

/** A folder's name may be anybody's. */
function shownPath(path: string, cwd: string): string {
  const inside = relative(cwd, path);
  return inLine(inside === '' ? '.' : inside.startsWith('..') ? path : inside, pathCharsMax);
}
