/** What the watch over protected names tells of what it has done. */

export interface SetAside {
  readonly path: string;
  readonly to: string;
  /** Why, where more is known than that it is protected. */
  readonly reason: string | null;
  /** What was in it and holds nothing (pipes, sockets, devices): removed, by name. */
  readonly leftOut: readonly string[];
  /** A repository of the pod's own making, which was there when the command began. */
  readonly isOwn?: true;
}

export interface WatchReport {
  /** The command has no time limit. */
  readonly isLasting: boolean;
  /** A `.git` that was not there, or may be another one now, stays: nothing in it leads git anywhere. */
  clean(path: string): void;
  setAside(one: SetAside): void;
  /** So many more, each below `folder` by its path in the write root. */
  setAsideMore(count: number, folder: string): void;
  /**
   * It is still there: by another name, or, `now` being null, by its own. `reason` is the end of a sentence.
   */
  stays(path: string, now: string | null, reason: string): void;
  /**
   * The protection of this path is gone, or cannot be kept up; the command is to be ended. `reason` is the
   * end of a sentence.
   */
  lost(path: string, reason: string): void;
}
