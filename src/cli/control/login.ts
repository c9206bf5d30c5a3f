/** `podkin login`: keeps a provider's key for the runs to come, where no shell sets it. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { providerVariables } from '../../model/create.ts';
import { keyProblem, removeKey, storeKey, storedKeys } from '../../session/home/stored-keys.ts';
import { nearest } from '../../std/nearest.ts';
import { visible } from '../format/printable.ts';
import { columns } from '../format/table.ts';
import { canAsk } from '../invocation/ask-person.ts';
import { type CommandContext, CommandFailed, exitStatus, jsonText } from '../invocation/context.ts';
import { interruptionStatus } from '../invocation/interruption.ts';

export interface LoginOptions {
  readonly remove: boolean;
  readonly json: boolean;
}

/** Answers the exit status. Throws `CommandFailed` (usage), or the file system's error. */
export async function loginCommand(
  context: CommandContext,
  name: string | undefined,
  options: LoginOptions,
): Promise<number> {
  if (name === undefined) {
    if (options.remove) throw usage(`say whose key: podkin login --remove PROVIDER (${names().join(', ')})`);
    return listed(context, options);
  }
  const { provider, keyVariable } = providerNamed(name);
  if (options.remove) {
    const wasThere = removeKey(context.home, keyVariable);
    context.stderr.write(
      wasThere ? `The key for ${provider} is removed.\n` : `No key for ${provider} is kept here.\n`,
    );
    return exitStatus.done;
  }
  const key = canAsk(context) ? await typedKey(context, provider) : await pipedKey(context);
  if (key === null) return interruptionStatus.SIGINT;
  const problem = keyProblem(key);
  if (problem !== null) throw usage(`this is no key for ${provider}: ${problem}; nothing was changed`);
  storeKey(context.home, keyVariable, key);
  const first = context.ownEnvironment[keyVariable] ?? '';
  context.stderr.write(
    `The key for ${provider} is kept in ${context.home.state}/keys, for you alone.${first === '' ? '' : ` ${keyVariable} is set too, and counts before it.`}\nNext: podkin models lists what it opens.\n`,
  );
  return exitStatus.done;
}

function names(): string[] {
  return providerVariables().map(({ provider }) => provider);
}

function providerNamed(name: string): { provider: string; keyVariable: string } {
  const found = providerVariables().find(({ provider }) => provider === name);
  if (found !== undefined) return found;
  const near = nearest(name, names());
  throw usage(
    `there is no provider "${visible(name)}"${near === null ? '' : `; did you mean ${near}?`} (${names().join(', ')})`,
  );
}

function listed({ home, ownEnvironment, stdout, stderr }: CommandContext, { json }: LoginOptions): number {
  const kept = storedKeys(home);
  const rows = providerVariables().map(({ provider, keyVariable }) => {
    const isSet = (ownEnvironment[keyVariable] ?? '').trim() !== '';
    return { provider, variable: keyVariable, isKept: kept[keyVariable] !== undefined, isSet };
  });
  if (json) {
    stdout.write(jsonText(rows));
    return exitStatus.done;
  }
  const word = ({ isKept, isSet }: { isKept: boolean; isSet: boolean }): string =>
    isSet ? `the environment${isKept ? ' (before the one kept here)' : ''}` : isKept ? 'kept here' : '-';
  const lines = rows.map((row) => [row.provider, row.variable, word(row)]);
  stdout.write(columns([['PROVIDER', 'VARIABLE', 'KEY'], ...lines]));
  stderr.write('To keep one: podkin login PROVIDER\n');
  return exitStatus.done;
}

const pipedCharsMax = 65_536;

async function pipedKey({ stdin }: CommandContext): Promise<string> {
  let text = '';
  for await (const piece of stdin.setEncoding('utf8')) {
    text += String(piece);
    if (text.length > pipedCharsMax) break;
  }
  if (text.trim() === '')
    throw usage('the key comes on stdin where there is no terminal, as in: podkin login openai < key.txt');
  return text.trim();
}

/** What is typed is not shown. Null: Ctrl-C, or the terminal has ended. */
function typedKey({ stdin, stderr }: CommandContext, provider: string): Promise<string | null> {
  stderr.write(`The key for ${provider} (not shown; Enter ends it): `);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const typing = createInterface({ input: stdin, output: silent, terminal: true, historySize: 0 });
  return new Promise((resolve) => {
    const end = (key: string | null): void => {
      typing.removeAllListeners();
      typing.close();
      stderr.write('\n');
      resolve(key);
    };
    typing.once('line', (line) => end(line.trim()));
    typing.once('SIGINT', () => end(null));
    typing.once('close', () => end(null));
  });
}

function usage(message: string): CommandFailed {
  return new CommandFailed(exitStatus.usage, message);
}
