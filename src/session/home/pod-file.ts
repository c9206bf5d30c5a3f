/**
 * The small JSON files of a home, checked at the door: what a pod is started from, and what stays of a
 * removed one.
 */
import { basename, dirname } from 'node:path';
import * as z from 'zod';
import { once } from '../../std/once.ts';
import { instanceId, podName, podNamePattern } from '../../protocol/names.ts';
import { pathScopeSchema } from '../../protocol/pod-event.ts';
import type { JsonObject, JsonValue } from '../../std/json.ts';
import { areTexts, isPlain, isWholeNumber } from '../../std/fast-guards.ts';
import { uuidv7Pattern } from '../../std/uuid.ts';
import type { SessionEntry } from '../facts/entries.ts';
import { PodkinError } from '../../std/podkin-error.ts';
import { placeOf } from './place.ts';

/** The session entry before there is a log: what the first start writes into it. */
export type PodSpec = Omit<SessionEntry, 'type'>;

const ref = once(() => z.object({ name: podName(), instance: instanceId() }));
const specSchema = once(() =>
  z.object({
    schema: z.int(),
    podkin: z.string(),
    ...ref().shape,
    parent: ref().nullable(),
    root: ref(),
    depth: z.int().min(0),
    cwd: z.string(),
    model: z.string(),
    instructions: z.string().nullable(),
    permissionMode: z.string(),
    scope: pathScopeSchema(),
    settings: z.custom<JsonObject>((value) => typeof value === 'object' && value !== null),
  }),
);

const tombstoneSchema = once(() =>
  z.object({
    name: z.string(),
    instance: z.string(),
    removedAt: z.string(),
    /** Its parent's instance; null: it was a root. Earlier builds left it out. */
    parent: z.string().nullable().optional(),
    /** Highest event number received, by child instance. */
    received: z.record(z.string(), z.int()),
    /** Highest event number emitted and acknowledged; the rest was given up by a person where `discarded`. */
    emitted: z.int(),
    acked: z.int(),
    discarded: z.boolean(),
  }),
);

/**
 * What stays of a removed pod: its children learn from it that nobody takes their events any more, `verify`
 * how far it had received.
 */
export type Tombstone = z.infer<ReturnType<typeof tombstoneSchema>>;

/** A file of podkin's own that somebody or something has changed. */
export class BadPodFile extends PodkinError {
  readonly path: string;

  constructor(path: string, problem: string, otherwise: string) {
    super(`${path} is not what podkin wrote there (${problem}): put it back from a backup, or ${otherwise}`);
    this.name = 'BadPodFile';
    this.path = path;
  }
}

/** The folder has another name than the pod that it is of: it was renamed or copied by hand. */
export class MisplacedPod extends PodkinError {
  readonly found: string;
  readonly advice: string;

  constructor(path: string, pod: Pick<PodSpec, 'name' | 'instance' | 'parent' | 'root'>) {
    const { name, instance } = pod;
    const here = basename(dirname(path));
    const found = `${path} is of the pod "${name}" (instance ${instance}), not of "${here}": its folder was renamed or copied by hand`;
    const advice = `a pod keeps its name: rename the folder back to "${placeOf(pod)}", or, where it is a copy, "podkin rm -f ${here}" takes it out of the way and keeps all of it aside`;
    super(`${found}; ${advice}`);
    this.name = 'MisplacedPod';
    this.found = found;
    this.advice = advice;
  }
}

export function badSpec(path: string, problem: string): BadPodFile {
  const name = basename(dirname(path));
  return new BadPodFile(path, problem, `give the pod up: "podkin rm -f ${name}"`);
}

export function parseSpec(path: string, text: string): PodSpec {
  return parse(text, { schema: specSchema, isWhole: isWholeSpec, bad: (problem) => badSpec(path, problem) });
}

export function parseTombstone(path: string, text: string): Tombstone {
  const bad = (problem: string) => new BadPodFile(path, problem, 'remove it');
  return parse(text, { schema: tombstoneSchema, bad });
}

interface Check<T> {
  readonly schema: () => z.ZodType<T>;
  readonly bad: (problem: string) => BadPodFile;
  /** True only for what the schema would take as it is. */
  readonly isWhole?: (value: JsonValue) => value is JsonObject & T;
}

function parse<T>(text: string, { schema, isWhole, bad }: Check<T>): T {
  let value: JsonValue;
  try {
    value = JSON.parse(text);
  } catch {
    throw bad('not JSON');
  }
  if (isWhole?.(value) === true) return value;
  const parsed = schema().safeParse(value);
  if (!parsed.success) throw bad(z.prettifyError(parsed.error).replaceAll('\n', ' '));
  return parsed.data;
}

const specFields = Object.keys({
  schema: true,
  podkin: true,
  name: true,
  instance: true,
  parent: true,
  root: true,
  depth: true,
  cwd: true,
  model: true,
  instructions: true,
  permissionMode: true,
  scope: true,
  settings: true,
} satisfies Record<keyof PodSpec, true>);

/** What podkin writes: it spares a start, and a list of pods, the schema (std/fast-guards.ts). */
function isWholeSpec(value: JsonValue): value is JsonObject & PodSpec {
  if (!isPlain(value, specFields)) return false;
  const { schema, depth, parent, root, instructions, scope, settings } = value;
  const texts = [value['podkin'], value['cwd'], value['model'], value['permissionMode']];
  return (
    isWholeNumber(schema) &&
    isWholeNumber(depth, 0) &&
    areOfPod(value['name'], value['instance']) &&
    (parent === null || isRef(parent)) &&
    isRef(root) &&
    areTexts(texts) &&
    (instructions === null || typeof instructions === 'string') &&
    isPlain(scope, ['read', 'write']) &&
    areTexts(scope['read']) &&
    areTexts(scope['write']) &&
    typeof settings === 'object' &&
    settings !== null
  );
}

function isRef(value: JsonValue | undefined): boolean {
  return isPlain(value, ['name', 'instance']) && areOfPod(value['name'], value['instance']);
}

function areOfPod(name: JsonValue | undefined, instance: JsonValue | undefined): boolean {
  const texts = typeof name === 'string' && typeof instance === 'string';
  return texts && podNamePattern.test(name) && uuidv7Pattern.test(instance);
}
