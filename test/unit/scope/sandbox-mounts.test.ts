import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolverFiles } from '../../../src/scope/sandbox/disk.ts';
import { tempFolder } from '../tools/bench-context.ts';
import { protectedPaths } from '../../../src/scope/sandbox/protected.ts';
import { describe, expect, it } from 'vitest';
import { bwrapArgs } from '../../../src/scope/sandbox/bwrap.ts';
import { filesOfPatternMax, planMounts } from '../../../src/scope/sandbox/mounts.ts';
import { disk, request, shownAs } from './mounts-rig.ts';

describe('planning mounts', () => {
  it('[shell.mounts] system directories and roots alone are visible; links of the system stay links; its secrets are hidden', () => {
    const plan = planMounts(
      request({
        scope: { read: ['/data'], write: ['/work/out'] },
        tools: ['/home/me/tools', '/home/me/gone'],
      }),
      disk({
        '/usr': 'directory',
        '/bin': '→usr/bin',
        '/etc/shadow': 'file',
        '/data/x': 'file',
        '/work/out': 'directory',
        '/home/me/tools': 'directory',
      }),
    );
    expect(shownAs(plan)).toEqual({
      '/usr': 'read',
      '/bin': 'link',
      '/etc': 'read',
      '/etc/shadow': 'emptyFile',
      '/data': 'read',
      '/work/out': 'write',
      '/home/me/tools': 'read',
    });
    expect(plan).toMatchObject({ missing: [], held: [], notes: [] });
  });

  it('[shell.mounts] for root a list of /etc is visible and nothing of /opt', () => {
    const there = {
      '/etc/passwd': 'file',
      '/etc/ssl/certs': 'directory',
      '/etc/localtime': '→/usr/share/zoneinfo/UTC',
      '/etc/wireguard/wg0.conf': 'file',
      '/etc/kubernetes/admin.conf': 'file',
      '/opt/app/secret': 'file',
      '/usr/share/zoneinfo/UTC': 'file',
    } as const;
    expect(shownAs(planMounts(request({ isRoot: true }), disk(there)))).toEqual({
      '/usr': 'read',
      '/etc/localtime': 'link',
      '/etc/passwd': 'read',
      '/etc/ssl/certs': 'read',
    });
    expect(shownAs(planMounts(request({}), disk(there)))).toMatchObject({ '/etc': 'read', '/opt': 'read' });
  });

  it('[shell.mounts] denied, protected and hidden places hold inside a write root, and what lies above them is pinned', () => {
    const plan = planMounts(
      request({
        scope: {
          read: [],
          write: ['/w'],
          deny: [
            { path: '/w/a/b/kept', right: 'write' },
            { path: '/w/secret', right: 'read' },
          ],
        },
        protectedPaths: ['/w/.git/config', '/w/secret/x'],
        hidden: ['/w/podkin'],
        shown: ['/w/podkin/pods/me/outputs'],
      }),
      disk({
        '/w/a/b/kept': 'directory',
        '/w/secret': 'file',
        '/w/.git/config': 'file',
        '/w/podkin/pods/me/outputs': 'directory',
      }),
    );
    expect(shownAs(plan)).toEqual({
      '/w': 'write',
      '/w/a': 'write',
      '/w/a/b': 'write',
      '/w/a/b/kept': 'read',
      '/w/secret': 'emptyFile',
      '/w/.git': 'write',
      '/w/.git/config': 'read',
      '/w/podkin': 'emptyDirectory',
      '/w/podkin/pods/me/outputs': 'read',
    });
  });

  it('[shell.hidden-behind-link] a hidden place whose name leads through a link is closed where it really is', () => {
    const plan = planMounts(
      request({ scope: { read: ['/home'], write: [] }, hidden: ['/home/.config/podkin'] }),
      disk({
        '/home/.config': '→/home/real',
        '/home/.config/podkin': 'directory',
        '/home/real/podkin': 'directory',
      }),
    );
    expect(shownAs(plan)).toEqual({ '/home': 'read', '/home/real/podkin': 'emptyDirectory' });
  });

  it('[shell.mounts] a cap is fenced in from the outermost root; a root below a hidden or denied place gives nothing', () => {
    const plan = planMounts(
      request({
        scope: {
          read: [],
          write: ['/w/x/y', '/w', '/w/closed/in', '/w/hid/in'],
          deny: [{ path: '/w/closed', right: 'write' }],
        },
        protectedPaths: ['/w/x/y/z'],
        hidden: ['/w/hid'],
      }),
      disk({ '/w/x/y/z': 'file', '/w/closed/in': 'directory', '/w/hid/in': 'directory' }),
    );
    expect(shownAs(plan)).toEqual({
      '/w': 'write',
      '/w/x': 'write',
      '/w/x/y': 'write',
      '/w/x/y/z': 'read',
      '/w/closed': 'read',
      '/w/hid': 'emptyDirectory',
    });
  });

  it('[shell.mounts] a cap that does not exist is told as missing, unless another pod holds it; what is above it is pinned', () => {
    const plan = planMounts(
      request({
        scope: {
          read: [],
          write: ['/w'],
          deny: [
            { path: '/w/later', right: 'write' },
            { path: '/w/held', right: 'write', holder: 'kid' },
          ],
        },
        protectedPaths: ['/w/.envrc', '/w/.vscode/tasks.json', '/w/.git/hooks'],
        hidden: ['/w/home'],
      }),
      disk({ '/w/.git/HEAD': 'file' }),
    );
    expect(plan.missing).toEqual([
      '/w/.envrc',
      '/w/home',
      '/w/later',
      '/w/.git/hooks',
      '/w/.vscode/tasks.json',
    ]);
    expect(shownAs(plan)).toEqual({ '/w': 'write', '/w/.git': 'write' });
    expect(plan.held).toEqual(['/w/.git']);
  });

  it('[shell.mounts-narrow] a protected link is watched and nothing beside it closed, a file on the way to a cap is closed itself', () => {
    const there = {
      '/w/.git/hooks': '→/elsewhere',
      '/v/.git': 'file',
      '/w/x': 'file',
      '/elsewhere': 'directory',
    } as const;
    const plan = planMounts(
      request({
        scope: { read: [], write: ['/w', '/v'] },
        protectedPaths: ['/w/.git/hooks', '/v/.git/hooks'],
      }),
      disk(there),
    );
    expect(shownAs(plan)).toEqual({ '/v': 'write', '/v/.git': 'read', '/w': 'write', '/w/.git': 'write' });
    expect(plan).toMatchObject({ links: ['/w/.git/hooks'], notes: [] });
  });

  it('[shell.mounts-narrow] roots through links, in fresh places, missing ones and patterns are narrowed with a note', () => {
    const many = Object.fromEntries(
      Array.from({ length: filesOfPatternMax + 5 }, (_, index) => [`/m/${index}`, 'file'] as const),
    );
    const plan = planMounts(
      request({ scope: { read: ['/l/x', '/proc/1', '/m/*'], write: ['/gone', '/d/*'] } }),
      disk({
        ...many,
        '/l': '→/real',
        '/real/x': 'file',
        '/d/file': 'file',
        '/d/sub/deep': 'file',
        '/d/link': '→/real/x',
      }),
    );
    const mounts = shownAs(plan);
    expect(mounts['/d/file']).toBe('write');
    expect(Object.keys(mounts).filter((path) => !path.startsWith('/m/'))).toEqual(['/d/file']);
    expect(Object.keys(mounts)).toHaveLength(filesOfPatternMax + 1);
    expect(plan.notes).toEqual([
      expect.stringContaining('/l/x is not in the shell'),
      expect.stringContaining('/proc/1 is not in the shell'),
      expect.stringContaining('Of /m/* the shell may see the first 500 files'),
      expect.stringContaining('/gone cannot be written'),
      expect.stringContaining('Of /d/* the shell may change files that are there already'),
    ]);
  });

  it('[shell.mounts] the arguments unshare all, drop all, and close the root, processes and devices behind the mounts', () => {
    const plan = planMounts(
      request({ scope: { read: [], write: ['/w'] }, hidden: ['/w/h'] }),
      disk({ '/w/h': 'directory' }),
    );
    const features = { disableUserns: true, size: true, perms: true };
    const args = bwrapArgs({
      plan,
      cwd: '/elsewhere',
      network: false,
      tmpBytes: 7,
      features,
      filterDescriptor: null,
      held: { infoDescriptor: 3, blockDescriptor: 5, marker: '/dev/.podkin-x' },
    });
    for (const flag of [
      '--unshare-user',
      '--unshare-pid',
      '--unshare-net',
      '--unshare-ipc',
      '--new-session',
      '--die-with-parent',
      '--disable-userns',
    ]) {
      expect(args).toContain(flag);
    }
    const text = args.join(' ');
    expect(text).toContain('--cap-drop ALL');
    expect(text).toContain('--size 7 --tmpfs /tmp');
    expect(text).toMatch(
      /--bind \/w \/w --perms 0000 --tmpfs \/w\/h --remount-ro \/w\/h --remount-ro \/proc --remount-ro \/dev --dir \/elsewhere --remount-ro \/ --chdir \/elsewhere$/,
    );
    const open = bwrapArgs({
      plan,
      cwd: '/w',
      network: true,
      tmpBytes: 7,
      features: { disableUserns: false, size: false, perms: false },
      filterDescriptor: null,
      held: null,
    });
    expect(open.join(' ')).not.toMatch(/--unshare-net|--size|--info-fd|--disable-userns|--perms/);
  });

  it('[shell.denied-unreadable] what is hidden is closed, with a way through to what is shown below', () => {
    const plan = planMounts(
      request({ scope: { read: [], write: ['/w'] }, hidden: ['/w/h', '/w/own'], shown: ['/w/own/o/out'] }),
      disk({ '/w/h': 'directory', '/w/own': 'directory', '/w/own/o/out': 'directory' }),
    );
    const features = { disableUserns: true, size: true, perms: true };
    const rest = { cwd: '/w', network: false, tmpBytes: 7, filterDescriptor: null, held: null };
    const text = bwrapArgs({ plan, features, ...rest }).join(' ');
    expect(text).toContain('--perms 0000 --tmpfs /w/h ');
    expect(text).toContain('--perms 0111 --tmpfs /w/own --ro-bind /w/own/o/out /w/own/o/out');
  });

  it('[shell.mounts] the whole disk as a root comes first, with fresh processes, devices and kernel settings over it', () => {
    const plan = planMounts(
      request({ scope: { read: [], write: ['/'] }, hidden: ['/h'] }),
      disk({ '/h': 'directory' }),
    );
    const features = { disableUserns: true, size: true, perms: true };
    const text = bwrapArgs({
      plan,
      cwd: '/',
      network: false,
      tmpBytes: 7,
      features,
      filterDescriptor: null,
      held: null,
    }).join(' ');
    expect(text).toMatch(/--bind \/ \/ --proc \/proc --dev \/dev .*--tmpfs \/sys/);
    expect(text).toContain('--tmpfs /h');
    expect(text).not.toMatch(/--remount-ro \/ /);
  });
});

