/**
 * A lock as a file in its folder, for systems without abstract sockets, and where another user has names of
 * them.
 *
 * A claim is a file with its holder's identity and a random id of its own, complete before it gets its name
 * by link(), which only one can win. `lock` is the claim in force. From a dead claim C the right to take over
 * is a claim as well, named `lock.after-<id of C>`; who wins that looks whether `lock` is still C, and only
 * then renames its own claim over it. Should the winner die before the rename, the right to take over from
 * *it* is the next name in the chain. A claim is only removed after `lock` has moved on, and ids never come
 * back: whoever acts on a late look at C wins an empty name, finds that `lock` is another, and gives up.
 */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { isRunning } from '../../std/process-identity.ts';
import { systemCode } from '../../std/system-code.ts';
import {
  type Holder,
  type LockPurpose,
  type LockState,
  holderOf,
  parseHolder,
  stateOf,
} from './lock-holder.ts';

type Claim = Holder & { readonly claim: string };

export function takeFile(folder: string, purpose: LockPurpose): { release(): void } | { holder: Holder } {
  const path = join(folder, 'lock');
  const mine: Claim = { ...holderOf(purpose), claim: randomUUID() };
  const draft = `${path}.${mine.claim}`;
  try {
    writeDurably(draft, JSON.stringify(mine));
    const holder = claimLock(path, draft);
    if (holder !== null) return { holder: withoutClaim(holder) };
    return {
      release: () => {
        if (readClaim(path)?.claim === mine.claim) rmSync(path, { force: true });
      },
    };
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Null when `lock` is ours now, else who has it, or is about to. */
function claimLock(path: string, draft: string): Claim | null {
  for (;;) {
    if (linkIfFree(draft, path)) return null;
    const stale = readClaim(path);
    // Null: released between the two calls; try again.
    if (stale !== null && isRunning(stale)) return stale;
    const right = stale === null ? null : claimSuccession(path, draft, stale);
    if (right === null) continue;
    if ('heir' in right) return right.heir;
    if (readClaim(path)?.claim === stale?.claim) {
      // The name in the chain moves, so it is gone in the instant in which `lock` is ours.
      renameSync(right.won, path);
      for (const name of right.spent) rmSync(name, { force: true });
      return null;
    }
    rmSync(right.won, { force: true });
  }
}

/**
 * Tries to win the right to take over from a dead claim: the name won and those of dead winners before us, or
 * who has it; null when all has moved on.
 */
function claimSuccession(
  path: string,
  draft: string,
  stale: Claim,
): { won: string; spent: string[] } | { heir: Claim } | null {
  const spent: string[] = [];
  for (let name = nextName(path, stale); ;) {
    if (linkIfFree(draft, name)) return { won: name, spent };
    const heir = readClaim(name);
    if (heir === null) return null;
    if (isRunning(heir)) return { heir };
    spent.push(name);
    name = nextName(path, heir);
  }
}

function nextName(path: string, claim: Claim): string {
  return `${path}.after-${claim.claim}`;
}

/** False when the name is taken. */
function linkIfFree(draft: string, name: string): boolean {
  try {
    linkSync(draft, name);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Null when there is no such claim. Throws when something else stands under its name. */
function readClaim(path: string): Claim | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
  const holder = parseHolder(text);
  if (holder === null || holder.claim === undefined) {
    throw new Error(`${path} is not a lock file of podkin: remove it if no pod runs here`);
  }
  return { ...withoutClaim(holder), claim: holder.claim };
}

function withoutClaim({ pid, startTime, bootId, purpose }: Holder): Holder {
  return { pid, startTime, bootId, ...(purpose === undefined ? {} : { purpose }) };
}

export function probeFile(folder: string): LockState {
  const holder = fileHolder(folder);
  return holder === null ? 'free' : stateOf(holder);
}

/** The living process that has it or is about to. */
export function fileHolder(folder: string): Holder | null {
  const path = join(folder, 'lock');
  for (let claim = readClaim(path); claim !== null; claim = readClaim(nextName(path, claim))) {
    if (isRunning(claim)) return withoutClaim(claim);
  }
  return null;
}

function writeDurably(path: string, text: string): void {
  const fd = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
