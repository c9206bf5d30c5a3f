/**
 * For `podkin doctor`: whether a home can be written, and on what kind of file system it lies. Locks,
 * `fdatasync` and renames are trusted as a local disk keeps them; over a network, or
 * through a program of the user, they may not hold.
 */
import { accessSync, constants, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Home } from '../../session/home/home.ts';
import { systemCode } from '../../std/system-code.ts';
import type { Finding } from './finding.ts';

/** As Linux numbers them in `statfs`; only those that are not a local disk. */
const distant: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x01021997, '9p'],
  [0x65735546, 'FUSE'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x517b, 'SMB'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x73757245, 'Coda'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x786f4256, 'a VirtualBox share'],
  [0xbacbacbc, 'a VMware share'],
]);

/** tmpfs and ramfs: fine for sockets. */
const inMemory: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);

export interface DiskView {
  readonly platform: NodeJS.Platform;
  /** The number of the file system that holds a path. Throws the system's error. */
  typeOf(path: string): number;
}

const thisMachine: DiskView = { platform: process.platform, typeOf: (path) => statfsSync(path).type };

/**
 * One finding for the state folder and one for that of the sockets; a folder that is not there yet is judged
 * by what will hold it.
 */
export function diskFindings(home: Home, view: DiskView = thisMachine): Finding[] {
  const places = [
    { what: 'the state folder', path: home.state, variable: 'XDG_STATE_HOME' },
    { what: 'the folder of the sockets', path: home.runtime, variable: 'XDG_RUNTIME_DIR' },
  ];
  return places.map(({ what, path, variable }): Finding => {
    const check = 'file system';
    const fix = `set PODKIN_HOME, or ${variable}, to a folder on a local disk`;
    if (view.platform !== 'linux') {
      const text = `${what}, ${path}: its kind is not known on ${view.platform}; it must be a local disk`;
      return { check, level: 'ok', text, fix: null };
    }
    const type = typeAt(path, view);
    if (type === null) return { check, level: 'warning', text: `${what}, ${path}: cannot be checked`, fix };
    if (path === home.state && inMemory.has(type)) {
      const text = `${what}, ${path}, lies in memory: a restart of the machine takes every session with it`;
      return { check, level: 'warning', text, fix };
    }
    const name = distant.get(type);
    if (name === undefined) return { check, level: 'ok', text: `${what}, ${path}: local`, fix: null };
    const text = `${what}, ${path}, lies on ${name}: locks, syncs and renames may not hold there, and what was acknowledged may be lost`;
    return { check, level: 'warning', text, fix };
  });
}

/** Null where the system does not say. */
function typeAt(path: string, view: DiskView): number | null {
  try {
    // Unsigned: a system of 32 bits hands out the high ones as negative.
    return view.typeOf(path) >>> 0;
  } catch (error) {
    const above = dirname(path);
    if (systemCode(error) !== 'ENOENT' || above === path) return null;
    return typeAt(above, view);
  }
}

/** A failure where no pod could be made; nothing is written to find out. */
export function unwritableFindings({ state }: Home): Finding[] {
  const path = problemIn(state) === null ? join(state, 'pods') : state;
  const problem = problemIn(path);
  if (problem === null) return [];
  const { folder, code } = problem;
  const where = folder === path ? path : `${folder}, which ${path} is made in,`;
  const text = `${where} cannot be written (${code}): no pod can start`;
  const fix =
    code === 'EROFS'
      ? 'mount its file system for writing, or set PODKIN_HOME to a folder that you may write'
      : 'make it a folder that belongs to you and that you may write, or set PODKIN_HOME to one';
  return [{ check: 'home', level: 'failure', text, fix }];
}

/** Of the folder, or of the nearest one above it that is there. */
function problemIn(path: string): { folder: string; code: string } | null {
  try {
    if (!statSync(path).isDirectory()) return { folder: path, code: 'ENOTDIR' };
    accessSync(path, constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    const above = dirname(path);
    return code === 'ENOENT' && above !== path ? problemIn(above) : { folder: path, code };
  }
}
