/**
 * What leaves the screen: a text for the clipboard, one for `$PAGER`, one that comes back from `$EDITOR`. The
 * programs are the person's own, run with the terminal in their hands.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** More than this most terminals drop: then only the file has it. */
const clipboardBytesMax = 74_994;

/** Null where it is too much for a terminal. */
export function clipboardBytes(text: string): string | null {
  const base64 = Buffer.from(text).toString('base64');
  return base64.length > clipboardBytesMax ? null : `\u001B]52;c;${base64}\u0007`;
}

/** Fulfils when the pager has ended. Rejects where it cannot be started. */
export async function page(text: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const pager = environment['PAGER'] || 'less';
  const child = spawn('/bin/sh', ['-c', pager], {
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { ...environment, LESSSECURE: '1' },
  });
  // A pager that was left in the middle reads no more.
  child.stdin.on('error', () => undefined);
  child.stdin.end(text);
  await ended(child, pager);
}

/** The text as it was left. Rejects where the editor cannot be started or has failed: nothing is changed. */
export async function edit(text: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const editor = environment['VISUAL'] || environment['EDITOR'] || 'vi';
  const folder = mkdtempSync(join(tmpdir(), 'podkin-'));
  try {
    const file = join(folder, 'text.md');
    writeFileSync(file, text, { mode: 0o600 });
    const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, 'sh', file], {
      stdio: 'inherit',
      env: environment,
    });
    const status = await ended(child, editor);
    if (status !== 0) throw new Error(`${editor} ended with ${status}: nothing was changed`);
    return readFileSync(file, 'utf8').replace(/\n$/, '');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function ended(child: ReturnType<typeof spawn>, name: string): Promise<number | string> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`${name} cannot be started: ${error.message}`)));
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
}
