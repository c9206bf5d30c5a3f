/**
 * What a parent refuses for good is seen at both ends and by every command, and nothing waits for it without
 * an end.
 */
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { exitOf } from '../../src/cli/run/exit-of.ts';
import { runResult } from '../../src/client/run-result.ts';
import { newTally } from '../../src/client/pod-tally.ts';
import { TreeWatch } from '../../src/client/tree-watch.ts';
import { removePodFolder } from '../../src/session/home/remove.ts';
import { foldLog } from '../../src/session/log/fold-log.ts';
import { verified } from '../support/audit.ts';
import { type FakeChild, fakeChildren } from '../support/fake-child.ts';
import { TestHome, type TestPod } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
  home.expectsNoSockets = false;
});
afterEach(() => home.close());

const scenario = `rules:
  - pod: root
    last: user
    matches: "^go"
    call: [{ SpawnPod: { name: kid, task: work } }]
  - pod: kid
    matches: "work"
    delayMs: 700
    say: "The work is done."
  - say: "{{pod}} has read it."
`;

/** A root that waits for a child whose link token is another one by now. */
async function badToken(): Promise<{ root: TestPod; kid: TestPod }> {
  const root = await home.startRoot({ scenario });
  await root.run('go');
  const kid = await home.spawned('kid');
  await kid.untilEntry('turnStarted');
  await root.untilEntry('assignment');
  writeFileSync(kid.folder.token, 'x'.repeat(43));
  // The next link is made with what stands in the file.
  await root.kill();
  await root.start();
  await kid.untilEntry('alert', ({ refusal }) => refusal === 'badToken');
  await kid.untilEntry('podEventEmitted');
  return { root, kid };
}

async function fixedIt(root: TestPod): Promise<void> {
  expect((await home.run(['stop', 'kid'])).code).toBe(0);
  await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'shutDown');
  await root.untilSettled();
}

it('[refusal.loud] ps, status, deliveries, doctor and verify tell of it, at both ends', async () => {
  const { root, kid } = await badToken();
  const reason = expect.stringContaining('badToken');
  expect(await kid.call('status', {})).toMatchObject({ attention: 'refused', refusal: { code: 'badToken' } });
  expect((await root.call('status', {})).children).toMatchObject([{ name: 'kid', status: 'refused' }]);
  const ps = await home.run(['ps', '--json']);
  expect(JSON.parse(ps.stdout)).toMatchObject([
    { name: 'kid', attention: 'refused', pendingOut: 1 },
    { name: 'root', waiting: { kind: 'children', reason: 'kid' } },
  ]);
  const deliveries = await home.run(['deliveries', '--json']);
  expect(JSON.parse(deliveries.stdout)).toMatchObject([{ from: 'kid', seq: 1, state: 'refused', reason }]);
  const doctor = await home.run(['doctor']);
  expect(doctor.code).toBe(1);
  expect(doctor.stdout).toMatch(
    /kid is refused for good by its parent "root".*badToken.*\n.*podkin stop kid/,
  );
  const verify = await home.run(['verify']);
  expect(verify.code).toBe(1);
  expect(verify.stdout).toMatch(
    /C4 {2}kid: event\(s\) 1 are refused for good by its parent "root" \(badToken\)/,
  );
  // What doctor says helps: the parent reads the log of the stopped child.
  await fixedIt(root);
  expect((await home.run(['verify'])).code).toBe(0);
});

it('[refusal.wait] wait and send --wait end with it, as failed, at the child and above', async () => {
  const { root } = await badToken();
  const above = await home.run(['wait', 'root', '--timeout', '30']);
  expect(above).toMatchObject({ code: 1, stderr: expect.stringMatching(/refused for good .*badToken/) });
  const itself = await home.run(['wait', 'kid', '--timeout', '30']);
  expect(itself).toMatchObject({ code: 1, stderr: expect.stringContaining('refused for good') });
  const sent = await home.run(['send', 'kid', 'more', '--wait']);
  expect(sent).toMatchObject({
    code: 1,
    stdout: 'kid has read it.\n',
    stderr: expect.stringContaining('refused for good'),
  });
  await fixedIt(root);
});

