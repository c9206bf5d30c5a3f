/** What whoever starts or restores a root has: a command, or a program. */
import type { Home } from '../../session/home/places.ts';

export interface RootContext {
  readonly home: Home;
  /** With the keys that are kept here. */
  readonly environment: NodeJS.ProcessEnv;
  /** From which relative names are taken. Throws where it is gone. */
  readonly cwd: string;
}
