// Bundles the library (dist/index.js), the providers' packages, and the two programs: dist/main.js and
// dist/pod.cjs, which take dist/command-body.cjs and dist/pod-body.cjs in with V8's code cache. Each body is
// one file of CommonJS; what it imports when it is wanted (a command, a tool, a scenario) begins when it is
// wanted, and a provider's package is not in it at all.
import { chmod, rm, readFile, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';
import { foldDigest } from './fold-digest.mjs';
import { licenceTexts } from './licences.mjs';

const { version, dependencies } = JSON.parse(
  await readFile(new URL('../package.json', import.meta.url), 'utf8'),
);
const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Messages of zod in forty languages, of which podkin speaks one: a third of what a pod would have to load at
 * its start.
 */
const oneLanguage = {
  name: 'one-language',
  setup({ onLoad }) {
    onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
      loader: 'js',
    }));
  },
};

/**
 * zod writes a function for each object's schema when it first parses one, and has V8 compile it: half a
 * millisecond for each of a hundred schemas, of which a command and a pod's start parse one object or two.
 * What parses many still gets its function.
 */
const parsesBeforeCompiled = 100;
const compiledWhenOften = {
  name: 'compiled-when-often',
  setup({ onLoad }) {
    const [known, wanted] = ['ctx.jitless !== true) {', 'let fastpass;'];
    onLoad({ filter: /zod[\\/]v4[\\/]core[\\/]schemas\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      if (text.split(known).length !== 2 || text.split(wanted).length !== 2) {
        throw new Error(`${path} compiles its schemas in another way`);
      }
      const contents = text
        .replace(wanted, `${wanted} let parses = 0;`)
        .replace(known, `ctx.jitless !== true && (fastpass || ++parses > ${parsesBeforeCompiled})) {`);
      return { contents, loader: 'js' };
    });
  },
};

/**
 * Providers' packages and the client beneath them, and what MCP and ACP are spoken with, are no part of a
 * pod's body: it imports the very modules that the command does. They hold no class of ours.
 */
const providers = {
  errors: '@ai-sdk/provider',
  anthropic: '@ai-sdk/anthropic',
  google: '@ai-sdk/google',
  openai: '@ai-sdk/openai',
  'openai-compatible': '@ai-sdk/openai-compatible',
  http: 'undici',
  mcp: '@modelcontextprotocol/client',
  'mcp-server': '@modelcontextprotocol/server',
  'mcp-stdio': '@modelcontextprotocol/server/stdio',
  acp: '@agentclientprotocol/sdk',
};
const providersBeside = {
  name: 'providers-beside',
  setup({ onResolve }) {
    const places = new Map(Object.entries(providers).map(([place, name]) => [name, place]));
    onResolve(
      { filter: /^(?:@ai-sdk\/|undici$|@modelcontextprotocol\/|@agentclientprotocol\/)/ },
      ({ path, kind }) => {
        if (kind !== 'dynamic-import' || !places.has(path)) throw new Error(`${path} would be in the body`);
        return { path: `./providers/${places.get(path)}.js`, external: true };
      },
    );
  },
};

/** What Node takes in slowly and a pod wants only after it listens: with its first id, its first tool. */
const whenUsed = ['crypto', 'fs/promises'];

const every = {
  absWorkingDir: root,
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node20',
  define: {
    __PODKIN_VERSION__: JSON.stringify(version),
    __PODKIN_FOLD__: JSON.stringify(foldDigest(root)),
  },
  logLevel: 'warning',
  metafile: true,
};
/** Every file that is in dist/. */
const bundled = new Set();

async function bundle(options) {
  const built = await build({ ...every, ...options });
  for (const file of Object.keys(built.metafile.inputs)) bundled.add(file);
  checkOutside(built.metafile);
  return built;
}

/** What a program asks for by name has to be declared. */
function checkOutside({ outputs }) {
  const outside = Object.values(outputs).flatMap(({ imports }) => imports.filter(({ external }) => external));
  const unknown = outside
    .map(({ path }) => path)
    .filter((path) => !isBuiltin(path) && !path.startsWith('./providers/') && !(path in dependencies));
  if (unknown.length > 0) throw new Error(`imported and not declared: ${unknown.join(', ')}`);
}

/** The first lines of both programs, for a Node that is too old to read the rest. */
const gate = await readFile(new URL('node-gate.js', import.meta.url), 'utf8');

