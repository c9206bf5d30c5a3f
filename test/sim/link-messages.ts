/** What goes up and down a simulated link. */
import type { Params } from '../../src/protocol/methods.ts';

export type LinkUp =
  | { type: 'link'; params: Params<'link'> }
  | { type: 'podEvent'; params: Params<'podEvent'> }
  | { type: 'ping' };
export type LinkDown =
  | { type: 'linked'; received: number; number: number }
  | { type: 'answered'; received: number }
  | { type: 'refused'; code: string }
  | { type: 'pong' };
