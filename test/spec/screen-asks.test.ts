/** What the screen asks pods for: deliveries of a tree, the whole of an approval, completions. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually, TestHome } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

type Raw = { type: string; [field: string]: unknown };

const three = `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: middle, task: "work", write: [] } }] }
  - { pod: middle, last: user, call: [{ SpawnPod: { name: leaf, task: "work", write: [] } }] }
  - { say: "{{pod}} is done." }
`;

it('[screen.tree-deliveries] a pod answers for the events of all below it, each once and as far as it has come', async () => {
  const root = await home.startRoot({ permissionMode: 'bypassPermissions', scenario: three });
  const events: Raw[] = [];
  const client = await root.client((event) => void events.push(event));
  await client.call('subscribe', { deltas: false });
  await root.run('go');
  await root.untilSettled();
  const rows = await root.call('deliveries', { tree: true });
  const ends = rows
    .filter(({ kind }) => kind === 'turnEnded')
    .map(({ from, to, seq }) => `${from} ${to} ${seq}`);
  expect(new Set(ends).size).toBe(ends.length);
  expect(new Set(rows.map(({ from, to }) => `${from} ${to}`))).toEqual(
    new Set(['leaf middle', 'middle root']),
  );
  const ofLeaf = rows.find(({ from, kind }) => from === 'leaf' && kind === 'turnEnded');
  expect(ofLeaf).toMatchObject({
    committedAt: expect.any(String),
    receivedAt: expect.any(String),
    consumedAt: expect.any(String),
  });
  expect((await root.call('deliveries', {})).some(({ from }) => from === 'leaf')).toBe(false);
  const states = () =>
    events.flatMap(({ type, from, state }) =>
      type === 'deliveryChanged' && from === 'middle' ? [state] : [],
    );
  await eventually(
    root.folder.path,
    () => states().includes('seen'),
    'it is seen',
    () => String(states()),
  );
  expect(states().slice(-3)).toEqual(['received', 'consumed', 'seen']);
});

it('[screen.approval-whole] [screen.r20] an approval of a pod two levels below says where it is asked, of what, and what always would mean', async () => {
  const root = await home.startRoot({
    scenario: `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: middle, task: "work" } }] }
  - { pod: middle, last: user, call: [{ Bash: { command: "echo one && echo two" } }] }
  - { say: "{{pod}} is done." }
`,
  });
  const asked: Raw[] = [];
  const client = await root.client((event) => {
    if (event.type === 'approvalRequested') asked.push(event);
  });
  await client.call('subscribe', { deltas: false });
  await root.run('go');
  await eventually(
    root.folder.path,
    () => asked.length > 0,
    'it is asked',
    () => '',
  );
  expect(asked[0]).toMatchObject({
    pod: { name: 'middle' },
    path: 'root/middle',
    tool: 'Bash',
    input: { command: 'echo one && echo two' },
    always: expect.stringMatching(/^this very command/),
    sandbox: expect.stringMatching(/^(?:in|out)side$/),
    call: expect.any(String),
  });
  await root.call('approve', { request: asked[0]!['request'] as string, decision: 'allow' });
  await root.untilSettled();
});

it('[screen.complete] behind @ there are files and folders that the pod may read, and pods; links lead nowhere', async () => {
  home.file('alpha.ts');
  home.file('Alto');
  home.file('.hidden');
  mkdirSync(join(home.work, 'also', 'deep'), { recursive: true });
  writeFileSync(join(home.work, 'also', 'below.ts'), '');
  mkdirSync(join(home.path, 'outside'));
  writeFileSync(join(home.path, 'outside', 'secret'), '');
  symlinkSync(join(home.path, 'outside'), join(home.work, 'al-link'));
  for (let n = 0; n < 60; n += 1) writeFileSync(join(home.work, `many${String(n).padStart(2, '0')}`), '');
  const root = await home.startRoot({ name: 'alroot' });
  const offers = async (text: string, caret?: number) => {
    const { from, to, candidates } = await root.call('complete', {
      text,
      ...(caret === undefined ? {} : { caret }),
    });
    return [text.slice(from, to), ...candidates.map(({ text: offered }) => offered)];
  };
  expect(await offers('see @al')).toEqual(['al', 'alroot', 'Alto', 'alpha.ts', 'also/']);
  expect(await offers('see @al and on', 6)).toEqual(['a', 'alroot', 'Alto', 'alpha.ts', 'also/']);
  expect(await offers('see @also/')).toEqual(['also/', 'also/below.ts', 'also/deep/']);
  expect(await offers('@.h')).toEqual(['.h', '.hidden']);
  expect(await offers('@many')).toHaveLength(51);
  for (const nothing of [
    'al',
    'a@al',
    '@../',
    '@al-link/',
    `@${join(home.path, 'outside')}/`,
    '@../outside/',
  ])
    expect(await offers(nothing)).toHaveLength(1);
});
