/**
 * The clone that a child works in, as its parent has made it: in the child's settings, among what was asked
 * of it. Paths are real ones.
 */
import { type JsonValue, isJsonObject } from '../../std/json.ts';
import { areTexts } from '../../std/fast-guards.ts';

export interface Worktree {
  /** Podkin's own, made for this one clone, which is `repo` in it. */
  readonly holder: string;
  /** The repository's own folder. */
  readonly source: string;
  /** Where git keeps it: its `.git`, or that of the repository it belongs to. */
  readonly store: string;
  /** Where its objects are: the store's own first, then those that it takes from others. */
  readonly objects: readonly string[];
  readonly format: ObjectFormat;
  readonly branch: string;
  /** The commit that it began at. */
  readonly base: string;
  /** The branch goes into the source at the end: it was in the parent's scope to write. */
  readonly returns: boolean;
}

export const objectFormats = ['sha1', 'sha256'] as const;
export type ObjectFormat = (typeof objectFormats)[number];

export const commitPattern = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

export function cloneOf({ holder }: Pick<Worktree, 'holder'>): string {
  return `${holder}/repo`;
}

/** Null where it is none that this podkin understands. */
export function worktreeIn(value: JsonValue | undefined): Worktree | null {
  if (!isJsonObject(value)) return null;
  const { holder, source, store, objects, branch, base, returns } = value;
  const format = objectFormats.find((one) => one === value['format']);
  const isWhole =
    [holder, source, store].every((path) => typeof path === 'string' && path.startsWith('/')) &&
    areTexts(objects) &&
    format !== undefined &&
    typeof branch === 'string' &&
    typeof base === 'string' &&
    commitPattern.test(base);
  if (!isWhole) return null;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every field was looked at
  return { ...value, returns: returns === true } as unknown as Worktree;
}
