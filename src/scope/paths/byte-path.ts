/** Paths as the system has them: bytes, which need not be text. Pure. */

const slash = 0x2f;

export function below(folder: string | Buffer, name: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from(folder), Buffer.of(slash), Buffer.from(name)]);
}

export function parentOf(path: Buffer): Buffer {
  return path.subarray(0, path.lastIndexOf(slash));
}

export function nameOf(path: Buffer): Buffer {
  return path.subarray(path.lastIndexOf(slash) + 1);
}

/**
 * For people, and as a key: two names are never shown the same, but for one that spells the escapes itself.
 */
export function shownName(name: Buffer): string {
  const text = name.toString();
  if (Buffer.from(text).equals(name)) return text;
  return Array.from(name, (byte) =>
    byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`,
  ).join('');
}
