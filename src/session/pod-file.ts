/** The small JSON files of a home, checked at the door: what a pod is started from, and what stays of a removed one. */
import * as z from 'zod';
import { instanceId, podName } from '../protocol/names.ts';
import { pathScopeSchema } from '../protocol/pod-event.ts';
import type { JsonObject } from '../std/json.ts';
import type { SessionEntry } from './entries.ts';

/** The session entry before there is a log: what the first start writes into it. */
export type PodSpec = Omit<SessionEntry, 'type'>;

const ref = z.object({ name: podName, instance: instanceId });
const specSchema = z.object({
  schema: z.int(),
  podkin: z.string(),
  ...ref.shape,
  parent: ref.nullable(),
  root: ref,
  depth: z.int().min(0),
  cwd: z.string(),
  model: z.string(),
  instructions: z.string().nullable(),
  permissionMode: z.string(),
  scope: pathScopeSchema,
  settings: z.custom<JsonObject>((value) => typeof value === 'object' && value !== null),
});

const tombstoneSchema = z.object({
  name: z.string(),
  instance: z.string(),
  removedAt: z.string(),
  /** Highest event number received, by child instance. */
  received: z.record(z.string(), z.int()),
  /** Highest event number emitted and acknowledged; the rest was given up by a person where `discarded`. */
  emitted: z.int(),
  acked: z.int(),
  discarded: z.boolean(),
});

/** What stays of a removed pod: its children learn from it that nobody takes their events any more, `verify` how far it had received. */
export type Tombstone = z.infer<typeof tombstoneSchema>;

/** A file of podkin's own that somebody or something has changed. */
export class BadPodFile extends Error {
  readonly path: string;

  constructor(path: string, problem: string) {
    super(
      `${path} is not what podkin wrote there (${problem}): put it back from a backup, or remove the pod with its folder`,
    );
    this.name = 'BadPodFile';
    this.path = path;
  }
}

export function parseSpec(path: string, text: string): PodSpec {
  return parse(path, text, specSchema);
}

export function parseTombstone(path: string, text: string): Tombstone {
  return parse(path, text, tombstoneSchema);
}

function parse<T>(path: string, text: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BadPodFile(path, 'not JSON');
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new BadPodFile(path, z.prettifyError(parsed.error));
  return parsed.data;
}
