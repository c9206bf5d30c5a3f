/**
 * Where the events stand that have not come to their end, from the facts alone: costs the same whatever the
 * history's length. The whole is in `ledger.ts`.
 */
import type { Delivery } from '../protocol/methods.ts';
import type { BufferedItem, Facts, UnseenItem } from '../session/facts/facts.ts';
import { sessionOf } from '../session/facts/facts.ts';
import { saidAt } from '../session/facts/transcript.ts';

const noTimes = {
  attempts: 0,
  reason: null,
  committedAt: null,
  sentAt: null,
  receivedAt: null,
  consumedAt: null,
  seenAt: null,
} as const;

/** Committed, and the parent has not acknowledged them. */
export function pendingOutbound(facts: Facts): Delivery[] {
  const { name, parent } = sessionOf(facts);
  const { refusal } = facts;
  const how =
    refusal === null
      ? { state: 'committed' as const }
      : { state: 'refused' as const, reason: `${refusal.code}: ${refusal.text}` };
  return [...facts.outbox.pending].map(([seq, { event, committedAt }]) => ({
    ...noTimes,
    from: name,
    to: parent?.name ?? '',
    seq,
    kind: event.kind,
    committedAt,
    ...how,
  }));
}

/** Received and not given to the model, and given to it and not read: in the order of the log. */
export function pendingInbound(facts: Facts): Delivery[] {
  const unseen = facts.unseen.flatMap((item) => unseenRow(facts, item));
  return [...unseen, ...facts.notifyBuffer.flatMap((item) => bufferedRow(facts, item))];
}

function bufferedRow(facts: Facts, { content, receivedAt, wakes }: BufferedItem): Delivery[] {
  if (content.kind !== 'podEvent') return [];
  const { from, seq, event } = content;
  const reason = facts.paused ? 'the pod is paused' : wakes ? null : 'it is read with the next turn';
  return [
    { ...inbound(facts, { from: from.name, seq, kind: event.kind, receivedAt }), state: 'received', reason },
  ];
}

function unseenRow(facts: Facts, { entrySeq, receivedAt }: UnseenItem): Delivery[] {
  const entry = facts.mailbox?.out.get(entrySeq) ?? saidAt(facts, entrySeq);
  if (entry?.type !== 'systemItem' || entry.item.kind !== 'podEvent') return [];
  const { from, seq, event } = entry.item;
  const row = inbound(facts, { from: from.name, seq, kind: event.kind, receivedAt });
  const reason = facts.paused ? 'the pod is paused' : heldReason(facts);
  return [{ ...row, state: 'consumed', consumedAt: entry.time, reason }];
}

function inbound(
  facts: Facts,
  got: { from: string; seq: number | null; kind: string; receivedAt: string | null },
): Omit<Delivery, 'state'> {
  const { from, seq, kind, receivedAt } = got;
  // What the receiver wrote itself began here.
  const committedAt = seq === null ? receivedAt : null;
  return { ...noTimes, from, to: sessionOf(facts).name, seq, kind, committedAt, receivedAt };
}

function heldReason({ held }: Facts): string | null {
  if (held?.why === 'failed') return 'the turn that took it in failed';
  return held?.why === 'cancelled' ? 'the turn that took it in was cancelled' : null;
}
