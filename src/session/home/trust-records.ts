/** What a person has said about texts of projects: a file an answer, by what it is an answer to. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** `text`: all that the answer is to; another one is asked about anew. */
export function trustRecord(state: string, text: string): string {
  return join(state, 'trusted', createHash('sha256').update(text).digest('hex'));
}

/** Null: nobody has answered. */
export function trustIn(record: string): boolean | null {
  try {
    const answer = readFileSync(record, 'utf8').trim();
    return answer === 'yes' ? true : answer === 'no' ? false : null;
  } catch {
    return null;
  }
}
