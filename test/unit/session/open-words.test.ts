/**
 * What opening a log refuses with, in full, on disks that fail at one call; and what it makes of short reads
 * and writes.
 */
import { appendFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type LogDisk, nodeDisk } from '../../../src/session/log/log-disk.ts';
import { encodeLine } from '../../../src/session/log/line.ts';
import { createFolder, createLog, openLog } from '../../../src/session/log/open-log.ts';
import { StorageFailed } from '../../../src/session/log/storage-failed.ts';
import { type Place, alert, errno, failure, newLog, opened, place, seqsOf, session } from './log-rig.ts';

/** A disk of which some calls are replaced, and the file numbers that it holds open. */
function diskWith(calls: Partial<LogDisk>): { disk: LogDisk; open: Set<number> } {
  const open = new Set<number>();
  const noted = (fd: number): number => {
    open.add(fd);
    return fd;
  };
  return {
    open,
    disk: {
      ...nodeDisk,
      open: (path) => noted(nodeDisk.open(path)),
      openForWriting: (path, flags) => noted(nodeDisk.openForWriting(path, flags)),
      close: (fd) => {
        open.delete(fd);
        nodeDisk.close(fd);
      },
      ...calls,
    },
  };
}

const fails = (code: string) => (): never => {
  throw errno(code);
};
const words = (error: unknown) => {
  if (!(error instanceof StorageFailed)) throw error;
  return [error.message, error.fatal, error.errno, error.path];
};
const thrown = (call: () => unknown): unknown => {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('it was to throw');
};

/** A log of one entry. */
async function written(): Promise<Place> {
  const at = await place();
  const log = newLog(at);
  log.append([session()]);
  await log.close();
  return at;
}

const inDoubt = 'nothing was read from it; check the disk, then restore the pod again';
const leftAlone = 'the log was left as it is; free some space or repair the disk, then restore the pod again';

describe('a log that is not opened', () => {
  it.each<[keyof LogDisk, string, (path: string) => string]>([
    [
      'openForWriting',
      'EACCES',
      (path) => `opening ${path} failed (EACCES): check the name of the pod and the rights of the file`,
    ],
    ['size', 'EIO', (path) => `reading or syncing ${path} failed (EIO): ${inDoubt}`],
    ['read', 'EIO', (path) => `reading or syncing ${path} failed (EIO): ${inDoubt}`],
    ['fsync', 'EIO', (path) => `reading or syncing ${path} failed (EIO): ${inDoubt}`],
    ['syncFolder', 'EIO', (path) => `reading or syncing ${path} failed (EIO): ${inDoubt}`],
  ])('[log.open-words] where %s fails with %s', async (name, code, message) => {
    const at = await written();
    const { disk, open } = diskWith({ [name]: fails(code) });
    const error = await failure(openLog({ ...at, disk }));
    expect(words(error)).toEqual([message(at.path), true, code, at.path]);
    expect(open.size).toBe(0);
  });

  it('[log.open-words] where its folder is not to be found, or it is no file', async () => {
    const at = await written();
    const gone = diskWith({ realPath: fails('ENOENT') });
    expect(words(await failure(openLog({ ...at, disk: gone.disk })))).toEqual([
      `looking for ${at.folder} failed (ENOENT): make the folder first`,
      true,
      'ENOENT',
      at.folder,
    ]);
    const other = diskWith({ isFile: () => false });
    expect(words(await failure(openLog({ ...at, disk: other.disk })))).toEqual([
      `opening ${at.path} failed (it is not a file): check the name of the pod and the rights of the file`,
      true,
      null,
      at.path,
    ]);
    expect(other.open.size).toBe(0);
  });

  it('[log.open-words] a mistake of the program is told as it is', async () => {
    const at = await written();
    const mistake = new Error('a mistake');
    const { disk, open } = diskWith({
      fsync: () => {
        throw mistake;
      },
    });
    expect(await failure(openLog({ ...at, disk }))).toBe(mistake);
    expect(open.size).toBe(0);
  });

  it('[log.open-words] nor made anew over another, or without its name on disk', async () => {
    const at = await written();
    expect(words(thrown(() => createLog(at)))).toEqual([
      `opening ${at.path} failed (EEXIST): a pod that exists is restored, not created anew`,
      true,
      'EEXIST',
      at.path,
    ]);
    const next = await place();
    const { disk, open } = diskWith({ syncFolder: fails('EIO') });
    expect(words(thrown(() => createLog({ ...next, disk })))).toEqual([
      `reading or syncing ${next.path} failed (EIO): ${inDoubt}`,
      true,
      'EIO',
      next.path,
    ]);
    expect(open.size).toBe(0);
  });

  it('[log.open-words] of another instance, or newer, by its name and numbers', async () => {
    const at = await written();
    const other = await failure(openLog({ ...at, instance: 'another' }));
    expect(other).toMatchObject({
      name: 'LogOfAnotherPod',
      message: `${at.path} is the log of the pod "pod" (instance ${session().instance}), not of instance another: put each log back into the folder of its own pod; nothing was changed`,
      found: session().instance,
      wanted: 'another',
      path: at.path,
    });
    const late = await place();
    const log = newLog(late);
    log.append([session({ schema: 2 })]);
    await log.close();
    expect(await failure(openLog(late))).toMatchObject({ name: 'LogTooNew', found: 2, known: 1 });
  });

  it('[log.open-words] a folder where a file is', async () => {
    const { folder } = await place();
    const path = join(folder, 'file', 'below');
    writeFileSync(join(folder, 'file'), '');
    const [message, fatal, , where] = words(thrown(() => createFolder(path)));
    expect(message).toMatch(
      /^making the folder .* failed \(E[A-Z]+\): check that the path is free and that you may write there$/,
    );
    expect([fatal, where]).toEqual([true, path]);
  });
});

