/** A new root's process is started; where that fails nothing of it is left. */
import { thrownText } from '../../std/thrown-text.ts';
import { existsSync, rmSync } from 'node:fs';
import { StartFailed } from '../../client/errors.ts';
import type { OwnedBy } from '../../protocol/own-tools.ts';
import { type Root, startRoot } from './create-root.ts';

export interface RootProcess {
  readonly spawnMs: number;
  readonly program?: string;
  /** The program that it belongs to; none where it belongs to itself. */
  readonly owner?: OwnedBy;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A folder in which no incarnation ever began is taken away: its name is free again. Rejects with
 * `StartFailed`.
 */
export async function startedOrGone(
  root: Root,
  environment: NodeJS.ProcessEnv,
  options: RootProcess,
): Promise<void> {
  const { signal, ...start } = options;
  const givenUp = new Promise<void>((resolve) => {
    signal?.addEventListener('abort', () => resolve(), { once: true });
    if (signal?.aborted === true) resolve();
  });
  try {
    await startRoot(root, environment, { ...start, givenUp });
  } catch (error) {
    if (!existsSync(root.folder.log)) rmSync(root.folder.path, { recursive: true, force: true });
    signal?.throwIfAborted();
    throw new StartFailed(root.spec.name, thrownText(error));
  }
}
