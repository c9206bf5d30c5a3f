/** Another user has made the name that the folder of our sockets would have among the temporary files. */
import {
  chmodSync,
  lchownSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { homeOf } from '../../src/session/home/home.ts';
import { folderNamed } from '../support/pod-folders.ts';
import { capable } from '../support/capable.ts';
import { type Ran, TestHome } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

async function podkin(environment: NodeJS.ProcessEnv, ...args: string[]): Promise<Ran> {
  return await home.run(args, { environment });
}

const runRoot = (environment: NodeJS.ProcessEnv): Promise<Ran> =>
  podkin(
    environment,
    'run',
    '-d',
    '--name',
    'root',
    '--model',
    home.scenario('rules: [{ say: Well. }]\n'),
    'go',
  );

const isRoot = capable('right to make files of another user', () => process.getuid?.() === 0);

/** What another user may put under the name that the sockets' folder would have. */
const squats: [string, (name: string) => void][] = [
  ['folder', (name) => mkdirSync(name, { mode: 0o700 })],
  ['file', (name) => writeFileSync(name, '')],
  ['link to a folder', (name) => symlinkSync(dirname(dirname(name)), name)],
  ['link to nothing', (name) => symlinkSync('/nonexistent', name)],
];

describe.runIf(isRoot)('the shared name is another user’s', () => {
  it.each(squats)('[address.others-name] %s: pods run and are found, doctor says it', async (_, squat) => {
    const cron = { PODKIN_HOME: '', TMPDIR: join(home.path, 'tmp') };
    mkdirSync(cron.TMPDIR);
    chmodSync(cron.TMPDIR, 0o1777);
    const name = join(home.path, 'tmp', `podkin-${process.getuid!()}`);
    squat(name);
    lchownSync(name, 65_534, 65_534);
    const long = join(
      home.path,
      'a-folder-whose-name-is-so-long-that-no-path-of-a-socket-below-it-fits'.repeat(2),
    );
    for (const environment of [cron, { ...cron, XDG_STATE_HOME: long }]) {
      expect(await runRoot(environment)).toMatchObject({ code: 0 });
      const { address } = folderNamed(homeOf({ ...home.environment, ...environment }), 'root');
      const { socket } = JSON.parse(readFileSync(address, 'utf8')) as { socket: string };
      expect(statSync(dirname(socket)).mode & 0o777).toBe(0o700);
      if (environment === cron) expect(dirname(socket)).toMatch(/\/state\/podkin\/run$/);
      else expect(dirname(socket)).toMatch(/\/tmp\/podkin-\d+-[0-9a-f]{16}$/);
      expect(await podkin(environment, 'wait', 'root')).toMatchObject({ code: 0 });
      const { stdout } = await podkin(environment, 'doctor');
      expect(stdout).toContain(`another user has made ${name}: sockets are in ${dirname(socket)} instead`);
      expect(await podkin(environment, 'kill', 'root')).toMatchObject({ code: 0 });
      expect(await podkin(environment, 'restore', 'root')).toMatchObject({ code: 0 });
      expect(await podkin(environment, 'stop', 'root')).toMatchObject({ code: 0 });
    }
  });
});
