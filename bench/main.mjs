// `npm run bench [-- NAME …] [-- --smoke]`: bundles the benchmarks into a temporary folder (Node 20 reads no
// TypeScript) and runs them against the built command. Arguments are those of main.ts.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const command = process.env.PODKIN_COMMAND ?? join(root, 'dist', 'main.js');
if (!existsSync(command)) {
  console.error(`There is no built command ${command}: run "npm run build" first.`);
  process.exit(1);
}

const folder = await mkdtemp(join(tmpdir(), 'podkin-bench-'));
try {
  const measures = [
    'main',
    'sender',
    'floor',
    'bare',
    'replayer',
    'peers/host',
    'token-source',
    'screen-floor',
  ];
  await bundle(measures, folder);
  // Packages of a provider are partly CommonJS and call require for Node's own modules; the others are not to
  // pay for it.
  await bundle(['model-reader'], folder, {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  });
  process.exitCode = await run([join(folder, 'main.mjs'), ...process.argv.slice(2)]);
} finally {
  await rm(folder, { recursive: true, force: true });
}

function bundle(names, outdir, banner = {}) {
  return build({
    absWorkingDir: root,
    entryPoints: names.map((name) => `bench/${name}.ts`),
    outdir,
    outbase: 'bench',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    define: { __PODKIN_VERSION__: '"bench"' },
    banner,
    logLevel: 'warning',
  });
}

/** A clean environment: an extra CA file alone adds 35 ms to every start of Node 20. */
function run(args) {
  const { PATH, HOME, TMPDIR } = process.env;
  const env = { PATH, HOME, ...(TMPDIR && { TMPDIR }), PODKIN_COMMAND: command };
  env.PODKIN_BENCH_PACKAGES = join(root, 'bench');
  const child = spawn(process.execPath, args, { stdio: 'inherit', env });
  // Both get the terminal's signal; the one that has pods to stop ends first.
  process.on('SIGINT', () => undefined);
  // What a timeout sends comes to this process alone.
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.on('error', () => resolve(1));
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
