/**
 * What a run is to do: the words of the command line, and what is piped in. With -p both together, as other
 * programs of this kind do: `git diff | podkin run -p "review this"`.
 *
 * Invariants
 * - ST1 What is given as words never waits for a stdin that nobody ends: a pipe that stays silent is left.
 * - ST2 Nothing that has come is left out without a word, and no more is held than a pod can take.
 */
import type { Readable } from 'node:stream';
import { inputTextBytesMax, inputTextProblem } from '../../session/log/input-bound.ts';
import { PodkinError } from '../../std/podkin-error.ts';
import { systemCode } from '../../std/system-code.ts';
import { type CommandContext, CommandFailed, exitStatus } from '../invocation/context.ts';

export interface GivenTask {
  /** `-`: all of it comes on stdin. */
  readonly words: string | undefined;
  readonly print: boolean;
  /** There is something to go on with: none is no mistake. */
  readonly isOptional?: boolean;
}

/** How long somebody who was given words waits for the first byte, and between two. */
export interface PipePatience {
  readonly firstMs: number;
  readonly nextMs: number;
}

const patience: PipePatience = { firstMs: 3_000, nextMs: 30_000 };

/** Throws `CommandFailed` (usage) where there is no task, or one that cannot be taken. */
export async function taskOf(
  { stdin, stderr }: Pick<CommandContext, 'stdin' | 'stderr'>,
  { words, print, isOptional = false }: GivenTask,
  waits: PipePatience = patience,
): Promise<string> {
  const isPiped = print && !('isTTY' in stdin && stdin.isTTY === true);
  const say = (text: string): void => stderr.write(`podkin: ${text}\n`);
  if (isOptional && words === undefined) {
    const given = isPiped ? await pipedBeside(stdin, waits, say) : '';
    if (given.trim() === '') return '';
    checkTask(given, true);
    return given;
  }
  const isAllPiped = words === '-' || (words === undefined && isPiped);
  const task = isAllPiped ? await pipedText(stdin, null) : (words ?? '');
  checkTask(task, isAllPiped);
  if (isAllPiped || !isPiped) return task;
  const piped = await pipedBeside(stdin, waits, say);
  if (piped.trim() === '') return task;
  const whole = `${task}\n\n<stdin>\n${piped.replace(/\n$/, '')}\n</stdin>`;
  checkTask(whole, true);
  return whole;
}

function checkTask(task: string, isPiped: boolean): void {
  const problem = inputTextProblem(task);
  if (problem !== null) throw usage(problem);
  if (task.trim() !== '') return;
  throw usage(
    isPiped
      ? 'stdin held no task: pipe it in, as in: echo "…" | podkin run -'
      : 'there is no task: give one, before options that take several values, as in: podkin run "…" --write src; or - to read it from stdin',
  );
}

/** Empty where nothing came in time: that is said, since it may have come later. */
async function pipedBeside(
  stdin: Readable,
  waits: PipePatience,
  say: (text: string) => void,
): Promise<string> {
  try {
    return await pipedText(stdin, waits);
  } catch (error) {
    if (error instanceof SilentPipe && !error.hasBegun) {
      say(
        `nothing came on stdin within ${waits.firstMs / 1_000} s, so the task is taken without it ("< /dev/null" says that there is none)`,
      );
      return '';
    }
    if (!(error instanceof SilentPipe)) throw error;
    throw usage(
      `stdin has begun and not ended, and nothing has come for ${waits.nextMs / 1_000} s: end it, or put it into a file and name that in the task`,
    );
  }
}

class SilentPipe extends PodkinError {
  readonly hasBegun: boolean;

  constructor(hasBegun: boolean) {
    super('stdin is silent');
    this.name = 'SilentPipe';
    this.hasBegun = hasBegun;
  }
}

/**
 * `waits` is null for whoever waits as long as it takes. Rejects with `SilentPipe` or `CommandFailed`
 * (usage).
 */
async function pipedText(stdin: Readable, waits: PipePatience | null): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const wait = (): void => {
    clearTimeout(timer);
    if (waits === null) return;
    const hasBegun = bytes > 0;
    timer = setTimeout(
      () => stdin.destroy(new SilentPipe(hasBegun)),
      hasBegun ? waits.nextMs : waits.firstMs,
    );
  };
  wait();
  const arriving: AsyncIterable<Buffer | string> = stdin;
  try {
    for await (const chunk of arriving) {
      const piece = Buffer.from(chunk);
      bytes += piece.length;
      if (bytes > inputTextBytesMax) throw tooLong();
      chunks.push(piece);
      wait();
    }
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw usage(`stdin cannot be read (${code}): pipe text into it, or leave it out with "< /dev/null"`);
  } finally {
    clearTimeout(timer);
  }
  return decoded(Buffer.concat(chunks));
}

function tooLong(): CommandFailed {
  const mebibytes = Math.floor(inputTextBytesMax / 1024 / 1024);
  return usage(
    `stdin holds more than the ${mebibytes} MiB that can be taken: put it into a file and name that in the task`,
  );
}

function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw usage('stdin is not UTF-8 text: put it into a file and name that in the task');
  }
}

function usage(message: string): CommandFailed {
  return new CommandFailed(exitStatus.usage, message);
}
