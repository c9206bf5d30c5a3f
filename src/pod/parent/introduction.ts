/** What a pod says of itself when it links to its parent. */
import { ownAssignments } from '../../delivery/emit.ts';
import { protocolVersion } from '../../protocol/limits.ts';
import type { Params } from '../../protocol/methods.ts';
import { introduced } from '../machine/budget.ts';
import type { Pod } from '../pod.ts';

export function introductionOf({ facts, session, host, folder }: Pod): Params<'link'> {
  const { name, instance } = session;
  const { pid, startTime, bootId } = host.self.identity();
  const budget = introduced(facts.budget);
  return {
    child: { name, instance, incarnation: facts.incarnation, pid, startTime, bootId },
    token: host.home.token(folder),
    protocol: protocolVersion,
    assignments: {
      open: [...ownAssignments(facts, 'begun'), ...ownAssignments(facts, 'queued')],
      closed: [...facts.closedAssignments.keys()],
    },
    emitted: facts.outbox.emitted,
    acked: facts.outbox.acked,
    ...(Object.keys(budget).length === 0 ? {} : { budget }),
  };
}
