/** What the screen knows of real pods, held against `podkin ps` and their logs. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { PodModel } from '../../src/screen/model/shape.ts';
import { ScreenWatch } from '../../src/screen/watch.ts';
import { type Deferred, deferred } from '../../src/std/deferred.ts';
import { allPods } from '../../src/client/find-pod.ts';
import { type SeenPod, viewPods } from '../../src/client/pod-view.ts';
import { newestRoot } from '../../src/cli/screen/newest-root.ts';
import { TestHome } from '../support/rig.ts';
import { patienceMs } from '../support/waiting.ts';

let home: TestHome;
const open: Seen[] = [];
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  for (const seen of open.splice(0)) await seen.watch.close();
  await home.close();
});

/** A watch, and the waiting for what it is to know. */
class Seen {
  readonly watch: ScreenWatch;
  #changed: Deferred<void> = deferred();
  changes = 0;

  constructor(root: string | null) {
    this.watch = new ScreenWatch({
      home: home.home,
      root,
      directory: home.work,
      onChange: () => {
        this.changes += 1;
        const changed = this.#changed;
        this.#changed = deferred();
        changed.resolve();
      },
    });
    open.push(this);
  }

  async until(what: string, holds: (watch: ScreenWatch) => boolean): Promise<void> {
    const late = setTimeout(
      () => this.#changed.reject(new Error(`never: ${what}: ${this.#state()}`)),
      patienceMs,
    );
    try {
      while (!holds(this.watch)) await this.#changed.promise;
    } finally {
      clearTimeout(late);
    }
  }

  row(name: string) {
    return this.watch.tree.rows.find((row) => row.name === name);
  }

  #state(): string {
    const { tree, pod } = this.watch;
    return JSON.stringify({ tree, pod: pod === null ? null : { ...pod, items: bodies(pod) } });
  }
}

function bodies({ items }: PodModel): unknown[] {
  return Array.from({ length: items.length }, (_, at) => items.at(at)?.body);
}
const answers = (pod: PodModel | null): unknown[] =>
  pod === null
    ? []
    : bodies(pod).flatMap((body) =>
        (body as { kind: string }).kind === 'answer' ? [(body as { text: string }).text] : [],
      );

const scenario = `
rules:
  - { pod: root, last: user, times: 1, say: "I begin.", call: [{ SpawnPod: { name: kid, task: go } }] }
  - { pod: kid, last: user, times: 1, call: [{ Bash: { command: "echo ran" } }] }
  - { say: "{{pod}} is done." }
`;

it('[screen.watch] history, what is sent and its answer, questions, sums, and another pod that is shown', async () => {
  const root = await home.startRoot({ scenario });
  const seen = new Seen(root.instance);
  seen.watch.show(root.instance);
  await seen.until('the history is there', ({ pod }) => pod?.isLive === true && pod.link === 'live');
  const submission = seen.watch.send('spawn');
  expect(seen.watch.pod?.sent).toEqual([{ submission, text: 'spawn', state: 'sent' }]);
  await seen.until('the text is read', ({ pod }) => pod?.sent[0]?.state === 'read');
  await seen.until(
    'the question is there',
    ({ tree }) => tree.questions.length === 1 && seen.row('kid') !== undefined,
  );
  const kid = home.pod('kid');
  const [question] = seen.watch.tree.questions;
  expect(question).toMatchObject({ path: 'root/kid', approval: { tool: 'Bash', pod: { name: 'kid' } } });
  expect(seen.watch.tree.rows.map(({ name, depth }) => [name, depth])).toEqual([
    ['root', 0],
    ['kid', 1],
  ]);

  seen.watch.show(kid.instance);
  await seen.until(
    'the call of the other pod is open',
    ({ pod }) => pod?.name === 'kid' && pod.calls.length === 1,
  );
  await seen.watch.call(kid.instance, 'approve', {
    request: question?.approval.request ?? '',
    decision: 'allow',
  });
  await seen.until(
    'the answer is there',
    ({ pod, tree }) => answers(pod).includes('kid is done.') && tree.questions.length === 0,
  );
  await root.untilSettled();
  await seen.until('both rows are at rest', () =>
    seen.watch.tree.rows.every(({ status, settled }) => status === 'idle' && settled),
  );
  const ps = JSON.parse((await home.run(['ps', '--json'])).stdout) as {
    name: string;
    tokens: number;
    tree: object;
  }[];
  for (const listed of ps)
    await seen.until(`${listed.name} has the sum of ps`, () => {
      const row = seen.row(listed.name);
      return row?.own.tokens === listed.tokens && JSON.stringify(row.subtree) === JSON.stringify(listed.tree);
    });
  expect(ps).toHaveLength(2);
});

