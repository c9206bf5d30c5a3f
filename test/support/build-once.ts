/** Builds the command once before the ring of real processes runs: what is tested is what is shipped. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { warmCode } from './warm-code.ts';

export function setup(): () => void {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  // `npm test` has built it by now.
  if (process.env['PODKIN_BUILT'] === undefined)
    execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: root, stdio: 'inherit' });
  return warmCode(process.env['PODKIN_COMMAND'] ?? join(root, 'dist/main.js'));
}
