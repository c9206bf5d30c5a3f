/**
 * What a session log refuses with: for those too who have no log in their hands. No disk is reached from
 * here.
 */
import { PodkinError } from '../../std/podkin-error.ts';
import { systemCode } from '../../std/system-code.ts';

/**
 * The disk under a session log refused. `fatal`: the log takes nothing more until it is opened anew; else a
 * later append may succeed.
 */
export class StorageFailed extends PodkinError {
  readonly path: string;
  /** `ENOSPC`, `EIO` …; null when the system gave none. */
  readonly errno: string | null;
  readonly fatal: boolean;

  constructor(failure: { path: string; doing: string; advice: string; fatal: boolean; cause: unknown }) {
    const { path, doing, advice, fatal, cause } = failure;
    super(`${doing} ${path} failed (${errnoOf(cause) ?? String(cause)}): ${advice}`, { cause });
    this.name = 'StorageFailed';
    this.path = path;
    this.errno = errnoOf(cause);
    this.fatal = fatal;
  }
}

/** A call on a log that its owner has closed: a mistake in the caller's order of ending. */
export class LogClosed extends PodkinError {
  constructor(path: string) {
    super(`the session log ${path} is closed: open it again before appending`);
    this.name = 'LogClosed';
  }
}

/** The code of a system error, null for anything else. */
export function errnoOf(error: unknown): string | null {
  return systemCode(error) ?? null;
}
