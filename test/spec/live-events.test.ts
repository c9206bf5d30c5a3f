/** What pods really send to observers, held against the one table of it. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readLiveEvent } from '../../src/protocol/live-events.ts';
import { eventually, TestHome, type TestPod } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

type Raw = { type: string; [field: string]: unknown };

const scenario = `
rules:
  - { pod: root, last: user, times: 1, fail: { kind: overloaded } }
  - pod: root
    last: user
    say: "I begin."
    call: [{ SpawnPod: { name: kid, task: go } }, { Bash: { command: "echo ran" } }]
  - { say: "{{pod}} is done." }
`;

async function observed(pod: TestPod): Promise<Raw[]> {
  const events: Raw[] = [];
  const client = await pod.client((event) => void events.push(event));
  await client.call('subscribe', {});
  return events;
}

function types(events: readonly Raw[]): string[] {
  return [...new Set(events.map(({ type }) => type))].sort();
}

it('[subscribe.table] every event that an observer is sent is one of the table, with its fields and none beside', async () => {
  const root = await home.startRoot({ scenario });
  const events = await observed(root);
  await root.run('go');
  const kid = await home.spawned('kid');
  await kid.untilEntry('turnEnded');
  const ofKid = await observed(kid);
  const { request } = await root.untilEntry('approval');
  await root.call('approve', { request, decision: 'allow' });
  await root.untilSettled();
  await kid.run('again');
  await root.untilSettled();
  await root.call('shutdown', {});
  await root.exit();
  const untilType = (pod: TestPod, of: readonly Raw[], type: string) =>
    eventually(
      pod.folder.path,
      () => types(of).includes(type),
      `${pod.name} shows ${type}`,
      () => types(of).join(' '),
    );
  await untilType(root, events, 'shutdown');
  await untilType(kid, ofKid, 'shutdown');
  for (const event of [...events, ...ofKid]) expect(readLiveEvent(event)).toEqual(event);
  expect(types(events)).toEqual([
    'alert',
    'approvalAnswered',
    'approvalRequested',
    'deliveryChanged',
    'entry',
    'live',
    'shutdown',
    'status',
    'textDelta',
    'toolInputDelta',
    'toolProgress',
  ]);
  expect(ofKid).toContainEqual({ type: 'deliveryChanged', seq: 2, state: 'sent', attempts: 1 });
  expect(ofKid).toContainEqual({ type: 'deliveryChanged', through: 2, state: 'received' });
});
