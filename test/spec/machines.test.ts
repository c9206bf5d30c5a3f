/**
 * A tree over two machines: a real sshd, two homes, real kills. What is held against is in both logs,
 * judged by `podkin verify` on each side.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRunning, processIdentity } from '../../src/std/process-identity.ts';
import { ofType } from '../support/audit.ts';
import { type TestPod, eventually } from '../support/rig.ts';
import { TwoMachines, hasSshd } from '../support/two-machines.ts';

const here = `rules:
  - { last: user, matches: '^go (\\S+) (\\S+) (.+)', call: [ { SpawnPod: { name: '{{match.1}}', host: '{{match.2}}', model: script/there.yaml, task: '{{match.3}}', write: ['{{match.1}}'] } } ] }
  - { last: user, matches: '^give (\\S+) (.+)', call: [ { SendToPod: { name: '{{match.1}}', message: '{{match.2}}' } } ] }
  - { last: notification, say: 'Noted.' }
  - { say: 'Well.' }
`;
const there = `rules:
  - { last: user, matches: '^write (.+)', call: [ { Write: { path: 'far/{{match.1}}', content: far } } ] }
  - { last: user, matches: '^ask (.+)', call: [ { Bash: { command: 'mkdir -p far; echo {{match.1}} > far/asked' } } ] }
  - { last: user, matches: '^hang', delayMs: 600000, say: 'Never.' }
  - { last: user, matches: '^later (\\d+)', delayMs: 1500, say: 'Later {{match.1}}.' }
  - { last: user, matches: '^task (\\d+)', say: 'Answer {{match.1}}.' }
  - { say: 'Done.' }
`;
const quick = { deathGraceMs: 200, sweepMs: 500, unreachableMs: 2_000, reconnectMaxMs: 200, spawnMs: 60_000 };

if (!hasSshd)
  process.stderr.write('machines.test.ts: NOT RUN: /usr/sbin/sshd is missing (apt: openssh-server)\n');

describe.skipIf(!hasSshd)('two machines', () => {
  let on: TwoMachines;
  beforeEach(async () => {
    on = new TwoMachines();
    await on.open();
    on.scenarioThere(there);
  });
  afterEach(async () => {
    await on.close();
  });

  async function spawnFar(task: string): Promise<{ root: TestPod; far: TestPod }> {
    const root = await on.startRoot({ scenario: here, limits: quick });
    await root.run(`go far b ${task}`);
    const far = await on.there.spawned('far');
    return { root, far };
  }

  /** Texts of what the child has reported, as they stand in the parent's log. */
  async function reports(root: TestPod): Promise<string[]> {
    const received = await root.entriesOf('podEventReceived');
    return received.flatMap(({ event }) => (event.kind === 'turnEnded' ? [event.text] : []));
  }

  async function untilReport(root: TestPod, text: string): Promise<void> {
    await root.until(`the report ${text}`, (entries) =>
      ofType(entries, 'podEventReceived').some(
        ({ event }) => event.kind === 'turnEnded' && event.text.includes(text),
      ),
    );
  }

  async function untilEnded(root: TestPod): Promise<void> {
    await root.until('its turn has ended', (entries) => entries.at(-1)?.type === 'turnEnded');
  }

  /** It has read what it was told: what it is asked next is the newest that it reads. */
  async function untilRead(root: TestPod): Promise<void> {
    await root.until('what it was told is read', (entries) => {
      const newest = (['podEventReceived', 'systemItem', 'turnEnded'] as const).map(
        (type) => ofType(entries, type).at(-1)?.seq ?? 0,
      );
      const [told = 0, read = 0, ended = 0] = newest;
      return told < read && read < ended;
    });
  }

  async function deaths(root: TestPod): Promise<number> {
    const received = await root.entriesOf('podEventReceived');
    return received.filter(({ event }) => event.kind === 'died').length;
  }

  /** On both, as a person would. */
  async function bothClean(): Promise<void> {
    for (const home of [on.here, on.there]) {
      const { code, stdout, stderr } = await home.run(['verify']);
      expect(`${stdout}${stderr}`).toContain('No violation.');
      expect(code).toBe(0);
    }
  }

  it('[machines.report] its report arrives once, and what it wrote lies there alone', async () => {
    const { root, far } = await spawnFar('write hello');
    await untilReport(root, 'Done.');
    await far.untilEntry('podEventAcked');
    expect(await reports(root)).toEqual(['Done.']);
    expect(readFileSync(join(on.there.work, 'far', 'hello'), 'utf8')).toBe('far');
    expect(existsSync(join(on.here.work, 'far'))).toBe(false);
    const ps = await on.here.run(['ps', '--json', '--all']);
    const rows: { name: string; host: string | null; status: string }[] = JSON.parse(ps.stdout);
    expect(rows.find(({ name }) => name === 'far')).toMatchObject({ host: 'b', status: 'idle' });
    await bothClean();
  });

  it('[machines.answers] what it asks is answered here', async () => {
    const { root } = await spawnFar('ask yes');
    await eventually(
      on.here.home.state,
      async () => (await on.here.run(['approvals', '--json'])).stdout.includes('"far"'),
      'the request is listed here',
    );
    const [asked]: { request: string }[] = JSON.parse((await on.here.run(['approvals', '--json'])).stdout);
    const answered = await on.here.run(['approve', asked?.request ?? '']);
    expect(answered.stderr + answered.stdout).not.toContain('is not running');
    await untilReport(root, 'Done.');
    expect(readFileSync(join(on.there.work, 'far', 'asked'), 'utf8')).toBe('yes\n');
    await bothClean();
  });

  it('[machines.died] a killed child is told as dead once, behind all its words', async () => {
    const { root, far } = await spawnFar('task 1');
    await untilReport(root, 'Answer 1.');
    await far.kill();
    await root.until('its death is told', (entries) =>
      ofType(entries, 'podEventReceived').some(({ event }) => event.kind === 'died'),
    );
    expect(await deaths(root)).toBe(1);
    await untilRead(root);
    await root.run('give far task 2');
    await untilReport(root, 'Answer 2.');
    expect(await deaths(root)).toBe(1);
    expect(await reports(root)).toEqual(['Answer 1.', 'Answer 2.']);
    await bothClean();
  });

  it.each(['ssh', 'courier', 'host', 'parent'] as const)(
    '[machines.heals] a kill of the %s loses nothing',
    async (victim) => {
      const { root, far } = await spawnFar('later 1');
      await far.untilEntry('turnStarted');
      if (victim === 'parent') await root.kill();
      else {
        const pid = { ssh: on.sshPid, courier: on.courierPid, host: on.hostPid }[victim];
        const identity = processIdentity(pid);
        expect(identity === null ? false : isRunning(identity)).toBe(true);
        process.kill(pid, 'SIGKILL');
      }
      if (victim === 'parent') {
        await far.untilEntry('podEventEmitted');
        await root.start();
      }
      await untilReport(root, 'Later 1.');
      await untilRead(root);
      await root.run('give far task 2');
      await untilReport(root, 'Answer 2.');
      expect(await reports(root)).toEqual(['Later 1.', 'Answer 2.']);
      expect(await deaths(root)).toBe(0);
      // Also what needs the host's own word.
      await untilRead(root);
      await root.run('go second b task 3');
      await untilReport(root, 'Answer 3.');
      await bothClean();
    },
  );

  it('[machines.cut] [machines.not-checked] a cut way is unreachable, and no death', async () => {
    const { root, far } = await spawnFar('later 1');
    await far.untilEntry('turnStarted');
    await on.stopSshd();
    process.kill(on.sshPid, 'SIGKILL');
    await root.until('it is told as unreachable', (entries) =>
      ofType(entries, 'podEventReceived').some(({ event }) => event.kind === 'unreachable'),
    );
    await far.untilEntry('podEventEmitted');
    expect(await deaths(root)).toBe(0);
    const verified = await on.here.run(['verify']);
    expect(verified.code).toBe(1);
    expect(verified.stderr).toContain('Not checked: far');
    const ps = await on.here.run(['ps', '--json', '--all']);
    const rows: { name: string; status: string }[] = JSON.parse(ps.stdout);
    expect(rows.find(({ name }) => name === 'far')).toMatchObject({ status: 'unreachable' });
    await on.startSshd();
    await untilReport(root, 'Later 1.');
    expect(await reports(root)).toEqual(['Later 1.']);
    expect(await deaths(root)).toBe(0);
    await bothClean();
  });

  it('[machines.forgotten] what is given up is told as dead, and may come back', async () => {
    const { root, far } = await spawnFar('later 1');
    await far.untilEntry('turnStarted');
    await on.here.run(['host', 'forget', 'b']);
    const died = await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'died');
    expect(JSON.stringify(died.event)).toContain('given up by a person');
    await far.untilEntry('podEventEmitted');
    await on.here.run(['host', 'remember', 'b']);
    await on.here.run(['host', 'connect', 'b']);
    await untilReport(root, 'Later 1.');
    expect(await deaths(root)).toBe(1);
    expect(await reports(root)).toEqual(['Later 1.']);
  });

  it('[machines.refused] what the host refuses is said, and nothing of it is left', async () => {
    const root = await on.startRoot({ scenario: here, limits: quick });
    await root.run('go far nowhere task 1');
    const unknown = await root.untilEntry('toolResult');
    expect(JSON.stringify(unknown)).toContain('a host is one of b');
    rmSync(join(on.there.work, 'there.yaml'));
    await untilEnded(root);
    await root.run('go far b task 1');
    await root.until('it is refused', (entries) =>
      ofType(entries, 'toolResult').some((entry) =>
        JSON.stringify(entry).includes('does not have this model'),
      ),
    );
    await root.until('it is undone', (entries) =>
      ofType(entries, 'child').some(({ state }) => state === 'undone'),
    );
    expect(existsSync(join(on.there.home.state, 'pods'))).toBe(false);
  });
});
