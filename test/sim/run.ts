/**
 * A program of its own: `run.ts FROM COUNT` answers in one JSON line. Bundled with a defect put into the
 * source, it shows whether the histories find it.
 */
import { campaign } from './campaign.ts';

const [from, count] = process.argv.slice(2).map(Number);
const { failures, ran } = await campaign({ from: from ?? 1, count: count ?? 1, failuresMax: 1 });
process.stdout.write(`${JSON.stringify({ ran, failure: failures[0] ?? null })}\n`);
// What is left of histories that were broken off must not keep the process.
process.exitCode = 0;
setImmediate(() => process.kill(process.pid, 'SIGTERM'));
