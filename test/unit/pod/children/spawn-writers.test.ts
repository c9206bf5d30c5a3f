/** SpawnPod where something still runs that may write in what the child is to be given. */
import { describe, expect, it } from 'vitest';
import { deferred } from '../../../../src/std/deferred.ts';
import { kid } from '../../machine-rig.ts';
import { born, claimOf, spawning } from './spawn-rig.ts';

type Spawning = ReturnType<typeof spawning>;

describe('commands of others where the child is to write', () => {
  const other = { name: 'other', instance: 'o' };
  const claimed = (writers: (typeof other)[][]) => {
    const shell = spawning();
    shell.state.claims = [claimOf(kid, ['/w/b']), claimOf(born, ['/w/a'])];
    shell.state.writers = writers;
    return shell;
  };
  const looks = ({ order }: Spawning) => order.filter((one) => one === 'writers').length;

  it('[spawn.writers] are waited for, and asked after every 50 ms', async () => {
    const shell = claimed([[other], [other], []]);
    const work = shell.spawn({ write: ['/w/a'] });
    await shell.clock.pass(0);
    expect([looks(shell), shell.clock.delays]).toEqual([1, [50]]);
    await shell.clock.pass(50);
    expect([looks(shell), shell.order.includes('start new')]).toEqual([2, false]);
    await shell.clock.pass(50);
    expect(await work).toMatchObject({ child: born });
    expect(looks(shell)).toBe(3);
  });

  it('[spawn.writers] that do not end within five seconds refuse the spawn', async () => {
    const shell = claimed([[other]]);
    const refused = shell.refused({ write: ['/w/a'] }, 5_000);
    expect(await refused).toMatchObject({
      data: 'A command of the pod "other" is running that can write in /w/a; try again when it has ended, stop that pod, or use another path.',
    });
    expect([looks(shell), shell.order.includes('start new')]).toEqual([101, false]);
  });

  it('[spawn.writers] are not waited for any longer once nobody waits for the spawn', async () => {
    const shell = claimed([[other]]);
    const refused = shell.refused({ write: ['/w/a'] }, 50);
    shell.abort.abort(new Error('cancelled'));
    expect(await refused).toMatchObject({ data: 'cancelled' });
    expect([looks(shell), shell.order.includes('start new')]).toEqual([1, false]);
  });

  it('[mcp.handed-over] a server of the pod’s own that has the path is waited for', async () => {
    const shell = claimed([[]]);
    const ended = deferred<void>();
    shell.pod.claims.leaves(ended.promise);
    const work = shell.spawn({ write: ['/w/a'] });
    await shell.clock.pass(100);
    expect(shell.order.includes('start new')).toBe(false);
    ended.resolve();
    await shell.clock.pass(50);
    expect(await work).toMatchObject({ child: born });
  });

  it('[mcp.handed-over] and refuses the spawn where it does not end within five seconds', async () => {
    const shell = claimed([[]]);
    shell.pod.claims.leaves(deferred<void>().promise);
    const { data } = await shell.refused({ write: ['/w/a'] }, 5_000);
    expect(data).toContain('An MCP server of this pod');
    expect(shell.order.includes('start new')).toBe(false);
  });

  it('[spawn.writers] are not asked after where nothing was claimed', async () => {
    const shell = spawning();
    shell.state.claims = [claimOf(kid, ['/w/b'])];
    await shell.spawn();
    expect(looks(shell)).toBe(0);
  });
});
