/** The library's door: a pod of this user's home by name. */
import { homeOf, podFolder, readSpec } from './session/home/home.ts';
import { podSocket } from './session/home/pod-address.ts';
import { type Client, clientOver } from './transport/client.ts';
import { dial } from './transport/dial.ts';

/** There is no pod of that name in this home. */
export class NoSuchPod extends Error {
  readonly podName: string;

  constructor(podName: string) {
    super(`there is no pod "${podName}" in this home: "podkin ps -a" lists them`);
    this.name = 'NoSuchPod';
    this.podName = podName;
  }
}

export interface ConnectOptions {
  /** Until the connection stands, in ms; default 5000. */
  timeoutMs?: number;
  /**
   * Called with each event once `subscribe` was asked: `{ type: "entry", entry }`, `{ type: "textDelta", … }`
   * (docs/protocol.md). Must not throw.
   */
  onEvent?: (event: { type: string; [field: string]: unknown }) => void;
  /** Where the home is looked for; default `process.env`. */
  environment?: NodeJS.ProcessEnv;
}

/**
 * Connects to a living pod. Throws `NoSuchPod`, `NotThere` or `RefusedConnection` (its process is not
 * running), `TimedOut`.
 */
export async function connect(name: string, options: ConnectOptions = {}): Promise<Client> {
  const home = homeOf(options.environment ?? process.env);
  const spec = readSpec(podFolder(home, name));
  if (spec === null) throw new NoSuchPod(name);
  const { onEvent } = options;
  const connection = await dial(podSocket(home, { name, instance: spec.instance }), {
    timeoutMs: options.timeoutMs ?? 5_000,
    onEvent: (method, params) => {
      if (method === 'event' && isEvent(params)) onEvent?.(params);
    },
  });
  return clientOver(connection);
}

function isEvent(params: unknown): params is { type: string; [field: string]: unknown } {
  return typeof params === 'object' && params !== null && 'type' in params && typeof params.type === 'string';
}
