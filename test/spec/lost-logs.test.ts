/** Pods under which all that the home had of them is deleted: nothing that looks says that all is well. */
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TestHome } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

it.each(['pods', ''])(
  '[verify.lost-logs] nor while its pods still run, with all of state/%s deleted under them',
  async (part) => {
    home.expectsNoSockets = false;
    const root = await home.startRoot({ limits: { sweepMs: 60_000 } });
    const identity = await root.process();
    const state = join(home.home.state, part);
    renameSync(state, `${home.path}/kept`);
    const verified = await home.run(['verify']);
    expect(verified).toMatchObject({ code: 1 });
    expect(verified.stdout).toContain(`root runs (process ${identity.pid}), and its session log`);
    expect((await home.run(['doctor'])).stdout).toContain(`its session log ${root.folder.log} was deleted`);
    rmSync(state, { recursive: true, force: true });
    renameSync(`${home.path}/kept`, state);
    expect(await home.run(['verify'])).toMatchObject({ code: 0 });
  },
);