describe('fresh places', () => {
  it('[shell.in-vain] nothing of the host is mounted over fresh devices to hold what lies below them, but its shared memory', () => {
    const there = disk({ '/dev/shm/secret': 'directory', '/proc/1': 'directory', '/dev/x': 'file' });
    const scope = (write: string[], deny: string[] = []) => ({
      read: [],
      write,
      deny: deny.map((path) => ({ path, right: 'write' as const })),
    });
    const whole = planMounts(
      request({ scope: scope(['/'], ['/dev/shm/secret', '/proc/1', '/dev/x']) }),
      there,
    );
    expect(shownAs(whole)).toEqual({ '/': 'write', '/dev/shm': 'write', '/dev/shm/secret': 'read' });
    expect(whole.roots).toEqual(['/']);
    expect(shownAs(planMounts(request({ scope: scope(['/dev/shm/secret']) }), there))).toEqual({
      '/dev/shm/secret': 'write',
    });
    expect(shownAs(planMounts(request({ scope: scope(['/dev']) }), there))).toEqual({ '/dev/shm': 'write' });
  });
});

describe('protected paths of a shell', () => {
  it("[shell.mounts] git as a whole, what shells read at their start and what projects obey, there or not; a home's names in the home or where they exist; not what is granted itself", () => {
    const under = (scope: string[], home: string, there: string[] = []) =>
      protectedPaths({ read: [], write: scope }, { home, exists: (path) => there.includes(path) });
    const project = under(['/none/w'], '/none/home', ['/none/w/.profile']);
    const expected = ['.git', '.podkin', '.envrc', '.vscode', '.zed', '.claude', '.npmrc', '.profile'];
    for (const name of expected) expect(project).toContain(`/none/w/${name}`);
    expect(project.filter((path) => path.startsWith('/none/w/.git/'))).toEqual([]);
    for (const name of ['.bashrc', '.zshenv', '.gitconfig']) expect(project).toContain(`/none/w/${name}`);
    expect(project).not.toContain('/none/w/.ssh');
    expect(under(['/none/home'], '/none/home')).toContain('/none/home/.ssh');
    expect(under(['/none/w', '/none/w/.git'], '/none/home')).not.toContain('/none/w/.git');
    expect(under(['/none/w/*'], '/none/home')).toEqual([]);
  });
});

