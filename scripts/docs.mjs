// `npm run docs`: writes docs/protocol.md from the table of methods, docs/configuration.md from the settings,
// docs/screen.md from the tables of keys and of slash commands.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const references = [
  { from: 'protocol-reference.ts', render: 'renderReference', to: 'protocol.md' },
  { from: 'configuration-reference.ts', render: 'renderConfiguration', to: 'configuration.md' },
  { from: 'screen-reference.ts', render: 'renderScreen', to: 'screen.md' },
];

// Below this folder, so that packages are found.
const folder = await mkdtemp(fileURLToPath(new URL('../node_modules/.podkin-docs-', import.meta.url)));
try {
  for (const { from, render, to } of references) {
    const outfile = join(folder, `${to}.mjs`);
    await build({
      entryPoints: [fileURLToPath(new URL(from, import.meta.url))],
      outfile,
      bundle: true,
      packages: 'external',
      format: 'esm',
      platform: 'node',
      target: 'node20',
    });
    const reference = await import(pathToFileURL(outfile).href);
    await writeFile(new URL(`../docs/${to}`, import.meta.url), reference[render]());
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