it('[refusal.parent-removed] a child of a parent that was removed is told so, works on, and nothing waits for its report', async () => {
  const root = await home.startRoot({ scenario });
  await root.run('go');
  const kid = await home.spawned('kid');
  await kid.untilEntry('turnStarted');
  await root.untilEntry('assignment');
  // As a build did that left what is below.
  await root.kill();
  const { name, instance, folder } = root;
  const facts = await foldLog(folder.log);
  removePodFolder(home.home, {
    name,
    instance,
    folder,
    parent: null,
    facts,
    receivedAbove: 0,
    discarded: false,
  })();
  await kid.untilEntry('alert', ({ refusal }) => refusal === 'parentRemoved');
  await kid.untilEntry('podEventEmitted');
  await kid.untilSettled();
  const waited = await home.run(['wait', 'kid', '--timeout', '30']);
  expect(waited).toMatchObject({ code: 0, stdout: expect.stringContaining('its parent "root" was removed') });
  const sent = await home.run(['send', 'kid', 'more', '--wait']);
  expect(sent).toMatchObject({ code: 0, stdout: 'kid has read it.\n' });
  const row = { from: 'kid', seq: 1, state: 'refused', reason: expect.stringContaining('parentRemoved') };
  expect(JSON.parse((await home.run(['deliveries', '--json'])).stdout)).toMatchObject([row]);
  expect(JSON.parse((await home.run(['ps', '--json'])).stdout)).toMatchObject([
    { name: 'kid', attention: 'orphan' },
  ]);
  expect((await home.run(['verify'])).code).toBe(0);
  const doctor = JSON.parse((await home.run(['doctor', '--json'])).stdout) as { check: string }[];
  expect(doctor.filter(({ check }) => check === 'deliveries')).toMatchObject([{ level: 'ok' }]);
  expect(await kid.stop()).toBeUndefined();
  // The same from the log alone.
  expect(JSON.parse((await home.run(['deliveries', '--json'])).stdout)).toMatchObject([
    row,
    { state: 'refused' },
  ]);
  expect((await home.run(['rm', 'kid'])).code).toBe(0);
});

it('[refusal.run] what watches a run sees it, and the run ends with it as failed', async () => {
  const { root } = await badToken();
  const watch = new TreeWatch({ home: home.home, deltas: false, onEvent: () => undefined });
  await watch.start('root', root.instance);
  try {
    await expect
      .poll(() => watch.status(), { timeout: 10_000 })
      .toMatchObject({
        kind: 'refused',
        refused: { parent: 'root', events: 1, code: 'badToken' },
      });
    const end = { kind: 'refused' as const, reason: 'refused for good' };
    const result = runResult({ root: newTally('root', root.instance), descendants: [], end, durationMs: 1 });
    expect(result).toMatchObject({ status: 'failed', reason: 'refused for good' });
    expect(exitOf(result, end, { headless: true })).toBe(1);
  } finally {
    await watch.close();
  }
  await fixedIt(root);
});

it('[refusal.recorded] the parent’s own log tells of it, over its restart, where the child’s does not; until it links', async () => {
  const root = home.makeRoot();
  const [child] = (await fakeChildren(home, root, 1)) as [FakeChild];
  await root.start();
  child.emit(child.turnEnded('finished'));
  const wire = await root.client();
  const { ref: who, incarnation } = child;
  const params = { child: { ...who, incarnation, pid: 1, startTime: 'x' }, token: 'guess', protocol: 1 };
  const come = () => wire.call('link', { ...params, assignments: { open: [], closed: [] } });
  await expect(come()).rejects.toThrow('token');
  await expect(come()).rejects.toThrow('token');
  const alerts = (await root.entriesOf('alert')).filter(({ code }) => code === 'childRefused');
  expect(alerts.map(({ refuses }) => refuses)).toEqual([{ child: who, code: 'badToken' }]);
  await root.kill();
  await root.start();
  expect(await root.call('status', {})).toMatchObject({
    attention: 'childRefused',
    children: [{ name: 'child1', status: 'refused' }],
  });
  const ps = await home.run(['ps']);
  expect(ps.stderr).toContain('root: it refuses a child of its own for good: podkin doctor');
  const doctor = await home.run(['doctor']);
  expect(doctor.code).toBe(1);
  expect(doctor.stdout).toMatch(/root refuses for good its child "child1"[^\n]*\n[^\n]*podkin stop child1/);
  const verify = await home.run(['verify']);
  expect(verify.code).toBe(1);
  expect(verify.stdout).toMatch(/C4 {2}root: refuses its child "child1" for good \(badToken\)/);
  await child.link();
  await child.send(1);
  expect(await root.call('status', {})).toMatchObject({ children: [{ status: 'linked' }] });
  expect((await root.call('status', {})).attention).toBeNull();
  expect(await verified(home)).toEqual([]);
  await child.end();
});

it('[refusal.stranger] a stranger with the name of a linked child changes nothing that is shown', async () => {
  const root = home.makeRoot();
  const [child] = (await fakeChildren(home, root, 1)) as [FakeChild];
  await root.start();
  await child.link();
  const wire = await root.client();
  const { ref: who, incarnation } = child;
  const params = { child: { ...who, incarnation, pid: 1, startTime: 'x' }, token: 'guess', protocol: 1 };
  await expect(wire.call('link', { ...params, assignments: { open: [], closed: [] } })).rejects.toThrow(
    'token',
  );
  expect((await root.call('status', {})).children).toMatchObject([{ status: 'linked' }]);
  await child.end();
});
