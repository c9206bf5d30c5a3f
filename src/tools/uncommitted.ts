/**
 * Whether a repository holds changes that are not committed. Only git knows, and what a repository names for
 * git to run (filters, hooks, monitors) runs with it: hence inside a sandbox that holds it whole, where
 * nothing can be written, or not at all.
 */
import { runOnce } from './bash.ts';
import type { ToolContext } from './tool.ts';

const statusMs = 1_000;

const command = `found=$(git --no-optional-locks -c core.fsmonitor=false -c core.hooksPath=/dev/null status --porcelain --ignore-submodules=all 2>/dev/null) || exit 1
if [ -n "$found" ]; then echo dirty; else echo clean; fi`;

/**
 * Null where that cannot be said. The time is for all of it, the first test of the sandbox too. `read`: what
 * git needs beside the scope; of all that it reads, one word comes out.
 */
export async function hasUncommitted(context: ToolContext, read: readonly string[]): Promise<boolean | null> {
  const { sandbox } = context.shell;
  const late = AbortSignal.timeout(statusMs);
  const signal = AbortSignal.any([context.signal, late]);
  const ended = new Promise<null>((resolve) => {
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });
  try {
    const state = await Promise.race([sandbox.state(), ended]);
    if (state?.kind !== 'working' || state.isUnfiltered === true || signal.aborted) return null;
    return await Promise.race([asked({ ...context, signal }, read), ended]);
  } catch {
    // Nothing that a turn could do something about: what stands in the way of its own commands they say.
    return null;
  }
}

async function asked(context: ToolContext, beside: readonly string[]): Promise<boolean | null> {
  const { pod, cwd, outputDir: outputs } = context;
  const { read, write, deny } = context.scopeNow();
  const scope = { read: [...read, ...write, ...beside], write: [], ...(deny === undefined ? {} : { deny }) };
  const place = context.shell.sandbox.enter({ pod, scope, cwd, outputs });
  const readOnly = { ...context, scope, scopeNow: () => scope };
  const tried = await runOnce({ command, timeoutMs: statusMs, place }, readOnly);
  if (!('answer' in tried) || tried.answer.isError === true) return null;
  const said = tried.answer.text.trim();
  return said === 'dirty' ? true : said === 'clean' ? false : null;
}
