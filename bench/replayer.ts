/**
 * One opening of a session log in a process of its own: `parse` reads the file and parses each line, `open`
 * does what a pod does. Arguments: how, log, instance.
 */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { emptyFacts } from '../src/session/facts/facts.ts';
import { takeLock } from '../src/session/lock/lock.ts';
import { openLog } from '../src/session/log/open-log.ts';
import { applyEntry } from '../src/session/facts/replay.ts';

const [how, path = '', instance = ''] = process.argv.slice(2);
const from = performance.now();
const entries = how === 'parse' ? parseAll() : await open();
process.send?.({ entries, ms: performance.now() - from, maxRssMb: process.resourceUsage().maxRSS / 1024 });
process.disconnect();

function parseAll(): number {
  const parsed: unknown[] = [];
  for (const line of readFileSync(path, 'utf8').split('\n')) if (line !== '') parsed.push(JSON.parse(line));
  return parsed.length;
}

async function open(): Promise<number> {
  const lock = await takeLock({ instance, folder: dirname(path) });
  if (!lock.taken) throw new Error('somebody holds the lock of this log');
  const opened = await openLog({ path, lock, instance });
  const facts = emptyFacts();
  for await (const entry of opened.entries()) applyEntry(facts, entry);
  await opened.log.close();
  await lock.release();
  return facts.lastSeq;
}
