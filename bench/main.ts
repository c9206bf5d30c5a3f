/**
 * The benchmarks' command; `usage` below says how it is called. Runs the measures named (all of them without
 * a name), prints a table for each and writes the same figures as JSON.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measureAge } from './age.ts';
import { measureAttach } from './attach.ts';
import { measureCallback } from './callback.ts';
import { measureChurn } from './churn.ts';
import { measureHistory } from './history.ts';
import { describeMachine } from './machine.ts';
import { measurePeers } from './peers.ts';
import { measurePs } from './ps.ts';
import { measureReplay } from './replay.ts';
import { type Report, printReport } from './report.ts';
import { measureScale } from './scale.ts';
import { measureScreen } from './screen.ts';
import { measureStart } from './start.ts';
import { measureStreaming } from './streaming.ts';
import { measureWake } from './wake.ts';
import type { BenchOptions } from './options.ts';

const measures: Record<string, (options: BenchOptions) => Promise<Report>> = {
  callback: measureCallback,
  peers: measurePeers,
  history: measureHistory,
  attach: measureAttach,
  wake: measureWake,
  start: measureStart,
  ps: measurePs,
  replay: measureReplay,
  age: measureAge,
  scale: measureScale,
  streaming: measureStreaming,
  churn: measureChurn,
  screen: measureScreen,
};

const usage = `npm run bench -- [NAME …] [--rounds N] [--big] [--smoke] [--json FILE]
  NAME        one of ${Object.keys(measures).join(', ')}; all of them without a name
  --rounds N  how often each is repeated, interleaved with what it is compared with (7; 1 with --smoke)
  --big       also 256 MB of history, 1 GB of age, trees of 200 and 300 pods, 500 children that come and go
  --smoke     tiny sizes: says that the measures run, not how fast anything is
  --json FILE the same figures as JSON`;

function argumentsOf(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        smoke: { type: 'boolean', default: false },
        big: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        json: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exit(2);
  }
}

const { values, positionals } = argumentsOf(process.argv.slice(2));
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const names = positionals.length > 0 ? positionals : Object.keys(measures);
const rounds = Number(values.rounds ?? (values.smoke ? 1 : 7));
const unknown = names.find((name) => measures[name] === undefined);
if (unknown !== undefined) {
  console.error(`There is no measure "${unknown}"; there are: ${Object.keys(measures).join(', ')}.`);
  process.exit(2);
}
if (!Number.isInteger(rounds) || rounds < 1) {
  console.error(`--rounds takes a whole number from 1 on, not "${values.rounds}".`);
  process.exit(2);
}

const machine = await describeMachine();
console.log(machine.text);
console.log('Ratios of one run count; absolute figures only give the order.\n');
const reports: Report[] = [];
for (const name of names) {
  const report = await measures[name]!({ smoke: values.smoke, big: values.big, rounds });
  printReport(report);
  reports.push(report);
}
if (values.json !== undefined) {
  const written = { date: new Date().toISOString(), machine, rounds, smoke: values.smoke, reports };
  writeFileSync(values.json, `${JSON.stringify(written, null, 2)}\n`);
}
