/**
 * What a pod is to do, or to be told: the words of the command line, and what is piped in, both together as
 * other programs of this kind do: `git diff | podkin run -p "review this"`.
 *
 * Invariants
 * - ST1 What is given as words never waits for a stdin that stays silent: after a while it is left out.
 * - ST2 Nothing that has come is left out without a word, and no more is held than a pod can take.
 */
import { fstatSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { inputTextProblem } from '../../session/log/input-bound.ts';
import { systemCode } from '../../std/system-code.ts';
import { type CommandContext, CommandFailed, exitStatus } from './context.ts';
import { secondsToMs } from './seconds.ts';
import type { StdinOptions } from './stdin-options.ts';

export interface GivenText {
  /** What it is called where it is missing. */
  readonly noun: 'task' | 'text';
  /** `-`: all of it comes on stdin. */
  readonly words: string | undefined;
  readonly stdin: StdinOptions;
  /** There is something to go on with: none is no mistake. */
  readonly isOptional?: boolean;
}

const defaultWaitMs = 3_000;
/** Who waits for an end that does not come shall know what for. */
const reminderMs = 30_000;
/** More is a file's, which the model reads in parts. */
const pipedBytesMax = 1024 * 1024;

type Streams = Pick<CommandContext, 'stdin' | 'stderr'>;

/** Throws `CommandFailed` (usage) where there is no text, or one that cannot be taken. */
export async function givenText(streams: Streams, given: GivenText): Promise<string> {
  const { words, stdin, isOptional = false } = given;
  const firstMs = stdin.wait === undefined ? defaultWaitMs : secondsToMs(stdin.wait, '--stdin-wait');
  const isPiped = !stdin.ignored && isReadable(streams.stdin);
  const isAllPiped = words === '-' || (words === undefined && isPiped && !isOptional);
  const own = words === undefined || words === '-' ? '' : words;
  if (words === '-' && stdin.ignored)
    throw usage('"-" reads stdin and --no-stdin does not: give one of them');
  const piped = isAllPiped || isPiped ? await pipedText(streams, isAllPiped ? null : firstMs) : '';
  const text = joined(own, piped);
  if (isOptional && words === undefined && text === '') return '';
  check(text, given);
  return text;
}

function joined(own: string, piped: string): string {
  if (piped.trim() === '') return own;
  return own === '' ? piped : `${own}\n\n${marked(piped)}`;
}

/** A pipe, a socket or a file: no terminal, no /dev/null, no stdin that was closed. */
function isReadable(stdin: Readable & { fd?: number; isTTY?: boolean }): boolean {
  if (stdin.isTTY === true) return false;
  // A stream of the program's own.
  if (stdin.fd === undefined) return true;
  try {
    const found = fstatSync(stdin.fd);
    return found.isFIFO() || found.isSocket() || found.isFile();
  } catch {
    return false;
  }
}

/** A text that holds the mark's own end gets another mark: it ends where it ends. */
function marked(piped: string): string {
  let mark = 'stdin';
  while (piped.includes(`</${mark}>`)) mark += '-';
  return `<${mark}>\n${piped.replace(/\n$/, '')}\n</${mark}>`;
}

function check(text: string, { noun, words }: GivenText): void {
  const problem = inputTextProblem(text);
  if (problem !== null) throw usage(problem);
  if (text.trim() !== '') return;
  if (words === '-')
    throw usage(`stdin held no ${noun}: pipe it in, as in: echo "…" | podkin ${example[noun]} -`);
  if (noun === 'text') throw usage('the text is empty: say what the pod is to do, or to know');
  throw usage(
    'there is no task: give one, before options that take several values, as in: podkin run "…" --write src; or pipe it in',
  );
}

const example = { task: 'run', text: 'send NAME' };

/**
 * To its end, however long that takes, once it has begun. Empty where nothing has come within `firstMs`
 * (null: it is waited for): that is said, since it may have come later. Rejects with `CommandFailed` (usage).
 */
async function pipedText({ stdin, stderr }: Streams, firstMs: number | null): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let isSilent = false;
  const leave = (): void => {
    isSilent = true;
    stdin.destroy();
  };
  let timer = firstMs === null ? undefined : setTimeout(leave, firstMs);
  const remind = (): void =>
    stderr.write('podkin: stdin has begun and not ended yet; what it is part of is begun at its end\n');
  const arriving: AsyncIterable<Buffer | string> = stdin;
  try {
    for await (const chunk of arriving) {
      const piece = Buffer.from(chunk);
      bytes += piece.length;
      if (bytes > pipedBytesMax) throw tooLong();
      chunks.push(piece);
      clearTimeout(timer);
      timer = setTimeout(remind, reminderMs);
    }
  } catch (error) {
    if (!isSilent) throw unreadable(error);
  } finally {
    clearTimeout(timer);
  }
  if (isSilent) {
    stderr.write(
      `podkin: nothing came on stdin within ${(firstMs ?? 0) / 1_000} s, so this begins without it ("< /dev/null" or --no-stdin says that there is none)\n`,
    );
    return '';
  }
  return decoded(Buffer.concat(chunks));
}

function unreadable(error: unknown): unknown {
  const code = systemCode(error);
  if (code === undefined) return error;
  return usage(`stdin cannot be read (${code}): pipe text into it, or leave it out with "< /dev/null"`);
}

function tooLong(): CommandFailed {
  return usage(
    `stdin holds more than the ${pipedBytesMax / 1024 / 1024} MiB that can be taken: put it into a file and name that in the words`,
  );
}

function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw usage('stdin is not UTF-8 text: put it into a file and name that in the words');
  }
}

function usage(message: string): CommandFailed {
  return new CommandFailed(exitStatus.usage, message);
}
