// Bundles the command (dist/main.js) and the library (dist/index.js). Heavy parts stay lazy: every dynamic
// import becomes a chunk of its own, so a pod that has not asked a model yet has not loaded a provider SDK.
import { chmod, rm, readFile } from 'node:fs/promises';
import { build } from 'esbuild';

const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
const root = new URL('..', import.meta.url).pathname;

/** Messages of zod in forty languages, of which podkin speaks one: a third of what a pod would have to load at its start. */
const oneLanguage = {
  name: 'one-language',
  setup({ onLoad }) {
    onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
      loader: 'js',
    }));
  },
};

await rm(`${root}dist`, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: { main: 'src/main.ts', index: 'src/index.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // The package locates its binary relative to its own files, so it must stay where npm put it.
  external: ['@vscode/ripgrep'],
  define: { __PODKIN_VERSION__: JSON.stringify(version) },
  // Some bundled packages are CommonJS and call require for Node's own modules.
  banner: {
    js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);",
  },
  plugins: [oneLanguage],
  chunkNames: 'chunks/[name]-[hash]',
  logLevel: 'warning',
});
await chmod(`${root}dist/main.js`, 0o755);
