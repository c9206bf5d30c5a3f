/**
 * What a home keeps of machines: of its own `podkin host`, and of each other host that its pods have
 * children on.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { JsonObject } from '../../std/json.ts';
import type { Home } from './places.ts';

/** As `[hosts.NAME]` names them. */
export const hostNamePattern = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** Of this machine's own host. */
export function ownHostFolder({ state }: Home): string {
  return join(state, 'host');
}

export function ownHostSocket({ runtime }: Home): string {
  return join(runtime, 'host.sock');
}

/** Which process it is. */
export function ownHostProcess(home: Home): string {
  return join(ownHostFolder(home), 'process.json');
}

/** Of another host. */
export interface HostPlaces {
  readonly folder: string;
  /** Which host it is: another one under its name is refused. */
  readonly known: string;
  /** There while a person has given it up. */
  readonly forgotten: string;
  /** Why it cannot be reached, in words; empty or missing while it is. */
  readonly trouble: string;
  /** Which process the courier is. */
  readonly courier: string;
  /** Where it is to be asked, while the way to it is open. */
  readonly socket: string;
  /** Of ssh. */
  readonly control: string;
}

export function hostPlaces({ state, runtime }: Home, name: string): HostPlaces {
  const folder = join(state, 'hosts', name);
  // Short, since a socket path has at most 103 bytes, and ssh adds to the one of its own.
  const word = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return {
    folder,
    known: join(folder, 'known.json'),
    forgotten: join(folder, 'forgotten'),
    trouble: join(folder, 'trouble'),
    courier: join(folder, 'courier.json'),
    socket: join(runtime, `h-${word}.sock`),
    control: join(runtime, `c-${word}`),
  };
}

/** The host that a pod of this home lives on; null: on this machine. */
export function hostOf({ settings }: { readonly settings: JsonObject }): string | null {
  const { host } = settings;
  return typeof host === 'string' && hostNamePattern.test(host) ? host : null;
}

/** True for a pod whose parent is in the home of another machine. */
export function hasParentElsewhere({ settings }: { readonly settings: JsonObject }): boolean {
  return settings['parentElsewhere'] === true;
}

/** Hosts that a pod of these settings may have children on. */
export function hostsIn(settings: JsonObject): readonly string[] {
  const { hosts } = settings;
  return Array.isArray(hosts) ? hosts.filter((name) => typeof name === 'string') : [];
}
