/**
 * The name of an instance's (a UUID's) socket: its last 16 hex digits, the random ones. Throws on something
 * that is not a UUID. Never changed: older builds look for it.
 */
export function socketName(instance: string): string {
  return `${lastDigits(instance)}.sock`;
}

/** Two instances have never the same. Throws on something that is not a UUID. */
export function lastDigits(instance: string): string {
  const digits = instance.replaceAll('-', '').toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(digits))
    throw new Error(`"${instance}" is not an instance id; a UUID is expected`);
  return digits.slice(-16);
}
