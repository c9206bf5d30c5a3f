/**
 * The method `deliveries`: the state of each event. The log tells most of it; only how often an event was
 * sent, and what it waits for, is known to the link alone.
 */
import { createLedger } from '../../delivery/ledger.ts';
import { joinedDeliveries } from '../../delivery/joined-deliveries.ts';
import { pendingInbound, pendingOutbound } from '../../delivery/pending-deliveries.ts';
import type { Delivery, Params } from '../../protocol/methods.ts';
import { readEvents } from '../../session/log/read-events.ts';
import type { Children } from '../children/children.ts';
import type { ParentLink } from '../parent/link.ts';
import type { Pod } from '../pod.ts';

export interface DeliveriesParts {
  readonly pod: Pod;
  readonly children: Children;
  readonly parentLink: ParentLink | null;
}

/** A linked child answers in milliseconds, or is busy: it is left out then. */
const answersWithinMs = 1_500;
const rowsMax = 10_000;

export async function deliveries(parts: DeliveriesParts, params: Params<'deliveries'>): Promise<Delivery[]> {
  if (!params.tree) return await ownDeliveries(parts, params);
  const [own, below] = await Promise.all([ownDeliveries(parts, params), deliveriesBelow(parts, params)]);
  return joinedDeliveries([...own, ...below]).slice(-rowsMax);
}

async function ownDeliveries(
  { pod, parentLink }: DeliveriesParts,
  { direction, pendingOnly }: Params<'deliveries'>,
): Promise<Delivery[]> {
  const { inbound, outbound } = pendingOnly ? pending(pod) : await all(pod);
  return [
    ...(direction === 'in' ? [] : outbound.map((row) => withLink(row, parentLink))),
    ...(direction === 'out' ? [] : inbound),
  ];
}

function pending({ facts }: Pod): { inbound: Delivery[]; outbound: Delivery[] } {
  return { inbound: pendingInbound(facts), outbound: pendingOutbound(facts) };
}

async function all({ folder, host }: Pod): Promise<{ inbound: Delivery[]; outbound: Delivery[] }> {
  const ledger = createLedger();
  const reading = { disk: host.logs, random: () => host.chance.random() };
  for await (const entry of readEvents(folder.log, ledger, reading)) ledger.take(entry);
  return ledger.rows();
}

async function deliveriesBelow(
  { pod, children }: DeliveriesParts,
  params: Params<'deliveries'>,
): Promise<Delivery[]> {
  const linked = [...pod.facts.children.values()].filter(({ instance }) => children.links.has(instance));
  const answers = await Promise.all(
    linked.map((child) =>
      pod.host.wire.send(pod.socketOf(child), 'deliveries', params, { deadlineMs: answersWithinMs }),
    ),
  );
  return answers.flatMap((answer) => (answer.ok ? answer.result : []));
}

function withLink(row: Delivery, link: ParentLink | null): Delivery {
  const open = row.state === 'committed' || row.state === 'refused';
  if (link === null || !open || row.seq === null) return row;
  const sent = link.sentInfo(row.seq);
  const refusal = link.refusal;
  const waiting = link.waitingFor();
  const attempts = sent?.attempts ?? 0;
  const sentAt = sent?.at ?? null;
  if (refusal !== null) {
    return { ...row, attempts, sentAt, state: 'refused', reason: `${refusal.code}: ${refusal.message}` };
  }
  if (waiting !== null) return { ...row, attempts, sentAt, state: 'waiting', reason: waiting };
  return sent === undefined
    ? row
    : { ...row, attempts, sentAt, state: 'sent', reason: 'no acknowledgement yet' };
}