it('[screen.r22] a death shows its signal, the log of the dead is shown, and a start again is seen', async () => {
  home.expectsNoSockets = false;
  const root = await home.startRoot({
    scenario: scenario.replace('Bash: { command: "echo ran" }', 'ListPods: {}'),
  });
  const seen = new Seen(root.instance);
  await root.run('spawn');
  await root.untilSettled();
  const kid = home.pod('kid');
  seen.watch.show(kid.instance);
  await seen.until('the pod is attached to', ({ pod }) => pod?.isLive === true && pod.link === 'live');
  await kid.kill();
  await seen.until('the signal of its end', () => seen.row('kid')?.outcome === 'died: SIGKILL');
  await seen.until('it is over', ({ pod }) => pod?.link === 'ended');
  expect(seen.row('kid')).toMatchObject({ status: 'dead', hasFailed: true });
  // Somebody comes who has not seen it alive.
  const later = new Seen(null);
  later.watch.show(kid.instance);
  await later.until(
    'its log is shown',
    ({ pod }) => pod?.link === 'ended' && answers(pod).includes('kid is done.'),
  );
  const waits = later.watch.send('again');
  expect(later.watch.unsent).toEqual(['again']);
  await kid.start();
  await later.until(
    'the text is read',
    ({ pod }) => pod?.sent.some((one) => one.submission === waits && one.state === 'read') === true,
  );
  await seen.until(
    'the other one sees it too',
    ({ pod }) => pod?.link === 'live' && answers(pod).length === 2,
  );
  expect(answers(seen.watch.pod)).toEqual(['kid is done.', 'kid is done.']);
});

it('[screen.deliveries-read] it is known whether those that have come have been read, each time that they are wanted', async () => {
  const root = await home.startRoot({ scenario: scenario.replace('echo ran', 'true') });
  const seen = new Seen(root.instance);
  await seen.until('the pod', () => seen.row('root') !== undefined);
  await root.run('spawn');
  await home.spawned('kid');
  for (let time = 0; time < 2; time += 1) {
    await seen.until('only what is on its way', ({ tree }) => !tree.hasAllDeliveries);
    seen.watch.wantDeliveries(true);
    await seen.until('all of them', ({ tree }) => tree.hasAllDeliveries);
    seen.watch.wantDeliveries(false);
  }
});

it('[screen.watch] what is asked for of the past comes before what is there, and nothing comes behind close', async () => {
  const root = await home.startRoot({ scenario: 'rules:\n  - say: "done"\n' });
  for (let turn = 0; turn < 120; turn += 1) await root.run(`text ${turn}`);
  await root.untilSettled();
  const seen = new Seen(root.instance);
  seen.watch.show(root.instance);
  await seen.until('its end is there', ({ pod }) => pod?.isLive === true && pod.link === 'live');
  const { from, lastSeq } = seen.watch.pod!;
  expect(from).toBe(lastSeq - 499);
  while (seen.watch.pod!.from > 1) {
    const at = seen.watch.pod!.from;
    seen.watch.older(200);
    await seen.until('older entries', ({ pod }) => (pod?.from ?? 0) < at);
  }
  const entries = await root.entries();
  const { items } = seen.watch.pod!;
  expect(Array.from({ length: items.length }, (_, at) => items.at(at)?.seq)).toEqual(
    entries.map(({ seq }) => seq),
  );
  await seen.watch.close();
  const { changes } = seen;
  await root.run('after');
  await root.untilSettled();
  expect(seen.changes).toBe(changes);
});

it('[screen.listed-late] [screen.newest] frozen pods are listed behind those that answer; the newest root that runs is shown first', async () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  for (const name of names) await home.makeRoot({ name }).start();
  const frozen = ['a', 'b', 'd'];
  for (const name of frozen) await home.pod(name).signal('SIGSTOP');
  const some: string[][] = [];
  let isDone = false;
  const listed = await viewPods(home.home, allPods(home.home), [], (seen) => {
    expect(isDone).toBe(false);
    some.push(namesOf(seen));
    return Promise.resolve();
  });
  isDone = true;
  expect(some).toEqual([['c', 'e']]);
  expect(namesOf(listed)).toEqual(names);
  expect(listed.filter(({ view }) => view.status === 'unreachable').map(({ pod }) => pod.name)).toEqual(
    frozen,
  );

  const seen = new Seen(null);
  await seen.until('those that answer', ({ tree }) => tree.rows.length >= 2);
  expect(seen.row('a')).toBeUndefined();
  await seen.until('all of them', ({ tree }) => tree.rows.length === names.length);
  expect(seen.row('a')?.status).toBe('unreachable');
  for (const name of frozen) await home.pod(name).signal('SIGCONT');

  const here = (): Promise<string | null> => newestRoot(allPods(home.home), home.work);
  expect(await here()).toBe(home.pod('e').instance);
  await home.pod('e').stop();
  expect(await here()).toBe(home.pod('d').instance);
  expect(await newestRoot([], home.work)).toBeNull();
});

function namesOf(seen: readonly SeenPod[]): string[] {
  return seen.map(({ pod }) => pod.name).toSorted();
}
