/**
 * Whether a sandbox that was started blocked shows what was planned: bubblewrap takes paths, and between the
 * plan and its mounting anybody with rights to a directory above can put another thing under the same path.
 * So each mount is compared with what was opened before the start, through `/proc/<first process>/root`,
 * before anything inside may begin. Linux alone.
 */
import { randomBytes } from 'node:crypto';
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { freshPlaces, type MountPlan } from './mounts.ts';
import { statsOf } from '../set-aside/stats-of.ts';

/** `open(2)`: only a handle on the place; Node has no name for it. */
const pathOnly = 0o10000000;

export interface MountCheck {
  /**
   * A directory that only the new root has. Until it is there, `/proc/<pid>/root` is still the host's, of
   * which every comparison would be true.
   */
  readonly marker: string;
  /** Null while the sandbox is not made yet; `''` where all is as planned, else what is not. */
  differs(pid: number): string | null;
  close(): void;
}

type Mount = MountPlan['mounts'][number];

/** Opens what is to be mounted. Throws an error with a code where a path leads elsewhere by now. */
export function mountCheck(plan: MountPlan): MountCheck {
  const marker = `${freshPlaces[1]}/.podkin-${randomBytes(8).toString('hex')}`;
  const opened: { mount: Mount; fd: number; stats: BigIntStats }[] = [];
  const close = (): void => {
    for (const { fd } of opened.splice(0)) closeSync(fd);
  };
  try {
    for (const mount of plan.mounts) {
      if (mount.as === 'link') continue;
      const fd = openSync(mount.path, pathOnly | constants.O_NOFOLLOW);
      opened.push({ mount, fd, stats: fstatSync(fd, { bigint: true }) });
      if (readlinkSync(`/proc/self/fd/${fd}`) !== mount.path) {
        throw Object.assign(new Error(`${mount.path} was moved just now`), { code: 'ESTALE' });
      }
    }
  } catch (error) {
    close();
    throw error;
  }
  return {
    marker,
    differs(pid) {
      const root = `/proc/${pid}/root`;
      if (statsOf(join(root, marker)) === undefined) return null;
      const wrong = opened.find(({ mount, stats }) => !isAsPlanned(root, mount, stats));
      return wrong?.mount.path ?? '';
    },
    close,
  };
}

/** No link may be on the way: an absolute one would lead back into the host's root. */
function isAsPlanned(root: string, { path, as }: Mount, planned: BigIntStats): boolean {
  let place = root;
  let found = statsOf(`${root}/`);
  for (const name of path.split('/').filter((one) => one !== '')) {
    if (found?.isDirectory() !== true) return false;
    place = join(place, name);
    found = statsOf(place);
  }
  if (found === undefined || found.isSymbolicLink()) return false;
  const isSame = found.dev === planned.dev && found.ino === planned.ino;
  if (as === 'emptyDirectory') return found.isDirectory() && !isSame;
  if (as === 'emptyFile') return found.isCharacterDevice() && !isSame;
  return isSame;
}
