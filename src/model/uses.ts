/**
 * How often each rule of a scenario has answered: kept in a small file of the pod's folder, so that `times`
 * counts over restores.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

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
      const temporary = `${path}.${process.pid}.tmp`;
      try {
        writeDurably(temporary, JSON.stringify(uses));
        renameSync(temporary, path);
      } catch (error) {
        rmSync(temporary, { force: true });
        throw error;
      }
      syncFolder(dirname(path));
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

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'w', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Without it a rename may be forgotten by a power cut. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
