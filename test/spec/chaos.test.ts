/** `podkin chaos` as a user runs it. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChaosFigures } from '../../src/cli/chaos/figures.ts';
import { podProcesses } from '../../src/cli/chaos/end-all.ts';
import { ChaosHome } from '../support/chaos-home.ts';
import { eventually } from '../support/rig.ts';

const patienceMs = 240_000;
const clean = { lost: 0, duplicated: 0, outOfOrder: 0, unseen: 0, undeclaredDeaths: 0, stranded: 0 };

let home: ChaosHome;
beforeEach(() => {
  home = new ChaosHome();
});
afterEach(async () => {
  await home.close();
});

describe('a trial', () => {
  it(
    '[chaos.clean] [chaos.apart] kills, freezes and cuts, finds nothing and leaves nothing',
    async () => {
      const person = { HOME: join(home.path, 'person'), PODKIN_HOME: join(home.path, 'person', 'h') };
      const keys = { ANTHROPIC_API_KEY: 'a-key-of-the-person', PODKIN_MODEL: 'anthropic/x' };
      const command = home.chaos(['--minutes', '0.12', '--seed', '4', '--json'], { ...person, ...keys });
      await home.untilLeaves(command);
      const pids = home.foldersLeft().flatMap((name) => podProcesses(join(home.temporary, name)));
      expect(pids.length).toBeGreaterThan(1);
      if (process.platform === 'linux') {
        for (const pid of pids) {
          const text = readFileSync(`/proc/${pid}/environ`, 'utf8');
          expect(text).not.toContain('a-key-of-the-person');
          expect(text).not.toContain(person.HOME);
        }
      }
      const ran = await command.ended;
      expect(ran, ran.stderr + ran.stdout).toMatchObject({ code: 0, stderr: '' });
      const figures = JSON.parse(ran.stdout) as ChaosFigures & { home: string | null };
      expect(figures).toMatchObject({ ...clean, seed: 4, rounds: 1, findings: [], home: null });
      expect(figures.kills).toBeGreaterThan(0);
      expect(figures.restores).toBeGreaterThan(0);
      expect(figures.freezes + figures.cuts).toBeGreaterThan(0);
      expect(figures.events).toBeGreaterThan(figures.kills);
      expect(home.foldersLeft()).toEqual([]);
      expect(existsSync(person.HOME)).toBe(false);
    },
    patienceMs,
  );

  it(
    '[chaos.keep] with --keep the home stays, says the same, and is named',
    async () => {
      const ran = await home.chaos(['--minutes', '0.03', '--seed', '4', '--keep']).ended;
      expect(ran, ran.stderr + ran.stdout).toMatchObject({ code: 0 });
      expect(ran.stdout).toMatch(/^\d+ kills, .* 0 lost, 0 duplicated, 0 out of order, 0 stranded; .*\n$/);
      const kept = /PODKIN_HOME=(\S+) podkin verify/.exec(ran.stderr)?.[1] ?? '';
      const verified = await home.run(['verify', '--json'], { environment: { PODKIN_HOME: kept } });
      expect(verified.code).toBe(0);
      const { events } = JSON.parse(verified.stdout) as { events: number };
      expect(ran.stdout).toContain(`; ${events} events: `);
      expect(ran.stderr).toContain(`Remove it: rm -r ${home.temporary}/pk-chaos-`);
    },
    patienceMs,
  );

  it.each([
    ['--minutes', '0'],
    ['--minutes', 'long'],
    ['--minutes', '0x1'],
    ['--minutes', ' 1'],
    ['--minutes', '99999'],
    ['--seed', '-1'],
    ['--seed', '4294967296'],
  ])('[chaos.usage] %s %s is refused', async (option, value) => {
    const ran = await home.chaos([`${option}=${value}`]).ended;
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain(`${option}: "${value}" is not`);
    expect(home.foldersLeft()).toEqual([]);
  });
});

/**
 * Loaded into the command alone: does `work` to the lines of the root's log when its tree has ended, before
 * it is read again.
 */