describe('a root with more in it than can be protected one by one', () => {
  it('[shell.crowded] is mounted read-only as a whole, with a note, and is not watched; one beside it stays writable', () => {
    const plan = planMounts(
      request({
        scope: { read: [], write: ['/w', '/v'] },
        protectedPaths: ['/w', '/w/.envrc', '/w/a/.git', '/v/.envrc'],
        crowded: ['/w'],
      }),
      disk({ '/w/a/.git': 'directory', '/v/x': 'file' }),
    );
    expect(shownAs(plan)).toEqual({ '/w': 'read', '/v': 'write' });
    expect(plan).toMatchObject({ roots: ['/v'], missing: ['/v/.envrc'], held: [] });
    expect(plan.notes).toEqual([
      expect.stringMatching(
        /^\/w is read-only for the shell, .*500 repositories, 20000 folders.*--write \/w\/NAME/,
      ),
    ]);
  });

  it('[shell.crowded] 5,000 denied paths are planned in time in proportion to their number', () => {
    const paths = Array.from({ length: 5_000 }, (_, n) => `/w/d${n % 50}/f${n}`);
    const there = disk(Object.fromEntries(paths.map((path) => [path, 'file' as const])));
    const deny = paths.map((path) => ({ path, right: 'read' as const }));
    const start = process.cpuUsage();
    const plan = planMounts(request({ scope: { read: [], write: ['/w'], deny } }), there);
    const { user, system } = process.cpuUsage(start);
    expect(plan.mounts).toHaveLength(5_051);
    // Before: a minute.
    expect((user + system) / 1e6).toBeLessThan(10);
  });
});

describe('the names of the network', () => {
  it('[shell.names] are read from where /etc/resolv.conf leads to, by a mount of that file alone', async () => {
    const folder = await tempFolder();
    mkdirSync(join(folder, 'run'));
    writeFileSync(join(folder, 'run/stub.conf'), 'nameserver 127.0.0.53');
    symlinkSync('run/stub.conf', join(folder, 'resolv.conf'));
    symlinkSync('run/none', join(folder, 'none.conf'));
    expect(resolverFiles(join(folder, 'resolv.conf'))).toEqual([join(folder, 'run/stub.conf')]);
    expect(resolverFiles(join(folder, 'run/stub.conf'))).toEqual([]);
    expect(resolverFiles(join(folder, 'none.conf'))).toEqual([]);
    const plan = planMounts(
      request({ tools: ['/run/systemd/resolve/stub.conf'] }),
      disk({
        '/etc/resolv.conf': '→/run/systemd/resolve/stub.conf',
        '/run/systemd/resolve/stub.conf': 'file',
        '/run/other': 'file',
      }),
    );
    expect(shownAs(plan)).toEqual({ '/etc': 'read', '/run/systemd/resolve/stub.conf': 'read' });
  });
});
