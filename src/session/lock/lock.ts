/**
 * One writer a pod: the lock of a pod's folder, held by a process until it releases it or ends, however it
 * ends.
 *
 * On Linux listening abstract sockets, named after the folder itself and after all that earlier builds named
 * it by (`lock-names.ts`): whoever has not got all of them has nothing. They exclude within one network
 * namespace; what lives in another is judged by its socket (`process-status.ts`). Elsewhere a lock file that
 * names its holder by pid, start time and boot; taken over only from a holder that is gone. The lock decides,
 * not the process table: for a moment a dying process is still listed while the kernel has freed its lock
 * already. What is absent: waiting, time-outs, heartbeats. A holder that is stopped or busy still holds.
 */
import { closeSync, fstatSync, openSync, realpathSync, statSync } from 'node:fs';
import { thrownText } from '../../std/thrown-text.ts';
import { probeFile, takeFile } from './lock-file.ts';
import type { Holder, LockPurpose, LockState } from './lock-holder.ts';
import { lockNames } from './lock-names.ts';
import { probeSockets, takeSockets } from './lock-socket.ts';
import { strangersNames } from './lock-strangers.ts';
import { PodkinError } from '../../std/podkin-error.ts';

export interface HeldLock {
  readonly taken: true;
  /** The real path that the folder had when it was taken. */
  readonly folder: string;
  /** False once released. */
  readonly held: boolean;
  /** Lets the next one in. Harmless twice. */
  release(): Promise<void>;
}
export interface LockRefused {
  readonly taken: false;
  /** Who has it, where that could be learnt. */
  readonly holder?: Holder;
}

export type LockKind = 'abstractSocket' | 'file';

export interface LockOptions {
  readonly instance: string;
  /** The pod's folder; must exist. */
  readonly folder: string;
  /** `pod` unless given. */
  readonly purpose?: LockPurpose;
  /** The system's own unless told: all who take one lock must take the same kind. */
  readonly kind?: LockKind;
}

/** The lock's folder is not there, or its lock file cannot be made. */
export class LockUnavailable extends PodkinError {
  readonly folder: string;

  constructor(folder: string, cause: unknown) {
    const why = thrownText(cause);
    super(
      `the lock of ${folder} cannot be taken (${why}): check that the folder exists and that you may write in it`,
      { cause },
    );
    this.name = 'LockUnavailable';
    this.folder = folder;
  }
}

/**
 * Takes the lock of a pod's folder, or says that another process (or this one) has it. Never waits for it.
 * Throws `LockUnavailable`.
 */
export async function takeLock(options: LockOptions): Promise<HeldLock | LockRefused> {
  const { instance, folder, purpose = 'pod' } = options;
  try {
    if (kindOf(options) === 'file') {
      const path = realpathSync.native(folder);
      return outcome(path, takeFile(path, purpose));
    }
    return await takeAbstract(instance, folder, purpose);
  } catch (cause) {
    throw new LockUnavailable(folder, cause);
  }
}

/**
 * Who holds the lock at this moment; takes and changes nothing. `free` may be over before it is read. Throws
 * `LockUnavailable`.
 */
export async function probeLock(options: LockOptions): Promise<LockState> {
  const { instance, folder } = options;
  try {
    const path = realpathSync.native(folder);
    if (kindOf(options) === 'file') return probeFile(path);
    const { dev: device, ino: inode } = statSync(path, { bigint: true });
    return await probeSockets({ names: lockNames({ instance, path, device, inode }), folder: path });
  } catch (cause) {
    throw new LockUnavailable(folder, cause);
  }
}

/** Names of the lock that another user has, passed over by whoever takes it. Throws `LockUnavailable`. */
export function strangersOf({ instance, folder }: LockOptions): string[] {
  if (process.platform !== 'linux') return [];
  try {
    const path = realpathSync.native(folder);
    const { dev: device, ino: inode } = statSync(path, { bigint: true });
    return strangersNames(lockNames({ instance, path, device, inode }), path);
  } catch (cause) {
    throw new LockUnavailable(folder, cause);
  }
}

/**
 * The folder is kept open while it is locked: some file systems give a folder that nobody has open another
 * inode number the next time.
 */
async function takeAbstract(
  instance: string,
  folder: string,
  purpose: LockPurpose,
): Promise<HeldLock | LockRefused> {
  const fd = openSync(folder, 'r');
  let kept = false;
  try {
    const path = realpathSync.native(folder);
    const { dev: device, ino: inode } = fstatSync(fd, { bigint: true });
    const names = lockNames({ instance, path, device, inode });
    const taken = await takeSockets({ names, folder: path, purpose });
    if ('holder' in taken) return outcome(path, taken);
    kept = true;
    return outcome(path, {
      release: async () => {
        await taken.release();
        closeSync(fd);
      },
    });
  } finally {
    if (!kept) closeSync(fd);
  }
}

function kindOf(options: LockOptions): LockKind {
  return options.kind ?? (process.platform === 'linux' ? 'abstractSocket' : 'file');
}

function outcome(
  folder: string,
  taken: { release(): Promise<void> | void } | { holder: Holder | null },
): HeldLock | LockRefused {
  if ('holder' in taken) {
    return taken.holder === null ? { taken: false } : { taken: false, holder: taken.holder };
  }
  let released: Promise<void> | null = null;
  return {
    taken: true,
    folder,
    get held() {
      return released === null;
    },
    release: () => (released ??= Promise.resolve(taken.release())),
  };
}
