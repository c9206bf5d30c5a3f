/** The start of the root for `podkin run`: bounded, ended by a signal, and what is said where it fails. */
import { thrownText } from '../../std/thrown-text.ts';
import { withErrorOutput } from '../../std/error-output.ts';
import { existsSync, rmSync } from 'node:fs';
import { PodStartFailed, stderrTail } from '../../pod/process/start-process.ts';
import type { Limits } from '../../session/settings/settings.ts';
import type { CommandContext } from '../invocation/context.ts';
import type { Interruption } from '../invocation/interruption.ts';
import { type Root, startRoot } from '../../library/roots/create-root.ts';
import type { RunEnd } from '../../client/run-result.ts';

export interface RootStart {
  readonly context: CommandContext;
  readonly root: Root;
  readonly limits: Limits;
}

type NotStarted = Extract<RunEnd, { kind: 'notStarted' }>;

/**
 * Null: the root listens. Else nothing of its process is left, and why. A folder in which no incarnation ever
 * began is taken away: its name is free again.
 */
export async function startedOr(start: RootStart, interruption: Interruption): Promise<NotStarted | null> {
  const { context, root, limits } = start;
  const { folder } = root;
  try {
    const { spawnMs } = limits;
    await startRoot(root, context.environment, { spawnMs, givenUp: interruption.first });
    return null;
  } catch (error) {
    const said = stderrTail(folder);
    const hasBegun = existsSync(folder.log);
    if (!hasBegun) rmSync(folder.path, { recursive: true, force: true });
    const isInterrupted = error instanceof PodStartFailed && error.code === 'interrupted';
    const signal = isInterrupted ? await interruption.first : null;
    const why = signal === null ? whyNot(error, said, limits) : `ended by ${signal} before it listened`;
    const reason = hasBegun ? `${why}. ${notGiven(root.spec.name)}` : why;
    return { kind: 'notStarted', signal, reason };
  }
}

/** Its folder stays, and nothing of its task is in it. */
function notGiven(name: string): string {
  return `It was not given its task: podkin run -c ${name} "…" gives it one, podkin rm ${name} takes it away`;
}

function whyNot(error: unknown, said: string, { spawnMs }: Limits): string {
  const message = thrownText(error);
  if (!(error instanceof PodStartFailed)) return `${message}; "podkin doctor" checks what is wrong here`;
  if (error.code !== 'silent') return message;
  const text = `${message}, and was ended. If this machine is that busy, give it longer (limits.spawnMs, now ${spawnMs}); else "podkin doctor" checks what is wrong here`;
  return withErrorOutput(text, said);
}
