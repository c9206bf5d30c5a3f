/** The text of a cursor, and what is folded into it. */
import { describe, expect, it } from 'vitest';
import {
  type Cursor,
  cursorCharsMax,
  decodeCursor,
  digestOf,
  encodeCursor,
  folded,
  membersOf,
} from '../../../src/client/home-events/cursor.ts';
import { uuidv7 } from '../../../src/std/uuid.ts';

const home = uuidv7(1);
const ids = (count: number) => Array.from({ length: count }, (_, index) => uuidv7(1_700_000_000_000 + index));
const cursorOf = (instances: readonly string[]): Cursor => ({
  home,
  removed: 12_345,
  pods: new Map(instances.map((instance, index) => [instance, { seq: index * 300, offset: index * 70_000 }])),
  groups: [],
});

describe('a cursor', () => {
  it('[events.cursor] is text that says all again', () => {
    const cursor = { ...cursorOf(ids(300)), groups: [{ last: uuidv7(2), digest: '0f'.repeat(12) }] };
    const text = encodeCursor(cursor);
    expect(text).toMatch(/^[\w-]+$/);
    expect(decodeCursor(text)).toEqual(cursor);
  });

  it('[events.foreign] that somebody has changed is none', () => {
    const text = encodeCursor(cursorOf(ids(3)));
    for (const bad of [
      '',
      'x',
      '../..',
      '{}',
      text.slice(1),
      `${text}A`,
      text.slice(0, 40),
      'A'.repeat(2_000_000),
    ])
      expect(decodeCursor(bad)).toBeNull();
    for (let at = 0; at < text.length; at += 1) {
      const other = text[at] === 'A' ? 'B' : 'A';
      const changed = decodeCursor(text.slice(0, at) + other + text.slice(at + 1));
      // The last sign has bits that say nothing.
      if (changed !== null) expect([at, changed]).toEqual([text.length - 1, decodeCursor(text)]);
    }
  });

  it('[events.cursor] of 20,000 pods has at most 64 kB, and those that say something keep their place', () => {
    const instances = ids(20_000);
    const loud = new Set(instances.filter((_, index) => index % 100 === 0));
    const cursor = folded(cursorOf(instances), (instance) => !loud.has(instance));
    expect(encodeCursor(cursor).length).toBeLessThanOrEqual(cursorCharsMax);
    for (const instance of loud) expect(cursor.pods.has(instance)).toBe(true);
    const members = [...membersOf(cursor, instances).values()].flat();
    expect(members.length + cursor.pods.size).toBe(20_000);
  });

  it('[events.cursor] that fits is left as it is', () => {
    const cursor = cursorOf(ids(1_000));
    expect(folded(cursor, () => true)).toEqual(cursor);
  });

  it('[events.cursor] knows its groups again, and by their digest whether one has grown or lost a pod', () => {
    const instances = ids(200);
    const cursor = folded(cursorOf(instances), () => true, 3_000);
    expect(cursor.groups.length).toBeGreaterThan(1);
    const sizeOf = (instance: string) => instances.indexOf(instance) * 70_000;
    for (const [{ digest }, members] of membersOf(cursor, instances)) {
      const now = members.map((instance) => ({ instance, size: sizeOf(instance) }));
      expect(digestOf(now)).toBe(digest);
      expect(digestOf(now.slice(1))).not.toBe(digest);
      expect(
        digestOf(now.map((one, index) => ({ ...one, size: one.size + (index === 3 ? 1 : 0) }))),
      ).not.toBe(digest);
    }
    const later = uuidv7();
    expect([...membersOf(cursor, [later]).values()].flat()).toEqual([]);
  });
});
