/**
 * The lock of a registry excludes within one network namespace. Beside it stands a file while the registry is
 * changed, so that two containers which share a home do not write over each other. Whoever looks at it holds
 * the lock already: a file of its own network is what a death has left.
 */
import { linkSync, lstatSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { JsonValue } from '../../std/json.ts';
import { ownNamespaces } from '../../std/namespaces.ts';
import { isOutOfPlace, readRegular } from '../../std/open-regular.ts';
import { isOfTexts } from '../../std/fast-guards.ts';
import { bootId } from '../../std/process-identity.ts';
import { systemCode } from '../../std/system-code.ts';

/** A change takes milliseconds, and a second where a pod that is asked after does not answer. */
const abandonedAfterMs = 3_000;
const textBytesMax = 16 * 1024;

/** False while a process of another container changes the registry. Throws the file system's error. */
export function takeRegistryFile(path: string): boolean {
  const { network } = ownNamespaces();
  // Where there are no namespaces, the lock excludes all.
  if (network === null) return true;
  if (create(path, network)) return true;
  const found = textAt(path);
  if (found !== null && !isAbandoned(path, found, network)) return false;
  if (found !== null) putAway(path, found);
  return create(path, network);
}

export function releaseRegistryFile(path: string): void {
  if (ownNamespaces().network !== null) rmSync(path, { force: true });
}

function create(path: string, network: string): boolean {
  try {
    const text = JSON.stringify({ bootId: bootId(), network, id: randomName() });
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') return false;
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
    // Without room nothing is changed either, and a look at what stands there goes on.
    rmSync(path, { force: true });
    return true;
  }
}

function isAbandoned(path: string, text: string, network: string): boolean {
  const holder = parsed(text);
  if (holder !== null && (holder.network === network || holder.bootId !== bootId())) return true;
  // Of what is there itself: a link may lead to anything, or nowhere.
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats === undefined || Date.now() - stats.mtimeMs > abandonedAfterMs;
}

/** Two may have found the same one abandoned: the later must not take away what the first has made since. */
function putAway(path: string, found: string): void {
  const aside = `${path}.${randomName()}`;
  try {
    renameSync(path, aside);
    if (textAt(aside) !== found) linkSync(aside, path);
  } catch (error) {
    const code = systemCode(error);
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true, recursive: true });
  }
}

/** Null where it is gone meanwhile: what is made there now is somebody's. */
function textAt(path: string): string | null {
  try {
    return readRegular(path, textBytesMax);
  } catch (error) {
    const isMissing = systemCode(error) === 'ENOENT';
    // A link to nothing is there all the same: no file could ever be made in its place.
    if (isMissing && !isLink(path)) return null;
    // Something else stands there: nobody's who changes the registry.
    if (isMissing || isOutOfPlace(error)) return '';
    throw error;
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

function parsed(text: string): { bootId: string; network: string } | null {
  try {
    const value: JsonValue = JSON.parse(text);
    if (!isOfTexts(value, ['bootId', 'network', 'id'])) return null;
    return { bootId: value['bootId'] ?? '', network: value['network'] ?? '' };
  } catch {
    return null;
  }
}

/** Against chance alone, and without the module that a start would have to load for more. */
function randomName(): string {
  return `${process.pid.toString(36)}${Math.random().toString(36).slice(2, 12)}`;
}
