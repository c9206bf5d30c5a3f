/**
 * Where chaos works: a folder of its own among the temporary files, short enough for the sockets of its pods.
 * Nothing of it is anywhere else: home, working directory, temporary files and the person's own folder of the
 * pods are below it.
 */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { wireLimits } from '../../protocol/limits.ts';
import { socketName } from '../../protocol/socket-name.ts';
import { type Home, homeOf } from '../../session/home/home.ts';
import { ownHome, UnsafeHome } from '../../session/home/own-home.ts';
import { systemCode } from '../../std/system-code.ts';
import { uuidv7 } from '../../std/uuid.ts';
import { CommandFailed, exitStatus } from '../invocation/context.ts';
import { realPath } from '../../configuration/real-paths.ts';

const beginning = 'pk-chaos-';
const markName = 'made-by-podkin-chaos';
/** Of `mkdtemp`. */
const randomPart = 'XXXXXX';
/** Rounds are numbered from 1; nobody plays more than this. */
const longestRound = '99999';

export interface ChaosFolder {
  readonly path: string;
  /** Stands in a file of the folder: whoever knows it may remove it. */
  readonly mark: string;
}

/** Less than a trial of the usual length writes. */
const roomBytesMin = 16 * 1_024 * 1_024;

/** Throws `CommandFailed` where no folder of temporary files can be used. */
export function makeChaosFolder(): ChaosFolder {
  const why: string[] = [];
  for (const base of new Set([tmpdir(), '/tmp', '/var/tmp', '/dev/shm'].map(realPath))) {
    const made = madeIn(base);
    if (typeof made !== 'string') return made;
    why.push(made);
  }
  const next = 'set TMPDIR to a folder with a short path in which you may write';
  throw new CommandFailed(
    exitStatus.failed,
    `no folder for temporary files can be used: ${next} (${why.join('; ')})`,
  );
}

/** Or why there is none; nothing is left there then. */
function madeIn(base: string): ChaosFolder | string {
  const bytes = socketBytes(base);
  if (bytes > wireLimits.socketPathBytesMax) {
    return `a socket in ${base} would have ${bytes} bytes, at most ${wireLimits.socketPathBytesMax} fit`;
  }
  let path: string | undefined;
  try {
    if (freeBytes(base) < roomBytesMin) return `there is no room in ${base}`;
    path = mkdtempSync(join(base, beginning));
    const mark = uuidv7();
    const file = join(path, markName);
    // The umask may have taken bits away that its owner needs.
    chmodSync(path, 0o700);
    writeFileSync(file, mark, { mode: 0o600 });
    chmodSync(file, 0o600);
    ownHome({ PODKIN_HOME: join(path, longestRound, 'h') });
    return { path, mark };
  } catch (error) {
    if (path !== undefined) rmSync(path, { recursive: true, force: true });
    const code = systemCode(error);
    if (code !== undefined) return `${base} cannot be used (${code})`;
    if (!(error instanceof UnsafeHome)) throw error;
    return `${base} or a folder above it can be written by others, or belongs to somebody else`;
  }
}

function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

/**
 * A sentence where nothing fits into the folder any more: also for quotas, which the system does not tell.
 */
export function noRoomIn({ path }: ChaosFolder): string | undefined {
  const file = join(path, 'room');
  try {
    writeFileSync(file, Buffer.alloc(64 * 1_024));
    return undefined;
  } catch (error) {
    const code = systemCode(error);
    const isFull = code === 'ENOSPC' || code === 'EDQUOT';
    return isFull ? `there is no room in ${dirname(path)} (${code})` : undefined;
  } finally {
    rmSync(file, { force: true });
  }
}

function socketBytes(base: string): number {
  const run = join(base, `${beginning}${randomPart}`, longestRound, 'h', 'run');
  return Buffer.byteLength(join(run, socketName(uuidv7())));
}

/** Throws the system's error where something of it cannot be removed. False for what is not chaos's own. */
export function removeChaosFolder({ path, mark }: ChaosFolder): boolean {
  if (!isChaosFolder({ path, mark })) return false;
  rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  return true;
}

export function isChaosFolder({ path, mark }: ChaosFolder): boolean {
  return basename(path).startsWith(beginning) && markIn(path) === mark;
}

function markIn(path: string): string | undefined {
  try {
    return readFileSync(join(path, markName), 'utf8');
  } catch (error) {
    // It may well be ours, and whoever has no descriptor left cannot tell.
    if (systemCode(error) === 'EMFILE' || systemCode(error) === 'ENFILE') throw error;
    return undefined;
  }
}

export interface RoundPlace {
  readonly path: string;
  readonly home: Home;
  /** The pods' working directory. */
  readonly work: string;
  readonly scenario: string;
  /** Of the pods: no key, no setting and no folder of the person's. */
  readonly environment: NodeJS.ProcessEnv;
}

/** `given`: the environment of the command. */
export function roundPlace(folder: ChaosFolder, number: number, given: NodeJS.ProcessEnv): RoundPlace {
  const path = join(folder.path, String(number));
  const person = join(path, 'u');
  const work = join(person, 'work');
  const temporary = join(path, 't');
  for (const made of [work, temporary]) mkdirSync(made, { recursive: true, mode: 0o700 });
  const kept = ['PATH', 'LD_LIBRARY_PATH', 'LANG', 'PODKIN_COMMAND'].flatMap((name) =>
    given[name] === undefined ? [] : [[name, given[name]]],
  );
  const own = { HOME: person, TMPDIR: temporary, PODKIN_HOME: join(path, 'h') };
  const environment: NodeJS.ProcessEnv = { ...Object.fromEntries(kept), ...own };
  return { path, home: homeOf(environment), work, scenario: join(path, 'scenario.yaml'), environment };
}

/** The homes that there may be in the folder, of rounds that are over too. */
export function roundHome(path: string): Home {
  return homeOf({ PODKIN_HOME: join(path, 'h') });
}
