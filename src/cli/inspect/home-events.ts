/**
 * `podkin events --all`: what happens in all trees of the home, for a program that has to miss nothing, even
 * if it is ended often. How far it has come is a cursor: printed behind each reading, or kept under a name.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Cursor, cursorCharsMax, decodeCursor, encodeCursor } from '../../client/home-events/cursor.ts';
import { type HomeEvent, HomeEvents } from '../../client/home-events/reader.ts';
import type { FoundPod } from '../../client/find-pod.ts';
import type { Home } from '../../session/home/home.ts';
import { removedSize } from '../../session/home/removed-list.ts';
import { takeLock } from '../../session/lock/lock.ts';
import { writeFileAtomic } from '../../std/atomic-write.ts';
import { readRegular } from '../../std/open-regular.ts';
import { systemCode } from '../../std/system-code.ts';
import { uuidv7, uuidv7Pattern } from '../../std/uuid.ts';
import { type CommandContext, CommandFailed, exitStatus, jsonLine } from '../invocation/context.ts';

export interface HomeEventsOptions {
  /** A cursor, `start` or `now`; where a name begins that has none yet. */
  readonly since: string | undefined;
  /** The name under which it is kept. */
  readonly name: string | undefined;
  /** Ends with what is there. */
  readonly once: boolean;
}

const pollMs = 500;

/** Throws `CommandFailed` (usage) for options that do not go together. */
export function isOfAll(
  { since, name, once }: HomeEventsOptions,
  { isAll, pod }: { isAll: boolean; pod: string | undefined },
): boolean {
  if (isAll && pod !== undefined) throw usage(`--all is of all pods: leave out ${pod}, or --all`);
  if (!isAll && (once || (since ?? name) !== undefined))
    throw usage('--since, --cursor and --once go with --all: add it, or leave them out');
  return isAll;
}

export async function homeEventsCommand(
  context: CommandContext,
  options: HomeEventsOptions,
): Promise<number> {
  const { home, stdout } = context;
  const id = homeId(home);
  const kept = options.name === undefined ? null : await keptCursor(home, options.name);
  const events = new HomeEvents(home, await beginning(context, options, { id, kept }));
  let saved = '';
  // From here on a kill loses nothing of what it was to begin with.
  if (kept !== null) kept.keep((saved = encodeCursor(events.cursor)));
  for (;;) {
    await events.read(async (event) => {
      stdout.write(jsonLine(lineOf(event)));
      await stdout.drained();
    });
    const cursor = encodeCursor(events.cursor);
    if (cursor !== saved) {
      // Behind all that it covers: what was not written is handed out again.
      if (kept === null) stdout.write(jsonLine({ type: 'cursor', cursor }));
      else kept.keep(cursor);
      await stdout.drained();
      saved = cursor;
    }
    if (options.once) {
      await kept?.release();
      return exitStatus.done;
    }
    await pause(pollMs);
  }
}

function lineOf(event: HomeEvent): object {
  if (event.type === 'gone') return event;
  if (event.type === 'unreadable') {
    const { type, pod, folder, why } = event;
    return pod === null ? { type, folder, why } : { ...placeOf(pod), type, why };
  }
  const at = placeOf(event.pod);
  if (event.type === 'entry') return { ...at, type: 'entry', entry: event.entry };
  return { ...at, type: 'damaged', from: event.from, to: event.to };
}

function placeOf({ name, path, instance, spec }: FoundPod): object {
  return { pod: name, path, instance, root: spec.root.instance };
}

interface Known {
  readonly id: string;
  readonly kept: KeptCursor | null;
}

async function beginning(
  { home }: CommandContext,
  { since, name }: HomeEventsOptions,
  { id, kept }: Known,
): Promise<Cursor> {
  const text = kept?.text ?? since ?? 'now';
  const nothing = { home: id, pods: new Map(), groups: [] };
  if (text === 'start') return { ...nothing, removed: 0 };
  if (text === 'now') {
    const events = new HomeEvents(home, { ...nothing, removed: removedSize(home) });
    await events.read(async () => undefined);
    return events.cursor;
  }
  const cursor = decodeCursor(text);
  const where = kept?.text === undefined ? '--since' : `the cursor "${name}"`;
  if (cursor === null)
    throw usage(`${where} is no cursor that podkin has made: give one, "start" for all there is, or "now"`);
  if (cursor.home !== id)
    throw usage(`${where} is of another home: give one of this home, "start" for all there is, or "now"`);
  return cursor;
}

interface KeptCursor {
  readonly text: string | undefined;
  keep(text: string): void;
  release(): Promise<void>;
}

const namePattern = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** One follower a name: two would each miss what the other has been handed. */
async function keptCursor(home: Home, name: string): Promise<KeptCursor> {
  if (!namePattern.test(name))
    throw usage(`--cursor: "${name}" is no name: use 1 to 63 of a-z, 0-9 and "-", no "-" first`);
  const folder = join(home.state, 'cursors', name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = await takeLock({ instance: `cursor-${name}`, folder, purpose: 'loan' });
  if (!lock.taken)
    throw new CommandFailed(
      exitStatus.failed,
      `another command follows with the cursor "${name}": end it, or take another name`,
    );
  const path = join(folder, 'cursor');
  return {
    text: textAt(path),
    keep: (text) => writeFileAtomic(path, `${text}\n`, 0o600),
    release: () => lock.release(),
  };
}

function textAt(path: string): string | undefined {
  try {
    return readRegular(path, cursorCharsMax * 16).trim();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** So that a cursor is told from one of another home. */
function homeId(home: Home): string {
  const path = join(home.state, 'home-id');
  mkdirSync(home.state, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(path, `${uuidv7()}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
  const id = readFileSync(path, 'utf8').trim();
  if (uuidv7Pattern.test(id)) return id;
  throw new CommandFailed(
    exitStatus.failed,
    `${path} is not what podkin wrote there: remove it; cursors end then`,
  );
}

function usage(message: string): CommandFailed {
  return new CommandFailed(exitStatus.usage, message);
}
