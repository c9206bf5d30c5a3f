/**
 * Several die at once, several restore at once, and a name is used again: each pod recovers on its own, and
 * every effect stays with its instance.
 */
import { renameSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PodStartFailed } from '../../src/pod/process/start-process.ts';
import type { Entry } from '../../src/session/facts/entries.ts';
import {
  auditPair,
  leftovers,
  noticesOf,
  ofType,
  processesOf,
  receiptsOf,
  verified,
} from '../support/audit.ts';
import { fakeChildren } from '../support/fake-child.ts';
import { TestHome, type TestPod } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

const scenario = `rules:
  - { pod: root, last: user, matches: '^begin', call: [ { SpawnPod: { name: mid, task: 'delegate it' } } ] }
  - { pod: root, last: user, matches: '^spawn (\\S+) (.+)', call: [ { SpawnPod: { name: '{{match.1}}', task: '{{match.2}}' } } ] }
  - { pod: root, last: user, matches: '^give (\\S+) (.+)', call: [ { SendToPod: { name: '{{match.1}}', message: '{{match.2}}' } } ] }
  - { pod: mid, last: user, matches: '^delegate', call: [ { SpawnPod: { name: leaf, task: 'the work' } } ] }
  - { pod: leaf, last: user, delayMs: 500, say: 'The leaf is done.' }
  - { pod: mid, last: notification, say: 'Mid has it.' }
  - { last: user, matches: '^task (\\d+)', delayMs: 300, say: 'Answer {{match.1}}.' }
  - { say: 'Well.' }
`;

async function treeOfThree(): Promise<{ root: TestPod; mid: TestPod; leaf: TestPod }> {
  const root = await home.startRoot({ scenario });
  await root.run('begin');
  const leaf = await home.spawned('leaf');
  const mid = home.pod('mid');
  await leaf.untilEntry('turnStarted');
  await mid.until('it waits for the leaf', (all) => ofType(all, 'turnEnded').length === 1);
  await root.until('it waits for mid', (all) => ofType(all, 'turnEnded').length === 1);
  return { root, mid, leaf };
}

describe('killed together', () => {
  it.each([['parent first'], ['child first'], ['parent alone']])(
    '[restore.both] parent and child, restored %s: the outcome is told once',
    async (order) => {
      const root = await home.startRoot({ scenario });
      await root.run('spawn kid task 1');
      const kid = await home.spawned('kid');
      await kid.untilEntry('turnStarted');
      await root.untilEntry('toolResult');
      await Promise.all([root.kill(), kid.kill()]);
      const back = order === 'child first' ? [kid, root] : order === 'parent first' ? [root, kid] : [root];
      for (const pod of back) await pod.start();
      if (back.includes(kid)) {
        await kid.untilEntry('podEventEmitted');
        await root.untilEntry(
          'podEventReceived',
          ({ event }) => 'text' in event && event.text === 'Answer 1.',
        );
      }
      await root.until('the death is told', (all) =>
        receiptsOf(all, kid.instance).some(({ event }) => event.kind === 'died'),
      );
      await root.untilSettled();
      expect(await auditPair(root, kid)).toEqual([]);
      expect(await verified(home)).toEqual([]);
    },
  );

  it.each([
    ['from above', (tree: TestPod[]) => tree],
    ['from below', (tree: TestPod[]) => tree.toReversed()],
  ])('[restore.three-levels] three levels, restored %s: each recovers on its own', async (_, order) => {
    const { root, mid, leaf } = await treeOfThree();
    await Promise.all([root.kill(), mid.kill(), leaf.kill()]);
    for (const pod of order([root, mid, leaf])) await pod.start();
    await mid.untilEntry(
      'podEventReceived',
      ({ event }) => 'text' in event && event.text === 'The leaf is done.',
    );
    await root.untilEntry('podEventReceived', ({ event }) => 'text' in event && event.text === 'Mid has it.');
    for (const pod of [leaf, mid]) {
      await pod.untilSettled();
      // Its last word may close nothing that its parent waits for.
      await pod.until('all of it is delivered', (all) => {
        const emitted = ofType(all, 'podEventEmitted').at(-1)?.eventSeq;
        return ofType(all, 'podEventAcked').at(-1)?.through === emitted;
      });
    }
    await root.untilSettled();
    expect(await auditPair(mid, leaf)).toEqual([]);
    expect(await auditPair(root, mid)).toEqual([]);
    expect(await verified(home)).toEqual([]);
    expect(processesOf(home)).toHaveLength(3);
  });
});

