/** Why a path was not opened or written, as a value with the sentence that the model reads. */

export interface Refusal {
  readonly ok: false;
  /**
   * `missing`: nothing is there. `denied`: the scope does not allow it. `changed`: somebody was at work at
   * the same moment. `failed`: everything else.
   */
  readonly kind: 'missing' | 'denied' | 'changed' | 'failed';
  readonly text: string;
}

export function refusal(kind: Refusal['kind'], text: string): Refusal {
  return { ok: false, kind, text };
}

/**
 * A file system's error as a refusal; anything that is not one is a bug and is thrown on. `path` is the path
 * as the model knows it.
 */
export function refusalFrom(error: unknown, doing: string, path: string): Refusal {
  const code = errorCode(error);
  if (code === undefined) throw error;
  if (code === 'ENOENT')
    return refusal('missing', `${path} does not exist. Check the name, with Glob if need be.`);
  const sentence = sentences[code] ?? `the system answered ${code}. Try again or use another path.`;
  return refusal('failed', `Can not ${doing} ${path}: ${sentence}`);
}

/** The code of a system error (`ENOENT` …), undefined for every other value. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

const sentences: Readonly<Record<string, string>> = {
  EACCES:
    "the system's permissions forbid it (EACCES). Use another path, or ask for the permissions to be changed.",
  EPERM: 'the system does not permit it (EPERM). Use another path, or ask for the permissions to be changed.',
  EISDIR: 'it is a directory. Name a file in it.',
  ENOTDIR: 'a part of the path is a file, not a directory (ENOTDIR). Check the path.',
  ELOOP:
    'a symbolic link stands where none is followed, or links form a ring (ELOOP). Use the path that the link leads to.',
  ENAMETOOLONG: 'the name is too long (ENAMETOOLONG). Choose a shorter one.',
  ENOSPC: 'the disk is full (ENOSPC). Make room, then try again.',
  EDQUOT: 'the disk quota is used up (EDQUOT). Make room, then try again.',
  EFBIG:
    'it would be larger than a file may be here (EFBIG; "ulimit -f" shows the limit). Write less into it, or several files.',
  EROFS: 'the file system is read-only (EROFS). Write elsewhere.',
  EMFILE: 'too many files are open (EMFILE). Try again in a moment.',
  ENFILE: 'too many files are open on this machine (ENFILE). Try again in a moment.',
};
