/**
 * What people asked for under an id of theirs (`--request`): a folder each, won by the rename of a finished
 * one, before anything follows from it. Whoever repeats the request finds what was minted for it.
 *
 * Invariants
 * - RQ1 An id is one request of a home: the same id with another content is refused, never carried out.
 * - RQ2 What it leads to is named in it before that is made, so that a repetition makes no second one.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { instanceId } from '../../protocol/names.ts';
import { syncFolder, writeFileAtomic } from '../../std/atomic-write.ts';
import type { JsonValue } from '../../std/json.ts';
import { namesIn } from '../../std/names-in.ts';
import { once } from '../../std/once.ts';
import { PodkinError } from '../../std/podkin-error.ts';
import { systemCode } from '../../std/system-code.ts';
import { uuidv7 } from '../../std/uuid.ts';
import { readRegular, unreadableText } from '../../std/open-regular.ts';
import type { Home } from './places.ts';

const requestSchema = once(() =>
  z.object({
    schema: z.literal(1),
    id: z.string(),
    /** SHA-256 of what was asked for. */
    digest: z.string(),
    /** Of the pod that it makes, or speaks to. */
    instance: instanceId(),
    submission: z.string(),
    /** Newest incarnations of the pods that it speaks of, by instance: another one was not meant. */
    incarnations: z.record(z.string(), z.int()),
  }),
);

export type Request = z.infer<ReturnType<typeof requestSchema>>;

export interface FoundRequest {
  readonly request: Request;
  readonly folder: string;
  /** Made by this call: nothing can have followed from it yet. */
  readonly isNew: boolean;
}

/** What is asked for, and what it speaks to where that is there already. */
export interface Asked {
  readonly id: string;
  readonly content: JsonValue;
  readonly instance?: string;
  readonly incarnations?: Readonly<Record<string, number>>;
}

const fileBytesMax = 1024 * 1024;
/** Somebody may still repeat it, though its pod has been removed. */
const keptMs = 7 * 86_400_000;

/** The id was used for something else. */
export class RequestConflict extends PodkinError {
  constructor(id: string) {
    super(`the request id "${id}" was used for something else: use another one, or repeat what was asked`);
    this.name = 'RequestConflict';
  }
}

/** Whether it was done is not known any more. */
export class BadRequestFile extends PodkinError {
  /** What is found, and what to do. */
  readonly found: string;
  readonly advice: string;

  constructor(folder: string, why: string) {
    const found = `${join(folder, 'request.json')} ${why}, so what was asked under this id, and whether it was done, is not known any more`;
    const advice = `see what it has made ("podkin ps -a"), then: rm -r ${folder}`;
    super(`${found}: ${advice}, and repeat it, or use another id`);
    this.name = 'BadRequestFile';
    this.found = found;
    this.advice = advice;
  }
}

/** Null, or why it cannot be an id, as the end of a sentence. */
export function requestIdProblem(id: string): string | null {
  if (id === '') return 'is empty';
  if (id.length > 200) return 'is longer than 200 characters';
  return /^[\x21-\x7e]+$/.test(id) ? null : 'holds other characters than letters, digits and signs of ASCII';
}

/** Finds the request, or makes it. Throws `RequestConflict`, `BadRequestFile`, or the file system's error. */
export function requestOf(home: Home, asked: Asked): FoundRequest {
  const folder = folderOf(home, asked.id);
  const digest = createHash('sha256').update(stable(asked.content)).digest('hex');
  const made: Request = {
    schema: 1,
    id: asked.id,
    digest,
    instance: asked.instance ?? uuidv7(),
    submission: uuidv7(),
    incarnations: { ...asked.incarnations },
  };
  const known = read(folder);
  if (known === null && won(folder, made)) return { request: made, folder, isNew: true };
  const request = known ?? read(folder);
  if (request === null) throw new BadRequestFile(folder, 'is missing');
  if (request.digest !== digest) throw new RequestConflict(asked.id);
  return { request, folder, isNew: false };
}

/** Nothing followed from it: the id is free again. */
export function forgetRequest({ folder }: FoundRequest): void {
  rmSync(folder, { recursive: true, force: true });
}

/** From now on a pod that is not there was removed. */
export function notePodMade({ folder }: FoundRequest): void {
  writeFileSync(join(folder, 'made'), '', { mode: 0o600 });
}

export function isPodMade({ folder }: FoundRequest): boolean {
  return statSync(join(folder, 'made'), { throwIfNoEntry: false }) !== undefined;
}

/** Requests whose pods are gone, once nobody can be repeating them any more. */
export function pruneRequests(home: Home, left: ReadonlySet<string>, nowMs: number): void {
  const all = requestsFolder(home);
  for (const name of namesIn(all)) {
    const folder = join(all, name);
    if (nowMs - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? nowMs) < keptMs) continue;
    const request = name.startsWith('.') ? null : readOrNull(folder);
    const speaksOf = request === null ? [] : [request.instance, ...Object.keys(request.incarnations)];
    if (!speaksOf.some((instance) => left.has(instance))) rmSync(folder, { recursive: true, force: true });
  }
}

/** Of all requests of a home. Throws the file system's error where they cannot be listed. */
export function badRequests(home: Home): BadRequestFile[] {
  const all = requestsFolder(home);
  return namesIn(all)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => {
      const folder = join(all, name);
      try {
        // One that is there and has none keeps its id from being used; an empty folder does not.
        const isLost = read(folder) === null && namesIn(folder).length > 0;
        return isLost ? [new BadRequestFile(folder, 'is missing')] : [];
      } catch (error) {
        if (error instanceof BadRequestFile) return [error];
        throw error;
      }
    });
}

function requestsFolder(home: Home): string {
  return join(home.state, 'requests');
}

/** Any id is a name there, on file systems too that know no capitals. */
function folderOf(home: Home, id: string): string {
  return join(requestsFolder(home), createHash('sha256').update(id).digest('hex').slice(0, 32));
}

function won(folder: string, request: Request): boolean {
  const all = join(folder, '..');
  mkdirSync(all, { recursive: true, mode: 0o700 });
  const draft = join(all, `.${randomBytes(6).toString('hex')}`);
  try {
    mkdirSync(draft, { mode: 0o700 });
    writeFileAtomic(join(draft, 'request.json'), `${JSON.stringify(request)}\n`, 0o600);
    // Fails on a folder that is not empty, and a request's never is.
    renameSync(draft, folder);
    syncFolder(all);
    return true;
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    const code = systemCode(error);
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw error;
  }
}

function read(folder: string): Request | null {
  const path = join(folder, 'request.json');
  try {
    return requestSchema().parse(JSON.parse(readRegular(path, fileBytesMax)));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw new BadRequestFile(folder, unreadableText(error) ?? 'is not what podkin writes');
  }
}

function readOrNull(folder: string): Request | null {
  try {
    return read(folder);
  } catch {
    return null;
  }
}

/** The same text for the same value, whatever the order of its keys; what is left out is not there. */
function stable(value: JsonValue | undefined): string {
  if (Array.isArray(value)) return `[${value.map(stable).join()}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, one]) => `${JSON.stringify(key)}:${stable(one)}`)
    .join()}}`;
}
