/**
 * How far a program has read the events of a home: a place in the log of each pod, and in the list of pods
 * that were removed. Opaque text, at most 64 kB: where there are more pods than that holds, the oldest that
 * say nothing new are folded into groups, of which only a digest is kept. Pure.
 *
 * Invariants
 * - C1 What a cursor calls read was handed out: a place never passes an entry that was not.
 * - C2 A group that is another than its digest is read again from its beginning, never passed over.
 */
import { crc32 } from 'node:zlib';
import { sha256Hex } from '../../std/sha256.ts';
import { uuidv7Pattern } from '../../std/uuid.ts';

export interface Position {
  /** Of the last entry that was handed out; 0: none. */
  readonly seq: number;
  /** Of the log, behind it. */
  readonly offset: number;
}

/** Pods up to this instance, from the last of the group before on, which are in no place of their own. */
export interface Group {
  readonly last: string;
  readonly digest: string;
}

export interface Cursor {
  /** Of the home that it was made in. */
  readonly home: string;
  /** Of the list of removed pods. */
  readonly removed: number;
  readonly pods: ReadonlyMap<string, Position>;
  /** In the order of their instances. */
  readonly groups: readonly Group[];
}

export const cursorCharsMax = 64_000;
const version = 1;
const groupPods = 64;
const digestBytes = 12;
const podBytesMax = 16 + 8 + 8;

/** Of pods and how long their logs are. */
export function digestOf(pods: readonly { readonly instance: string; readonly size: number }[]): string {
  const text = pods.map(({ instance, size }) => `${instance}:${size}`).toSorted();
  return sha256Hex(text.join('\n')).slice(0, digestBytes * 2);
}

/**
 * `isQuiet`: nothing new was in its log now. Answers a cursor whose text fits, where enough of the pods are
 * quiet.
 */
export function folded(
  cursor: Cursor,
  isQuiet: (instance: string) => boolean,
  maxChars = cursorCharsMax,
): Cursor {
  const bytesMax = Math.floor((maxChars * 3) / 4) - 256;
  const groups = [...cursor.groups];
  const pods = new Map(cursor.pods);
  const bytes = (): number => pods.size * podBytesMax + groups.length * (16 + digestBytes);
  const after = groups.at(-1)?.last ?? '';
  // Groups are of neighbours, behind those that there are: what is not quiet keeps its own place.
  const quiet = [...pods.keys()].filter((instance) => instance > after && isQuiet(instance)).toSorted();
  for (let at = 0; at < quiet.length && bytes() > bytesMax; at += groupPods) {
    const group = quiet.slice(at, at + groupPods);
    const members = group.map((instance) => ({ instance, size: pods.get(instance)?.offset ?? 0 }));
    for (const instance of group) pods.delete(instance);
    groups.push({ last: group.at(-1) ?? after, digest: digestOf(members) });
  }
  return { ...cursor, pods, groups };
}

/** Who of these is in which group: those without a place of their own, by their instances. */
export function membersOf({ pods, groups }: Cursor, instances: readonly string[]): Map<Group, string[]> {
  const found = new Map<Group, string[]>(groups.map((group) => [group, []]));
  for (const instance of instances) {
    if (pods.has(instance)) continue;
    const group = groups.find(({ last }) => instance <= last);
    if (group !== undefined) found.get(group)?.push(instance);
  }
  return found;
}

export function encodeCursor({ home, removed, pods, groups }: Cursor): string {
  const numbers: Buffer[] = [Buffer.from([version]), bytesOfId(home), varint(removed), varint(pods.size)];
  for (const [instance, { seq, offset }] of [...pods].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    numbers.push(bytesOfId(instance), varint(seq), varint(offset));
  numbers.push(varint(groups.length));
  for (const { last, digest } of groups) numbers.push(bytesOfId(last), Buffer.from(digest, 'hex'));
  const body = Buffer.concat(numbers);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([sum, body]).toString('base64url');
}

/** Null for what is no cursor of ours, whatever it is. */
export function decodeCursor(text: string): Cursor | null {
  if (text.length > cursorCharsMax * 16 || !/^[\w-]+$/.test(text)) return null;
  const all = Buffer.from(text, 'base64url');
  if (all.length < 6 || all.readUInt32BE(0) !== crc32(all.subarray(4)) || all[4] !== version) return null;
  try {
    const reader = new Reader(all.subarray(5));
    const home = reader.id();
    const removed = reader.varint();
    const pods = new Map<string, Position>();
    for (let left = reader.varint(); left > 0; left -= 1)
      pods.set(reader.id(), { seq: reader.varint(), offset: reader.varint() });
    const groups: Group[] = [];
    for (let left = reader.varint(); left > 0; left -= 1)
      groups.push({ last: reader.id(), digest: reader.take(digestBytes).toString('hex') });
    return { home, removed, pods, groups };
  } catch {
    return null;
  }
}

function bytesOfId(id: string): Buffer {
  if (!uuidv7Pattern.test(id)) throw new Error(`${id} is no instance`);
  return Buffer.from(id.replaceAll('-', ''), 'hex');
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  return Buffer.from([...bytes, left]);
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  take(count: number): Buffer {
    const taken = this.#bytes.subarray(this.#at, this.#at + count);
    if (taken.length < count) throw new Error('it ends too early');
    this.#at += count;
    return taken;
  }

  id(): string {
    const hex = this.take(16).toString('hex');
    const id = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join(
      '-',
    );
    if (!uuidv7Pattern.test(id)) throw new Error('it names no instance');
    return id;
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.take(1)[0] ?? 0;
      value += (byte % 0x80) * factor;
      if (!Number.isSafeInteger(value)) throw new Error('it is no number');
      if (byte < 0x80) return value;
    }
  }
}
