// Before what runs dist/: an install without scripts (`--ignore-scripts`) leaves none, and says nothing of
// it.
import { existsSync } from 'node:fs';

if (!existsSync(new URL('../dist/main.js', import.meta.url))) {
  console.error(
    'podkin is not built here (npm ran no scripts: --ignore-scripts, ignore-scripts=true): npm run build',
  );
  process.exitCode = 1;
}
