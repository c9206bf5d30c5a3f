// `npm run defects [-- ID…]`: puts each named defect of test/defects into a copy of the tree, alone, and runs
// the tests of the guarantee that has to fail. The same tests are run without it first: what fails there
// proves nothing. Goes on where it was ended, as long as neither source, tests nor the defect have changed;
// `--anew` begins again, `--list` only tells. Ends with 1 where a defect is not caught.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const timeLimitMs = 300_000;
const patienceMinMs = 10_000;
const patienceMaxMs = 30_000;
const copied = ['src', 'test', 'scripts', 'docs', 'bench', 'package.json', 'package-lock.json'].concat(
  ['README.md', 'LICENSE', 'CHANGELOG.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md'],
  ['tsconfig.json', 'tsconfig.build.json', 'vitest.config.ts', 'knip.json'],
);

const args = process.argv.slice(2);
const wanted = args.filter((arg) => !arg.startsWith('--'));
// Short: what a test makes in it has socket paths, and those are at most 103 bytes.
const folder = mkdtempSync(join(tmpdir(), 'pkd-'));
const tree = join(folder, 'tree');
const resultsFile = join(root, 'node_modules', '.cache', 'podkin-defects.json');
let running = null;
process.once('exit', clean);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

const defects = await tableOf();
const unknown = wanted.filter((id) => !defects.some((defect) => defect.id === id));
if (unknown.length > 0)
  throw new Error(`no such defect: ${unknown.join(', ')}; --list tells which there are`);
const chosen = wanted.length === 0 ? defects : defects.filter(({ id }) => wanted.includes(id));
if (args.includes('--list')) {
  for (const { id, breaks } of chosen) console.log(`${id}: ${breaks}`);
} else process.exitCode = await tryAll();

async function tryAll() {
  copyTree();
  const stamp = stampOf();
  const known = readKnown(stamp);
  const counts = {};
  for (const [index, defect] of chosen.entries()) {
    const key = JSON.stringify(defect);
    const result = known[key] ?? (await tryOne(defect, known));
    known[key] = result;
    // What was skipped or ended by the clock may go otherwise the next time.
    if (['caught', 'SURVIVED'].includes(result.kind)) remember(stamp, known);
    counts[result.kind] = (counts[result.kind] ?? 0) + 1;
    const place = `${String(index + 1).padStart(String(chosen.length).length)}/${chosen.length}`;
    console.log(`${place} ${result.kind.padEnd(9)} ${defect.id} [${defect.guarantee}] ${result.text ?? ''}`);
    if (result.kind !== 'caught') console.log(`    ${defect.breaks}; ${defect.file}, ${defect.test}`);
  }
  console.log(
    Object.entries(counts)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(', '),
  );
  return Object.keys(counts).every((kind) => kind === 'caught' || kind === 'skipped') ? 0 : 1;
}

/** With the test as it is on the untouched tree, then with the defect in it. */
async function tryOne(defect, known) {
  const key = `without: ${defect.test} ${defect.guarantee}`;
  known[key] ??= await runTests(defect);
  const without = known[key];
  if (without.kind !== 'ran' || without.failed > 0) {
    return { kind: 'broken', text: `fails without it: ${without.text ?? `${without.failed} failed`}` };
  }
  if (without.passed === 0) return { kind: 'skipped', text: 'its tests are skipped here' };
  const path = join(tree, defect.file);
  const source = readFileSync(path, 'utf8');
  if (source.split(defect.find).length !== 2) return { kind: 'broken', text: 'its text is not there once' };
  writeFileSync(
    path,
    source.replace(defect.find, () => defect.replace),
  );
  try {
    // A broken promise is waited for in vain: no longer than four times what the tests took when it was kept.
    const ran = await runTests(defect, Math.min(patienceMaxMs, Math.max(patienceMinMs, 4 * without.testsMs)));
    if (ran.kind !== 'ran') return { kind: 'broken', text: ran.text };
    const seconds = `${(ran.ms / 1000).toFixed(1)} s`;
    return ran.failed > 0 ? { kind: 'caught', text: seconds } : { kind: 'SURVIVED', text: seconds };
  } finally {
    writeFileSync(path, source);
  }
}

async function runTests({ test, guarantee }, patienceMs = patienceMaxMs) {
  const report = join(folder, 'report.json');
  rmSync(report, { force: true });
  const startedMs = Date.now();
  const title = `\\[${guarantee.replace('.', '\\.')}\\]`;
  const parameters = ['run', test, '-t', title, '--reporter=json', `--outputFile=${report}`];
  const { output, timedOut } = await vitest(parameters, patienceMs);
  const ms = Date.now() - startedMs;
  if (timedOut) return { kind: 'hung', text: `no end within ${timeLimitMs / 1000} s` };
  try {
    const { numFailedTests, numPassedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
    const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
    const testsMs = Math.round(Math.max(0, ...tests.map(({ duration }) => duration ?? 0)));
    if (numFailedTests + numPassedTests > 0 || !/error/i.test(output))
      return { kind: 'ran', failed: numFailedTests, passed: numPassedTests, ms, testsMs };
  } catch {
    // It did not come so far: a file that cannot be taken in, or a build that fails.
  }
  return { kind: 'broken', text: output.trim().split('\n').slice(-12).join('\n      ') };
}

function vitest(parameters, patienceMs) {
  const program = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const env = { ...process.env, NO_COLOR: '1', PODKIN_PATIENCE_MS: String(patienceMs) };
  const options = { cwd: tree, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...parameters], options);
    running = child.pid ?? null;
    let output = '';
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      endRunning();
    }, timeLimitMs);
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(timer);
      running = null;
      resolve({ output, timedOut });
    });
  });
}

function endRunning() {
  if (running === null) return;
  try {
    process.kill(-running, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

function clean() {
  endRunning();
  rmSync(folder, { recursive: true, force: true });
}

function copyTree() {
  mkdirSync(tree);
  for (const name of copied) cpSync(join(root, name), join(tree, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
}

async function tableOf() {
  const outfile = join(folder, 'table.mjs');
  const entryPoints = [join(root, 'test', 'defects', 'table.ts')];
  await build({ entryPoints, outfile, bundle: true, format: 'esm', platform: 'node', target: 'node20' });
  return (await import(pathToFileURL(outfile).href)).defects;
}

/** Of all that could change a result, but for the defects themselves. */
function stampOf() {
  const hash = createHash('sha256');
  const take = (path) => {
    for (const entry of readdirSync(join(tree, path), { withFileTypes: true })) {
      const below = join(path, entry.name);
      if (below === join('test', 'defects')) continue;
      if (entry.isDirectory()) take(below);
      else hash.update(below).update(readFileSync(join(tree, below)));
    }
  };
  for (const name of ['src', 'test']) take(name);
  return hash.digest('hex');
}

function readKnown(stamp) {
  if (args.includes('--anew')) return {};
  try {
    const kept = JSON.parse(readFileSync(resultsFile, 'utf8'));
    return kept.stamp === stamp ? kept.known : {};
  } catch {
    return {};
  }
}

function remember(stamp, known) {
  const kept = Object.entries(known).filter(([, { kind }]) => ['caught', 'SURVIVED', 'ran'].includes(kind));
  mkdirSync(join(root, 'node_modules', '.cache'), { recursive: true });
  writeFileSync(resultsFile, JSON.stringify({ stamp, known: Object.fromEntries(kept) }));
}