describe('restored twice', () => {
  it('[restore.one-wins] of processes that start one pod at once one wins, the others say so and end', async () => {
    const root = await home.startRoot({ scenario });
    for (let round = 0; round < 3; round += 1) {
      await root.stop();
      const starts = await Promise.allSettled(
        [root, home.pod('root'), home.pod('root')].map((pod) => pod.start()),
      );
      const refused = starts.flatMap((start) =>
        start.status === 'rejected' ? [start.reason as unknown] : [],
      );
      expect(refused).toHaveLength(2);
      for (const reason of refused) {
        expect(reason).toBeInstanceOf(PodStartFailed);
        expect(reason).toMatchObject({ code: 'alreadyRunning' });
        expect((reason as Error).message).toContain('"root" is running already (process ');
      }
      expect((await root.call('status', {})).incarnation).toBe(round + 2);
    }
    expect(processesOf(home)).toHaveLength(1);
  });

  it('[restore.by-both] a dead child that its parent and a person restore at the same moment does the work', async () => {
    const root = await home.startRoot({ scenario });
    await root.run('spawn kid task 1');
    const kid = await home.spawned('kid');
    await root.untilEntry('podEventReceived');
    for (let round = 2; round <= 4; round += 1) {
      await root.untilSettled();
      await kid.kill();
      await root.until('its death is told', (all) =>
        receiptsOf(all, kid.instance).some(
          ({ event, from }) => event.kind === 'died' && from.incarnation === round - 1,
        ),
      );
      await root.untilSettled();
      const byPerson = kid.start().then(
        () => 'person',
        () => 'parent',
      );
      await root.run(`give kid task ${round}`);
      await byPerson;
      await root.untilEntry(
        'podEventReceived',
        ({ event }) => 'text' in event && event.text === `Answer ${round}.`,
      );
    }
    await root.untilSettled();
    expect(ofType(await root.entries(), 'toolResult').filter(({ isError }) => isError)).toEqual([]);
    expect(await auditPair(root, kid)).toEqual([]);
    expect(await verified(home)).toEqual([]);
  });
});

describe('a name that is used again', () => {
  it('[restore.name-reuse] what an old instance still says changes nothing of its namesake', async () => {
    const root = home.makeRoot({ scenario });
    const [old] = await fakeChildren(home, root, 1, { prefix: 'kid' });
    if (old === undefined) throw new Error('no fake child');
    await root.start();
    await old.link();
    // As a forced removal would: the name is free while the old process still has something to say.
    rmSync(home.pod(old.name).folder.path, { recursive: true });
    await root.run(`spawn ${old.name} task 1`);
    const kid = await home.spawned(old.name);
    await kid.untilEntry('turnStarted');
    expect(kid.instance).not.toBe(old.instance);
    await old.report(old.shutDown());
    const status = await root.call('status', {});
    expect(status.children.map(({ instance, status }) => [instance, status])).toEqual([
      [old.instance, 'stopped'],
      [kid.instance, 'linked'],
    ]);
    expect(status.settled).toBe(false);
    // Over its own link it cannot speak for the other either.
    const stolen = root.client().then((client) =>
      client.call('podEvent', {
        from: { instance: kid.instance, incarnation: 1 },
        seq: 1,
        event: old.turnEnded('finished'),
      }),
    );
    await expect(stolen).rejects.toThrow(/link first/);
    await root.untilEntry('podEventReceived', ({ event }) => 'text' in event && event.text === 'Answer 1.');
    await root.untilSettled();
    expect(noticesOf(await root.entries(), kid.instance)).toHaveLength(1);
    expect(await auditPair(root, kid)).toEqual([]);
    expect(leftovers(home)).toEqual([]);
  });

  it('[restore.removed-child] a child whose folder was removed under it has an end, and nobody waits for it', async () => {
    const root = await home.startRoot({ scenario });
    await root.run('spawn kid task 1');
    const kid = await home.spawned('kid');
    const { instance } = kid;
    await root.untilEntry('podEventReceived');
    await root.untilSettled();
    await root.kill();
    await root.start();
    await root.until(
      'the child links again',
      (all) => ofType(all, 'child').filter(({ state }) => state === 'linked').length === 2,
    );
    await root.run('give kid task 2');
    await kid.untilEntry('inputReceived', ({ text }) => text === 'task 2');
    const identity = await kid.process();
    home.expectsNoSockets = false;
    rmSync(kid.folder.path, { recursive: true });
    process.kill(identity.pid, 'SIGKILL');
    await root.until('its end is told', (all) =>
      receiptsOf(all, instance).some(({ event }) => event.kind === 'died'),
    );
    await root.untilSettled();
    expect(noticesOf(await root.entries(), instance).at(-1)?.item.body).toContain('died');
  });

  it('[restore.home-away] a child that is killed while the home is moved is told when the home is back, once, and not as removed', async () => {
    const root = await home.startRoot({ scenario, limits: { deathGraceMs: 1, sweepMs: 3_000 } });
    await root.run('spawn kid task 1');
    const kid = await home.spawned('kid');
    const { instance } = kid;
    await root.untilEntry('podEventReceived');
    await root.untilSettled();
    const { pid } = await kid.process();
    const away = `${home.home.state}.away`;
    renameSync(home.home.state, away);
    process.kill(pid, 'SIGKILL');
    await root.exit();
    renameSync(away, home.home.state);
    const deaths = (all: Entry[]) =>
      receiptsOf(all, instance).flatMap(({ event }) => (event.kind === 'died' ? [event] : []));
    expect(deaths(await root.entries())).toEqual([]);
    await root.start();
    await root.until('its end is told', (all) => deaths(all).length > 0);
    await root.untilSettled();
    expect(deaths(await root.entries())).toEqual([
      expect.not.objectContaining({ reason: expect.anything() }),
    ]);
    expect(await verified(home)).toEqual([]);
    await kid.start();
  });
});
