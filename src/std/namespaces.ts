/**
 * In which namespaces of the kernel a process is: containers of one machine share its boot and see neither
 * each other's processes nor abstract sockets.
 */
import { readlinkSync } from 'node:fs';

export interface Namespaces {
  /** `net:[…]`; null where the system has none. */
  readonly network: string | null;
  /** `pid:[…]`. */
  readonly process: string | null;
}

let own: Namespaces | undefined;

/** This process's; read once. */
export function ownNamespaces(): Namespaces {
  own ??= { network: namespaceOf('net'), process: namespaceOf('pid') };
  return own;
}

function namespaceOf(kind: 'net' | 'pid'): string | null {
  if (process.platform !== 'linux') return null;
  try {
    return readlinkSync(`/proc/self/ns/${kind}`);
  } catch {
    return null;
  }
}
