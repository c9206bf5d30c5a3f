// Around `npm pack` and `npm publish`: the tarball's package.json has neither scripts nor development
// packages (npm counts `prepare` as an install script), and its bytes do not depend on the umask of whoever
// packs. `pack.mjs before` and `pack.mjs after`.
import {
  chmodSync,
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = join(root, 'package.json');
const kept = join(root, '.package.json.kept');

function evenOut(path) {
  const isFolder = statSync(path).isDirectory();
  const isProgram = path === join(root, 'dist', 'main.js');
  chmodSync(path, isFolder || isProgram ? 0o755 : 0o644);
  if (isFolder) for (const name of readdirSync(path)) evenOut(join(path, name));
}

/** Also what an interrupted pack has left. */
function putBack() {
  if (existsSync(kept)) renameSync(kept, manifest);
}

putBack();
if (process.argv[2] === 'before') {
  const text = readFileSync(manifest, 'utf8');
  const { scripts: _, devDependencies: __, ...published } = JSON.parse(text);
  for (const name of published.files) evenOut(join(root, name));
  writeFileSync(kept, text);
  writeFileSync(manifest, `${JSON.stringify(published, null, 2)}\n`);
  chmodSync(manifest, 0o644);
}
