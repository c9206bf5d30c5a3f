// `npm test`: the checks, then the rings that take longer, then one line of counts. Ends at the first ring
// that fails. `npm test -- --busy`: the same with every processor kept busy beside it. What fails then waits
// for time, not for events.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'podkin-test-'));
const unitReport = join(folder, 'unit.json');
const rings = [
  { name: 'checks', command: process.execPath, args: ['scripts/check.mjs'], report: unitReport },
  // What an install has just built is checked alone.
  process.env.PODKIN_BUILT === undefined
    ? { name: 'build', command: 'npm', args: ['run', '--silent', 'build'] }
    : { name: 'package', command: 'publint', args: ['--pack=false'] },
  ...['sim', 'spec'].map((project) => ({
    name: project,
    command: 'vitest',
    report: join(folder, `${project}.json`),
    args: [
      'run',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile=${join(folder, `${project}.json`)}`,
    ],
  })),
];

const counts = { passed: 0, failed: 0, skipped: 0 };

function count(report) {
  try {
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'));
    counts.passed += numPassedTests;
    counts.failed += numFailedTests;
    counts.skipped += numPendingTests;
  } catch {
    // The ring ended before it had anything to report; its exit status says so.
  }
}

const busy = process.argv.includes('--busy')
  ? Array.from({ length: availableParallelism() }, () =>
      // Ends with us, however we end: its input does.
      spawn(
        process.execPath,
        [
          '-e',
          "process.stdin.on('close', () => process.exit()).resume(); (function on() { for (const until = Date.now() + 50; Date.now() < until;); setImmediate(on); })();",
        ],
        {
          stdio: ['pipe', 'ignore', 'ignore'],
        },
      ),
    )
  : [];

let failed = null;
for (const { name, command, args, report } of rings) {
  console.log(`\n== ${name}`);
  // The rings behind the build take what it has made.
  const env = { ...process.env, PODKIN_UNIT_REPORT: unitReport, PODKIN_BUILT: '1' };
  const begunMs = Date.now();
  const { status } = spawnSync(command, args, { stdio: 'inherit', env });
  console.log(`${name}: ${Math.round((Date.now() - begunMs) / 1_000)} s`);
  if (report !== undefined) count(report);
  if (status !== 0) {
    failed = name;
    break;
  }
}
for (const process of busy) process.kill();
rmSync(folder, { recursive: true, force: true });

if (failed !== null) console.log(`\n${failed} failed.`);
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
console.log(
  `${counts.passed} passed, ${failed !== null && counts.failed === 0 ? 1 : counts.failed} failed${skipped}`,
);
process.exitCode = failed === null ? 0 : 1;
