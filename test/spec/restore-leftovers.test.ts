/** What a killed pod leaves in the world: commands that still run, and items that keep killing it. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRemoved, readSpec } from '../../src/session/home/home.ts';
import { createPodFolder } from '../../src/session/home/create-folder.ts';
import { isRunning, processIdentity } from '../../src/std/process-identity.ts';
import { uuidv7 } from '../../src/std/uuid.ts';
import { appendByHand } from '../support/by-hand.ts';
import { RunningCommand } from '../support/command-rig.ts';
import { fakeChildren } from '../support/fake-child.ts';
import { TestHome, gone } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

describe('leftovers', () => {
  it('[restore.commands-end] a command that a killed pod left running is ended by its next incarnation, with all its processes', async () => {
    const root = await home.startRoot({
      permissionMode: 'bypassPermissions',
      // In no sandbox: inside one it dies with the pod.
      scenario: `
rules:
  - last: user
    times: 1
    call:
      - Bash: { command: "sleep 600 & echo $! > pid.new && mv pid.new pid; wait" }
  - say: "done"
`,
    });
    await root.run('start it');
    await home.untilFile('pid');
    const left = processIdentity(Number(readFileSync(join(home.work, 'pid'), 'utf8')));
    expect(left).not.toBeNull();
    await root.kill();
    expect(processIdentity(left!.pid)).toEqual(left);
    await root.start();
    await gone(left!);
    await root.untilSettled();
  });

  it('[restore.unnoted-child] a child that was started and not noted before its parent died is ended, and a tombstone says so to whoever waits for it', async () => {
    const root = home.makeRoot({
      scenario: `
rules:
  - { last: user, times: 1, call: [ { SpawnPod: { name: kid, task: "anything" } } ] }
  - { say: "done" }
`,
    });
    await root.start({ PODKIN_CRASH_AT: 'root:child.reserved:1' });
    const dead = await root.process();
    await root.run('spawn it');
    await gone(dead);
    // As if the parent had come one system call further.
    const kid = home.pod('kid');
    await kid.start();
    const orphan = await kid.process();
    const { instance } = kid;
    home.expectsNoSockets = false;
    await root.start();
    await root.untilEntry('child', ({ state }) => state === 'undone');
    // Ended before it is said to be, and not by itself because its folder is gone.
    expect(isRunning(orphan)).toBe(false);
    expect(existsSync(kid.folder.path)).toBe(false);
    expect(isRemoved(home.home, instance)).toBe(true);
    await root.untilSettled();
  });

  it('[restore.half-made] a folder that its parent made and did not live to reserve is removed, and its name is free', async () => {
    const root = await home.startRoot({
      scenario: `
rules:
  - { last: user, times: 1, call: [ { SpawnPod: { name: kid, task: "anything" } } ] }
  - { say: "done" }
`,
    });
    await root.kill();
    const spec = readSpec(root.folder)!;
    const parent = { name: 'root', instance: root.instance };
    const { folder } = createPodFolder(home.home, {
      ...spec,
      name: 'kid',
      instance: uuidv7(),
      parent,
      depth: 1,
    });
    // One death came before anything was in the folder, one after its token, one before it got its name; and
    // one is another pod's.
    const draftOf = (maker: string, n: number) => join(dirname(folder.path), `.${maker}.0123456789a${n}`);
    const own = [0, 1, 2].map((n) => draftOf(root.instance, n));
    const others = draftOf(uuidv7(), 3);
    for (const draft of [...own, others]) mkdirSync(draft);
    writeFileSync(join(own[1]!, 'link-token'), 'half');
    cpSync(folder.spec, join(own[2]!, 'pod.json'));
    await root.start();
    expect(existsSync(folder.path)).toBe(false);
    expect(own.filter((draft) => existsSync(draft))).toEqual([]);
    expect(existsSync(others)).toBe(true);
    await root.run('spawn it');
    await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'turnEnded');
    await root.untilSettled();
  });

  it('[restore.quarantine] an item during whose handling the pod died three times is put aside: shown as one line, its content kept in the log', async () => {
    const root = await home.startRoot({
      limits: { quarantineDeaths: 3 },
      scenario: `
rules:
  - last: notification
    matches: "put aside"
    say: "I go on without it."
  - last: notification
    fail: hang
`,
    });
    await root.call('notify', { message: 'the poison' });
    for (let death = 1; death <= 3; death += 1) {
      await root.until(`the turn of life ${death} to have it in hand`, (entries) => {
        const life = entries.findLastIndex((entry) => entry.type === 'started');
        const begun = entries.findLastIndex((entry) => entry.type === 'turnStarted');
        return begun > life && entries.some((entry) => entry.type === 'systemItem');
      });
      await root.kill();
      await root.start();
    }
    await root.untilSettled();
    const items = await root.entriesOf('systemItem');
    expect(items).toHaveLength(1);
    expect(items[0]?.item.body).toContain('the poison');
    const alerts = (await root.entriesOf('alert')).filter((alert) => alert.code === 'quarantined');
    expect(alerts).toEqual([expect.objectContaining({ quarantines: items[0]?.seq })]);
    const said = (await root.entriesOf('assistantMessage')).at(-1);
    expect(JSON.stringify(said?.parts)).toContain('I go on without it.');
  });

  it('[restore.late-work] work that was given to a child behind its end is told as never begun, and nobody waits for it', async () => {
    const root = home.makeRoot();
    const [kid] = await fakeChildren(home, root, 1);
    if (kid === undefined) throw new Error('no fake child');
    await root.start();
    await kid.link();
    await kid.report(kid.shutDown());
    await kid.end();
    await root.untilSettled();
    await root.kill();
    // As a run leaves it that was committed, and sent into a connection that the child's end cut, in the
    // instant after its shutDown.
    const assignment = uuidv7();
    await appendByHand(root, {
      type: 'assignment',
      assignment,
      child: kid.ref,
      state: 'open',
      text: 'more to do',
    });
    home.expectsNoSockets = false;
    await root.start();
    await root.untilEntry(
      'assignment',
      (entry) => entry.assignment === assignment && entry.state === 'closed',
    );
    await root.untilSettled();
    const items = await root.entriesOf('systemItem');
    const told = items.filter(({ item }) => item.kind === 'assignment' && item.assignment === assignment);
    expect(told.map(({ item }) => item)).toEqual([expect.objectContaining({ outcome: 'notStarted' })]);
  });

  it('[restore.stopping] a pod that is still stopping is waited for and started again, with --tree and without', async () => {
    const [preload, gate] = [join(home.path, 'late.cjs'), join(home.path, 'gate')];
    const wait = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)';
    const code = `process.on('exit', () => { while (!require('fs').existsSync(${JSON.stringify(gate)})) ${wait}; });`;
    writeFileSync(preload, code);
    const root = home.makeRoot({ scenario: 'rules: [{ say: done }]' });
    for (const [life, more] of [[], ['--tree']].entries()) {
      rmSync(gate, { force: true });
      await root.start({ NODE_OPTIONS: `--require=${preload}` });
      await root.call('shutdown', {});
      await root.until(
        'its end',
        (entries) => entries.filter(({ type }) => type === 'stopped').length === 2 * life + 1,
      );
      const restore = new RunningCommand(home, ['restore', ...more, 'root']);
      await restore.until('that it waits', ({ stderr }) =>
        stderr.includes('root is stopping; it is started again'),
      );
      writeFileSync(gate, '');
      expect(await restore.ended).toMatchObject({ code: 0, stdout: 'root\n' });
      expect((await root.call('status', {})).status).toBe('idle');
      await root.stop();
    }
  });
});
