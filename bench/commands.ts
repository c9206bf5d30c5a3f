/** What the bench asks of a sender's process. */
import type { Load, Seen } from './load.ts';

export interface ChildTicket {
  name: string;
  instance: string;
  token: string;
  /** What the parent gave it. */
  assignments: string[];
}

export type Target =
  | { kind: 'raw'; path: string }
  /** A connection for each question, which first reads the one line that it is sent unasked. */
  | { kind: 'drained'; path: string }
  | { kind: 'child'; path: string; child: ChildTicket }
  | { kind: 'stranger'; path: string }
  /** One of `peers/catalogue.ts`. */
  | { kind: 'peer'; peer: string; address: string };

/** A plain server's so many bytes; or a pod's history, as long as its header says, or the last of it. */
export type Reading = { bytes: number } | { last: number | null };

export type Command =
  | { do: 'open'; as: string; targets: Target[] }
  | { do: 'drive'; as: string; load: Load }
  | { do: 'begin'; as: string; pauseMs: number }
  | { do: 'end'; as: string }
  | { do: 'read'; path: string; observers: number; what: Reading }
  /**
   * Follows the pods at these sockets until `unwatch`; `lags` asks for what has been seen since it was last
   * asked.
   */
  | { do: 'watch'; paths: string[] }
  | { do: 'lags' }
  | { do: 'unwatch' };

export interface Outcome {
  seen?: Seen;
  reads?: { firstMs: number; wholeMs: number }[];
  lags?: { tokens: number; lagsMs: number[] };
}
