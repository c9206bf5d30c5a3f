/** Ends a tree of pods that this command has started, so that none is left. */
import { endPods } from '../../client/end-pods.ts';
import type { Home } from '../../session/home/home.ts';

export interface EndTreeOptions {
  readonly home: Home;
  readonly rootInstance: string;
  readonly reason: string;
  readonly graceMs: number;
  readonly termMs: number;
  readonly hurry: AbortSignal;
}

/**
 * Answers the names of the pods that had to be signalled. Afterwards no process of the tree is left; throws
 * where the system does not let us end one.
 */
export async function endTree({ rootInstance, ...order }: EndTreeOptions): Promise<string[]> {
  const { ended, left } = await endPods({ ...order, what: { rootInstance } });
  if (left.length > 0) {
    const names = left.map(({ name }) => name).join(', ');
    throw new Error(`these pods did not end: ${names}; check with: podkin ps --tree`);
  }
  return ended.flatMap(({ pod, signal }) => (signal === null ? [] : [pod.name]));
}
