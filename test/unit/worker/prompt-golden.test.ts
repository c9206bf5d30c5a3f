/**
 * What providers are sent for recorded sessions, byte by byte: a change of how a prompt is made is seen, and
 * one that is no change of what is sent changes no file. Each session is the log of a pod; `put-aside` is
 * `demo` with one more line in it. `GOLDEN=write npx vitest run --project unit
 * test/unit/worker/prompt-golden.test.ts` writes the prompts anew.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { quarantineBody } from '../../../src/delivery/notice.ts';
import { type Dialect, toCallOptions } from '../../../src/model/prompt.ts';
import type { Entry } from '../../../src/session/facts/entries.ts';
import type { Facts } from '../../../src/session/facts/facts.ts';
import { replay } from '../../../src/session/facts/replay.ts';
import { transcriptOf } from '../../../src/session/facts/transcript.ts';
import { promptOf } from '../../../src/worker/prompt.ts';

const folder = fileURLToPath(new URL('../../golden/prompts', import.meta.url));
const dialects: Dialect[] = ['anthropic', 'openai', 'google', 'compatible'];
const sessions = readdirSync(folder).flatMap((file) => (file.endsWith('.jsonl') ? [file.slice(0, -6)] : []));

function sentFor(facts: Facts) {
  const { messages, newest } = promptOf(transcriptOf(facts, quarantineBody));
  const signal = new AbortController().signal;
  const request = { pod: 'root', system: 'You are a test.', messages, newest, tools: [], signal };
  const bytes = dialects.map((dialect) => JSON.stringify(toCallOptions(dialect, request).prompt));
  return { newest, bytes };
}

/** Of each request a digest, of the last one all bytes. */
function promptsOf(session: string): string {
  const lines = readFileSync(join(folder, `${session}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n');
  const entries = lines.map((line): Entry => JSON.parse(line));
  const requests = entries.flatMap((entry) =>
    entry.type === 'stepCompleted'
      ? [sentFor(replay(entries.filter(({ seq }) => seq <= entry.seenThrough)))]
      : [],
  );
  const digests = requests.map(
    ({ newest, bytes }, at) =>
      `request ${at + 1} (${newest}): ${createHash('sha256').update(bytes.join('\n')).digest('hex')}`,
  );
  const last = requests.at(-1)?.bytes.map((text, at) => `${dialects[at]}: ${text}`) ?? [];
  return `${[...digests, ...last].join('\n')}\n`;
}

it.each(sessions)('[model.prompt-golden] of the session "%s"', (session) => {
  const golden = join(folder, `${session}.txt`);
  if (process.env['GOLDEN'] === 'write') writeFileSync(golden, promptsOf(session));
  expect(promptsOf(session), 'GOLDEN=write writes them anew').toBe(readFileSync(golden, 'utf8'));
});
