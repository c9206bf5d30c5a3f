/**
 * A child that dies is told once, with how it ended, behind all that it had committed, in whatever state
 * child and parent are (delivery §6).
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditPair, noticesOf, ofType, receiptsOf, verified } from '../support/audit.ts';
import { TestHome, type TestPod, eventually, gone } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

const scenario = `rules:
  - { pod: root, last: user, matches: '^spawn (\\S+) (.+)', call: [ { SpawnPod: { name: '{{match.1}}', task: '{{match.2}}' } } ] }
  - { pod: root, last: user, matches: '^give (\\S+) (.+)', call: [ { SendToPod: { name: '{{match.1}}', message: '{{match.2}}' } } ] }
  - { pod: root, last: user, matches: '^think', delayMs: 700, say: 'Thought.' }
  - { last: user, matches: '^think', delayMs: 60000, say: 'Never.' }
  - { last: user, matches: '^wait (\\d+)', delayMs: 600, say: 'Answer {{match.1}}.' }
  - { last: user, matches: '^bash (.+)', call: [ { Bash: { command: '{{match.1}}' } } ] }
  - { last: user, matches: '^task (\\d+)', say: 'Answer {{match.1}}.' }
  - { last: notification, say: 'Noted.' }
  - { say: 'Well.' }
`;

async function startRoot(limits: Record<string, number> = {}, environment: NodeJS.ProcessEnv = {}) {
  const permissionMode = 'bypassPermissions';
  return await home.startRoot({ scenario, permissionMode, limits, environment });
}

/**
 * A child in the state wanted. Its command makes `marker` and lasts as long as that file: it outlives a pod
 * that is killed.
 */
async function childIn(root: TestPod, state: string): Promise<TestPod> {
  const marker = join(home.work, 'marker');
  const tasks: Record<string, string> = {
    idle: 'task 1',
    'mid-request': 'think long',
    'mid-tool': `bash echo begun >> ${marker}; while [ -e ${marker} ]; do sleep 0.1; done`,
  };
  await root.run(`spawn kid ${tasks[state]}`);
  const kid = await home.spawned('kid');
  if (state === 'idle') await root.untilEntry('podEventReceived');
  else await kid.untilEntry('turnStarted');
  if (state === 'mid-tool') await eventually(home.work, () => existsSync(marker), 'the command begins');
  await root.until('the turns end', (entries) => {
    const ended = ofType(entries, 'turnEnded').length;
    return ended === ofType(entries, 'turnStarted').length && ended >= (state === 'idle' ? 2 : 1);
  });
  return kid;
}

async function deathOf(root: TestPod, kid: TestPod, incarnation = 1) {
  const receipt = await root.untilEntry(
    'podEventReceived',
    ({ event, from }) =>
      event.kind === 'died' && from.instance === kid.instance && from.incarnation === incarnation,
  );
  if (receipt.event.kind !== 'died') throw new Error('not a death');
  return { ...receipt, event: receipt.event };
}

async function mustBeWhole(root: TestPod, kid: TestPod): Promise<void> {
  expect(await auditPair(root, kid)).toEqual([]);
  expect(await verified(home)).toEqual([]);
}

const childStates = ['idle', 'mid-request', 'mid-tool'];
const parentStates = ['idle', 'running', 'paused'];

