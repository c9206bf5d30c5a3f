/**
 * The owner's own rights at a file or directory, for as long as something is done there: who made it may have
 * taken them away. Only of what belongs to this user; a link is never followed. Linux alone: through a
 * descriptor that needs no right to the file (`O_PATH`, which Node does not name).
 */
import { chmodSync, closeSync, constants, fstatSync, openSync } from 'node:fs';

const oPath = 0o10_000_000;
const ownDescriptor = /^\/proc\/self\/fd\/\d+$/;

export interface TakenRights {
  /** As it was, wherever it lies by now. */
  restore(): void;
  keep(): void;
}

const nothingTaken: TakenRights = { restore: () => undefined, keep: () => undefined };

/** Never throws: where no right can be had, the next access says so. */
export function takeOwnerRights(path: string | Buffer): TakenRights {
  let fd: number | null = null;
  try {
    const link = ownDescriptor.test(path.toString()) ? 0 : constants.O_NOFOLLOW;
    fd = openSync(path, oPath | link);
    const stats = fstatSync(fd);
    const mode = stats.mode & 0o7777;
    const needed = stats.isDirectory() ? 0o700 : stats.isFile() ? 0o600 : 0;
    if ((mode & needed) !== needed && stats.uid === process.geteuid?.()) {
      chmodSync(`/proc/self/fd/${fd}`, mode | needed);
      const taken = takenAt(fd, mode);
      fd = null;
      return taken;
    }
  } catch {
    // The caller's access fails as it would have.
  } finally {
    if (fd !== null) closeSync(fd);
  }
  return nothingTaken;
}

/** Also of what lies in a folder that cannot be entered, when the folder comes first. Restored in the end. */
export function withOwnerRights<T>(paths: Iterable<string | Buffer>, act: () => T): T {
  const taken: TakenRights[] = [];
  try {
    for (const path of paths) taken.unshift(takeOwnerRights(path));
    return act();
  } finally {
    for (const one of taken) one.restore();
  }
}

/** No right at all to what lies there, for anybody but root. */
export function closeToAll(path: string | Buffer): void {
  const fd = openSync(path, oPath | constants.O_NOFOLLOW);
  try {
    if (!fstatSync(fd).isSymbolicLink()) chmodSync(`/proc/self/fd/${fd}`, 0);
  } finally {
    closeSync(fd);
  }
}

function takenAt(fd: number, mode: number): TakenRights {
  return {
    restore() {
      try {
        chmodSync(`/proc/self/fd/${fd}`, mode);
      } catch {
        // It is gone.
      } finally {
        closeSync(fd);
      }
    },
    keep: () => closeSync(fd),
  };
}
