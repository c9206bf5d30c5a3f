import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { build } from 'esbuild';
import { chmod, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ensureRuntimeDir, socketPath } from '../../../src/transport/address.ts';
import { RuntimeDirUnsafe, SocketPathTooLong } from '../../../src/transport/failures.ts';
import { tempDir } from './rig.ts';

const instance = '0192F0C1-2233-7abc-8def-0123456789ab';

describe('address', () => {
  it('[transport.address] the socket path follows from the last 16 hex digits of the instance', () => {
    expect(socketPath('/run/p', instance)).toBe('/run/p/8def0123456789ab.sock');
    expect(() => socketPath('/run/p', 'reviewer')).toThrow(/not an instance id/);
    expect(() => socketPath(`/${'ä'.repeat(45)}`, instance)).toThrow(SocketPathTooLong);
    expect(socketPath(`/${'a'.repeat(80)}`, instance)).toHaveLength(103);
    expect(() => socketPath(`/${'a'.repeat(81)}`, instance)).toThrow(/104 bytes, at most 103/);
  });

  it('[transport.runtime-dir] a missing directory is made for its user alone; unsafe ones are refused and left as they are', async () => {
    const dir = await tempDir();
    const fresh = join(dir, 'a', 'b');
    ensureRuntimeDir(fresh);
    expect((await stat(fresh)).mode & 0o777).toBe(0o700);
    ensureRuntimeDir(fresh);

    for (const mode of [0o755, 0o710, 0o701, 0o770, 0o777]) {
      const open = join(dir, `m${mode.toString(8)}`);
      await mkdir(open);
      await chmod(open, mode);
      expect(() => ensureRuntimeDir(open)).toThrow(/run: chmod 700/);
      expect((await stat(open)).mode & 0o777).toBe(mode);
    }
    await symlink(fresh, join(dir, 'link'));
    expect(() => ensureRuntimeDir(join(dir, 'link'))).toThrow(/symbolic link/);
    await symlink(join(dir, 'nowhere'), join(dir, 'dangling'));
    expect(() => ensureRuntimeDir(join(dir, 'dangling'))).toThrow(RuntimeDirUnsafe);
    await writeFile(join(dir, 'file'), '');
    expect(() => ensureRuntimeDir(join(dir, 'file'))).toThrow(/not a directory/);
    expect(() => ensureRuntimeDir(join(dir, 'file', 'below'))).toThrow(/cannot be made/);
  });

  it("[transport.foreign-dir] another user's directory is refused, and one that cannot be made says so", async () => {
    const bundled = await build({
      entryPoints: [join(import.meta.dirname, 'foreign-dir.ts')],
      bundle: true,
      write: false,
      platform: 'node',
      format: 'esm',
      logLevel: 'silent',
    });
    const tried = async (path: string): Promise<string> => {
      const child = spawn(process.execPath, ['--input-type=module', '-', path], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      child.stdin.end(bundled.outputFiles[0]!.text);
      return text(child.stdout);
    };
    expect(await tried('/')).toMatch(/^RuntimeDirUnsafe: .*belongs to user 0/);
    expect(await tried('/podkin-not-ours')).toMatch(/^RuntimeDirUnsafe: .*cannot be made .*EACCES/);
  });
});
