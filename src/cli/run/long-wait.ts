/** With -p no provider's long limit is waited for: also not in a tree that somebody else has started. */
import { providerWaits } from '../../client/settled-tree.ts';
import type { StatusResult } from '../../protocol/status-result.ts';
import type { Home } from '../../session/home/home.ts';
import { oneLine } from '../format/printable.ts';

const reasonCharsMax = 2_000;

/** `status`: the root's. Why nobody should wait on, or null: shorter waits are a turn's own. */
export async function longWait(
  home: Home,
  status: StatusResult,
  longerThanMs: number,
): Promise<string | null> {
  const waits = await providerWaits({ home, root: status.instance }, status);
  const long = waits.find(({ until }) => until !== null && Date.parse(until) - Date.now() > longerThanMs);
  if (long === undefined) return null;
  return `${long.pod} waits for its provider until ${long.until}: ${oneLine(long.reason, reasonCharsMax)}`;
}
