/** Where a turn is in a trace, so that a later incarnation can say which one it goes on with. */

/** Committed beside a turn that is traced. Each as `protocol/traceparent.ts` has it. */
export interface TracedEntry {
  type: 'traced';
  turn: string;
  span: string;
  /** Null: it began the trace. */
  parent: string | null;
}

export type TraceFacts = Omit<TracedEntry, 'type'>;
