/**
 * The report that the measures send: an end of a turn whose pod still waits for a child, which is final on
 * receipt and wakes nobody.
 */
import type { SentPodEvent } from '../src/protocol/pod-event.ts';

export const callbackEvent: SentPodEvent = {
  kind: 'turnEnded',
  outcome: 'finished',
  turn: '019aac00-0000-7000-8000-000000000001',
  assignments: [],
  outstanding: ['below'],
  settled: false,
  text: 'Half of it is done.',
  textChars: 19,
  usage: { inputTokens: 100, outputTokens: 20, cost: 0.001 },
  durationMs: 1_200,
  hops: 1,
};
