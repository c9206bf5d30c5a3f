/** Podkin's own command as a process that outlives whoever starts it, with its output in a file. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nodeFlags } from './start-process.ts';

export interface OwnOutput {
  readonly path: string;
  /** What is there stays before what comes. */
  readonly appends: boolean;
}

/** Throws what starting a process throws; that it failed later nobody hears: whoever waits for it asks it. */
export function startOwnCommand(
  words: readonly string[],
  { path, appends }: OwnOutput,
  environment: NodeJS.ProcessEnv = process.env,
): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const output = openSync(path, appends ? 'a' : 'w', 0o600);
  try {
    const started = spawn(process.execPath, [...nodeFlags(), commandFile(environment), ...words], {
      detached: true,
      cwd: '/',
      stdio: ['ignore', output, output],
      env: environment,
    });
    started.on('error', () => undefined);
    started.unref();
  } finally {
    closeSync(output);
  }
}

/** A pod's own program lies beside the command. */
function commandFile(environment: NodeJS.ProcessEnv): string {
  const own = environment['PODKIN_COMMAND'] ?? process.argv[1] ?? '';
  try {
    const command = join(dirname(realpathSync(own)), 'main.js');
    return existsSync(command) ? command : own;
  } catch {
    // What is wrong with it, Node says when it is started.
    return own;
  }
}