describe('a log that is opened', () => {
  it('[log.open-found] empty, whole, or torn: what is found and what is read', async () => {
    const at = await place();
    writeFileSync(at.path, '');
    const empty = await opened(at);
    expect(empty.report).toEqual({ entries: 0, session: null, torn: null, damaged: [], seqBreaks: [] });
    expect([empty.log.size, empty.log.lastSeq]).toEqual([0, 0]);
    empty.log.append([session()]);
    expect(await seqsOf(empty)).toEqual([]);
    await empty.log.close();
    const whole = await opened(at);
    expect([whole.report.torn, whole.report.entries, whole.report.session?.seq]).toEqual([null, 1, 1]);
    whole.log.append([alert('a')]);
    expect(await seqsOf(whole)).toEqual([1]);
    await whole.log.close();
    appendFileSync(at.path, 'torn');
    const torn = await opened(at);
    expect(torn.report.torn).toEqual({ offset: torn.log.size, bytes: 4, file: `${at.path}.torn-1` });
    expect(await seqsOf(torn)).toEqual([1, 2]);
  });

  it('[log.open-found] is read on the disk that is given, and a session behind damage is found', async () => {
    const at = await place();
    const line = encodeLine({ seq: 1, time: 't', ...session() }).line;
    writeFileSync(at.path, Buffer.concat([Buffer.from('no line\nnone either\n'), line]));
    let reads = 0;
    const read: LogDisk['read'] = (...args) => {
      reads += 1;
      return nodeDisk.read(...args);
    };
    const open = await opened(at, { disk: diskWith({ read }).disk });
    expect(open.report.session?.name).toBe('pod');
    expect(open.report.damaged).toEqual([{ from: 0, to: 20, why: 'notJson', file: `${at.path}.damaged-0` }]);
    const before = reads;
    expect(await seqsOf(open)).toEqual([1]);
    expect(reads).toBeGreaterThan(before);
    await open.log.close();
  });

  it('[log.open-found] made anew shows all that is appended', async () => {
    const at = await place();
    const log = newLog(at);
    log.append([session(), alert('a')]);
    const shown = [...log.pieces({ from: 0, to: log.size })].map(({ bytes }) => bytes);
    expect(Buffer.concat(shown)).toEqual(readFileSync(at.path));
  });
});