await rm(`${root}dist`, { recursive: true, force: true });
await bundle({
  entryPoints: {
    index: 'src/index.ts',
    wire: 'src/wire.ts',
    ...Object.fromEntries(Object.entries(providers).map(([place, name]) => [`providers/${place}`, name])),
  },
  splitting: true,
  format: 'esm',
  // Some bundled packages are CommonJS and call require for Node's own modules.
  banner: {
    js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);",
  },
  plugins: [oneLanguage, compiledWhenOften],
  chunkNames: 'chunks/[name]-[hash]',
});
const commonJs = {
  ...every,
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  define: { ...every.define, 'import.meta.url': '__fileUrl' },
  banner: { js: "const __fileUrl = require('node:url').pathToFileURL(__filename).href;" },
  plugins: [oneLanguage, compiledWhenOften, providersBeside],
};
await bundle({ entryPoints: { 'main-body': 'src/main.ts' }, format: 'esm' });
await writeFile(`${root}dist/main.js`, `#!/usr/bin/env node\n${gate}${startOf('./main-body.js')}`);
// One file, in the language of the gate: Node reads all of it before it runs the first line.
await bundle({
  ...commonJs,
  entryPoints: { pod: 'src/pod-process.ts' },
  banner: { js: gate },
  target: 'es2015',
});
await buildBody('pod-body', 'src/pod/boot/run-pod.ts');
await buildBody('command-body', 'src/command.ts');
await writeFile(`${root}dist/LICENSES.txt`, licenceTexts(root, [...bundled]));

/** No `import` statement: those are read before the gate. */
function startOf(file) {
  return `import('${file}').catch(function (error) {
  console.error('podkin: ' + (error && error.message) + ': install podkin again');
  process.exitCode = 1;
});
`;
}

async function buildBody(name, source) {
  const built = await bundle({ ...commonJs, entryPoints: { [name]: source }, write: false });
  const steps = [importedByItsLoader, zodWhenUsed, nodeModulesWhenUsed, allAscii];
  const body = steps.reduce((text, step) => step(text), built.outputFiles[0].text);
  await writeFile(`${root}dist/${name}.cjs`, asFunction(await withoutBlanks(body)));
}

/**
 * Every start reads all of it and checks its cache by it: a third of it is blanks and comments. Names stay,
 * and lines are short, for the stack of a defect.
 */
async function withoutBlanks(text) {
  const { code } = await transform(text, { target: every.target, minifyWhitespace: true, lineLimit: 120 });
  return code;
}

/**
 * What V8 takes from a code cache cannot import modules: the program that takes a body in does it for it,
 * from the same folder.
 */
function importedByItsLoader(text) {
  const body = text.replaceAll(/\bimport\("(\.\/providers\/[\w-]+\.js)"\)/g, '__import("$1")');
  const left = /^.*[^.\w]import\(.*$/m.exec(body);
  if (left !== null)
    throw new Error(`an import in the body that its loader does not know: ${left[0].trim()}`);
  return body;
}

/**
 * A pod that only begins to listen needs no schema, and neither do most commands: so `once`, in which they
 * all stand, begins zod in the place of every module that imports it. A schema outside of `once` would fail
 * where its module begins.
 */
function zodWhenUsed(text) {
  const begins = /^ *init_zod\(\);\n/gm;
  const once = /^function once\((\w+)\) \{\n/m;
  if (!begins.test(text) || !once.test(text)) throw new Error('zod or once has another form in the body');
  return text
    .replaceAll(begins, '')
    .replace(
      once,
      (line, make) => `${line}  const made0 = ${make};\n  ${make} = () => (init_zod(), made0());\n`,
    );
}

/** Each in the place where it is first asked for something. */
function nodeModulesWhenUsed(text) {
  return whenUsed.reduce((body, name) => {
    const module = `require("node:${name}")`;
    const taken = new RegExp(`^((?:var | +)import_\\w+ = )${module.replaceAll(/[()]/g, '\\$&')};$`, 'gm');
    if (body.includes(module) && !taken.test(body))
      throw new Error(`node:${name} is taken in another way in the body`);
    const lazily = `new Proxy({}, { get: (_, name) => ${module}[name] });`;
    return body.replaceAll(taken, (_, variable) => variable + lazily);
  }, text);
}

/**
 * `pod.cjs` reads it byte by character, which is quicker and takes half of the memory. esbuild escapes what
 * is not ASCII, except in comments.
 */
function allAscii(text) {
  const body = text.replaceAll(/^ *(?:\/\/|\/?\*).*$/gm, (line) => line.replaceAll(/[^\0-\x7f]/g, '?'));
  const left = /^.*[^\0-\x7f].*$/m.exec(body);
  if (left !== null) throw new Error(`not ASCII, and not in a comment: ${left[0].trim()}`);
  return body;
}

/** Of what `pod.cjs` hands in. Put around it there it would be copied once more. */
function asFunction(text) {
  return `(function (exports, require, module, __filename, __dirname, __import) {${text}\n})`;
}

await chmod(`${root}dist/main.js`, 0o755);