describe('SIGKILL', () => {
  it.each(childStates.flatMap((child) => parentStates.map((parent) => [child, parent] as const)))(
    '[death.told-once] of a child %s is told once to a parent %s, with its signal, and read',
    async (childState, parentState) => {
      const root = await startRoot();
      const kid = await childIn(root, childState);
      if (parentState === 'paused') await root.call('pause', {});
      if (parentState === 'running') {
        const turns = ofType(await root.entries(), 'turnStarted').length;
        await root.run('think');
        await root.until('a turn runs', (all) => ofType(all, 'turnStarted').length > turns);
      }
      await kid.kill();
      const death = await deathOf(root, kid);
      expect(death.event).toMatchObject({ signal: 'SIGKILL', restored: false });
      expect(death.closes).toHaveLength(childState === 'idle' ? 0 : 1);
      if (parentState === 'paused') {
        expect((await root.call('status', {})).pending.received).toBe(1);
        expect(noticesOf(await root.entries(), kid.instance).map(({ item }) => item.body)).not.toContainEqual(
          expect.stringContaining('died'),
        );
        await root.call('resume', {});
      }
      const status = await root.untilSettled();
      expect(status.watchdogRescues).toBe(0);
      const notices = noticesOf(await root.entries(), kid.instance);
      const told = notices.filter(({ item }) => item.body.includes('died (SIGKILL)'));
      expect(told).toHaveLength(1);
      if (childState !== 'idle') expect(told[0]?.item.body).toContain('Its work was not finished.');
      await mustBeWhole(root, kid);
      if (childState === 'mid-tool') expect(readFileSync(join(home.work, 'marker'), 'utf8')).toBe('begun\n');
    },
  );

  it('[death.exit-code] an end by itself is told with its exit code and the end of its error output', async () => {
    const preload = join(home.path, 'end-on-usr2.cjs');
    writeFileSync(
      preload,
      `process.on('SIGUSR2', () => { process.stderr.write('the disk is on fire\\n'); process.exit(7); });`,
    );
    const root = await startRoot({}, { NODE_OPTIONS: `--require=${preload}` });
    const kid = await childIn(root, 'mid-request');
    home.expectsNoSockets = false;
    await kid.signal('SIGUSR2');
    const death = await deathOf(root, kid);
    expect(death.event).toMatchObject({ exitCode: 7, stderrTail: 'the disk is on fire' });
    expect(death.event.signal).toBeUndefined();
    await root.untilSettled();
    const [notice] = noticesOf(await root.entries(), kid.instance);
    expect(notice?.item.body).toContain('died (exit code 7)');
    expect(notice?.item.body).toContain('the disk is on fire');
    await mustBeWhole(root, kid);
  });

  it('[death.parent-down] while the parent is down is found and told when the parent is back', async () => {
    const root = await startRoot();
    const kid = await childIn(root, 'mid-request');
    await root.kill();
    await kid.kill();
    await root.start();
    const death = await deathOf(root, kid);
    expect(death.closes).toHaveLength(1);
    // Who was not its parent in the system's eyes cannot know more.
    expect(death.event.signal).toBeUndefined();
    await root.untilSettled();
    await mustBeWhole(root, kid);
  });

  it('[death.not-own-process] of a child that this process of the parent did not start is told', async () => {
    const root = await startRoot();
    const kid = await childIn(root, 'mid-request');
    await root.kill();
    await root.start();
    await root.until(
      'the child links again',
      (all) => ofType(all, 'child').filter(({ state }) => state === 'linked').length === 2,
    );
    await kid.kill();
    await deathOf(root, kid);
    await root.untilSettled();
    await mustBeWhole(root, kid);
  });

  it('[death.last-words-first] stands behind every event that the dead had committed', async () => {
    const root = await startRoot();
    const kid = await childIn(root, 'idle');
    // Down, so that the report stays with the child.
    await root.kill();
    await kid.run('wait 2');
    await root.start();
    await root.run('give kid wait 3');
    await kid.untilEntry('inputReceived', ({ text }) => text === 'wait 3');
    await root.kill();
    await kid.untilEntry('podEventEmitted', ({ event }) => 'text' in event && event.text === 'Answer 3.');
    await kid.kill();
    await root.start();
    await deathOf(root, kid);
    await root.untilSettled();
    const kinds = receiptsOf(await root.entries(), kid.instance).map(({ event }) => event.kind);
    expect(kinds.at(-1)).toBe('died');
    expect(kinds.filter((kind) => kind === 'turnEnded').length).toBeGreaterThanOrEqual(2);
    await mustBeWhole(root, kid);
  });
});

