/** What a root's log holds, as updates: the end of a long one, and it says so. */
import type { SessionUpdate } from '@agentclientprotocol/sdk';
import type { FoundPod } from '../../client/find-pod.ts';
import { tailEntries } from '../../session/log/read-log.ts';
import { systemCode } from '../../std/system-code.ts';
import { chunks, UpdateFold } from './updates.ts';

const historyBounds = { entries: 2_000, chars: 2_000_000 } as const;

export interface History {
  readonly updates: readonly SessionUpdate[];
  /** The last entry that it holds. */
  readonly lastSeq: number;
  /** Goes on with what comes behind it. */
  readonly fold: UpdateFold;
}

export async function historyOf(root: FoundPod, isOwn: (submission: string) => boolean): Promise<History> {
  const fold = new UpdateFold({ cwd: root.spec.cwd, isOwn });
  const read = await tailEntries(root.folder.log, historyBounds.entries).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  });
  const { name, instance } = root;
  const updates = read.flatMap(({ entry }) =>
    fold.take({ name, instance, depth: 0 }, { type: 'entry', entry }),
  );
  const shown = lastOf(updates);
  const isWhole = shown.length === updates.length && (read[0]?.entry.seq ?? 1) === 1;
  const note = `[Earlier parts of the history are not shown: "podkin logs ${name}" has them.]\n`;
  return {
    updates: isWhole ? shown : [...chunks('agent_thought_chunk', note), ...shown],
    lastSeq: read.at(-1)?.entry.seq ?? 0,
    fold,
  };
}

function lastOf(updates: readonly SessionUpdate[]): readonly SessionUpdate[] {
  let chars = 0;
  for (let at = updates.length - 1; at >= 0; at -= 1) {
    chars += JSON.stringify(updates[at]).length;
    if (chars > historyBounds.chars) return updates.slice(at + 1);
  }
  return updates;
}
