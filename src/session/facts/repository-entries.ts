/** The entry of a repository that a command of this pod has made. */

/**
 * A `.git` that a command with `git init` or `git clone` in it has made, and that led git nowhere when the
 * command ended: the pod's commands may write it from then on, as long as it is that very folder.
 */
export interface RepositoryMadeEntry {
  type: 'repositoryMade';
  /** A real path. */
  path: string;
  place: FolderPlace;
}

/** Which folder it is, whatever is at its path: device, number on it, and the time of its making in ns. */
export interface FolderPlace {
  dev: string;
  ino: string;
  made: string;
}
