/** The part of the fold that is about a mailbox; `replay.ts` alone calls it. */
import type { AssignmentEntry, Entry, SessionEntry, SystemItemEntry } from './entries.ts';
import type { Facts } from './facts.ts';
import { type ItemsSeenEntry, type OutsideCallEntry, mailboxIn } from './mailbox-entries.ts';

export function beginMailbox(facts: Facts, { settings }: SessionEntry): void {
  facts.mailbox = mailboxIn(settings) === null ? null : { out: new Map(), calls: new Map() };
}

function applyOutsideCall({ mailbox }: Facts, entry: Entry<OutsideCallEntry>): void {
  if (mailbox === null) return;
  const { calls } = mailbox;
  const { request, tool = '', digest = '', label = null, assignment = null } = entry;
  const known = calls.get(request);
  if (entry.state === 'begun') {
    calls.set(request, { tool, digest, label, assignment, isGiven: known?.isGiven ?? false, text: null });
  } else if (entry.state === 'failed') calls.delete(request);
  else if (known !== undefined) known.text = entry.text ?? '';
}

/** With an assignment that opens. */
export function noteGiven({ mailbox }: Facts, { assignment }: AssignmentEntry): void {
  if (mailbox === null) return;
  for (const call of mailbox.calls.values()) if (call.assignment === assignment) call.isGiven = true;
}

/** A mailbox has no model that could be shown it later. False where this is none. */
export function keptOutside({ mailbox }: Facts, entry: Entry<SystemItemEntry>): boolean {
  mailbox?.out.set(entry.seq, entry);
  return mailbox !== null;
}

function applyItemsSeen(facts: Facts, { items }: Entry<ItemsSeenEntry>): void {
  const seen = new Set(items);
  for (const seq of seen) facts.mailbox?.out.delete(seq);
  facts.unseen = facts.unseen.filter(({ entrySeq }) => !seen.has(entrySeq));
}

/** By the type of the entry. */
export const ofMailbox = { outsideCall: applyOutsideCall, itemsSeen: applyItemsSeen };
