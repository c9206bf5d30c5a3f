/** What frees room on a full disk has to work there: a home on a small file system of its own, filled up. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { capable } from '../support/capable.ts';

let folder: string;
let full: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pk-'));
  full = join(folder, 'full');
  mkdirSync(full);
});
afterEach(() => {
  spawnSync('umount', [full]);
  rmSync(folder, { recursive: true, force: true });
});

const canMount = capable('right to mount a small file system', () => {
  const place = mkdtempSync(join(tmpdir(), 'pk-'));
  const made = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', place]).status === 0;
  if (made) execFileSync('umount', [place]);
  rmSync(place, { recursive: true });
  return made;
});

function podkin(...args: string[]) {
  const environment = { PATH: process.env['PATH'], HOME: '/nonexistent' };
  const model = `script/${join(folder, 's.yaml')}`;
  return spawnSync(process.execPath, [join(import.meta.dirname, '../../dist/main.js'), ...args], {
    cwd: folder,
    env: { ...environment, PODKIN_HOME: join(full, 'h'), PODKIN_MODEL: model },
    encoding: 'utf8',
  });
}

it.skipIf(!canMount)(
  '[rm.full-disk] prune and rm -f remove pods where nothing can be written any more',
  () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m,mode=700', 'none', full]);
    writeFileSync(join(folder, 's.yaml'), 'rules:\n  - say: "ok"\n');
    for (const task of ['one', 'two', 'three'])
      expect(podkin('run', '-p', task)).toMatchObject({ status: 0, stderr: '' });
    // A line that was cut, by a removal before.
    const list = join(full, 'h', 'state', 'removed.list');
    writeFileSync(list, '{"instance":"01');
    spawnSync('dd', ['if=/dev/zero', `of=${join(full, 'fill')}`, 'bs=512']);
    expect(() => writeFileSync(join(full, 'h', 'more'), 'x'.repeat(5_000))).toThrow('ENOSPC');
    rmSync(join(full, 'h', 'more'), { force: true });
    expect(podkin('rm', '-f', 'root')).toMatchObject({ status: 0, stdout: 'root\n', stderr: '' });
    expect(podkin('prune')).toMatchObject({ status: 0, stdout: 'root-2\nroot-3\n', stderr: '' });
    expect(readdirSync(join(full, 'h', 'state', 'pods'))).toEqual([]);
    expect(readFileSync(list, 'utf8').split('\n').slice(1, -1)).toHaveLength(3);
  },
);
