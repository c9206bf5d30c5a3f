/**
 * The registry of a home: one file with every claim, replaced atomically under a lock that ends with the
 * process that holds it. What it says can be rebuilt from the pods' logs at any time, and is, before anything
 * is changed in one that is damaged or missing; each pod puts its own part back besides.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod';
import { isOutOfPlace, readRegular } from '../../std/open-regular.ts';
import { monotonicMs } from '../../std/clock.ts';
import { type JsonObject, type JsonValue, jsonIn } from '../../std/json.ts';
import { namesIn } from '../../std/names-in.ts';
import { once } from '../../std/once.ts';
import { areTexts, isOfTexts, isPlain, isWholeNumber } from '../../std/fast-guards.ts';
import { createFolder } from '../../session/log/open-log.ts';
import type { Home } from '../../session/home/home.ts';
import { type HeldLock, type LockOptions, takeLock } from '../../session/lock/lock.ts';
import { systemCode } from '../../std/system-code.ts';
import type { Claim } from './claims.ts';
import type { Wait } from './waits.ts';
import { releaseRegistryFile, takeRegistryFile } from './registry-file.ts';
import { PodkinError } from '../../std/podkin-error.ts';

const lockWaitMsDefault = 5_000;
const retryAfterMs = 5;
const retryAfterMsMax = 50;
/** Counted between two tries; where it was more this process was starved, or stopped. */
const pauseMsMax = 200;
/** While the file beside it stands, every so many tries are for the lock: a death may have left it. */
const triesBetween = 8;
/** So many times as long it is waited for while it goes from hand to hand. */
const crowdFactor = 24;
const asideName = /^scope\.json\.damaged-(\d+)-/;
/** Some hundred thousand claims. */
const fileBytesMax = 256 * 1024 * 1024;

const ref = once(() => z.object({ name: z.string(), instance: z.string() }));
const processSchema = once(() => z.object({ pid: z.int(), startTime: z.string(), bootId: z.string() }));
const claimSchema = once(() =>
  z.object({
    owner: ref(),
    above: z.array(z.string()),
    write: z.array(z.string()),
    deny: z.array(z.object({ path: z.string(), right: z.enum(['read', 'write']) })),
    exclusive: z.boolean(),
    maker: processSchema(),
    process: processSchema().nullable(),
    namespaces: z.object({ network: z.string().nullable(), process: z.string().nullable() }).optional(),
  }),
);
const fileSchema = once(() =>
  z.object({
    version: z.literal(1),
    claims: z.array(claimSchema()),
    // Of no weight beside the claims: each giver puts its own back.
    waits: z
      .array(claimSchema().extend({ since: z.string() }))
      .default([])
      .catch([]),
  }),
);

/** Somebody has held the registry for longer than anybody needs; a person should look at that process. */
class RegistryBusy extends PodkinError {
  constructor(path: string, pid: number | null, lockWaitMs: number) {
    const who = pid === null ? 'another process' : `process ${pid}`;
    super(
      `${path} has been held by ${who} for ${lockWaitMs / 1_000} s: let that process go on or end it, and try again`,
    );
    this.name = 'RegistryBusy';
  }
}

export interface Changed<T> {
  readonly claims: readonly Claim[];
  /** Absent: as they were. */
  readonly waits?: readonly Wait[];
  readonly answer: T;
}

/** What the file holds. */
export interface Held {
  readonly claims: readonly Claim[];
  readonly waits: readonly Wait[];
}

interface Parsed extends Held {
  readonly damaged: boolean;
  readonly missing: boolean;
}

export interface RegistryOptions {
  readonly lockWaitMs?: number;
  /**
   * What the living hold, where the file does not tell. What it throws keeps the change from being made.
   * Absent: nothing, for one who only reads.
   */
  readonly fromLogs?: () => Promise<readonly Claim[]>;
}

export function registryLock(home: Home): LockOptions {
  return { instance: 'scope-registry', folder: home.state };
}

export class Registry {
  readonly path: string;
  readonly #folder: string;
  readonly #lockOptions: LockOptions;
  readonly #file: string;
  readonly #lockWaitMs: number;
  readonly #fromLogs: () => Promise<readonly Claim[]>;
  #read: (Parsed & { version: string }) | null = null;

