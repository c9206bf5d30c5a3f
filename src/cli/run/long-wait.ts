/** With -p no provider's long limit is waited for: also not in a tree that somebody else has started. */
import { providerWaits } from '../../client/settled-tree.ts';
import { socketInTree, type TreePlace } from '../../session/home/pod-place.ts';
import { connectAndSend } from '../../transport/connect-and-send.ts';
import { oneLine } from '../format/printable.ts';

const statusDeadlineMs = 2_000;
const reasonCharsMax = 2_000;

/** Why nobody should wait on, or null: shorter waits are a turn's own. */
export async function longWait(
  tree: TreePlace,
  root: { readonly name: string; readonly instance: string },
  longerThanMs: number,
): Promise<string | null> {
  const deadline = { deadlineMs: statusDeadlineMs };
  const answer = await connectAndSend(socketInTree(tree, root), 'status', {}, deadline);
  if (!answer.ok) return null;
  const waits = await providerWaits(tree, answer.result);
  const long = waits.find(({ until }) => until !== null && Date.parse(until) - Date.now() > longerThanMs);
  if (long === undefined) return null;
  return `${long.pod} waits for its provider until ${long.until}: ${oneLine(long.reason, reasonCharsMax)}`;
}
