/**
 * What a peer is to the bench: something that takes a callback from one process and answers it from another.
 */
import type { Ask } from '../load.ts';

/** Where a peer is reached: the path of a socket, or `host:port`. */
export type Address = string;

export interface Peer {
  /** One connection of a sender. */
  open(address: Address): Promise<Ask>;
  /**
   * The parent's part, in a process of its own; fulfils when it can be asked. Absent where the broker alone
   * answers.
   */
  serve?(address: Address): Promise<void>;
}

/** The answer of those that serve in JavaScript, of the size that podkin's has. */
export function accepted(received: number): { outcome: 'accepted'; received: number } {
  return { outcome: 'accepted', received };
}
