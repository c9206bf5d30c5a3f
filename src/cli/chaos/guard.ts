/**
 * Ends what chaos has started when chaos itself was killed or has crashed: a process of its own, in a session
 * of its own, that does nothing until the pipe from chaos is closed. If it is the guard that dies, chaos
 * still ends everything itself.
 */
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { endAllBelow } from './end-all.ts';
import { guardCommand } from './guard-command.ts';
import { type ChaosFolder, isChaosFolder, removeChaosFolder } from './place.ts';

/** Chaos has ended everything itself, and the folder is its own affair. */
const released = 'released';

export interface Guard {
  /** Fulfils when the guard's process is gone. */
  release(): Promise<void>;
}

export function startGuard({ path, mark }: ChaosFolder, environment: NodeJS.ProcessEnv): Guard {
  const command = process.env['PODKIN_COMMAND'] ?? process.argv[1] ?? fileURLToPath(import.meta.url);
  const child = spawn(process.execPath, [...process.execArgv, command, guardCommand, path, mark], {
    detached: true,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    env: environment,
  });
  const gone = new Promise<void>((resolve) => {
    child.on('exit', () => resolve());
    // Without it a crash of chaos leaves its pods; that is no reason not to begin.
    child.on('error', () => resolve());
  });
  child.stdin.on('error', () => undefined);
  child.unref();
  return {
    release: async () => {
      child.ref();
      child.stdin.end(released);
      await gone;
    },
  };
}

/** The guard's own body. */
export async function guardFolder(stdin: Readable, folder: ChaosFolder): Promise<void> {
  let text = '';
  for await (const chunk of stdin) text += String(chunk);
  if (text === released || !isChaosFolder(folder)) return;
  await endAllBelow(folder.path);
  removeChaosFolder(folder);
}
