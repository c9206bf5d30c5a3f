/**
 * What a pod was started from, also where its `pod.json` is damaged or gone: the first entry of its log says
 * the same. So one damaged file takes no pod out of its tree, and keeps no outcome from being told.
 */
import { basename } from 'node:path';
import { closeSync, fstatSync, readSync } from 'node:fs';
import { openRegular } from '../../std/open-regular.ts';
import { type PodFolder, readSpec } from './home.ts';
import { isPlaceOf, nameAt } from './place.ts';
import type { Entry, SessionEntry } from '../facts/entries.ts';
import { decodeLine, logLineBytesMax } from '../log/line.ts';
import { type PodSpec, parseSpec } from './pod-file.ts';

/** As `readSpec`; the file's own problem is thrown only where the log does not know either. */
export function knownSpec(folder: PodFolder): PodSpec | null {
  let spec: PodSpec | null;
  try {
    spec = readSpec(folder);
  } catch (error) {
    const inLog = specInLog(folder);
    if (inLog === null) throw error;
    return inLog;
  }
  return spec ?? specInLog(folder);
}

/** As `knownSpec`, null also where nothing can be known. */
export function specIfKnown(folder: PodFolder): PodSpec | null {
  try {
    return knownSpec(folder);
  } catch {
    return null;
  }
}

/** False for a log with text in it that is no pod's. Throws as `openRegular` does. */
export function isPodLog(path: string): boolean {
  const fd = openRegular(path);
  const { size } = fstatSync(fd);
  closeSync(fd);
  if (size === 0) return true;
  const decoded = decodeLine(firstLine(path));
  return decoded.ok && decoded.entry.type === 'session';
}

/** What a person can do about it. */
export const strangersLogAdvice = 'put each log back into the folder of its own pod';

/** Of a log that is not of the pod whose folder it lies in: whose it is, as a clause; else null. */
export function strangersLog(folder: PodFolder): string | null {
  const owner = sessionIn(folder.log);
  if (owner === null) return null;
  const place = basename(folder.path);
  const name = nameAt(place);
  const instance = specIfThere(folder)?.instance ?? owner.instance;
  if (isPlaceOf(owner, place) && owner.instance === instance) return null;
  const own = owner.name === name ? `instance ${instance}` : `"${name}"`;
  return `${folder.log} is the log of the pod "${owner.name}" (instance ${owner.instance}), not of ${own}`;
}

function specIfThere(folder: PodFolder): PodSpec | null {
  try {
    return readSpec(folder);
  } catch {
    return null;
  }
}

/** Null where the log does not begin with it, or cannot be read. */
export function sessionIn(log: string): Entry<SessionEntry> | null {
  try {
    const decoded = decodeLine(firstLine(log));
    return decoded.ok && decoded.entry.type === 'session' ? decoded.entry : null;
  } catch {
    return null;
  }
}

function specInLog(folder: PodFolder): PodSpec | null {
  try {
    const session = sessionIn(folder.log);
    if (session === null) return null;
    const spec = parseSpec(folder.log, JSON.stringify(session));
    // Not another pod's log that was put there.
    return isPlaceOf(spec, basename(folder.path)) ? spec : null;
  } catch {
    return null;
  }
}

const pieceBytes = 16 * 1024;
const newline = 0x0a;

/** Empty where no line ends within a line's bounds. */
function firstLine(path: string): Buffer {
  const fd = openRegular(path);
  try {
    for (let size = pieceBytes; ; size = Math.min(size * 8, logLineBytesMax)) {
      const bytes = Buffer.allocUnsafe(size);
      const count = readSync(fd, bytes, 0, size, 0);
      const end = bytes.subarray(0, count).indexOf(newline);
      if (end !== -1) return bytes.subarray(0, end);
      if (count < size || size === logLineBytesMax) return Buffer.alloc(0);
    }
  } finally {
    closeSync(fd);
  }
}
