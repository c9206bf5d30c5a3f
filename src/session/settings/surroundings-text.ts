/** Where a pod works, as its model reads it. Pure. */
import { withoutHidden } from '../../std/characters.ts';

export interface Surroundings {
  /** 2026-01-31 */
  readonly day: string;
  readonly system: string;
  readonly shell: string;
  /** Null or absent: nothing is said of it. */
  readonly mode?: string | null;
  readonly repository: {
    readonly root: string;
    readonly head:
      | { readonly kind: 'branch'; readonly name: string }
      | { readonly kind: 'commit'; readonly id: string }
      | null;
    /** Null where git was not asked, or did not say. */
    readonly isDirty: boolean | null;
  } | null;
}

export function surroundingsText({ day, system, shell, mode = null, repository }: Surroundings): string {
  const place = `When this turn began it was ${day}. The system is ${system}; commands run in ${shell}.`;
  const here = mode === null ? place : `${place}\n${modeText(mode)}`;
  return repository === null ? here : `${here}\n${repositoryText(repository)}`;
}

function modeText(mode: string): string {
  return mode === 'plan'
    ? 'The permission mode is plan: nothing is changed or run yet. Find out and propose; a person then lets it be done.'
    : `The permission mode is ${mode} now.`;
}

/** The names are whoever's who made the repository. */
function repositoryText({ root, head, isDirty }: NonNullable<Surroundings['repository']>): string {
  const at =
    head === null
      ? ''
      : head.kind === 'branch'
        ? `, on the branch ${JSON.stringify(head.name)}`
        : `, at the commit ${head.id.slice(0, 12)} and on no branch`;
  const changes =
    isDirty === null
      ? ''
      : isDirty
        ? ' There were changes that are not committed.'
        : ' Everything was committed.';
  const shown = withoutHidden(root).replaceAll(/\s/g, ' ');
  return `The root of the git repository is ${shown}${at}.${changes}`;
}
