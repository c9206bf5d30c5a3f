/**
 * Builds of this project's past in one home with today's: `OLD_BUILDS=1` builds them from the history
 * (minutes, and npm's registry or cache for what they depended on) and plays mixed trees; `OLD_BUILDS=FOLDER`
 * takes `FOLDER/COMMIT/dist/main.js` where it is there. What they name
 * their locks is pinned byte by byte in test/unit/session/lock-names.test.ts.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isRunning } from '../../src/std/process-identity.ts';
import { receiptsOf, verified } from '../support/audit.ts';
import { capable } from '../support/capable.ts';
import { type Ran, TestHome, type TestPod, commandFile } from '../support/rig.ts';

/** The first name of the lock, and the second. */
const commits = ['f157ff8', '91ab402'] as const;
/** The last ones before what a request holds, and before what a tree may spend, stood in a log. */
const parents = [...commits, 'af4882c', '754d5f3'] as const;
const packageFolder = fileURLToPath(new URL('../..', import.meta.url));

/** Whoever wants them played hears of one that is not in the history: it would be passed over for ever. */
const isAsked = capable('older builds: OLD_BUILDS=1 was not set', () => {
  if (process.env['OLD_BUILDS'] === undefined) return false;
  for (const commit of parents)
    execFileSync('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: packageFolder });
  return true;
});

let builds: string;
let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

const given = process.env['OLD_BUILDS'] ?? '';
const programIn = (folder: string, commit: string) => join(folder, commit, 'dist/main.js');
const programOf = (commit: string) =>
  existsSync(programIn(given, commit)) ? programIn(given, commit) : programIn(builds, commit);

function build(commit: string): void {
  if (existsSync(programOf(commit))) return;
  const folder = join(builds, commit);
  mkdirSync(folder);
  const archive = execFileSync('git', ['archive', commit], {
    cwd: packageFolder,
    maxBuffer: 256 * 1024 * 1024,
  });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  const quiet = { cwd: folder, stdio: 'pipe' } as const;
  execFileSync('npm', ['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'], quiet);
  execFileSync(process.execPath, ['scripts/build.mjs'], quiet);
}

/** A command of one of the builds, which starts pods of the same build. */
function podkin(program: string, ...args: string[]): Ran {
  const environment = { ...home.environment, PODKIN_COMMAND: program };
  const ran = spawnSync(process.execPath, [program, ...args], {
    cwd: home.work,
    env: environment,
    encoding: 'utf8',
  });
  return { code: ran.status, signal: ran.signal, stdout: ran.stdout, stderr: ran.stderr };
}

const scenario = `rules:
  - { pod: root, last: user, matches: '^go', call: [ { SpawnPod: { name: kid, task: 'work' } } ] }
  - { pod: root, last: user, matches: '^more', call: [ { SendToPod: { name: kid, message: 'more' } } ] }
  - { pod: kid, last: user, matches: '^more', say: 'Kid did more.' }
  - { pod: kid, last: user, say: 'Kid is done.' }
  - { say: 'Well.' }
`;

async function beginTree(program: string): Promise<{ root: TestPod; kid: TestPod }> {
  const model = home.scenario(scenario);
  const begun = podkin(program, 'run', '-d', '--name', 'root', '--model', model, 'go');
  expect(begun).toMatchObject({ code: 0 });
  const [root, kid] = [home.pod('root'), await home.spawned('kid')];
  await root.until('the report of the kid', (all) => receiptsOf(all, kid.instance).length > 0);
  return { root, kid };
}

describe.runIf(isAsked)('builds of all ages in one home', { timeout: 120_000 }, () => {
  beforeAll(() => {
    builds = mkdtempSync(join(tmpdir(), 'podkin-builds-'));
    for (const commit of parents) build(commit);
  }, 600_000);
  afterAll(() => rmSync(builds, { recursive: true, force: true }));

  const sides = commits.flatMap((commit) => [
    { first: commit, second: 'now' },
    { first: 'now', second: commit },
  ]);
  const programAt = (age: string) => (age === 'now' ? commandFile : programOf(age));

  it.each(sides)(
    '[lock.mixed-builds] pods of $first live, and $second starts none of them a second time',
    async ({ first, second }) => {
      const { root, kid } = await beginTree(programAt(first));
      // Older builds do not find the children that today's has made (docs/decisions/0019-names.md).
      for (const pod of first === 'now' ? [root] : [root, kid]) {
        const { pid } = await pod.process();
        const again = podkin(programAt(second), 'restore', pod.name);
        expect(again.code).toBe(1);
        expect(again.stderr).toContain(`${pod.name} is running already`);
        expect(await pod.entriesOf('started')).toHaveLength(1);
        expect((await pod.call('status', {})).pid).toBe(pid);
      }
    },
  );

  it.each(sides.filter(({ first }) => first !== 'now'))(
    '[lock.mixed-builds] a root of $second over a kid of $first: the kid lives on as it was, and its reports arrive once',
    async ({ first, second }) => {
      const { root, kid } = await beginTree(programAt(first));
      const before = await kid.process();
      await root.kill();
      expect(podkin(programAt(second), 'restore', 'root')).toMatchObject({ code: 0 });
      expect(podkin(programAt(second), 'send', 'root', 'more')).toMatchObject({ code: 0 });
      await root.until('the second report', (all) => receiptsOf(all, kid.instance).length > 1);
      expect(receiptsOf(await root.entries(), kid.instance).map(({ event }) => event.kind)).toEqual([
        'turnEnded',
        'turnEnded',
      ]);
      expect(isRunning(before)).toBe(true);
      expect(await kid.entriesOf('started')).toHaveLength(1);
      expect(await verified(home)).toEqual([]);
    },
  );

  it.each(parents.flatMap((parent) => ['stop', 'kill'].map((end) => ({ parent, end }))))(
    '[upgrade.older-parent] a living root of $parent over a kid of now, whose end comes by a $end: it takes all of it in, once',
    async ({ parent, end }) => {
      const { root, kid } = await beginTree(programOf(parent));
      home.expectsNoSockets = false;
      await kid.kill();
      await root.until('the death of the kid', (all) => receiptsOf(all, kid.instance).length > 1);
      expect(podkin(commandFile, 'restore', 'kid')).toMatchObject({ code: 0 });
      expect(podkin(programOf(parent), 'send', 'root', 'more')).toMatchObject({ code: 0 });
      await root.until('the second report', (all) => receiptsOf(all, kid.instance).length > 2);
      if (end === 'stop') await kid.stop();
      else await kid.kill();
      await root.until('the end of the kid', (all) => receiptsOf(all, kid.instance).length > 3);
      const kinds = receiptsOf(await root.entries(), kid.instance).map(({ event }) => event.kind);
      expect(kinds).toEqual(['turnEnded', 'died', 'turnEnded', end === 'stop' ? 'shutDown' : 'died']);
      await root.until('the answer to it', (all) => all.at(-1)?.type === 'turnEnded');
      expect(await verified(home)).toEqual([]);
    },
  );
});
