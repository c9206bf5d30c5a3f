/**
 * `podkin chaos` where the machine gives it little, where its guard does not start, and where it is broken
 * off.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ownProcesses, podProcesses } from '../../src/cli/chaos/end-all.ts';
import type { ChaosFigures } from '../../src/cli/chaos/figures.ts';
import { homeOf } from '../../src/session/home/home.ts';
import { folderNamed } from '../support/pod-folders.ts';
import { specIfKnown } from '../../src/session/home/known-spec.ts';
import { connectAndSend } from '../../src/transport/connect-and-send.ts';
import { socketPath } from '../../src/transport/address.ts';
import { capable } from '../support/capable.ts';
import { ChaosHome } from '../support/chaos-home.ts';
import { commandFile, eventually } from '../support/rig.ts';

const patienceMs = 240_000;

let home: ChaosHome;
beforeEach(() => {
  home = new ChaosHome();
});
afterEach(async () => {
  await home.close();
});

/** After that line of a shell. */
function chaosAfter(line: string, args: readonly string[]): ReturnType<typeof spawnSync> {
  const words = ['-c', `${line}; exec "$0" "$@"`, process.execPath, commandFile, 'chaos', ...args];
  const env = { ...home.environment, TMPDIR: home.temporary };
  return spawnSync('sh', words, { env, encoding: 'utf8', timeout: patienceMs });
}

describe('a machine that gives little', () => {
  it(
    '[chaos.umask] a umask that takes every right hinders nothing',
    () => {
      const ran = chaosAfter('umask 777', ['--minutes', '0.05', '--seed', '4', '--keep']);
      expect(ran, String(ran.stderr)).toMatchObject({ status: 0 });
      const kept = /PODKIN_HOME=(\S+) podkin verify/.exec(String(ran.stderr))?.[1] ?? '';
      const folder = dirname(dirname(kept));
      expect(dirname(folder)).toBe(home.temporary);
      expect(statSync(folder).mode & 0o777).toBe(0o700);
    },
    patienceMs,
  );

  it.each([20, 26])(
    '[chaos.limits] %i descriptors are too few: a sentence, and nothing is left',
    async (count) => {
      const ran = chaosAfter(`ulimit -n ${count}`, ['--minutes', '0.03', '--seed', '4']);
      expect(ran.status).toBe(1);
      expect(String(ran.stderr)).toMatch(/limits? on open files|EMFILE/);
      expect(String(ran.stderr)).not.toContain('defect of podkin');
      await eventually(home.temporary, () => home.foldersLeft().length === 0, 'nothing is left');
    },
    patienceMs,
  );

  const canMount = capable('a disk of its own', () => {
    const path = mkdtempSync(join(tmpdir(), 'pk-'));
    const made = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', path]).status === 0;
    if (made) execFileSync('umount', [path]);
    rmSync(path, { recursive: true });
    return made;
  });

  it.runIf(canMount)(
    '[chaos.room] a disk that is full in the middle of a trial is named',
    async () => {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=20m,mode=700', 'none', home.temporary]);
      try {
        const command = home.chaos(['--minutes', '1', '--seed', '4']);
        await eventually(home.temporary, () => podProcesses(home.temporary).length > 0, 'a pod runs');
        spawnSync('dd', ['if=/dev/zero', `of=${join(home.temporary, 'fill')}`, 'bs=4k']);
        const ran = await command.ended;
        expect(ran.code).toBe(1);
        expect(ran.stderr).toContain(`there is no room in ${home.temporary} (ENOSPC)`);
        expect(ran.stderr).toContain('free some space there, or set TMPDIR to another folder');
      } finally {
        execFileSync('umount', ['-l', home.temporary]);
      }
    },
    patienceMs,
  );
});

/** In the place of the command: does `work` where it is to be the guard. */
function insteadOfGuard(work: string): NodeJS.ProcessEnv {
  const path = join(home.path, 'command.cjs');
  writeFileSync(
    path,
    `if (process.argv.includes('__chaos-guard')) { ${work} }
else { process.argv[1] = ${JSON.stringify(commandFile)}; import(process.argv[1]); }
`,
  );
  return { PODKIN_COMMAND: path };
}
const stuck = 'setInterval(() => undefined, 1_000);';

describe('a guard that does not start', () => {
  it.each([
    ['ends', 'process.exit(3);', 'it ended with 3'],
    ['hangs', stuck, 'it did not listen within 15 s'],
  ])(
    '[chaos.guarded] one that %s is told, and nothing is left',
    async (_, work, why) => {
      const ran = await home.chaos(['--minutes', '0.03'], insteadOfGuard(work)).ended;
      expect(ran).toMatchObject({ code: 1, stdout: '' });
      expect(ran.stderr).toBe(
        `podkin: the process that guards the trial could not be started (${why}): raise the limits on open files and processes ("ulimit -n", "ulimit -u"), then try again\n`,
      );
      expect(home.foldersLeft()).toEqual([]);
    },
    patienceMs,
  );

  it('[chaos.guarded] a signal ends the waiting for one that hangs', async () => {
    const command = home.chaos(['--minutes', '0.03'], insteadOfGuard(stuck));
    await eventually(home.temporary, () => home.foldersLeft().length > 0, 'its folder');
    command.signal('SIGINT');
    expect(await command.ended).toMatchObject({ code: 130, stderr: '' });
    expect(home.foldersLeft()).toEqual([]);
  });

  it(
    '[chaos.keep] a guard that outlives chaos ends the pods and leaves the home',
    async () => {
      const command = home.chaos(['--minutes', '5', '--seed', '2', '--keep']);
      await home.untilLeaves(command);
      command.signal('SIGKILL');
      await command.ended;
      await eventually(home.temporary, () => podProcesses(home.temporary).length === 0, 'no pod is left');
      // The guard ends after it has ended everything else.
      const guards = () => spawnSync('pgrep', ['-f', `__chaos-guard ${home.temporary}`]).status === 0;
      await eventually(home.temporary, () => !guards(), 'the guard has ended');
      expect(existsSync(join(home.firstRound(), 'state', 'pods', 'root'))).toBe(true);
    },
    patienceMs,
  );
});

