/** A scope in words, for people and for the model: the same everywhere. */
import type { PathRight, PathScope } from '../facts/entries.ts';

export interface ScopeText {
  readonly reads: string;
  readonly writes: string;
  /** Empty where nothing is denied. */
  readonly denied: string;
}

/** Paths joined with commas; `nothing` where there are none. */
export function scopeText({ read, write, deny = [] }: PathScope): ScopeText {
  const denied = (right: PathRight) => deny.filter((one) => one.right === right).map(({ path }) => path);
  const parts = [
    denied('read').length === 0 ? '' : `neither read nor written: ${denied('read').join(', ')}`,
    denied('write').length === 0 ? '' : `not written: ${denied('write').join(', ')}`,
  ];
  return {
    reads: read.join(', ') || 'nothing',
    writes: write.join(', ') || 'nothing',
    denied: parts.filter((part) => part !== '').join('; '),
  };
}