describe('what is kept aside', () => {
  const bad = 'no line at all\n';
  /** A damaged line, then a whole one. */
  async function damaged(tail = ''): Promise<Place> {
    const at = await place();
    const line = encodeLine({ seq: 1, time: 't', ...session() }).line;
    writeFileSync(at.path, Buffer.concat([Buffer.from(bad), line, Buffer.from(tail)]));
    return at;
  }

  it('[log.damaged-aside] goes beside a file that holds other bytes, and is not copied again', async () => {
    const at = await damaged();
    writeFileSync(`${at.path}.damaged-0`, 'other');
    writeFileSync(`${at.path}.damaged-0.1`, 'no line at alL\n');
    for (let times = 0; times < 2; times += 1) {
      const { log, report } = await opened(at);
      expect(report.damaged[0]?.file).toBe(`${at.path}.damaged-0.2`);
      expect(readFileSync(`${at.path}.damaged-0.2`, 'utf8')).toBe(bad);
      await log.close();
    }
    expect(existsSync(`${at.path}.damaged-0.3`)).toBe(false);
  });

  it('[log.damaged-aside] in pieces, where the disk gives and takes few bytes', async () => {
    const at = await damaged('a torn tail');
    const { disk, open } = diskWith({
      read: (fd, bytes, length, position) => nodeDisk.read(fd, bytes, Math.min(length, 5), position),
      writeSync: (fd, bytes, position) => nodeDisk.writeSync(fd, bytes.subarray(0, 2), position),
    });
    for (let times = 0; times < 2; times += 1) {
      const { log, report } = await openLog({ ...at, disk });
      expect(report.damaged[0]?.file).toBe(`${at.path}.damaged-0`);
      await log.close();
    }
    expect(readFileSync(`${at.path}.damaged-0`, 'utf8')).toBe(bad);
    expect(readFileSync(`${at.path}.torn-1`, 'utf8')).toBe('a torn tail');
    expect(open.size).toBe(0);
  });

  it('[log.damaged-aside] waits where there is no room for it, and leaves nothing half copied', async () => {
    const at = await damaged();
    const { disk, open } = diskWith({ writeSync: fails('ENOSPC') });
    const { log, report } = await openLog({ ...at, disk });
    expect(report.damaged).toEqual([{ from: 0, to: bad.length, why: 'notJson', file: null }]);
    expect(readdirSync(at.folder).filter((name) => name.includes('damaged'))).toEqual([]);
    await log.close();
    expect(open.size).toBe(0);
  });

  it.each<[keyof LogDisk, string]>([
    ['writeSync', 'ENOSPC'],
    ['fsync', 'EIO'],
    ['syncFolder', 'EIO'],
  ])('[log.torn-kept] a tail is not cut where %s fails with %s', async (name, code) => {
    const at = await written();
    appendFileSync(at.path, 'torn');
    const before = readFileSync(at.path);
    const { disk, open } = diskWith({ [name]: fails(code) });
    const aside = `${at.path}.torn-1`;
    expect(words(await failure(openLog({ ...at, disk })))).toEqual([
      `keeping damaged bytes of the log in ${aside} failed (${code}): ${leftAlone}`,
      true,
      code,
      aside,
    ]);
    expect(readFileSync(at.path)).toEqual(before);
    expect(existsSync(aside)).toBe(false);
    expect(open.size).toBe(0);
  });

  it('[log.torn-kept] nor where no file can be made for it; where it cannot be cut, its file is named', async () => {
    const at = await written();
    appendFileSync(at.path, 'torn');
    const aside = `${at.path}.torn-1`;
    const openForWriting: LogDisk['openForWriting'] = (path, flags) =>
      path === at.path ? nodeDisk.openForWriting(path, flags) : fails('EROFS')();
    const unmade = await failure(openLog({ ...at, disk: { ...nodeDisk, openForWriting } }));
    expect(words(unmade)).toEqual([
      `keeping damaged bytes of the log in ${aside} failed (EROFS): ${leftAlone}`,
      true,
      'EROFS',
      aside,
    ]);
    const { disk } = diskWith({ ftruncateSync: fails('EPERM') });
    expect(words(await failure(openLog({ ...at, disk })))).toEqual([
      `cutting the torn tail of ${at.path} failed (EPERM): the tail is kept in ${aside}; repair the disk and restore the pod again`,
      true,
      'EPERM',
      at.path,
    ]);
    expect(readFileSync(aside, 'utf8')).toBe('torn');
  });
});