  constructor(home: Home, { lockWaitMs = lockWaitMsDefault, fromLogs }: RegistryOptions = {}) {
    this.#lockWaitMs = lockWaitMs;
    this.#fromLogs = fromLogs ?? (() => Promise.resolve([]));
    this.#folder = home.state;
    this.#lockOptions = registryLock(home);
    this.path = join(home.state, 'scope.json');
    this.#file = join(home.state, '.scope.json.lock');
  }

  /**
   * As the file stands now; read again only when it has changed. One that is damaged or missing holds what
   * this process has last read of it, and none where it never has. Throws the file system's other errors.
   */
  claims(): readonly Claim[] {
    return this.held().claims;
  }

  /** As `claims`, with those who wait for a path. */
  held(): Held {
    const version = this.#version();
    if (this.#read?.version === version) return this.#read;
    const now = this.#parse();
    // What others hold is not free in the meantime.
    const last = now.damaged || now.missing ? (this.#read ?? now) : now;
    this.#read = { ...now, claims: last.claims, waits: last.waits, version };
    return this.#read;
  }

  /** As `held` has read it. */
  isLost(): boolean {
    this.held();
    return this.#read?.damaged === true || this.#read?.missing === true;
  }

  /** As it is on disk; null where it cannot be understood. */
  read(): readonly Claim[] | null {
    const { claims, damaged } = this.#parse();
    return damaged ? null : claims;
  }

  /** Of the file, now. */
  state(): 'whole' | 'missing' | 'damaged' {
    const { damaged, missing } = this.#parse();
    return damaged ? 'damaged' : missing ? 'missing' : 'whole';
  }

  /** Copies of damaged ones that were set aside, each with its time. */
  setAside(): { path: string; sinceMs: number }[] {
    return namesIn(this.#folder).flatMap((name) => {
      const [, sinceMs] = asideName.exec(name) ?? [];
      return sinceMs === undefined ? [] : [{ path: join(this.#folder, name), sinceMs: Number(sinceMs) }];
    });
  }

  /**
   * Changes the claims with nobody else in between. Throws `RegistryBusy`, what `fromLogs` throws, or the
   * file system's error, with nothing changed.
   */
  async update<T>(
    change: (claims: readonly Claim[], waits: readonly Wait[]) => Changed<T> | Promise<Changed<T>>,
  ): Promise<T> {
    createFolder(this.#folder);
    const lock = await this.#lock();
    try {
      const { damaged, missing, ...before } = this.#parse();
      const known = damaged || missing ? await this.#fromLogs() : before.claims;
      const { claims, waits = before.waits, answer } = await change(known, before.waits);
      // What cannot be read is kept for a person.
      if (damaged)
        renameSync(this.path, `${this.path}.damaged-${Date.now()}-${randomBytes(3).toString('hex')}`);
      const held = { claims, waits };
      if (damaged || JSON.stringify(before) !== JSON.stringify(held)) this.#write(held);
      return answer;
    } finally {
      try {
        releaseRegistryFile(this.#file);
      } finally {
        await lock.release();
      }
    }
  }

  /** Whole or not at all; not synced, because after a power loss no process that it names lives any more. */
  #write({ claims, waits }: Held): void {
    // One writer at a time, so one name will do, and a crash leaves nothing that grows.
    const draft = join(this.#folder, '.scope.json.new');
    // Also a pipe or a link that somebody has put there.
    rmSync(draft, { force: true, recursive: true });
    const file = { version: 1, claims, ...(waits.length === 0 ? {} : { waits }) };
    writeFileSync(draft, `${JSON.stringify(file)}\n`, { mode: 0o600 });
    renameSync(draft, this.path);
  }

  /**
   * Who waits behind many others waits on while it goes from one to the next. Only time in which this process
   * looks counts: one that was starved has not seen what went on meanwhile.
   */
  async #lock(): Promise<HeldLock> {
    let holder: number | null = null;
    let [seenAt, waitedMs, sameMs, last] = [monotonicMs(), 0, 0, ''];
    for (let tries = 0; ; tries += 1) {
      const at = `${versionOf(this.#file)} ${this.#version()}`;
      // Each try asks the holder for its name: many who try all the time would keep it from its work.
      if (!existsSync(this.#file) || tries % triesBetween === 0) {
        const lock = await takeLock(this.#lockOptions);
        if (lock.taken && (await this.#isAlone(lock))) return lock;
        holder = lock.taken ? null : (lock.holder?.pid ?? null);
      }
      const pastMs = Math.min(monotonicMs() - seenAt, pauseMsMax);
      seenAt = monotonicMs();
      waitedMs += pastMs;
      sameMs = at === last ? sameMs + pastMs : 0;
      last = at;
      const heldMs = this.#lockWaitMs;
      if (sameMs > heldMs) throw new RegistryBusy(this.path, holder, heldMs);
      const crowdMs = heldMs * crowdFactor;
      if (waitedMs > crowdMs) throw new RegistryBusy(this.path, holder, crowdMs);
      await wait(Math.min(retryAfterMs * (tries + 1), retryAfterMsMax));
    }
  }

  /** Lets the lock go where another container is at it, or nothing can be written. */
  async #isAlone(lock: HeldLock): Promise<boolean> {
    let isAlone = false;
    try {
      isAlone = takeRegistryFile(this.#file);
      return isAlone;
    } finally {
      if (!isAlone) await lock.release();
    }
  }

  #version(): string {
    return versionOf(this.path);
  }

  #parse(): Parsed {
    let text: string;
    try {
      text = readRegular(this.path, fileBytesMax);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return { ...nothing, missing: true };
      if (isOutOfPlace(error)) return { ...nothing, damaged: true };
      throw error;
    }
    const value = jsonIn(text) ?? null;
    if (isWhole(value)) return { ...nothing, claims: value.claims, waits: value.waits ?? [] };
    const parsed = fileSchema().safeParse(value);
    if (!parsed.success) return { ...nothing, damaged: true };
    const { claims, waits } = parsed.data;
    return { ...nothing, claims, waits };
  }
}

const nothing = { claims: [], waits: [], damaged: false, missing: false };

/** True only for what the schema would take as it is: what podkin writes (std/fast-guards.ts). */
function isWhole(value: JsonValue): value is JsonObject & { claims: Claim[]; waits?: Wait[] } {
  if (!isPlain(value, ['version', 'claims']) && !isPlain(value, ['version', 'claims', 'waits'])) return false;
  const { version, claims, waits = [] } = value;
  const areClaims = version === 1 && Array.isArray(claims) && claims.every((claim) => isClaim(claim, []));
  return areClaims && Array.isArray(waits) && waits.every(isWait);
}

function isWait(value: JsonValue): boolean {
  return isClaim(value, ['since']) && typeof value['since'] === 'string';
}

const claimFields = ['owner', 'above', 'write', 'deny', 'exclusive', 'maker', 'process'];

function isClaim(value: JsonValue, more: readonly string[]): value is JsonObject {
  const known = [...claimFields, ...more];
  if (!isPlain(value, known) && !isPlain(value, [...known, 'namespaces'])) return false;
  const { owner, above, write, deny, exclusive, maker, process, namespaces } = value;
  return (
    isOfTexts(owner, ['name', 'instance']) &&
    areTexts(above) &&
    areTexts(write) &&
    Array.isArray(deny) &&
    deny.every(isDeny) &&
    typeof exclusive === 'boolean' &&
    isProcess(maker) &&
    (process === null || isProcess(process)) &&
    (namespaces === undefined || areNamespaces(namespaces))
  );
}

function areNamespaces(value: JsonValue): boolean {
  if (!isPlain(value, ['network', 'process'])) return false;
  return Object.values(value).every((name) => name === null || typeof name === 'string');
}

function isDeny(value: JsonValue): boolean {
  return isOfTexts(value, ['path', 'right']) && ['read', 'write'].includes(value['right'] ?? '');
}

function isProcess(value: JsonValue | undefined): boolean {
  if (!isPlain(value, ['pid', 'startTime', 'bootId'])) return false;
  return isWholeNumber(value['pid']) && areTexts([value['startTime'], value['bootId']]);
}

/** Of what stands there itself: a link is no file of podkin's, what it leads to changes unseen. */
function versionOf(path: string): string {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? 'none' : `${stats.ino} ${stats.mtimeNs} ${stats.size}`;
}
