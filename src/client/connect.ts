/** The library's door: a pod of this user's home by name. */
import { homeOf } from '../session/home/home.ts';
import { type Client, clientOver } from '../transport/client.ts';
import { dial } from '../transport/dial.ts';
import { findPod } from './find-pod.ts';
import { type LiveEvent, parseLiveEvent } from './pod-stream.ts';

export interface ConnectOptions {
  /** Until the connection is made, in ms; default 5000. */
  timeoutMs?: number;
  /**
   * Called with each event after `subscribe` was called: `{ type: "entry", entry }`, `{ type: "textDelta", …
   * }` (docs/protocol.md). Types that this version does not know are passed over. Must not throw.
   */
  onEvent?: (event: LiveEvent) => void;
  /** Where the home is found; default `process.env`. */
  environment?: NodeJS.ProcessEnv;
}

/**
 * Connects to a living pod. Throws `NoSuchPod`, `NotThere` or `RefusedConnection` (its process is not
 * running), `TimedOut`.
 */
export async function connect(name: string, options: ConnectOptions = {}): Promise<Client> {
  const { socket } = findPod(homeOf(options.environment ?? process.env), name);
  const { onEvent } = options;
  const connection = await dial(socket, {
    timeoutMs: options.timeoutMs ?? 5_000,
    onEvent: (method, params) => {
      const event = method === 'event' && onEvent !== undefined ? parseLiveEvent(params) : null;
      if (event !== null) onEvent?.(event);
    },
  });
  return clientOver(connection);
}
