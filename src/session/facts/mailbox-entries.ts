/**
 * What only the log of a mailbox has: a pod without a model, which stands for a session of another host. That
 * host's calls are written down, so that one that it repeats is done once, and what it has acknowledged.
 */
import { isJsonObject, type JsonObject } from '../../std/json.ts';

/**
 * A call that changes something. `begun`: nothing has followed from it yet; `done`: `text` was answered;
 * `failed`: nothing is left of it, and its id is free again.
 */
export interface OutsideCallEntry {
  type: 'outsideCall';
  state: 'begun' | 'done' | 'failed';
  /** The host's id of it, or one that was made for it. */
  request: string;
  tool?: string;
  /** SHA-256 of what was asked for. */
  digest?: string;
  /** Which of the host's conversations it was, in the host's words. */
  label?: string;
  /** Of the run that it gives a child. */
  assignment?: string;
  text?: string;
}

/** The host has acknowledged these systemItems, by their entry seqs: they are seen. */
export interface ItemsSeenEntry {
  type: 'itemsSeen';
  items: number[];
}

export type MailboxEntry = OutsideCallEntry | ItemsSeenEntry;

/** Of the settings with which a session begins; null for every pod that is no mailbox. */
export function mailboxIn(settings: JsonObject): JsonObject | null {
  const { mailbox } = settings;
  return isJsonObject(mailbox) ? mailbox : null;
}
