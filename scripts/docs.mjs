// `npm run docs`: writes docs/protocol.md from the table of methods.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const folder = await mkdtemp(join(tmpdir(), 'podkin-docs-'));
try {
  const outfile = join(folder, 'reference.mjs');
  const entry = fileURLToPath(new URL('protocol-reference.ts', import.meta.url));
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
  });
  const { renderReference } = await import(pathToFileURL(outfile).href);
  await writeFile(new URL('../docs/protocol.md', import.meta.url), renderReference());
} finally {
  await rm(folder, { recursive: true, force: true });
}
