// Before a build: what builds it has to be there. An install without development packages leaves no programs,
// and says so here.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const missing = ['esbuild', 'typescript'].filter((name) => {
  try {
    require.resolve(`${name}/package.json`);
    return false;
  } catch {
    return true;
  }
});
if (missing.length > 0) {
  console.error(
    `podkin is built from its source, and what builds it is not installed (${missing.join(', ')}): npm ci --include=dev`,
  );
  process.exitCode = 1;
}
