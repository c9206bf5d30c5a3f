/** The delivery state of each event of a home, joined from both ends' logs and what living senders say. */
import { createLedger, joinLedgers, type Ledger, type LedgerRow } from '../delivery/ledger.ts';
import { allPods, type FoundPod } from '../client/find-pod.ts';
import { probeDeadlineMs } from '../client/pod-probe.ts';
import type { Delivery } from '../protocol/methods.ts';
import { type Home, isRemoved } from '../session/home/home.ts';
import { readEvents } from '../session/log/read-events.ts';
import { isOutOfPlace } from '../std/open-regular.ts';
import { systemCode } from '../std/system-code.ts';
import { connectAndSend } from '../transport/connect-and-send.ts';

/** One log that cannot be read hides its own rows only; `doctor` and `verify` name it. */
async function readableRows(pod: FoundPod): ReturnType<typeof ledgerRows> {
  try {
    return await ledgerRows(pod);
  } catch (error) {
    if (!isOutOfPlace(error)) throw error;
    return { outbound: [], inbound: [] };
  }
}

/**
 * Every event of the home, senders deepest in their trees first. Never fails because a pod vanishes
 * meanwhile.
 */
export async function deliveriesOf(home: Home): Promise<LedgerRow[]> {
  // A sender's log before its receiver's: what was received in between shows as received.
  const pods = allPods(home).sort((a, b) => b.spec.depth - a.spec.depth);
  const outbound: LedgerRow[] = [];
  const inbound: LedgerRow[] = [];
  const atSender = new Map<string, Delivery>();
  const answering = new Set<string>();
  const said = await Promise.all(pods.map((pod) => pendingAtSender(pod)));
  for (const [i, pod] of pods.entries()) {
    const rows = await readableRows(pod);
    outbound.push(...rows.outbound);
    inbound.push(...rows.inbound);
    if (said[i] !== null) answering.add(pod.instance);
    for (const row of said[i] ?? []) atSender.set(`${pod.instance} ${row.seq}`, row);
  }
  const parents = new Map(pods.map((pod) => [pod.instance, pod.spec.parent?.instance]));
  const stateOf = (row: LedgerRow): Pick<LedgerRow, 'state' | 'reason'> => {
    const { state, reason } = row;
    const parent = parents.get(row.instance);
    if ((state !== 'committed' && state !== 'refused') || parent === undefined) return { state, reason };
    if (isRemoved(home, parent)) {
      return {
        state: 'refused',
        reason: `parentRemoved: "${row.to}" was removed by a person; this is final`,
      };
    }
    if (state === 'refused' || answering.has(parent)) return { state, reason };
    return { state, reason: `"${row.to}" is not running, or does not answer` };
  };
  return joinLedgers(outbound, inbound)
    .map((row) => ({ ...row, ...stateOf(row) }))
    .map((row) => withSender(row, atSender.get(`${row.instance} ${row.seq}`)));
}

/**
 * What only the living sender knows: attempts, and why it is not further. The receipt at the other end
 * outweighs it.
 */
function withSender(row: LedgerRow, live: Delivery | undefined): LedgerRow {
  if (live === undefined) return row;
  const { attempts, sentAt } = live;
  const open = row.state === 'committed' || (row.state === 'refused' && !isFinal(row));
  const further = open && live.state !== 'received';
  return further
    ? { ...row, attempts, sentAt, state: live.state, reason: live.reason ?? row.reason }
    : { ...row, attempts, sentAt };
}

async function ledgerRows(pod: FoundPod): Promise<ReturnType<Ledger['rows']>> {
  const ledger = createLedger();
  try {
    for await (const entry of readEvents(pod.folder.log, ledger)) ledger.take(entry);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  return ledger.rows();
}

/** Null where it does not answer. */
async function pendingAtSender(pod: FoundPod): Promise<Delivery[] | null> {
  const params = { direction: 'out', pendingOnly: true } as const;
  const answer = await connectAndSend(pod.socket, 'deliveries', params, { deadlineMs: probeDeadlineMs });
  return answer.ok ? answer.result : null;
}

/**
 * Nothing is to come any more: what the model reads is seen, the rest consumed (then it has no systemItem and
 * no reason). What a removed parent will never take is final too.
 */
export function isFinal(row: Pick<LedgerRow, 'state' | 'reason'>): boolean {
  if (row.state === 'refused') return row.reason?.startsWith('parentRemoved') === true;
  return row.state === 'seen' || row.state === 'consumed' || row.state === 'discarded';
}
