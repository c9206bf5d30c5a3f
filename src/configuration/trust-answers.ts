/** What a person says about texts of projects, asked once for each text and kept (`trust-records.ts`). */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from '../session/home/places.ts';
import { trustIn, trustRecord } from '../session/home/trust-records.ts';
import { writeFileAtomic } from '../std/atomic-write.ts';

/**
 * What a file wants, for the person to judge; one line a setting, instructions as they are. Null: nobody
 * answered.
 */
export type AskTrust = (file: string, wants: readonly string[]) => Promise<boolean | null>;

/** `text`: all that the answer is to; another one is asked about anew. */
export async function trustAnswer(
  home: Home,
  text: string,
  ask: () => Promise<boolean | null>,
): Promise<{ answer: boolean | null; record: string }> {
  const record = trustRecord(home.state, text);
  const known = trustIn(record);
  const answer = known ?? (await ask());
  if (known === null && answer !== null) keepAnswer(home, record, answer);
  return { answer, record };
}

function keepAnswer(home: Home, record: string, answer: boolean): void {
  mkdirSync(join(home.state, 'trusted'), { recursive: true, mode: 0o700 });
  writeFileAtomic(record, answer ? 'yes\n' : 'no\n', 0o600);
}
