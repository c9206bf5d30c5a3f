/**
 * Every bound of the wire, with its unit and what happens at it. The bounds of a pod's work are in
 * `session/settings/settings.ts`.
 */
export const wireLimits = {
  /** One line; a longer one is answered `tooLarge`, skipped to its end, and the connection lives on. */
  lineBytesMax: 8 * 1024 * 1024,
  /** Nesting of one message; deeper is -32600. */
  jsonDepthMax: 64,
  /**
   * Bytes waiting in one connection's write queue before an observer is `lagged`. Answers are never dropped.
   */
  observerQueueBytesMax: 4 * 1024 * 1024,
  /**
   * Requests of one connection whose answers are outstanding; past it reading of that connection stops until
   * some are answered.
   */
  requestsInFlightMax: 1024,
  /** A socket path in bytes; Node 20 silently cuts a longer one, so it is refused before `listen`. */
  socketPathBytesMax: 103,
  /** History goes to an observer in pieces of at most this size, with a yield between. */
  historyPieceBytes: 256 * 1024,
  /** Deadline of a one-off method when the caller names none. */
  requestDeadlineMs: 10_000,
} as const;

export const protocolVersion = 1;

/**
 * US dollars: the most that a person or a pod may set as a bound, so that its billionths stay whole numbers.
 */
export const usdMax = 9_000_000;
