/** Spans of what pods do. */
export const traces = {
  'trace.bounded':
    'a collector that is away, refuses or redirects costs spans, is said once, and holds no pod up',
  'trace.names':
    'names of spans and attributes are those of one file, and no span has contents of messages or calls',
  'trace.off': 'without the variables that ask for them nothing is traced, loaded or committed',
  'trace.restored': 'a turn that goes on with a lost one is a new span with its parent, linked to the lost',
  'trace.target': 'the variables of OpenTelemetry say where spans go, and what is not spoken is said',
  'trace.tree':
    'a child’s turn is below the call that spawned it, a report that a turn reads is a link of that turn',
} as const;
