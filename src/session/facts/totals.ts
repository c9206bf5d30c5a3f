/** What the last line of a log says of all of it. */
import type { Result } from '../../protocol/methods.ts';

/** What a list of pods shows of one that does not run. */
export interface Totals {
  incarnation: number;
  /** The newest incarnation ended in order. */
  stopped: boolean;
  /** The process of the newest incarnation; null before the first. */
  started: { pid: number; startTime: string; bootId: string; time: string } | null;
  /** Names, in the order in which they were made. */
  children: string[];
  /** Received and not read by its model yet. */
  pendingIn: number;
  /** Numbers of the events that its parent has not acknowledged. */
  pendingOut: number[];
  turns: number;
  /** In and out together. */
  tokens: number;
  /** US dollars; null where a price is not known. */
  cost: number | null;
  /** What it may spend; null where nothing bounds it, and absent in logs of earlier versions. */
  budget?: Result<'budget'> | null;
  /** What it works with: absent in logs of earlier versions. */
  model?: string;
  permissionMode?: string;
}
