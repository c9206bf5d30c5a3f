/** The list that a model keeps of its work, over real pods. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { TestHome, commandFile } from '../support/rig.ts';

const items = [
  { text: 'read', state: 'done' },
  { text: 'write tests', state: 'doing' },
];

it('[plan.shown] [plan.kept] status, inspect and ReadPodOutput show it, after a kill too', async () => {
  const home = new TestHome();
  onTestFinished(() => home.close());
  const plan = JSON.stringify({ items });
  const pod = await home.startRoot({
    scenario: `rules:
  - { pod: kid, last: user, call: [{ Plan: ${plan} }] }
  - { pod: kid, say: "listed" }
  - { pod: root, last: user, times: 1, call: [{ Plan: ${plan} }, { SpawnPod: { name: kid, task: x } }] }
  - { pod: root, last: notification, times: 1, call: [{ ReadPodOutput: { name: kid } }] }
  - { say: "done" }
`,
  });
  await pod.run('go');
  await pod.untilEntry('toolResult', ({ tool }) => tool === 'ReadPodOutput');
  await pod.untilSettled();
  const results = (await pod.entries()).flatMap((one) => (one.type === 'toolResult' ? [one] : []));
  expect(results.find(({ tool }) => tool === 'ReadPodOutput')?.text).toContain(
    'Its own list: "1/2 write tests"',
  );
  expect(await pod.call('status', {})).toMatchObject({ plan: '1/2 write tests' });
  const { rows } = await pod.call('tree', {});
  expect(rows.map(({ plan: line }) => line)).toEqual(['1/2 write tests', '1/2 write tests']);
  await pod.kill();
  await pod.start();
  expect(await pod.call('status', {})).toMatchObject({ plan: '1/2 write tests' });
  const { stdout } = await promisify(execFile)(process.execPath, [commandFile, 'inspect', 'root'], {
    cwd: home.work,
    env: home.environment,
  });
  expect(JSON.parse(stdout)).toMatchObject({ plan: items });
});
