/**
 * A `.git` looked at while the command that has made it runs on: what leads git anywhere is told once it has
 * stood for a moment. Git's own work in it is left alone: files that it makes in several steps, and its locks
 * for as long as git holds one.
 */
import { readdirSync } from 'node:fs';
import { gitProblem } from './git-judgement.ts';

const quietMs = 500;
/** Behind its first problem nobody waits longer, for a lock, or for what cannot be looked through. */
const patienceMs = 3_000;
const checkEveryMs = 250;
/** Of the processor's time: a look that takes long is repeated seldom. */
const restFactor = 20;

export class LiveGit {
  /** When a problem was first seen, by path. One that comes and goes has been there all the same. */
  readonly #since = new Map<string, number>();
  #nextMs = 0;

  /** Runs the check where it is due. */
  whenDue(nowMs: () => number, check: (atMs: number) => void): void {
    const begun = nowMs();
    if (begun < this.#nextMs) return;
    check(begun);
    const ended = nowMs();
    this.#nextMs = ended + Math.max(checkEveryMs - 1, (ended - begun) * restFactor);
  }

  /** Why it must not stay, the end of a sentence; null where it may, or is to be looked at again. */
  problem(path: string, through: string, atMs: number): string | null {
    const problem = gitProblem(through, { isRunning: true });
    if (problem === null) return null;
    const since = this.#since.get(path) ?? atMs;
    this.#since.set(path, since);
    const isWork = isLocked(through) || problem.startsWith('it cannot be read');
    if (atMs - since < (isWork ? patienceMs : quietMs)) return null;
    this.#since.delete(path);
    return problem;
  }
}

function isLocked(git: string): boolean {
  try {
    return readdirSync(git).some((name) => name.endsWith('.lock'));
  } catch {
    return false;
  }
}
