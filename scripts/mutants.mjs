// `npm run mutants [-- FILE|FOLDER…]`: the files of the machines, each with one small defect after the other,
// against the unit ring. Without names it goes on where an earlier run over the same sources and tests was
// ended. What it finds is in .mutants/: one JSON a file, and scores.md with every survivor.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, constants, setPriority, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { Stryker } from '@stryker-mutator/core';

const rooms = [
  'src/delivery',
  'src/pod/machine',
  'src/worker',
  'src/pod/children',
  'src/pod/parent',
  'src/pod/approvals',
  'src/session/log',
  'src/session/facts',
  'src/scope/ownership',
  'src/scope/permissions',
];
/** The shell of a pod: here a slice of the simulation stands beside the unit ring. */
const shellRooms = ['src/pod/children/', 'src/pod/parent/', 'src/pod/approvals/'];
const results = '.mutants';
/** Mutants that change nothing, each with the reason: file, line as it is, what stands there instead. */
const equivalent = JSON.parse(readFileSync('test/unit/equivalent-mutants.json', 'utf8'));

function filesOf(place, ending = '.ts') {
  if (!statSync(place).isDirectory()) return [relative('.', place)];
  return readdirSync(place, { recursive: true })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(place, name))
    .sort();
}

/** The same for the same source and tests: an earlier result then still holds. */
function fingerprint() {
  const hash = createHash('sha256');
  for (const file of [...filesOf('src'), ...filesOf('test/unit')])
    hash.update(file).update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

async function mutantsOf(file) {
  const folder = mkdtempSync(join(tmpdir(), 'podkin-mutants-'));
  const leave = () => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(1);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.once(signal, leave);
  if (shellRooms.some((room) => file.startsWith(room))) process.env.MUTANTS_SLICE = '1';
  else delete process.env.MUTANTS_SLICE;
  try {
    return await new Stryker({
      mutate: [file],
      testRunner: 'vitest',
      plugins: ['@stryker-mutator/vitest-runner'],
      vitest: { configFile: 'vitest.mutants.config.ts' },
      // Stryker calls an API that TypeScript 7 has not; a name that does not exist keeps it from that.
      tsconfigFile: 'absent.json',
      coverageAnalysis: 'perTest',
      concurrency: Math.max(1, availableParallelism() - 1),
      reporters: [],
      // As data: its type is an enum of a package that is not ours to import.
      ...JSON.parse('{"logLevel":"error"}'),
      allowEmpty: true,
      ignorePatterns: ['/.mutants', '/coverage'],
      tempDirName: folder,
      cleanTempDir: 'always',
    }).runMutationTest();
  } finally {
    for (const signal of signals) process.off(signal, leave);
    rmSync(folder, { recursive: true, force: true });
  }
}

function judge(file, found) {
  const lines = readFileSync(file, 'utf8').split('\n');
  const tried = found.filter(({ status }) =>
    ['Killed', 'Timeout', 'Survived', 'NoCoverage'].includes(status),
  );
  const alive = tried
    .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
    .map(({ location: { start, end }, mutatorName, replacement, status }) => {
      const first = lines[start.line - 1];
      const was =
        start.line === end.line
          ? first.slice(start.column - 1, end.column - 1)
          : `${first.slice(start.column - 1)} …`;
      return {
        line: start.line,
        source: first.trim(),
        was,
        mutatorName,
        replacement,
        covered: status === 'Survived',
      };
    });
  const isEquivalent = (mutant) =>
    equivalent.some(
      (known) =>
        known.file === file &&
        known.line === mutant.source &&
        known.was === mutant.was &&
        known.becomes === mutant.replacement,
    );
  const survivors = alive.filter((mutant) => !isEquivalent(mutant));
  const counted = tried.length - (alive.length - survivors.length);
  return {
    file,
    mutants: counted,
    killed: counted - survivors.length,
    equivalent: alive.length - survivors.length,
    survivors,
  };
}

/** Nothing was tried where no test takes the file in, or where it holds only types. */
const percent = ({ mutants, killed }) =>
  mutants === 0 ? '-' : `${Math.floor((killed / mutants) * 1000) / 10}`;
const short = (text) => text.replaceAll(/\s+/g, ' ').slice(0, 160);

function writeScores() {
  const all = filesOf(results, '.json')
    .map((path) => JSON.parse(readFileSync(path, 'utf8')))
    .sort((a, b) => (a.file < b.file ? -1 : 1));
  const rows = all.map(
    (one) => `| ${one.file} | ${percent(one)} | ${one.killed} of ${one.mutants} | ${one.equivalent} |`,
  );
  const survivors = all.flatMap(({ file, survivors }) =>
    survivors.map(
      ({ line, was, replacement, covered }) =>
        `- ${file}:${line} \`${short(was)}\` → \`${short(replacement)}\`${covered ? '' : ' (no test comes here)'}`,
    ),
  );
  const text = [
    '| file | score | killed | change nothing |',
    '|---|---|---|---|',
    ...rows,
    '',
    ...survivors,
    '',
  ];
  writeFileSync(join(results, 'scores.md'), text.join('\n'));
}

setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
const named = process.argv.slice(2);
const print = fingerprint();
let missed = 0;
for (const file of (named.length > 0 ? named : rooms).flatMap(filesOf)) {
  const path = join(results, `${file.replace(/^src\//, '').replace(/\.ts$/, '')}.json`);
  const known = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
  if (named.length === 0 && known?.print === print) continue;
  const found = await mutantsOf(file).catch(() => null);
  if (found === null) {
    console.log(`    -    ${file}  its tests fail without any defect`);
    process.exitCode = 1;
    continue;
  }
  const result = { print, ...judge(file, found) };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(result, null, 2)}\n`);
  writeScores();
  console.log(`${percent(result).padStart(5)} %  ${file}  ${result.killed} of ${result.mutants} killed`);
  missed += result.survivors.length;
}
console.log(`${missed} survived: ${join(results, 'scores.md')}`);
