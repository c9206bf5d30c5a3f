/**
 * How often each rule of a scenario has answered: kept in a small file of the pod's folder, so that `times`
 * counts over restores.
 */
import { readFileSync } from 'node:fs';
import { writeFileAtomic } from '../std/atomic-write.ts';

export interface RuleUses {
  /** Key of a rule → uses so far. */
  load(): Record<string, number>;
  /** Durable when it returns; a throw means that nothing was counted. */
  save(uses: Record<string, number>): void;
}

/**
 * Uses kept in `path`. A missing or damaged file counts as empty: a scenario is worth less than a pod that
 * starts.
 */
export function fileUses(path: string): RuleUses {
  return {
    load() {
      try {
        const read: unknown = JSON.parse(readFileSync(path, 'utf8'));
        if (typeof read !== 'object' || read === null) return {};
        return Object.fromEntries(
          Object.entries(read).filter(([, count]) => Number.isSafeInteger(count) && count > 0),
        );
      } catch {
        return {};
      }
    },
    save(uses) {
      writeFileAtomic(path, JSON.stringify(uses), 0o600);
    },
  };
}

/** Uses that live as long as the model object. */
export function memoryUses(): RuleUses {
  let kept: Record<string, number> = {};
  return {
    load: () => ({ ...kept }),
    save(uses) {
      kept = { ...uses };
    },
  };
}
