import { execFileSync } from 'node:child_process';
import { constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import {
  chmod,
  link,
  lstat,
  mkdir,
  open,
  readFile,
  readdir,
  rename,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { FileHandle } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { carryOver } from '../../../src/scope/paths/carry-over.ts';
import { narrow } from '../../../src/scope/paths/narrow.ts';
import { checkInside, openExact, openInside } from '../../../src/scope/paths/open-inside.ts';
import { realScope } from '../../../src/scope/paths/real-path.ts';
import { replaceInside } from '../../../src/scope/paths/replace-inside.ts';
import { accessTo, tempFolder } from '../tools/bench-context.ts';

const content = Buffer.from('new');

/** What Node has no call for, by Python's. */
function attributes(path: string, script: string): string {
  const given = ['-c', `import os, sys; p = sys.argv[1]; ${script}`, path];
  return execFileSync('python3', given, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
}

function mayHaveAttributes(): boolean {
  const path = join(mkdtempSync(join(tmpdir(), 'podkin-attributes-')), 'x');
  try {
    writeFileSync(path, '');
    attributes(path, "os.setxattr(p, 'user.note', b'x')");
    return true;
  } catch {
    console.warn(
      'NOT TESTED: access lists and attributes of files, which need Linux, python3 and a file system with them',
    );
    return false;
  } finally {
    rmSync(dirname(path), { recursive: true });
  }
}
const hasAttributes = process.platform === 'linux' && mayHaveAttributes();

async function twoFolders() {
  const folder = await tempFolder();
  const inside = join(folder, 'inside');
  const outside = join(folder, 'outside');
  await mkdir(inside);
  await mkdir(outside);
  await writeFile(join(outside, 'secret'), 'secret');
  return { folder, inside, outside, access: accessTo({ read: [], write: [inside] }) };
}

describe('opening inside a scope', () => {
  it("[package.unplugged] a file is written and synced where a FileHandle knows no sync, as in Yarn's Plug'n'Play", async () => {
    const { inside, access } = await twoFolders();
    const handle = await open(inside);
    const kind = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const sync = vi.spyOn(kind, 'sync').mockRejectedValue(new Error('Method not implemented.'));
    try {
      expect(await replaceInside(access, join(inside, 'new'), content, 'absent')).toMatchObject({ ok: true });
      expect(await readFile(join(inside, 'new'), 'utf8')).toBe('new');
    } finally {
      sync.mockRestore();
    }
  });

  it('[scope.links-out] a link that leads out of the scope is denied, to a file, through a folder, and for writing', async () => {
    const { inside, outside, access } = await twoFolders();
    await symlink(join(outside, 'secret'), join(inside, 'file'));
    await symlink(outside, join(inside, 'folder'));
    await symlink(join(outside, 'later'), join(inside, 'dangling'));
    for (const name of ['file', 'folder/secret', 'folder']) {
      const opened = await openInside(access, 'read', join(inside, name));
      expect(opened).toMatchObject({ ok: false, kind: 'denied' });
      expect(opened.ok ? '' : opened.text).toContain(`It leads to ${outside}`);
    }
    for (const name of ['file', 'folder/new', 'folder/deep/new', 'dangling']) {
      expect(await replaceInside(access, join(inside, name), content, 'absent')).toMatchObject({ ok: false });
    }
    expect(await readdir(outside)).toEqual(['secret']);
    expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('secret');
  });

  it('[scope.links-inside] a root reached through a link, and a link that stays inside, work and stay links', async () => {
    const { folder, inside } = await twoFolders();
    await symlink(inside, join(folder, 'alias'));
    await writeFile(join(inside, 'real'), 'old');
    await symlink('real', join(inside, 'link'));
    const access = accessTo(await realScope({ read: [], write: [join(folder, 'alias')] }));
    const opened = await openInside(access, 'write', join(inside, 'link'));
    if (!opened.ok) throw new Error(opened.text);
    await opened.handle.close();
    expect(opened.realPath).toBe(join(inside, 'real'));
    expect(await replaceInside(access, join(folder, 'alias/link'), content, opened.stats)).toMatchObject({
      ok: true,
    });
    expect((await lstat(join(inside, 'link'))).isSymbolicLink()).toBe(true);
    expect(await readFile(join(inside, 'real'), 'utf8')).toBe('new');
  });

  it('[scope.star] a root that leads to a folder called * grants nothing beside it, and a deny that leads there takes all of it', async () => {
    const { folder, inside, outside } = await twoFolders();
    await mkdir(join(outside, '*/deep'), { recursive: true });
    await writeFile(join(outside, '*/deep/file'), 'x');
    await symlink(join(outside, '*'), join(inside, 'link'));
    const granted = accessTo(await realScope({ read: [], write: [join(inside, 'link')] }));
    const denied = accessTo(
      await realScope({ read: [], write: [folder], deny: [{ path: join(inside, 'link'), right: 'read' }] }),
    );
    const later = accessTo({
      read: [],
      write: [folder],
      deny: [{ path: join(inside, 'link'), right: 'read' }],
    });
    const isOpen = async (access: typeof denied, path: string) => {
      const opened = await openInside(access, 'read', path);
      if (opened.ok) await opened.handle.close();
      return opened.ok;
    };
    expect(await isOpen(granted, join(outside, 'secret'))).toBe(false);
    expect(await isOpen(denied, join(outside, '*/deep/file'))).toBe(false);
    expect(await isOpen(denied, join(inside, 'link/deep/file'))).toBe(false);
    expect(await isOpen(later, join(outside, '*/deep/file'))).toBe(false);
    const own = accessTo({ read: [], write: [folder] });
    expect(await isOpen({ ...own, programs: [join(outside, '*')] }, join(outside, 'secret'))).toBe(true);
    expect(
      await replaceInside(
        { ...own, programs: [join(outside, '*')] },
        join(outside, '*/deep/file'),
        content,
        'absent',
      ),
    ).toMatchObject({ ok: false, kind: 'denied' });
  });

  it('[scope.descriptor-checked] what was swapped in after the check is not opened', async () => {
    const { inside, outside, access } = await twoFolders();
    await mkdir(join(inside, 'sub'));
    await writeFile(join(inside, 'sub/secret'), 'mine');
    const checked = await checkInside(access, 'read', join(inside, 'sub/secret'));
    if (!checked.ok) throw new Error(checked.text);
    await rename(join(inside, 'sub'), join(inside, 'was'));
    await symlink(outside, join(inside, 'sub'));
    expect(await openExact(checked.realPath, 'shown')).toMatchObject({ ok: false, kind: 'changed' });
  });

  it('[scope.regular-only] a pipe is neither opened nor waited for, and a device is refused', async () => {
    const { inside, access } = await twoFolders();
    execFileSync('mkfifo', [join(inside, 'pipe')]);
    expect(await openInside(access, 'read', join(inside, 'pipe'))).toMatchObject({
      ok: false,
      kind: 'failed',
    });
    expect(await openExact(join(inside, 'pipe'), 'pipe')).toMatchObject({ ok: false, kind: 'failed' });
    expect(await openInside(accessTo({ read: ['/'], write: [] }), 'read', '/dev/zero')).toMatchObject({
      kind: 'denied',
    });
    expect(await replaceInside(access, join(inside, 'pipe'), content, 'absent')).toMatchObject({
      kind: 'failed',
    });
  });

  it('[scope.hard-link] a file with a second name is not written', async () => {
    const { inside, outside, access } = await twoFolders();
    await link(join(outside, 'secret'), join(inside, 'twin'));
    const stats = await stat(join(inside, 'twin'), { bigint: true });
    const written = await replaceInside(access, join(inside, 'twin'), content, stats);
    expect(written).toMatchObject({ ok: false, kind: 'denied' });
    expect(written.ok ? '' : written.text).toContain('hard links');
    expect(await readFile(join(inside, 'twin'), 'utf8')).toBe('secret');
    expect(await readdir(inside)).toEqual(['twin']);
  });

  it('[scope.replace-whole] a replaced file keeps its mode, is a new file, and no temporary file stays', async () => {
    const { inside, access } = await twoFolders();
    const path = join(inside, 'run.sh');
    await writeFile(path, 'old');
    await chmod(path, 0o751);
    const before = await stat(path, { bigint: true });
    const reader = await open(path, constants.O_RDONLY);
    expect(await replaceInside(access, path, content, before)).toEqual({ ok: true, realPath: path });
    expect((await stat(path)).mode & 0o777).toBe(0o751);
    expect(await reader.readFile('utf8')).toBe('old');
    await reader.close();
    expect(await readdir(inside)).toEqual(['run.sh']);
  });

  it.skipIf(!hasAttributes)(
    '[scope.replace-keeps] access list and extended attributes stay with the file, and so does who may read it',
    async () => {
      const { inside, access } = await twoFolders();
      const path = join(inside, 'shared');
      await writeFile(path, 'old', { mode: 0o600 });
      // user::rw- user:12345:rw- group::--- mask::rw- other::---
      const acl = '0200000001000600ffffffff020006003930000004000000ffffffff10000600ffffffff20000000ffffffff';
      attributes(path, `os.setxattr(p, 'system.posix_acl_access', bytes.fromhex('${acl}'))`);
      attributes(path, "os.setxattr(p, 'user.note', b'mine')");
      const before = await stat(path, { bigint: true });
      expect(Number(before.mode & 0o777n)).toBe(0o660);
      expect(await replaceInside(access, path, content, before)).toMatchObject({ ok: true });
      expect(await readFile(path, 'utf8')).toBe('new');
      expect((await stat(path, { bigint: true })).ino).not.toBe(before.ino);
      expect(attributes(path, "print(os.getxattr(p, 'system.posix_acl_access').hex())")).toBe(acl);
      expect(attributes(path, "print(os.getxattr(p, 'user.note').decode())")).toBe('mine');
      expect(await readdir(inside)).toEqual(['shared']);
    },
  );

  it('[scope.replace-keeps] what cannot be carried over is noticed; in place the file stays the same one, and no old text is left in the outputs', async () => {
    const { folder, inside } = await twoFolders();
    const path = join(inside, 'x');
    await writeFile(path, 'old text');
    const before = await stat(path, { bigint: true });
    const [old, directory] = await Promise.all([open(path), open(inside)]);
    expect(await carryOver(old, directory)).toBe(false);
    await Promise.all([old.close(), directory.close()]);
    const outputs = join(folder, 'outputs');
    const access = { ...accessTo({ read: [], write: [path] }), outputs };
    expect(await replaceInside(access, path, content, before)).toMatchObject({ ok: true });
    expect(await readFile(path, 'utf8')).toBe('new');
    expect((await stat(path, { bigint: true })).ino).toBe(before.ino);
    expect(await readdir(outputs)).toEqual([]);
  });

  it('[scope.replace-keeps] one with a set-group-id bit is not written, and the answer says what to do', async () => {
    const { inside, access } = await twoFolders();
    const path = join(inside, 'x');
    await writeFile(path, 'old');
    await chmod(path, 0o2755);
    const refused = await replaceInside(access, path, content, await stat(path, { bigint: true }));
    expect(refused).toMatchObject({ ok: false, kind: 'failed' });
    expect(refused.ok ? '' : refused.text).toContain('chmod u-s,g-s');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect((await stat(path)).mode & 0o7777).toBe(0o2755);
  });

  it('[scope.replace-expected] a file that is not as the caller saw it is not replaced', async () => {
    const { inside, access } = await twoFolders();
    const path = join(inside, 'x');
    await writeFile(path, 'one');
    const seen = await stat(path, { bigint: true });
    await writeFile(path, 'other');
    expect(await replaceInside(access, path, content, seen)).toMatchObject({ ok: false, kind: 'changed' });
    expect(await replaceInside(access, path, content, 'absent')).toMatchObject({
      ok: false,
      kind: 'changed',
    });
    expect(await readFile(path, 'utf8')).toBe('other');
    expect(await readdir(inside)).toEqual(['x']);
  });

  it('[scope.future-root] a root that does not exist yet can be written in, and its sibling cannot', async () => {
    const { inside } = await twoFolders();
    const access = accessTo({ read: [], write: [join(inside, 'a/b')] });
    expect(await replaceInside(access, join(inside, 'a/b/c/f'), content, 'absent')).toMatchObject({
      ok: true,
    });
    expect(await replaceInside(access, join(inside, 'a/bc/f'), content, 'absent')).toMatchObject({
      kind: 'denied',
    });
    expect(await readdir(join(inside, 'a'))).toEqual(['b']);
  });

  it('[scope.granted-real] a link is no way to hand down what the giver lacks, and one made later moves no root', async () => {
    const { inside, outside, access } = await twoFolders();
    await symlink(outside, join(inside, 'docs'));
    const wanted = await realScope({ read: [join(inside, 'docs')], write: [join(inside, 'docs/new/*')] });
    expect(narrow(access.scope, wanted)).toEqual({
      ok: false,
      outside: [
        { right: 'read', path: outside },
        { right: 'write', path: join(outside, 'new/*') },
      ],
    });
    const later = await realScope({ read: [], write: [join(inside, 'later')] });
    const given = narrow(access.scope, later);
    if (!given.ok) throw new Error('a path that does not exist yet can be given');
    await symlink(outside, join(inside, 'later'));
    const child = accessTo(given.scope);
    expect(await openInside(child, 'read', join(inside, 'later/secret'))).toMatchObject({ kind: 'denied' });
    const written = await replaceInside(child, join(inside, 'later/new'), content, 'absent');
    expect(written).toMatchObject({ kind: 'denied' });
    expect(await readdir(outside)).toEqual(['secret']);
  });

  it('[scope.system-permissions] what the system forbids is said as that, with what to do', async () => {
    const { folder, inside, access } = await twoFolders();
    const path = join(inside, 'shut');
    await writeFile(path, 'x');
    const seen = await stat(path, { bigint: true });
    await chmod(path, 0o000);
    await chmod(inside, 0o777);
    await chmod(folder, 0o755);
    const [read, write] = await withoutRoot(async () => [
      await openInside(access, 'read', path),
      await replaceInside(access, path, content, seen),
    ]);
    for (const answer of [read, write]) {
      expect(answer).toMatchObject({ ok: false, kind: 'failed', text: expect.stringContaining('EACCES') });
    }
    expect(await readdir(inside)).toEqual(['shut']);
  });
});

/** Root may do everything; the test's process is somebody else for a while. */
async function withoutRoot<T>(act: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return await act();
  process.seteuid?.(65534);
  try {
    return await act();
  } finally {
    process.seteuid?.(0);
  }
}

describe('a file that was handed down by itself', () => {
  it('[scope.file-root] is written in place, so that mounts of it elsewhere keep holding', async () => {
    const { inside } = await twoFolders();
    const file = join(inside, 'f');
    await writeFile(file, 'a long content before');
    const before = await lstat(file, { bigint: true });
    const access = accessTo({ read: [], write: [file] });
    expect(await replaceInside(access, file, content, before)).toMatchObject({ ok: true });
    expect(await readFile(file, 'utf8')).toBe('new');
    expect((await lstat(file, { bigint: true })).ino).toBe(before.ino);
    expect(await readdir(inside)).toEqual(['f']);
    // Looked at before that write: it is another content by now.
    expect(await replaceInside(access, file, content, before)).toMatchObject({ ok: false, kind: 'changed' });
  });
});
