/** What a spawn is given, and what comes of it. */
import type { PodRef } from '../../session/facts/entries.ts';
import type { ParentLink } from '../parent/link.ts';
import type { Pod } from '../pod.ts';
import type { Children } from './children.ts';
import type { PlannedWorktree } from './spawn-worktree.ts';

/** A pod with its links down and up. */
export interface PodContext {
  pod: Pod;
  children: Children;
  parentLink: ParentLink | null;
}

export interface Spawned {
  child: PodRef;
  assignment: string;
  /** For what it waits, in words; null where it begins at once. */
  waits: string | null;
  /** The clone that it works in; null: none. */
  planned: PlannedWorktree | null;
}
