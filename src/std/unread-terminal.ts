/** A terminal that is not read: it must hold nobody up. */
import type { Writable } from 'node:stream';

/**
 * Node writes to a terminal in a blocking call: one that is not read would hold this process in it, and no
 * signal would be heard. It puts back what it found at its end.
 */
export function waitForNone(stream: Writable): void {
  if (!('isTTY' in stream) || stream.isTTY !== true || !('_handle' in stream)) return;
  const handle = stream._handle;
  if (typeof handle !== 'object' || handle === null || !('setBlocking' in handle)) return;
  if (typeof handle.setBlocking === 'function') handle.setBlocking(false);
}
