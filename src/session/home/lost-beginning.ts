/** For whoever reads a home from outside, without a lock: whether the log of a pod is lost as a whole. */
import { existsSync } from 'node:fs';
import { isBeginningLost, lostText } from '../log/beginning.ts';
import { nodeDisk as disk } from '../log/log-disk.ts';
import type { PodFolder } from './home.ts';

/**
 * What was found, as a clause; null where a line can be read, or the pod never began. `hasRun`: something
 * else than its own folder says that it has. Throws the file system's error (ENOENT: there is no log).
 */
export function lostBeginning(folder: PodFolder, { hasRun = false } = {}): string | null {
  const fd = disk.open(folder.log);
  try {
    const isLost = isBeginningLost({ fd, disk }, { hasRun: hasRun || existsSync(folder.address) });
    return isLost ? lostText(folder.log, disk.size(fd)) : null;
  } finally {
    disk.close(fd);
  }
}
