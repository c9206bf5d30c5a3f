/**
 * A question to the person at the terminal before a command begins.
 *
 * Invariant K2 (as of the pods' questions): what was typed before the question could be read answers nothing. It is taken from the terminal and thrown away
 * for a second; only then the line that names the answers is shown.
 */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { CommandContext } from './context.ts';

/** Somebody can read a question on stderr and type an answer. */
export function canAsk({ stdin, stderr }: Pick<CommandContext, 'stdin' | 'stderr'>): boolean {
  return stderr.isTerminal && 'isTTY' in stdin && stdin.isTTY === true;
}

/** How long a question stands on the screen before something typed is taken to be meant for it. */
const readMs = 1_000;

/** `question` is whole lines. Null: the input has ended without an answer. */
export async function askYesNo(
  { stdin, stderr }: Pick<CommandContext, 'stdin' | 'stderr'>,
  question: string,
): Promise<boolean | null> {
  stderr.write(question);
  if (await typedBefore(stdin)) stderr.write('What was typed before this could be read does not count.\n');
  stderr.write('  y: yes   n: no, then Enter\n');
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

/** Whether something was. Raw, because a line that was begun and not sent would otherwise become the beginning of the answer. */
async function typedBefore(stdin: Readable & { setRawMode?: (raw: boolean) => unknown }): Promise<boolean> {
  let typed = false;
  const cooked = (): void => void stdin.setRawMode?.(false);
  const take = (chunk: Buffer | string): void => {
    typed = true;
    // What the terminal itself would have made of it.
    if (!chunk.toString().includes('\u0003')) return;
    cooked();
    process.kill(process.pid, 'SIGINT');
  };
  stdin.setRawMode?.(true);
  stdin.on('data', take);
  try {
    await pause(readMs);
  } finally {
    stdin.off('data', take);
    stdin.pause();
    cooked();
  }
  return typed;
}
