// `npm run test:node -- 24 [test files]`: the ring of real processes under another version of Node, pods and
// commands included. That Node comes from the registry as a package, into a folder that other users can reach
// too: some tests start pods as one of them.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The exit status where that Node cannot be installed: a capability that is missing, told apart from a test
 * that fails.
 */
const notToBeHad = 75;
const [major = '24', ...files] = process.argv.slice(2);
if (!/^\d+$/.test(major)) throw new Error(`"${major}" is no major version of Node: npm run test:node -- 24`);
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), `podkin-node${major}-`));

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (error !== undefined) throw error;
  return status ?? 1;
}

/** Null where the registry has no such Node for this machine. */
function installNode() {
  const name = `node-${process.platform}-${process.arch}`;
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const bin = join(folder, 'node_modules', name, 'bin');
  const args = ['install', '--no-audit', '--no-fund', '--no-save', '--silent', `${name}@${major}`];
  return run('npm', args, { cwd: folder }) === 0 && existsSync(join(bin, 'node')) ? bin : null;
}

try {
  const bin = installNode();
  if (bin === null) {
    console.error(`Node ${major} could not be installed here. NOT TESTED under it.`);
    process.exitCode = notToBeHad;
  } else {
    const env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH']}` };
    const node = join(bin, 'node');
    run(node, ['--version'], { env });
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    process.exitCode = run(node, [vitest, 'run', '--project', 'spec', ...files], { cwd: root, env });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
