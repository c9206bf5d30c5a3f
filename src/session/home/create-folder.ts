/**
 * Makes a pod's folder, and with it wins the pod's name: a root's in the home, any other's in its tree.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { syncFolder, writeFileAtomic } from '../../std/atomic-write.ts';
import { crashPoint } from '../../std/crash-point.ts';
import { NameTaken } from './name-taken.ts';
import { systemCode } from '../../std/system-code.ts';
import { createFolder } from '../log/open-log.ts';
import { type PodFolder, type PodSpec, folderAt, podFolder } from './home.ts';
import { specIfKnown } from './known-spec.ts';
import { placeOf } from './place.ts';
import type { Home } from './places.ts';

/**
 * Reserves the name and makes the pod's folder, whole or not at all, with its link token: a new one,
 * where its parent on another machine has not made it. Throws `NameTaken`, or the file system's error.
 */
export function createPodFolder(
  home: Home,
  spec: PodSpec,
  token = randomBytes(32).toString('base64url'),
): { folder: PodFolder; token: string } {
  const pods = join(home.state, 'pods');
  createFolder(pods);
  if (isTakenAtTop(home, spec)) throw new NameTaken(spec.name);
  const draft = folderAt(join(pods, `${draftPrefix(spec.parent)}${randomBytes(6).toString('hex')}`));
  const folder = podFolder(home, placeOf(spec));
  const maker = spec.parent?.name ?? spec.name;
  try {
    mkdirSync(draft.path, { mode: 0o700 });
    writeFileAtomic(draft.token, token, 0o600);
    writeFileAtomic(draft.spec, `${JSON.stringify(spec)}\n`, 0o600);
    writeFileSync(draft.stderr, '', { mode: 0o600 });
    crashPoint(maker, 'name.drafted');
    // Fails on a folder that is not empty, and a pod's never is: the one atomic step in which a name is won.
    renameSync(draft.path, folder.path);
    crashPoint(maker, 'name.won');
    syncFolder(pods);
    // A pod of an older build in the same tree knows nothing of this place, and may have been quicker.
    if (isTakenAtTop(home, spec)) {
      renameSync(folder.path, draft.path);
      throw new NameTaken(spec.name);
    }
  } catch (error) {
    rmSync(draft.path, { recursive: true, force: true });
    const code = systemCode(error);
    if (code === 'ENOTEMPTY' || code === 'EEXIST') throw new NameTaken(spec.name);
    throw error;
  }
  return { folder, token };
}

/** By the root of the tree itself, or by a child that an older build has put beside the roots. */
function isTakenAtTop(home: Home, { name, parent, root }: PodSpec): boolean {
  if (parent === null) return false;
  return name === root.name || specIfKnown(podFolder(home, name))?.root.instance === root.instance;
}

/**
 * How the names of the folders begin that `maker` is making; null: a command does. What a death leaves of one
 * may be empty, so its name has to say whose it is.
 */
export function draftPrefix(maker: { readonly instance: string } | null): string {
  return `.${maker?.instance ?? 'root'}.`;
}
