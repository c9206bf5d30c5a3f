/** What a pod waits for, as every place shows it that shows it: asked at all of them at one moment. */
import { expect } from 'vitest';
import type { Waiting } from '../../src/protocol/status-result.ts';
import type { TestHome, TestPod } from './rig.ts';
import { eventually } from './waiting.ts';

/** For a root that looks at its children: `look NAME`. */
export const lookRules = `
  - { pod: root, last: user, matches: '^look (\\S+)', call: [{ ListPods: {} }, { ReadPodOutput: { name: '{{match.1}}' } }] }
  - { pod: root, last: tool, say: "Looked." }`;

/** `status`, until it waits for that. */
export async function untilWaiting(pod: TestPod, kind: Waiting['kind']): Promise<Waiting> {
  let waiting: Waiting | null = null;
  const holds = async () => {
    ({ waiting } = await pod.call('status', {}));
    return waiting?.kind === kind;
  };
  const said = async () => JSON.stringify(await pod.call('status', {}));
  await eventually(pod.folder.path, holds, `${pod.name} waits for ${kind}`, said);
  return waiting!;
}

/** `status`, until it waits for nothing. */
export async function untilGone(pod: TestPod): Promise<void> {
  const holds = async () => (await pod.call('status', {})).waiting === null;
  const said = async () => JSON.stringify(await pod.call('status', {}));
  await eventually(pod.folder.path, holds, `${pod.name} waits for nothing`, said);
}

/** The same everywhere; `root` is its parent and looks by its tools. */
export async function seenEverywhere(home: TestHome, pod: TestPod, root: TestPod | null): Promise<Waiting> {
  const { waiting } = await pod.call('status', {});
  const seen = waiting!;
  expect(await inPs(home, pod)).toEqual(seen);
  const inspected = await home.run(['inspect', pod.name]);
  expect((JSON.parse(inspected.stdout) as { waiting: Waiting | null }).waiting).toEqual(seen);
  const { kind, since, until, reason } = seen;
  const logs = await home.run(['logs', pod.name]);
  const next = until === null ? '' : `, until ${until}`;
  expect(logs.stderr).toContain(`${pod.name} waits for ${kind} since ${since}${next}: ${reason}`);
  if (root !== null) await inTools(root, pod, seen);
  return seen;
}

async function inPs(home: TestHome, pod: TestPod): Promise<Waiting | null | undefined> {
  const views = JSON.parse((await home.run(['ps', '--json'])).stdout) as {
    name: string;
    waiting: Waiting | null;
  }[];
  return views.find(({ name }) => name === pod.name)?.waiting;
}

/** ListPods and ReadPodOutput of its parent. */
async function inTools(root: TestPod, pod: TestPod, { kind, since, until, reason }: Waiting): Promise<void> {
  const hasAll = async () => {
    const [below, above] = [await pod.call('status', {}), await root.call('status', {})];
    return below.pending.outgoing === 0 && above.status === 'idle';
  };
  await eventually(root.folder.path, hasAll, `${root.name} has what ${pod.name} reported`);
  // A notice that came with its input would be the newest that it reads; and it may have no wake left for
  // one.
  await root.run('read');
  const isIdle = async () => (await root.call('status', {})).status === 'idle';
  await eventually(root.folder.path, isIdle, `${root.name} has read what ${pod.name} reported`);
  const before = (await root.entriesOf('toolResult')).length;
  await root.run(`look ${pod.name}`);
  await root.until(
    'it has looked',
    (all) => all.filter(({ type }) => type === 'toolResult').length === before + 2,
  );
  const results = (await root.entriesOf('toolResult')).slice(before);
  const next = until === null ? '' : ` until ${until}`;
  for (const tool of ['ListPods', 'ReadPodOutput']) {
    const text = results.find((result) => result.tool === tool)?.text ?? '';
    expect(text).toContain(
      `waiting for ${kind} since ${since}${next} (${JSON.stringify(reason).slice(0, 60)}`,
    );
  }
}
