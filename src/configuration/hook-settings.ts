/**
 * `[[hooks]]` of the configuration files. A person's run as they say. Of a project's, which count once a
 * person has trusted them, podkin runs its own copies of the files that they name: what a pod changes in the
 * project afterwards is not run, and asks anew.
 */
import { createHash } from 'node:crypto';
import { constants, existsSync, mkdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import * as z from 'zod';
import { fileInside, isText, partsOf } from './named-files.ts';
import type { Home } from '../session/home/places.ts';
import { type Hook, hookBounds, hookEvents, hookFailures, hookOf } from '../session/facts/hooks.ts';
import { writeFileAtomic } from '../std/atomic-write.ts';
import { once } from '../std/once.ts';
import { BadSetting } from './bad-setting.ts';

const { hooks: hooksMax, commandChars, words, matchChars, timeoutMs } = hookBounds;

const line = once(() =>
  z
    .string()
    .min(1)
    .max(commandChars)
    .regex(/^[^\0]*$/, 'cannot hold a NUL character'),
);
const program = once(() =>
  z
    .array(
      z
        .string()
        .max(commandChars)
        .regex(/^[^\0]*$/),
    )
    .min(1)
    .max(words),
);

function hookSchema<C extends z.ZodType>(command: C) {
  return z.strictObject({
    event: z.enum(hookEvents).describe('What it runs at.'),
    match: z
      .string()
      .min(1)
      .max(matchChars)
      .optional()
      .describe('Of which of these: words with * between |, as "Bash|mcp__*".'),
    command,
    timeoutMs: z.int().min(timeoutMs.min).max(timeoutMs.max).optional(),
    onFailure: z.enum(hookFailures).optional(),
  });
}

const describedAs =
  'Commands of yours that run at what happens in pods, with JSON on their standard input: tables `[[hooks]]` with event, match, command, timeoutMs and onFailure; docs/hooks.md says what each is.';

export const userHooks = once(() =>
  z
    .array(hookSchema(z.union([line(), program()])))
    .max(hooksMax)
    .optional()
    .meta({ description: describedAs, default: [] }),
);
/** No line for a shell: each word of these is looked at. */
export const projectHooks = once(() =>
  z.array(hookSchema(program())).max(hooksMax).optional().meta({ description: describedAs, default: [] }),
);
export type UserHooks = z.output<ReturnType<typeof userHooks>>;
export type ProjectHooks = z.output<ReturnType<typeof projectHooks>>;

/** `folder`: what is relative is found from there. */
export function hooksOf(said: UserHooks, folder: string): Hook[] {
  return (said ?? []).map(({ event, match, command, timeoutMs: ms, onFailure }) =>
    hookOf({
      event,
      match: match ?? null,
      command,
      folder,
      timeoutMs: ms ?? timeoutMs.fallback,
      onFailure: onFailure ?? 'ask',
      origin: 'config',
    }),
  );
}

/** `run --notify`: when the tree has settled, and when something in it waits for a person. */
export function notifyHooks(command: string, folder: string): Hook[] {
  if (!line().safeParse(command).success)
    throw new BadSetting(`--notify: give a command of 1 to ${commandChars} characters, without NUL`);
  return (['treeSettled', 'question'] as const).map((event) =>
    hookOf({
      event,
      match: null,
      command,
      folder,
      timeoutMs: timeoutMs.fallback,
      onFailure: 'ask',
      origin: 'run',
    }),
  );
}

/** Where hooks of a project run: nothing in it is met by a relative path. */
const projectHookFolder = '/';

interface NamedFile {
  readonly path: string;
  readonly content: Buffer;
  readonly hash: string;
}

/** Hooks of a project with the files that they name, as they are now. */
export interface FoundHooks {
  readonly hooks: NonNullable<ProjectHooks>;
  /** By the word that names it. */
  readonly files: ReadonlyMap<string, NamedFile>;
}

/** Rejects with `BadSetting` for a file that cannot be trusted as it is. */
export async function foundHooks(hooks: NonNullable<ProjectHooks>, folder: string): Promise<FoundHooks> {
  const files = new Map<string, NamedFile>();
  for (const word of new Set(hooks.flatMap(({ command }) => command))) {
    const file = await fileOf(word, folder);
    if (file !== null) files.set(word, file);
  }
  return { hooks, files };
}

/** For the person, one line each. */
export function hookLines({ hooks, files }: FoundHooks): string[] {
  return [
    ...hooks.map(
      ({ event, match, command }) =>
        `a hook at ${event}${match === undefined ? '' : ` (${match})`}, outside of any sandbox, with all your rights: ${command.map((word) => JSON.stringify(word)).join(' ')}`,
    ),
    ...[...files.values()].map(
      ({ path, hash }) => `  runs ${path} as it is now (SHA-256 ${hash.slice(0, 16)}…)`,
    ),
  ];
}

/** What is trusted with the text: the content of each file. */
export function hookDigest({ files }: FoundHooks): string {
  return [...files].map(([word, { hash }]) => `\0${word}\0${hash}`).join('');
}

/** With podkin's own copies in the place of the files. */
export function trustedHooks({ hooks, files }: FoundHooks, home: Home): NonNullable<ProjectHooks> {
  const copies = new Map([...files].map(([word, file]) => [word, copyOf(home, file)]));
  return hooks.map((hook) => ({ ...hook, command: hook.command.map((word) => copies.get(word) ?? word) }));
}

export function projectHooksOf(said: ProjectHooks): Hook[] {
  return hooksOf(said, projectHookFolder);
}

const fileBytesMax = 1024 * 1024;

/** Null: it names no file of the project. */
async function fileOf(word: string, folder: string): Promise<NamedFile | null> {
  const path = resolve(folder, word);
  const isPath = word.includes('/');
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined && isText(word)) {
    // A copy could not stand in its place there.
    const inside = partsOf(word).find(
      (part) => part.startsWith('/') && fileInside(realpathSync(folder), part),
    );
    if (inside === undefined) return null;
    throw new BadSetting(
      `a hook of ${folder} names ${inside} inside a text: name it as a word of its own, so that its content is trusted with it`,
    );
  }
  if (stats === undefined) {
    if (!isPath || word.startsWith('/') || word.startsWith('-')) return null;
    throw new BadSetting(
      `a hook of ${folder} names ${word}, and there is no such file: put it there, or take it out`,
    );
  }
  const real = realpathSync(path);
  if (!`${real}${sep}`.startsWith(`${realpathSync(folder)}${sep}`)) {
    if (word.startsWith('/')) return null;
    throw new BadSetting(
      `a hook of ${folder} names ${word}, which leads out of the project: name it by its whole path`,
    );
  }
  if (!stats.isFile())
    throw new BadSetting(
      `a hook of ${folder} names ${word}, which is no regular file: name the files that it needs`,
    );
  const content = await contentOf(real);
  if (content.length > fileBytesMax)
    throw new BadSetting(
      `${real}, which a hook names, is larger than ${fileBytesMax / 1024} KiB: make it smaller`,
    );
  return { path: real, content, hash: createHash('sha256').update(content).digest('hex') };
}

async function contentOf(path: string): Promise<Buffer> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    if (!(await handle.stat()).isFile())
      throw new BadSetting(`${path}, which a hook names, is no regular file`);
    const buffer = Buffer.alloc(fileBytesMax + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return buffer.subarray(0, length);
  } finally {
    await handle.close();
  }
}

/** Under its content's name, so that one that is there is the same. */
function copyOf(home: Home, { path, content, hash }: NamedFile): string {
  const copy = join(home.state, 'trusted', 'files', hash, basename(path));
  if (existsSync(copy) && readFileSync(copy).equals(content)) return copy;
  mkdirSync(dirname(copy), { recursive: true, mode: 0o700 });
  writeFileAtomic(copy, content, 0o500);
  return copy;
}
