/** Which shell runs commands: only bash has what its surroundings need (`shell-script.ts`). */
import { existsSync } from 'node:fs';

export function shellProgram(): '/bin/bash' | '/bin/sh' {
  return existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh';
}
