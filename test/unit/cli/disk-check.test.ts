import { describe, expect, it } from 'vitest';
import { type DiskView, diskFindings } from '../../../src/cli/doctor/disk-check.ts';
import { cliRig } from './home-rig.ts';

const home = { config: '/h/config', state: '/h/state', runtime: '/r/podkin' };

/** A machine on which only these folders exist, each on a file system of that number. */
function machine(types: Record<string, number>, platform: NodeJS.Platform = 'linux'): DiskView {
  return {
    platform,
    typeOf(path) {
      const type = types[path];
      if (type === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' });
      return type;
    },
  };
}

describe('the file system under a home', () => {
  it.each([
    [0x6969, 'NFS'],
    [0x01021997, '9p'],
    [0x65735546, 'FUSE'],
    // As a system of 32 bits says it.
    [0xfe534d42 | 0, 'SMB'],
  ])('[cli.doctor-disk] %s is told as %s, with what to do, for the folder that lies on it', (type, name) => {
    const found = diskFindings(home, machine({ '/h/state': 0xef53, '/r': type }));
    expect(found).toMatchObject([
      { level: 'ok', fix: null },
      { level: 'warning', text: expect.stringContaining(`/r/podkin, lies on ${name}:`) },
    ]);
    expect(found[1]?.fix).toContain('XDG_RUNTIME_DIR');
    const state = diskFindings(home, machine({ '/h/state': type, '/r': 0x01021994 }));
    expect(state.map(({ level }) => level)).toEqual(['warning', 'ok']);
    expect(state[0]?.fix).toContain('XDG_STATE_HOME');
  });

  it('[cli.doctor-disk] sessions in memory are warned of, sockets there are not', () => {
    const found = diskFindings(home, machine({ '/': 0x01021994 }));
    expect(found).toMatchObject([
      { level: 'warning', text: expect.stringContaining('lies in memory: a restart of the machine') },
      { level: 'ok' },
    ]);
  });

  it('[cli.doctor-disk] ext4, btrfs, xfs and overlay are local', () => {
    for (const type of [0xef53, 0x9123683e, 0x58465342, 0x794c7630]) {
      const found = diskFindings(home, machine({ '/': type }));
      expect(found.map(({ level }) => level)).toEqual(['ok', 'ok']);
    }
  });

  it('[cli.doctor-disk] elsewhere than on Linux it is said to be unknown; what cannot be looked at is a warning', () => {
    const elsewhere = diskFindings(home, machine({ '/': 0x1a }, 'darwin'));
    expect(elsewhere).toMatchObject([
      { level: 'ok', text: expect.stringContaining('not known on darwin') },
      {},
    ]);
    const denied: DiskView = {
      platform: 'linux',
      typeOf: () => {
        throw Object.assign(new Error('no'), { code: 'EACCES' });
      },
    };
    expect(diskFindings(home, denied).map(({ level }) => level)).toEqual(['warning', 'warning']);
  });

  it('[cli.doctor-disk] doctor asks this machine, for both folders', async () => {
    const rig = cliRig();
    const { stdout } = await rig.podkin('doctor', '--json');
    const rows = (JSON.parse(stdout) as { check: string; text: string }[]).filter(
      ({ check }) => check === 'file system',
    );
    expect(rows).toHaveLength(2);
    expect(rows[0]?.text).toContain('state');
  });
});