function behindItsBack(work: string): NodeJS.ProcessEnv {
  const path = join(home.path, 'damage.cjs');
  writeFileSync(
    path,
    `const fs = require('node:fs');
const { openSync, readFileSync, writeFileSync } = fs;
let isDone = false;
fs.openSync = (path, ...rest) => {
  if (!isDone && String(path).endsWith('/pods/root/session.jsonl')) {
    const lines = readFileSync(path, 'utf8').split('\\n').slice(0, -1);
    if (lines.at(-1).includes('"type":"stopped"')) {
      isDone = true;
      const at = lines.findIndex((line) => line.startsWith('{"crc"') && line.includes('"type":"podEventReceived"'));
      ${work}
      writeFileSync(path, lines.map((line) => line + '\\n').join(''));
    }
  }
  return openSync(path, ...rest);
};
`,
  );
  return { NODE_OPTIONS: `--require=${path}` };
}

describe('a promise that is broken', () => {
  it.each([
    ['a receipt is missing', 'lines.splice(at, 1);', { lost: 1 }],
    ['a receipt stands twice', 'lines.splice(at, 0, lines[at]);', { duplicated: 1 }],
  ])(
    '[chaos.finds] %s',
    async (_, work, wanted) => {
      const ran = await home.chaos(['--minutes', '0.03', '--seed', '9', '--json'], behindItsBack(work)).ended;
      expect(ran, ran.stderr + ran.stdout).toMatchObject({ code: 1 });
      const figures = JSON.parse(ran.stdout) as ChaosFigures & { home: string };
      expect(figures).toMatchObject(wanted);
      expect(figures.findings.length).toBeGreaterThan(0);
      expect(figures.findings.every(({ seed }) => seed === 9)).toBe(true);
      expect(ran.stderr).toContain('To play it again: podkin chaos --seed 9 --minutes 0.03\n');
      const environment = { PODKIN_HOME: figures.home };
      const verified = await home.run(['verify', '--json'], { environment });
      expect(verified.code).toBe(1);
      expect(JSON.parse(verified.stdout)).toMatchObject(wanted);
      expect(podProcesses(home.temporary)).toEqual([]);
    },
    patienceMs,
  );
});

describe('an end before its time', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    '[chaos.interrupted] %s ends it with %i, and everything that it has started',
    async (signal, status) => {
      const command = home.chaos(['--minutes', '5', '--seed', '2']);
      await home.untilLeaves(command);
      command.signal(signal);
      const ran = await command.ended;
      expect(ran, ran.stderr).toMatchObject({ code: status, stderr: '' });
      expect(ran.stdout).toMatch(
        /^\d+ kills?, .*; interrupted: the logs of the last tree were not judged\n$/,
      );
      expect(podProcesses(home.temporary)).toEqual([]);
      expect(home.foldersLeft()).toEqual([]);
    },
    patienceMs,
  );

  it(
    '[chaos.killed] SIGKILL leaves nothing either',
    async () => {
      const command = home.chaos(['--minutes', '5', '--seed', '2']);
      await home.untilLeaves(command);
      command.signal('SIGKILL');
      expect(await command.ended).toMatchObject({ signal: 'SIGKILL' });
      await eventually(
        home.temporary,
        () => home.foldersLeft().length === 0,
        'the guard has removed the folder',
      );
      expect(podProcesses(home.temporary)).toEqual([]);
    },
    patienceMs,
  );

  it('[chaos.killed] a guard removes no folder that is not of chaos', async () => {
    const others = join(home.temporary, 'pk-chaos-others');
    mkdirSync(others);
    const ran = await home.run(['__chaos-guard', others, 'mark'], { input: 'not released' });
    expect(ran).toMatchObject({ code: 0 });
    expect(existsSync(others)).toBe(true);
    rmSync(others, { recursive: true });
  });
});
