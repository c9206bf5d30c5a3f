/** Moves a protected name away that others may move or make anew in the same moment. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from '../../std/system-code.ts';
import { type Moved, moveAside } from './move-aside.ts';
import { isThere } from './stats-of.ts';

/** So often others may be faster and a new thing be there again. */
const roundsMax = 100;

/**
 * Null where it is there no more: somebody else's command was faster. What a person saves under the name
 * between that and a look is another thing, and taken in its turn.
 */
export function movedTo(from: string | Buffer, to: string): Moved | null {
  for (let round = 1; ; round += 1) {
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
    try {
      return moveAside(from, to);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
      if (!isThere(from)) return null;
      if (round === roundsMax || isThere(to)) throw error;
    }
  }
}
