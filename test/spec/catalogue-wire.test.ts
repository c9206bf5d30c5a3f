/**
 * A report cut at every byte of its way, a sender without descriptors, and agents that multiply or go in
 * rings.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { namesIn } from '../support/pod-folders.ts';
import { auditPair, noticesOf, ofType, receiptsOf, seenThrough, verified } from '../support/audit.ts';
import { fakeChildren } from '../support/fake-child.ts';
import { type RawWire, rawWire, requestLine } from '../support/raw-wire.ts';
import { TestHome, commandFile, eventually } from '../support/rig.ts';

let home: TestHome;
let wires: RawWire[];
beforeEach(() => {
  home = new TestHome();
  wires = [];
});
afterEach(async () => {
  for (const wire of wires) wire.socket.destroy();
  await home.close();
});

it('[catalogue.cut-at-every-byte] a report whose sender goes away behind any of its bytes is there once or not at all, and sending it again is enough', async () => {
  const root = home.makeRoot();
  const [child] = await fakeChildren(home, root, 1);
  if (child === undefined) throw new Error('no fake child');
  await root.start();
  const from = { instance: child.instance, incarnation: 1 };
  const link = requestLine('link', 'link', {
    child: { ...child.ref, incarnation: 1, pid: 1, startTime: 'x', bootId: 'x' },
    token: child.token,
    protocol: 1,
    assignments: { open: child.assignments, closed: [] },
  });
  const event = child.turnEnded('finished');
  const report = Buffer.from(requestLine('report', 'podEvent', { from, seq: child.emit(event), event }));
  for (let cut = 0; cut < report.length; cut += 1) {
    const wire = (await rawWire(root.socket)).listen();
    wire.write(link);
    expect((await wire.answer('link')).result).toMatchObject({ received: 0 });
    wire.socket.end(report.subarray(0, cut));
    await wire.ended;
    wire.socket.destroy();
  }
  expect(receiptsOf(await root.entries(), child.instance)).toEqual([]);
  // Whole, and gone before the answer: it has arrived all the same, and the next try is told so.
  const wire = (await rawWire(root.socket)).listen();
  wires.push(wire);
  wire.write(link);
  await wire.answer('link');
  wire.socket.end(report);
  await root.untilEntry('podEventReceived');
  await child.link();
  expect(await child.send(1)).toEqual({ outcome: 'duplicate', received: 1 });
  await root.untilSettled();
  expect(receiptsOf(await root.entries(), child.instance)).toHaveLength(1);
  expect(noticesOf(await root.entries(), child.instance)).toHaveLength(1);
});

it('[catalogue.sender-without-descriptors] a child that has no descriptor left for its link says so, keeps its report, and delivers it when some are free', async () => {
  const root = await home.startRoot({
    scenario: `rules:
  - { pod: root, last: user, matches: '^spawn', call: [{ SpawnPod: { name: kid, task: 'task 1' } }] }
  - { pod: root, last: user, matches: '^give', call: [{ SendToPod: { name: kid, message: 'slowly' } }] }
  - { pod: root, say: 'Noted.' }
  - { matches: '^slowly', tokenDelayMs: 300, say: 'All of it took its time.' }
  - { say: 'Answer 1.' }
`,
  });
  await root.run('spawn');
  const kid = await home.spawned('kid');
  await root.untilEntry('podEventReceived');
  await root.untilSettled();
  await kid.stop();
  const limited = spawn(
    '/bin/sh',
    ['-c', 'ulimit -n 56; exec "$0" "$@"', process.execPath, commandFile, '__pod', kid.folder.path],
    { env: home.environment, stdio: 'ignore', detached: true, cwd: '/' },
  );
  const exited = once(limited, 'exit');
  await root.untilEntry('child', ({ state, incarnation }) => state === 'linked' && incarnation === 2);
  await root.untilSettled();
  const connected = (await rawWire(kid.socket)).listen();
  wires.push(connected);
  await connected.call('subscribe');
  await root.run('give');
  await connected.until('it answers', ({ params }) => params?.type === 'textDelta');
  for (let count = 0; count < 80; count += 1) {
    const wire = await rawWire(kid.socket).catch(() => null);
    if (wire !== null) wires.push(wire.listen());
  }
  await root.kill();
  await root.start();
  await kid.untilEntry('podEventEmitted', ({ event }) => 'text' in event && event.text.startsWith('All'));
  const why = async () =>
    JSON.stringify(await connected.call('deliveries', { direction: 'out', pendingOnly: true }));
  await eventually(kid.folder.path, async () => (await why()).includes('EMFILE'), 'it says why', why);
  expect(receiptsOf(await root.entries(), kid.instance).at(-1)?.event.kind).not.toBe('died');
  for (const wire of wires.splice(1)) wire.socket.destroy();
  await root.untilEntry('podEventReceived', ({ event }) => 'text' in event && event.text.startsWith('All'));
  await root.untilSettled();
  expect(await auditPair(root, kid)).toEqual([]);
  expect(await verified(home)).toEqual([]);
  await kid.stop();
  await exited;
});

it('[catalogue.multiplying] agents that all start agents stop at the size of the tree; each refusal is an error that its model reads, and all of it ends', async () => {
  const root = await home.startRoot({
    limits: { pods: 6, depth: 5, children: 4 },
    scenario: `rules:
  - last: user
    call:
      - SpawnPod: { name: '{{pod}}-a', task: multiply, write: [] }
      - SpawnPod: { name: '{{pod}}-b', task: multiply, write: [] }
  - { say: '{{pod}} is done.' }
`,
  });
  await root.run('multiply');
  await root.untilSettled();
  const pods = namesIn(home.home);
  expect(pods.length).toBeLessThanOrEqual(6);
  expect(pods.length).toBeGreaterThan(3);
  const results = await Promise.all(pods.map((name) => home.pod(name).entriesOf('toolResult')));
  const refused = results.flat().filter(({ isError }) => isError);
  expect(refused.length).toBe(results.flat().length - (pods.length - 1));
  for (const { text } of refused) expect(text).toMatch(/live pods, which is the limit/);
  for (const name of pods) expect((await home.pod(name).call('status', {})).settled).toBe(true);
  expect(await verified(home)).toEqual([]);
});

it('[catalogue.ring] a ring over three levels ends at the longest chain: everything is kept, and whoever stopped says so', async () => {
  const root = await home.startRoot({
    limits: { hops: 8, wakesPerMinute: 1_000 },
    scenario: `rules:
  - { pod: root, last: user, matches: '^begin', call: [{ SpawnPod: { name: mid, task: begin, write: [] } }] }
  - { pod: root, last: notification, call: [{ SendToPod: { name: mid, message: on } }] }
  - { pod: mid, last: user, matches: '^begin', call: [{ SpawnPod: { name: leaf, task: begin, write: [] } }] }
  - { pod: mid, last: user, call: [{ SendToPod: { name: leaf, message: on } }] }
  - { say: '{{pod}} passes it on.' }
`,
  });
  await root.run('begin');
  const mid = await home.spawned('mid');
  const pods = [root, mid];
  const stopped = async () => {
    const all = await Promise.all(pods.map((pod) => pod.entriesOf('alert')));
    return all.flat().some(({ code }) => code === 'wakeBudget');
  };
  await eventually(home.path, stopped, 'the chain ends');
  for (const pod of [...pods, home.pod('leaf')]) await pod.untilStatus('idle');
  const hops = (await root.entriesOf('turnStarted')).map((turn) => turn.hops);
  expect(Math.max(...hops)).toBeLessThanOrEqual(8);
  expect(hops).toEqual(hops.toSorted((a, b) => a - b));
  expect(hops.length).toBeLessThanOrEqual(8);
  for (const pod of pods) {
    const entries = await pod.entries();
    const waiting = (await pod.call('status', {})).pending.received;
    const read = ofType(entries, 'podEventReceived').filter(({ reads }) => reads);
    const seen = ofType(entries, 'systemItem').filter(({ seq }) => seq <= seenThrough(entries));
    expect(read.length).toBe(seen.length + waiting);
  }
  expect(await verified(home)).toEqual([]);
});
