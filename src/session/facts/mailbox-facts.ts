/** What the log of a mailbox comes to, beyond what every pod's does. */
import type { Entry, SystemItemEntry } from './entries.ts';

export interface OutsideCall {
  readonly tool: string;
  readonly digest: string;
  readonly label: string | null;
  readonly assignment: string | null;
  /** The run that it gives stands in the log: its child has it, or is told of it by the next link. */
  isGiven: boolean;
  /** What it was answered; null while it is not. */
  text: string | null;
}

export interface MailboxFacts {
  /** Handed out and not acknowledged, by entry seq, in that order. */
  readonly out: Map<number, Entry<SystemItemEntry>>;
  /** Every call that has an end or may get one, by the id of its request. */
  readonly calls: Map<string, OutsideCall>;
}
