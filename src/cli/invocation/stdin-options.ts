/** The options about stdin of every command that takes a text. */
import type { CommandInput } from './command-input.ts';

/** As the command line gave them. */
export interface StdinOptions {
  /** Nothing is read, whatever is piped in. */
  readonly ignored: boolean;
  /** Seconds until the first byte. */
  readonly wait: string | undefined;
}

export const stdinHelp: readonly (readonly [string, string])[] = [
  ['--stdin-wait <seconds>', 'how long what is piped in may take to begin (default: 3)'],
  ['--no-stdin', 'read nothing from stdin, whatever is piped in'],
];

export function stdinOptions(input: CommandInput): StdinOptions {
  return { ignored: !input.flag('stdin'), wait: input.text('stdinWait') };
}
