/**
 * A pod's folder belongs to one host for good: under a name that has had children, another host is refused,
 * since it would know nothing of them and could only be taken for one that has lost them.
 */
import { readFileSync } from 'node:fs';
import type { HostPlaces } from '../session/home/host-places.ts';
import { writeFileAtomic } from '../std/atomic-write.ts';
import { isPlain } from '../std/fast-guards.ts';
import { jsonIn } from '../std/json.ts';

/** Throws with what to do. */
export function knownHost({ known }: HostPlaces, id: string, name: string): void {
  const before = knownId(known);
  if (before === id) return;
  if (before !== null)
    throw new Error(
      `another host answers as "${name}" (${id}) than the one that had its children (${before}): give it another name in your config.toml; if the old one is gone for good, "podkin host forget ${name}"`,
    );
  writeFileAtomic(known, `${JSON.stringify({ id })}\n`, 0o600);
}

function knownId(path: string): string | null {
  try {
    const value = jsonIn(readFileSync(path, 'utf8')) ?? null;
    return isPlain(value, ['id']) && typeof value['id'] === 'string' ? value['id'] : null;
  } catch {
    return null;
  }
}
