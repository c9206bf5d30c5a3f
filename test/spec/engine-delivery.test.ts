/** What docs/delivery.md says of a pod, for one that another agent drives. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { FakeScript } from '../support/fake-agent.ts';
import { EngineRig, receivedOf, turnEnds } from '../support/engine-rig.ts';
import type { TestPod } from '../support/rig.ts';

let rig: EngineRig;
beforeEach(() => {
  rig = new EngineRig();
});
afterEach(async () => {
  expect(await rig.close()).toEqual([]);
});

/** Waits for the file `go`, then says THE REPORT. */
const waiting = (): FakeScript => ({
  turns: [
    [{ call: { id: 'c' } }, { waitFor: join(rig.home.work, 'go') }, { say: 'THE REPORT' }],
    [{ say: 'THE SECOND' }],
  ],
});
const go = () => writeFileSync(join(rig.home.work, 'go'), '');

async function working(script = waiting(), spawn = ''): Promise<{ root: TestPod; worker: TestPod }> {
  const root = await rig.parent(script, { spawn, permissionMode: 'bypassPermissions' });
  await root.run('go');
  const worker = await rig.home.spawned('worker');
  await worker.untilEntry('toolCall');
  await turnEnds(root);
  return { root, worker };
}

/** The parent has received it once, read it once, and said so. */
async function heard(root: TestPod, what = 'THE REPORT'): Promise<void> {
  await root.until('what was heard', (all) => JSON.stringify(all).includes(`heard: `));
  await root.untilSettled();
  const reports = await receivedOf(root, 'turnEnded');
  expect(reports.filter((entry) => JSON.stringify(entry).includes(what))).toHaveLength(1);
  const items = await root.entriesOf('systemItem');
  expect(items.filter((entry) => JSON.stringify(entry).includes(what))).toHaveLength(1);
}

it('[engine.delivery] an idle parent is woken by its end', async () => {
  const { root } = await working();
  go();
  await heard(root);
});

it('[engine.delivery] a parent in a request reads it in the next one', async () => {
  const { root } = await working();
  await root.run('think');
  await root.until('its second turn', (all) => all.filter(({ type }) => type === 'turnStarted').length > 1);
  go();
  await heard(root);
});

it('[engine.delivery] a paused parent receives it, and reads it once it goes on', async () => {
  const { root } = await working();
  await root.call('pause', {});
  go();
  await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'turnEnded');
  expect((await root.entriesOf('systemItem')).length).toBe(0);
  await root.call('resume', {});
  await heard(root);
});

it('[engine.delivery] a dead parent is told when it is back; meanwhile the work goes on', async () => {
  const { root, worker } = await working();
  await root.kill();
  go();
  await worker.untilEntry('podEventEmitted', ({ event }) => event.kind === 'turnEnded');
  await root.start();
  await heard(root);
  expect(rig.prompts()).toHaveLength(1);
});

it('[engine.delivery] a cancel is told to its parent, and its next work goes on in the same session', async () => {
  const { root, worker } = await working();
  await worker.call('cancel', {});
  await root.untilEntry(
    'podEventReceived',
    ({ event }) => event.kind === 'turnEnded' && event.outcome === 'cancelled',
  );
  await root.untilSettled();
  await root.run('more');
  await root.untilEntry(
    'podEventReceived',
    ({ event }) => event.kind === 'turnEnded' && event.text.includes('THE SECOND'),
  );
  await root.untilSettled();
  expect(rig.received('session/new')).toBe(1);
});

it('[engine.delivery] StopPod ends it in order, with its agent: one farewell, and no death', async () => {
  const { root } = await working();
  await root.run('stop');
  await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'shutDown');
  await root.untilSettled();
  expect(await receivedOf(root, 'shutDown')).toHaveLength(1);
  expect(await receivedOf(root, 'died')).toHaveLength(0);
  expect(rig.agents()).toEqual([]);
});

it('[engine.delivery] its death is told once, and what it leaves running is ended', async () => {
  const { root, worker } = await working({
    turns: [[{ shell: 'exec sleep 300', leave: true }, { call: { id: 'c' } }, { stall: true }]],
  });
  await worker.kill();
  await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'died');
  await root.untilSettled();
  expect(await receivedOf(root, 'died')).toHaveLength(1);
});

it('[engine.delivery] a check that fails is said to it, and its work counts once the check holds', async () => {
  const { root, worker } = await working(
    {
      turns: [
        [{ call: { id: 'c' } }, { done: { id: 'c' } }, { say: 'NOT YET' }],
        [{ shell: `touch ${join(rig.home.work, 'ok')}` }, { say: 'THE REPORT' }],
      ],
    },
    ', check: "test -e ok", tries: 2',
  );
  await heard(root);
  expect(rig.prompts()).toHaveLength(2);
  expect(await turnEnds(worker)).toHaveLength(1);
  expect(JSON.stringify(await receivedOf(root, 'turnEnded'))).not.toContain('NOT YET');
});

it('[engine.delivery] the time of its work is over: it is ended, and the parent is told why', async () => {
  const { root } = await working(waiting(), ', timeoutMinutes: 0.03');
  const ended = await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'turnEnded');
  expect(ended.event).toMatchObject({ outcome: 'limitReached' });
  await root.untilSettled();
});
