/**
 * The file beside a registry that is being changed: whose it is, when it is a dead one’s, and what two may do
 * at once.
 */
import fs, {
  existsSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { releaseRegistryFile, takeRegistryFile } from '../../../src/scope/ownership/registry-file.ts';
import { ownNamespaces } from '../../../src/std/namespaces.ts';
import { bootId } from '../../../src/std/process-identity.ts';
import { canMountTmpfs, errno, tempFolder, tinyDisk } from '../session/log-rig.ts';
import { replaceFs } from './replaced-fs.ts';

afterEach(() => vi.restoreAllMocks());

const { network } = ownNamespaces();
const nowMs = 1_700_000_010_000;
const theirs = JSON.stringify({ bootId: bootId(), network: 'net:[1]', id: 'x' });

function place(folder = tempFolder()) {
  const path = join(folder, 'lock');
  /** Made so many milliseconds ago, to the millisecond. */
  const put = (text: string, ageMs = 0) => {
    writeFileSync(path, text);
    vi.spyOn(Date, 'now').mockReturnValue(nowMs + ageMs);
    utimesSync(path, nowMs / 1_000, nowMs / 1_000);
  };
  const names = () => readdirSync(folder);
  const text = () => readFileSync(path, 'utf8');
  return { folder, path, put, names, text };
}
const ours = { bootId: bootId(), network, id: expect.any(String) };

describe.runIf(network !== null)('the file beside a registry', () => {
  it('[scope.registry-elsewhere] names the boot, the network and this very change, for its owner alone', () => {
    const { path, text, names } = place();
    expect(takeRegistryFile(path)).toBe(true);
    const first = JSON.parse(text()) as { id: string };
    expect(first).toStrictEqual(ours);
    expect(first.id).toMatch(new RegExp(`^${process.pid.toString(36)}[0-9a-z]{6,10}$`));
    expect([names(), statSync(path).mode & 0o777]).toEqual([['lock'], 0o600]);
    releaseRegistryFile(path);
    releaseRegistryFile(path);
    expect(names()).toEqual([]);
    takeRegistryFile(path);
    expect((JSON.parse(text()) as { id: string }).id).not.toBe(first.id);
  });

  it.each<[string, string, number]>([
    ['of another network that is young', theirs, 0],
    ['of another network that is three seconds old', theirs, 3_000],
    ['without a network', JSON.stringify({ bootId: 'other', id: 'x' }), 3_000],
    ['without a boot', JSON.stringify({ network, id: 'x' }), 3_000],
    ['without an id', JSON.stringify({ bootId: 'other', network }), 3_000],
    ['with more than that', JSON.stringify({ bootId: 'other', network, id: 'x', more: 'y' }), 3_000],
    ['half-written', theirs.slice(0, -3), 3_000],
  ])('[scope.registry-elsewhere] one %s is somebody’s, and stays', (_, text, ageMs) => {
    const at = place();
    at.put(text, ageMs);
    expect(takeRegistryFile(at.path)).toBe(false);
    expect([at.text(), at.names()]).toEqual([text, ['lock']]);
  });

  it.each<[string, string, number]>([
    ['of this network', JSON.stringify({ bootId: bootId(), network, id: 'x' }), 0],
    ['of another boot', JSON.stringify({ bootId: 'other', network: 'net:[1]', id: 'x' }), 0],
    ['of another network that is older than three seconds', theirs, 3_001],
    ['that is half-written and older than that', theirs.slice(0, -3), 3_001],
    ['that is empty and older than that', '', 3_001],
  ])('[scope.registry-elsewhere] one %s is what a death has left', (_, text, ageMs) => {
    const at = place();
    at.put(text, ageMs);
    expect(takeRegistryFile(at.path)).toBe(true);
    expect([JSON.parse(at.text()), at.names()]).toEqual([ours, ['lock']]);
  });

  it('[scope.registry-elsewhere] a folder in its place is nobody’s once it is old', () => {
    const { path, text, names } = place();
    mkdirSync(join(path, 'full'), { recursive: true });
    expect(takeRegistryFile(path)).toBe(false);
    utimesSync(path, 1, 1);
    expect(takeRegistryFile(path)).toBe(true);
    expect([JSON.parse(text()), names()]).toEqual([ours, ['lock']]);
  });

  it.each([
    ['to nothing', 'nowhere'],
    ['to itself', 'lock'],
    ['to a device', '/dev/null'],
  ])('[scope.registry-elsewhere] nor is a link %s', (_, target) => {
    const { path, text, names } = place();
    symlinkSync(target, path);
    expect(takeRegistryFile(path)).toBe(false);
    lutimesSync(path, 1, 1);
    expect(takeRegistryFile(path)).toBe(true);
    expect([JSON.parse(text()), names()]).toEqual([ours, ['lock']]);
  });

  it('[scope.registry-elsewhere] what the file system refuses is its error', () => {
    const { path, put } = place();
    expect(() => takeRegistryFile(join(path, 'none'))).toThrow('ENOENT');
    put(theirs);
    replaceFs({
      openSync: () => {
        throw errno('EIO');
      },
      writeFileSync: () => {
        throw errno('EEXIST');
      },
    });
    expect(() => takeRegistryFile(path)).toThrow('EIO');
  });
});

describe.runIf(network !== null)('two at once', () => {
  const { linkSync, renameSync } = fs;

  it('[scope.registry-elsewhere] one that is made meanwhile is not taken away', () => {
    const { path, put, text, names } = place();
    put('left', 4_000);
    replaceFs({
      renameSync: (from, to) => {
        rmSync(from);
        writeFileSync(from, theirs);
        renameSync(from, to);
      },
    });
    expect(takeRegistryFile(path)).toBe(false);
    expect([text(), names()]).toEqual([theirs, ['lock']]);
  });

  it('[scope.registry-elsewhere] nor one that a third has made in the place of that', () => {
    const { path, put, text, names } = place();
    put('left', 4_000);
    const third = theirs.replace('"x"', '"y"');
    replaceFs({
      renameSync: (from, to) => {
        writeFileSync(from, theirs);
        renameSync(from, to);
      },
      linkSync: (from, to) => {
        writeFileSync(path, third);
        linkSync(from, to);
      },
    });
    expect(takeRegistryFile(path)).toBe(false);
    expect([text(), names()]).toEqual([third, ['lock']]);
  });

  it('[scope.registry-elsewhere] one that is gone meanwhile is made anew', () => {
    const { path, put, text, names } = place();
    put('left', 4_000);
    replaceFs({
      renameSync: (from, to) => {
        rmSync(from);
        renameSync(from, to);
      },
    });
    expect(takeRegistryFile(path)).toBe(true);
    expect([JSON.parse(text()), names()]).toEqual([ours, ['lock']]);
  });

  it('[scope.registry-elsewhere] one that is gone when it is read is made anew, and nothing is taken away', () => {
    const { path, put, text, names } = place();
    put(theirs);
    const { openSync: real } = fs;
    const unwanted = () => expect.unreachable();
    replaceFs({
      openSync: (...asked) => {
        // What is made is opened as well, by other flags.
        if (typeof asked[1] === 'number') rmSync(path);
        return real(...asked);
      },
      linkSync: unwanted,
      renameSync: unwanted,
    });
    expect(takeRegistryFile(path)).toBe(true);
    expect([JSON.parse(text()), names()]).toEqual([ours, ['lock']]);
  });

  it('[scope.registry-elsewhere] one that goes while its age is asked is made anew', () => {
    const { path, put, text } = place();
    put(theirs);
    const { lstatSync: real } = fs;
    replaceFs({
      lstatSync: ((...asked: Parameters<typeof real>) => {
        unlinkSync(path);
        return real(...asked);
      }) as typeof real,
    });
    expect(takeRegistryFile(path)).toBe(true);
    expect(JSON.parse(text())).toEqual(ours);
  });

  it('[scope.registry-elsewhere] one that cannot be taken away is an error', () => {
    const { path, put, text, names } = place();
    put('left', 4_000);
    replaceFs({
      renameSync: () => {
        throw errno('EACCES');
      },
    });
    expect(() => takeRegistryFile(path)).toThrow('EACCES');
    expect([text(), names()]).toEqual(['left', ['lock']]);
  });
});

describe('without a file', () => {
  it.runIf(canMountTmpfs && network !== null)(
    '[scope.registry-elsewhere] on a full disk nobody is held up, and nothing is left',
    () => {
      const { path, folder, names } = place(tinyDisk());
      writeFileSync(join(folder, 'full'), '');
      expect(() => writeFileSync(join(folder, 'full'), Buffer.alloc(64 * 1024))).toThrow('ENOSPC');
      expect(takeRegistryFile(path)).toBe(true);
      expect(names()).toEqual(['full']);
    },
  );

  it.runIf(network !== null).each([
    ['which has made the file', 'EDQUOT', true],
    ['which has not', 'EDQUOT', false],
    ['of files', 'ENOSPC', false],
  ])('[scope.registry-elsewhere] nor past a limit %s (%s)', (_, code, isMade) => {
    const { path, names } = place();
    const { writeFileSync: real } = fs;
    replaceFs({
      writeFileSync: (...asked: Parameters<typeof real>) => {
        if (isMade) real(...asked);
        throw errno(code);
      },
    });
    expect(takeRegistryFile(path)).toBe(true);
    expect(names()).toEqual([]);
  });

  it('[scope.registry-elsewhere] where there are no namespaces the lock alone excludes', () => {
    const own = ownNamespaces();
    Object.assign(own, { network: null });
    onTestFinished(() => void Object.assign(own, { network }));
    const { path, names } = place();
    expect(takeRegistryFile(path)).toBe(true);
    expect(names()).toEqual([]);
    writeFileSync(path, '');
    releaseRegistryFile(path);
    expect(existsSync(path)).toBe(true);
  });
});
