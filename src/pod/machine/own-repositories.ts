/** Repositories that commands of this pod have made, as inputs over the core. */
import type { FolderPlace } from '../../session/facts/repository-entries.ts';
import { type Core, tryCommit } from './core.ts';

/**
 * Nothing where it is known as that very folder. A log that cannot be written knows of none: then it is
 * read-only like any other.
 */
export function onRepositoryMade(core: Core, path: string, place: FolderPlace): void {
  const known = core.facts.repositories.get(path);
  if (known?.dev === place.dev && known.ino === place.ino && known.made === place.made) return;
  tryCommit(core, [{ type: 'repositoryMade', path, place }]);
}
