/**
 * How a session log begins: with a line that says whose it is, committed with the pod's first start and
 * synced before anybody is answered. So a log without any line that can be read has two histories. Either its
 * very first append was torn: then nobody has ever been answered, nothing is lost, and the pod begins. Or the
 * log of a pod that has run was emptied or damaged as a whole: then beginning anew would give out numbers
 * that its parent and its children know as others, and hide that a history is gone.
 *
 * Two things tell them apart. The address beside the log (`pod-address.ts`) is settled only behind the sync
 * of the first append, so its being there says that the pod has begun (builds before that settled it some
 * milliseconds earlier; a loss of power in between is refused, with nothing lost by it). And a torn append
 * looks like one: whole lines of an append that goes on, then a piece of one, or zeros where the disk never
 * got a page. What is absent: a bound on the size, because the first append holds instructions of any length.
 */
import { basename, dirname } from 'node:path';
import { PodkinError } from '../../std/podkin-error.ts';
import { checkLine, lineOpenings } from './line.ts';
import { linesByPiece, type LogFile } from './read-log.ts';

/** No line of the log can be read, and it is not that of a pod that never began. Nothing was changed. */
export class LogBeginningLost extends PodkinError {
  readonly path: string;
  readonly sizeBytes: number;

  constructor(path: string, sizeBytes: number) {
    super(`${lostText(path, sizeBytes)}; nothing was changed: ${lostAdvice(path)}`);
    this.name = 'LogBeginningLost';
    this.path = path;
    this.sizeBytes = sizeBytes;
  }
}

/** What was found, as a clause. */
export function lostText(path: string, sizeBytes: number): string {
  return sizeBytes === 0
    ? `${path} is empty, and its pod has run: the session log was emptied`
    : `${path} holds ${sizeBytes} bytes and no line that can be read: the session log is damaged as a whole`;
}

/** What a person can do about it. */
export function lostAdvice(path: string): string {
  const see = `put it back from a copy ("head -c 400 ${path} | cat -v" shows how it begins)`;
  const up = `"podkin rm -f ${basename(dirname(path))}" gives the pod up and keeps all of its folder aside`;
  return `${see}; or ${up}. What it reported is in the log of its parent, what its children reported in theirs`;
}

/**
 * Whether a log is damaged or emptied as a whole: `hasRun` says that its pod has begun. False where a single
 * line can be read: what else is wrong with such a log is told of it line by line. Throws the file system's
 * error.
 */
export function isBeginningLost(file: LogFile, { hasRun }: { hasRun: boolean }): boolean {
  const size = file.disk.size(file.fd);
  let mayBeTorn = startsAsLine(file, size);
  for (const lines of linesByPiece(file, { from: 0, to: size })) {
    for (const { bytes } of lines) {
      const checked = bytes === null ? null : checkLine(bytes);
      if (checked?.ok === true && checked.last) return false;
      mayBeTorn &&= checked?.ok === true || bytes?.includes(0) === true;
    }
  }
  return hasRun || !mayBeTorn;
}

/** Also where less than that is there, or zeros are. */
function startsAsLine({ disk, fd }: LogFile, size: number): boolean {
  const start = Buffer.alloc(Math.min(size, lineOpenings[0].length));
  disk.read(fd, start, start.length, 0);
  return (
    start.every((byte) => byte === 0) ||
    lineOpenings.some((opening) => opening.subarray(0, start.length).equals(start))
  );
}
