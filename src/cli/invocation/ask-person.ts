/** A question to the person at the terminal before a command begins. */
import { createInterface } from 'node:readline';
import type { CommandContext } from './context.ts';

/** Somebody can read a question on stderr and type an answer. */
export function canAsk({ stdin, stderr }: Pick<CommandContext, 'stdin' | 'stderr'>): boolean {
  return stderr.isTerminal && 'isTTY' in stdin && stdin.isTTY === true;
}

/** `question` is whole lines. Null: the input has ended without an answer. */
export async function askYesNo(
  { stdin, stderr }: Pick<CommandContext, 'stdin' | 'stderr'>,
  question: string,
): Promise<boolean | null> {
  stderr.write(`${question}  y: yes   n: no, then Enter\n`);
  const lines = createInterface({ input: stdin });
  try {
    for await (const line of lines) {
      const word = line.trim().toLowerCase();
      if (word === 'y' || word === 'yes') return true;
      if (word === 'n' || word === 'no') return false;
      if (word !== '') stderr.write('Please type y or n.\n');
    }
    return null;
  } finally {
    lines.close();
  }
}
