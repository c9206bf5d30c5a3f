/** For `podkin doctor`: names of locks that another user has taken, of the scope registry and of each pod. */
import { existsSync } from 'node:fs';
import { registryLock } from '../../scope/ownership/registry.ts';
import type { Home, PodFolder } from '../../session/home/home.ts';
import { type LockOptions, LockUnavailable, strangersOf } from '../../session/lock/lock.ts';
import type { Finding } from './finding.ts';

interface Locked {
  readonly name: string;
  readonly instance: string;
  readonly folder: PodFolder;
}

/** Only what is found; they are passed over, and the lock file decides. */
export function lockFindings(home: Home, pods: readonly Locked[]): Finding[] {
  const registry = registryLock(home);
  return [
    ...(existsSync(registry.folder) ? found('the scope registry', registry) : []),
    ...pods.flatMap(({ name, instance, folder }) => found(name, { instance, folder: folder.path })),
  ];
}

function found(what: string, lock: LockOptions): Finding[] {
  const names = namesOf(lock);
  if (names.length === 0) return [];
  const text = `another user has bound ${names.length} of the names of the lock of ${what} (${names.join(', ')}); they are passed over, and a lock file counts instead`;
  const fix = 'end the process of that user: as root, ss -xlp | grep podkin-lock';
  return [{ check: 'locks', level: 'warning', text, fix }];
}

function namesOf(lock: LockOptions): string[] {
  try {
    return strangersOf(lock);
  } catch (error) {
    // Removed meanwhile.
    if (error instanceof LockUnavailable) return [];
    throw error;
  }
}
