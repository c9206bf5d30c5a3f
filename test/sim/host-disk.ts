/**
 * The disk under session logs, as one process sees it. Each write, sync and opening is a place where it may
 * die.
 */
import { basename, dirname } from 'node:path';
import type { LogDisk } from '../../src/session/log/log-disk.ts';
import { SimFile, systemError } from './files.ts';
import type { SimProcess } from './process.ts';

export function simDisk(process: SimProcess): LogDisk {
  const { world } = process;
  const fileOf = (fd: number): SimFile => {
    process.mustLive();
    const file = world.descriptors.get(fd);
    if (file === undefined) throw systemError('EBADF');
    return file;
  };
  const openOf = (path: string): number => {
    world.mustBeHere();
    const file = world.files.get(path);
    if (file === undefined) throw systemError('ENOENT');
    return world.descriptor(file);
  };
  return {
    kindOf: () => 'file',
    open: (path) => {
      process.mustLive();
      return openOf(path);
    },
    openForWriting(path, flags) {
      process.point(`open.${flags}`);
      if (flags === 'r+') return openOf(path);
      world.mustBeHere();
      if (world.files.has(path)) throw systemError('EEXIST');
      if (!world.livingFolders().some(({ folder }) => folder.path === dirname(path)))
        throw systemError('ENOENT');
      world.files.set(path, new SimFile(path));
      return openOf(path);
    },
    close: (fd) => void world.descriptors.delete(fd),
    isFile: () => true,
    size: (fd) => fileOf(fd).size,
    read: (fd, bytes, length, position) => fileOf(fd).read(bytes, length, position),
    writeSync(fd, bytes, position) {
      const file = fileOf(fd);
      world.order.writing(process, file, position);
      process.writing = true;
      const taken = write(process, file, { bytes, position });
      process.writing = false;
      return taken;
    },
    fdatasync(fd, done) {
      const file = fileOf(fd);
      const through = file.size;
      world.syncing.set(file, through);
      const { random } = file.path.includes('.checkpoint-') ? world.checkpoints : world;
      process.after(random.delay(2), () => {
        process.point('synced');
        world.syncing.delete(file);
        file.syncThrough(through);
        done(null);
      });
    },
    fsync: (fd) => {
      process.point('fsync');
      fileOf(fd).syncThrough(Number.MAX_SAFE_INTEGER);
    },
    syncFolder: (path) => {
      process.point('syncFolder');
      world.mustBeHere();
      for (const file of world.files.values()) if (dirname(file.path) === path) file.named = true;
    },
    ftruncateSync: (fd, size) => {
      process.point('truncate');
      fileOf(fd).truncate(size);
    },
    readWhole: (path) => (world.homeIsAway ? null : (world.files.get(path)?.whole() ?? null)),
    remove: (path) => void world.files.delete(path),
    rename(from, to) {
      process.point('rename');
      const file = world.files.get(from);
      if (file === undefined) throw systemError('ENOENT');
      world.files.delete(from);
      world.files.set(to, file);
      file.path = to;
      file.named = false;
    },
    names: (folder) =>
      world.homeIsAway
        ? []
        : [...world.files.keys()].filter((path) => dirname(path) === folder).map((path) => basename(path)),
    realPath: (path) => path,
    whereabouts: (fd, path) => {
      const file = fileOf(fd);
      if (file.removed) return 'deleted';
      if (world.homeIsAway) return 'moved';
      return world.files.get(path) === file ? 'inPlace' : 'moved';
    },
    nextTurn: () => process.later(0, () => undefined),
  };
}

function write(
  process: SimProcess,
  file: SimFile,
  { bytes, position }: { bytes: Uint8Array; position: number },
): number {
  const { world } = process;
  const pod = world.folders.get(basename(dirname(file.path)));
  process.point('beforeCommit');
  const full = pod?.full ?? null;
  if (full !== null && (full !== 'flickering' || world.random.chance(0.5))) {
    world.hit(`disk.full.${full}`);
    if (full === 'partly' && position === file.size && bytes.length > 1) {
      const part = bytes.subarray(0, 1 + world.random.int(bytes.length - 1));
      file.write(part, position);
      return part.length;
    }
    process.writing = false;
    throw systemError('ENOSPC');
  }
  if (world.chanceOfTear() && bytes.length > 1) {
    const { simPod } = process;
    if (simPod !== null && simPod.crashAt > simPod.points) {
      file.write(bytes.subarray(0, 1 + world.random.int(bytes.length - 1)), position);
      world.hit('crash.torn');
      process.die();
      process.mustLive();
    }
  }
  file.write(bytes, position);
  process.point('afterCommit');
  return bytes.length;
}