describe('what is told of a trial', () => {
  it(
    '[chaos.early] a tree that does not come to rest before the first fault is a finding',
    async () => {
      const command = home.chaos(['--minutes', '0.2', '--seed', '11', '--json']);
      await eventually(home.temporary, () => podProcesses(home.temporary).length > 0, 'the root is started');
      const its = homeOf({ PODKIN_HOME: home.firstRound() });
      const instance = specIfKnown(folderNamed(its, 'root'))?.instance ?? '';
      const socket = socketPath(its.runtime, instance);
      await eventually(home.temporary, () => existsSync(socket), 'the root listens');
      expect(await connectAndSend(socket, 'pause', {}, { deadlineMs: 10_000 })).toMatchObject({ ok: true });
      const ran = await command.ended;
      expect(ran, ran.stderr).toMatchObject({ code: 1 });
      const figures = JSON.parse(ran.stdout) as ChaosFigures & { home: string };
      expect(figures).toMatchObject({ seed: 11, kills: 0, freezes: 0, cuts: 0, judged: 1 });
      expect(figures.findings).toContainEqual({ seed: 11, text: 'stranded: root: it is paused' });
      expect(ran.stderr).toContain('To play it again: podkin chaos --seed 11 --minutes 0.2\n');
      expect(ran.stderr).not.toContain('nothing was tried');
      expect(existsSync(join(figures.home, 'state', 'pods', 'root', 'session.jsonl'))).toBe(true);
    },
    patienceMs,
  );

  it(
    '[chaos.tried] a trial in which no fault fell is not green',
    async () => {
      const ran = await home.chaos(['--minutes', '0.0001', '--seed', '4', '--json']).ended;
      expect(ran, ran.stderr).toMatchObject({ code: 1 });
      expect(JSON.parse(ran.stdout)).toMatchObject({ kills: 0, freezes: 0, cuts: 0, findings: [] });
      expect(ran.stderr).toMatch(
        /^podkin: nothing was tried: no kill, freeze or cut fell into 0(\.\d)? s; give it more with --minutes\n$/,
      );
      expect(home.foldersLeft()).toEqual([]);
    },
    patienceMs,
  );

  it.runIf(process.platform === 'linux')(
    '[chaos.left] a process that a pod has left is a finding, and is ended',
    async () => {
      const command = home.chaos(['--minutes', '0.05', '--seed', '4', '--json']);
      await home.untilLeaves(command);
      const HOME = join(dirname(home.firstRound()), 'u');
      const left: ChildProcess = spawn('sleep', ['1000'], { detached: true, env: { HOME }, stdio: 'ignore' });
      const ended = once(left, 'exit');
      const ran = await command.ended;
      expect(await ended).toEqual([null, 'SIGKILL']);
      expect(ran, ran.stderr).toMatchObject({ code: 1 });
      const text = `process ${left.pid} (sleep 1000) was left behind`;
      expect((JSON.parse(ran.stdout) as ChaosFigures).findings).toEqual([{ seed: 4, text }]);
      expect(ownProcesses(home.temporary)).toEqual([]);
    },
    patienceMs,
  );

  it(
    '[chaos.partial] an interrupted trial says what it had done',
    async () => {
      const command = home.chaos(['--minutes', '5', '--seed', '2', '--json']);
      await home.untilLeaves(command);
      command.signal('SIGTERM');
      const ran = await command.ended;
      expect(ran, ran.stderr).toMatchObject({ code: 143, stderr: '' });
      const figures = JSON.parse(ran.stdout) as ChaosFigures;
      expect(figures).toMatchObject({ seed: 2, rounds: 1, judged: 0, events: 0, findings: [], home: null });
      expect(figures.pods).toBeGreaterThan(2);
    },
    patienceMs,
  );
});

it(
  '[chaos.place] below a folder that others may write it works elsewhere',
  async () => {
    const shared = join(home.path, 'shared');
    mkdirSync(join(shared, 't'), { recursive: true });
    chmodSync(shared, 0o777);
    const ran = await home.chaos(['--minutes', '0.05', '--seed', '4'], { TMPDIR: join(shared, 't') }).ended;
    expect(ran, ran.stderr).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(join(shared, 't'))).toEqual([]);
  },
  patienceMs,
);
