/**
 * What /proc tells of a process whose first thread has ended, while others run on: its own files are empty
 * then, those of the others say what they said.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';

type ProcessFile = 'environ' | 'cmdline';

/** Of so many threads one is looked for that has something to say. */
const threadsMax = 64;

/** Empty for another user's process, for one of the kernel, and for one that has ended. */
export async function readProcessFile(pid: number, file: ProcessFile): Promise<string> {
  const own = await readOrNull(`/proc/${pid}/${file}`);
  if (own !== '') return own ?? '';
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  for (const thread of threads.slice(0, threadsMax)) {
    if (Number(thread) === pid) continue;
    const said = await readOrNull(`/proc/${pid}/task/${thread}/${file}`);
    if (said !== null && said !== '') return said;
  }
  return '';
}

/** The same at once. */
export function readProcessFileNow(pid: number, file: ProcessFile): string {
  const own = readNow(`/proc/${pid}/${file}`);
  if (own !== '') return own ?? '';
  for (const thread of threadsNow(pid).slice(0, threadsMax)) {
    if (Number(thread) === pid) continue;
    const said = readNow(`/proc/${pid}/task/${thread}/${file}`);
    if (said !== null && said !== '') return said;
  }
  return '';
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    return withoutMemory(error);
  }
}

function readNow(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return withoutMemory(error);
  }
}

/** Some kernels say of a thread that has given its memory back that there is none. */
function withoutMemory(error: unknown): '' | null {
  return error instanceof Error && 'code' in error && error.code === 'ESRCH' ? '' : null;
}

function threadsNow(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}
