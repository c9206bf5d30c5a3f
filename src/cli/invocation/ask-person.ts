/**
 * A question to the person at the terminal before a command begins.
 *
 * Invariant K2 (as of the pods' questions): what was typed before the question could be read answers nothing.
 * It is taken from the terminal and thrown away for a second; only then the line that names the answers is
 * shown. K4: there is no yes before all of it has been shown.
 */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { monotonicMs } from '../../std/clock.ts';
import { barred } from '../format/barred.ts';
import { type CommandContext, screenOf } from './context.ts';
import { guardTerminal } from '../../std/terminal-guard.ts';

/** Somebody can read a question on stderr and type an answer. */
export function canAsk({ stdin, stderr }: Pick<CommandContext, 'stdin' | 'stderr'>): boolean {
  return stderr.isTerminal && 'isTTY' in stdin && stdin.isTTY === true;
}

/** How long a question stands on the screen before something typed is taken to be meant for it. */
const readMs = 1_000;

type Asking = Pick<CommandContext, 'stdin' | 'stderr'>;

/** `question` is whole lines. Null: the input has ended without an answer. */
export async function askYesNo(asking: Asking, question: string): Promise<boolean | null> {
  return await answerTo(asking, {
    shown: question,
    answers: '  y: yes   n: no, then Enter\n',
    meaning: { y: true, yes: true, n: false, no: false },
    otherwise: 'Please type y or n.\n',
  });
}

export interface AskedText {
  /** Whole lines. */
  readonly head: string;
  /** What the person is to judge: lines that somebody else wrote. */
  readonly foreign: readonly string[];
  /** Whole lines. */
  readonly question: string;
}

/** The head, what stands below a page, what is asked, the answers, and what a person types. */
const rowsAround = 7;
const textRowsMin = 4;

/**
 * In pages of the screen, behind a bar. There is no yes before all of it was shown, as the rows of the screen
 * are at the end.
 */
export async function askAboutText(
  asking: Asking & Pick<CommandContext, 'screen'>,
  { head, foreign, question }: AskedText,
): Promise<boolean | null> {
  const { columns } = screenOf(asking);
  const rows = foreign.flatMap((line) => barred(line, columns));
  for (let from = 0, lead = head; ; lead = '') {
    const to = Math.min(rows.length, from + Math.max(textRowsMin, screenOf(asking).rows - rowsAround));
    const isAll = from === 0 && to === rows.length;
    const below = isAll ? [] : [`  rows ${from + 1} to ${to} of ${rows.length}`];
    const shown = `${lead}${[...rows.slice(from, to), ...below].join('\n')}\n`;
    if (to === rows.length) {
      const answer = await askYesNo(asking, `${shown}${question}`);
      if (answer !== true || screenOf(asking).columns >= columns) return answer;
      asking.stderr.write('Nothing was answered: the window has become narrower. It is shown again.\n');
      return await askAboutText(asking, { head, foreign, question });
    }
    const answer = await answerTo(asking, {
      shown,
      answers: '  Enter: read on   n, then Enter: no\n',
      meaning: { '': true, n: false, no: false },
      otherwise: 'There is no yes before all of it was shown: Enter reads on, n is no.\n',
    });
    if (answer !== true) return answer;
    from = to;
  }
}

/** Which of so many that are shown with their numbers: 1, 2 … Null: none of them. `shown` is whole lines. */
export async function askChoice(
  asking: Asking,
  { shown, count }: { shown: string; count: number },
): Promise<number | null> {
  const numbers = Array.from({ length: count }, (_, at) => [String(at + 1), at + 1] as const);
  return await answerTo<number | null>(asking, {
    shown,
    answers: `  1${count > 1 ? ` to ${count}` : ''}: that one   n: none, then Enter\n`,
    meaning: { ...Object.fromEntries(numbers), n: null, no: null },
    otherwise: 'Please type one of the numbers, or n.\n',
  });
}

interface Question<T> {
  /** Whole lines, as what names the answers. */
  readonly shown: string;
  readonly answers: string;
  readonly meaning: Readonly<Record<string, T>>;
  readonly otherwise: string;
}

async function answerTo<T>(
  { stdin, stderr }: Asking,
  { shown, answers, meaning, otherwise }: Question<T>,
): Promise<T | null> {
  stderr.write(shown);
  if (await typedBefore(stdin)) stderr.write('What was typed before this could be read does not count.\n');
  stderr.write(answers);
  let countsFromMs = 0;
  // Back from Ctrl-Z: who knows what stands on the screen by now.
  const again = (): void => {
    countsFromMs = monotonicMs() + readMs;
    stderr.write(`${shown}${answers}`);
  };
  process.on('SIGCONT', again);
  const lines = createInterface({ input: stdin });
  try {
    for await (const line of lines) {
      const word = line.trim().toLowerCase();
      if (monotonicMs() < countsFromMs)
        stderr.write('It has only just come up again. Please type it anew.\n');
      else if (Object.hasOwn(meaning, word)) return meaning[word] ?? null;
      else if (word !== '') stderr.write(otherwise);
    }
    return null;
  } finally {
    process.off('SIGCONT', again);
    lines.close();
  }
}

/**
 * Whether something was. Raw, because a line that was begun and not sent would otherwise become the beginning
 * of the answer.
 */
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
  const release = guardTerminal(cooked);
  stdin.setRawMode?.(true);
  stdin.on('data', take);
  try {
    await pause(readMs);
  } finally {
    stdin.off('data', take);
    stdin.pause();
    cooked();
    release();
  }
  return typed;
}
