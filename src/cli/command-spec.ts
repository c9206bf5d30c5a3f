/** What a command is to the command line, and what several of them share. */
import type { CommandContext } from './invocation/context.ts';
import type { CommandInput } from './invocation/command-input.ts';

export interface CommandSpec {
  /** Name and arguments, as commander reads them. */
  readonly usage: string;
  readonly group: string;
  readonly summary: string;
  /** Flags and what they do. */
  readonly options: readonly (readonly [string, string])[];
  /** Below the options. */
  readonly more?: string;
  readonly run: (context: CommandContext, input: CommandInput) => Promise<number>;
}

export const json: readonly [string, string] = ['--json', 'as JSON'];
/** Taken where there is no other form, so that a script may ask for it everywhere. */
export const alwaysJson: readonly [string, string] = ['--json', 'as JSON, which it always is'];
export const requestHelp: readonly [string, string] = [
  '--request <id>',
  'an id of your own: given again with it, nothing is done twice and the answer is the same',
];
/** Its first argument. */
export const first = (input: CommandInput): string => input.args[0] ?? '';

/** Of every command that opens the screen. */
export const screenHelp: readonly (readonly [string, string])[] = [
  ['--plain', 'lines that are only ever added instead of the screen; ACCESSIBLE=1 and TERM=dumb do the same'],
  ['--slow', 'few frames of the screen, for a slow connection; over SSH it is so anyway'],
];
