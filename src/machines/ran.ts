/** Runs a program to its end, within bounds of time and output. */
import { execFile } from 'node:child_process';

export interface Ran {
  /** Null where it was ended, or could not be started. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const outputBytesMax = 256 * 1024;

/** Never rejects. */
export function ran(
  program: string,
  words: readonly string[],
  { timeoutMs }: { timeoutMs: number },
): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: outputBytesMax } as const;
    const child = execFile(program, words, options, (error, stdout, stderr) => {
      const code = child.exitCode;
      const why = error !== null && code === null ? error.message : '';
      resolve({ code, stdout, stderr: stderr === '' ? why : stderr });
    });
    child.stdin?.end();
  });
}