describe('a child that does not answer', () => {
  it('[death.unreachable] is unreachable once an episode, is not dead, and its finish still arrives', async () => {
    const root = await startRoot({ unreachableMs: 600, sweepMs: 100 });
    await root.run('spawn kid wait 1');
    const kid = await home.spawned('kid');
    await root.untilEntry('toolResult');
    await kid.freeze();
    const unreachable = (entries: Awaited<ReturnType<TestPod['entries']>>) =>
      receiptsOf(entries, kid.instance).filter(({ event }) => event.kind === 'unreachable');
    await root.until('unreachable', (all) => unreachable(all).length === 1);
    await root.untilEntry('systemItem', ({ item }) => item.body.includes('its process is alive'));
    // Longer than another bound, measured by a turn: nothing is said again.
    await root.run('think');
    await root.untilEntry('assistantMessage', ({ parts }) => JSON.stringify(parts).includes('Thought.'));
    expect(unreachable(await root.entries())).toHaveLength(1);
    expect(unreachable(await root.entries())[0]?.closes).toEqual([]);
    expect(ofType(await root.entries(), 'assignment').map(({ state }) => state)).toEqual(['open']);
    await kid.thaw();
    await root.untilEntry(
      'podEventReceived',
      ({ event }) => event.kind === 'turnEnded' && event.text === 'Answer 1.',
    );
    await root.untilSettled();
    // A second episode is told again.
    await kid.freeze();
    await root.until('unreachable again', (all) => unreachable(all).length === 2);
    await kid.thaw();
    await root.untilSettled();
    expect(receiptsOf(await root.entries(), kid.instance).some(({ event }) => event.kind === 'died')).toBe(
      false,
    );
    await mustBeWhole(root, kid);
  });

  it('[death.quiet-is-reachable] a child that is only quiet is not called unreachable', async () => {
    const root = await startRoot({ unreachableMs: 300, sweepMs: 50 });
    await root.run('spawn kid think long');
    const kid = await home.spawned('kid');
    await kid.untilEntry('turnStarted');
    await root.run('think');
    await root.untilEntry('assistantMessage', ({ parts }) => JSON.stringify(parts).includes('Thought.'));
    expect(receiptsOf(await root.entries(), kid.instance)).toEqual([]);
  });
});

describe('a child that is back before its death is known', () => {
  it('[death.restored] its death is recorded silently, and its work goes on', async () => {
    const root = await startRoot({ deathGraceMs: 20_000, sweepMs: 60_000 });
    const kid = await childIn(root, 'mid-request');
    // A parent that did not start the process learns of its end from the link alone.
    await root.kill();
    await root.start();
    await root.until(
      'the child links again',
      (all) => ofType(all, 'child').filter(({ state }) => state === 'linked').length === 2,
    );
    await kid.kill();
    await kid.start();
    const death = await deathOf(root, kid);
    expect(death).toMatchObject({ reads: false, wakes: false, closes: [] });
    expect(death.event).toMatchObject({ restored: true, assignments: [] });
    await kid.untilEntry('turnStarted', ({ kind }) => kind === 'resume');
    expect(noticesOf(await root.entries(), kid.instance)).toEqual([]);
    expect((await root.call('status', {})).settled).toBe(false);
    const process = await kid.process();
    await kid.call('shutdown', {});
    await gone(process);
    await root.untilSettled();
    await mustBeWhole(root, kid);
  });
});

describe('a grandchild whose parent is dead', () => {
  it('[death.grandchild] works on, keeps its report, and delivers it when its parent is restored', async () => {
    const root = await home.startRoot({
      scenario: `rules:
  - { pod: root, last: user, matches: '^begin', call: [ { SpawnPod: { name: mid, task: 'delegate it' } } ] }
  - { pod: root, last: user, matches: '^again', call: [ { SendToPod: { name: mid, message: 'go on' } } ] }
  - { pod: mid, last: user, matches: '^delegate', call: [ { SpawnPod: { name: leaf, task: 'the work' } } ] }
  - { pod: leaf, last: user, delayMs: 500, say: 'The leaf is done.' }
  - { last: notification, say: 'Noted by {{pod}}.' }
  - { say: 'Well.' }
`,
    });
    await root.run('begin');
    const leaf = await home.spawned('leaf');
    const mid = home.pod('mid');
    await leaf.untilEntry('turnStarted');
    await mid.until('it waits for the leaf', (all) => ofType(all, 'turnEnded').length === 1);
    await mid.kill();
    const death = await deathOf(root, mid);
    expect(death.event.outstanding).toEqual(['leaf']);
    await leaf.untilEntry('podEventEmitted');
    const status = await leaf.call('status', {});
    expect(status).toMatchObject({ status: 'idle', attention: 'parentDown', pending: { outgoing: 1 } });
    await root.untilSettled();
    await root.run('again');
    await mid.untilEntry(
      'podEventReceived',
      ({ event }) => 'text' in event && event.text === 'The leaf is done.',
    );
    await mid.untilSettled();
    await root.untilSettled();
    await mustBeWhole(mid, leaf);
    await mustBeWhole(root, mid);
    expect((await leaf.call('status', {})).attention).toBeNull();
  });
});
