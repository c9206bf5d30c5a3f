/** Entries of a session log about events: what is sent to the parent, what came from children. */
import type { PodIdentity } from '../../protocol/names.ts';
import type { PodEvent, SentPodEvent } from '../../protocol/pod-event.ts';

/** An event for the parent. The log is the outbox: pending while no acknowledgement covers its number. */
export interface PodEventEmittedEntry {
  type: 'podEventEmitted';
  eventSeq: number;
  /** The incarnation that committed it; a later one may be the one that sends it. */
  incarnation: number;
  event: SentPodEvent;
}
export interface PodEventAckedEntry {
  type: 'podEventAcked';
  through: number;
  /** When each event that it covers was last sent, and how often; for people. */
  sent?: { seq: number; attempts: number; at: string }[];
}
/**
 * A receipt. The log is the inbox: received minus consumed is the notify buffer. `eventSeq` is null for what
 * the parent's side wrote itself.
 */
export interface PodEventReceivedEntry {
  type: 'podEventReceived';
  from: PodIdentity;
  eventSeq: number | null;
  event: PodEvent;
  /**
   * The model will read it: the receipt is not its final state. Decided once, on receipt
   * (`delivery/visibility.ts`).
   */
  reads: boolean;
  /** It wakes an idle pod. */
  wakes: boolean;
  /** Assignments of this pod that it closed. */
  closes: string[];
  /**
   * The model had read this turn's whole end with ReadPodOutput: the entry seq of that result. The receipt is
   * then final as seen.
   */
  readAt?: number;
}
/** Committed by a person's `rm -f`: what this pod had not delivered any more is given up by them. */
export interface DiscardedEntry {
  type: 'discarded';
  through: number;
  reason: string;
}

export type DeliveryEntry =
  | PodEventEmittedEntry
  | PodEventAckedEntry
  | PodEventReceivedEntry
  | DiscardedEntry;
