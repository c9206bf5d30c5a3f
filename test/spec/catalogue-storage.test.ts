/**
 * What a log has lost and another still holds, an old copy put back, a machine that was started anew, and
 * clocks that jump.
 */
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditPair, noticesOf, ofType, receiptsOf, verified } from '../support/audit.ts';
import { fakeChildren } from '../support/fake-child.ts';
import { TestHome, type TestPod, eventually } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

const scenario = `rules:
  - { pod: root, last: user, matches: '^spawn (\\S+) (.+)', call: [ { SpawnPod: { name: '{{match.1}}', task: '{{match.2}}' } } ] }
  - { pod: root, last: user, matches: '^give (\\S+) (.+)', call: [ { SendToPod: { name: '{{match.1}}', message: '{{match.2}}' } } ] }
  - { last: user, matches: '^task (\\d+)', say: 'Answer {{match.1}}.' }
  - { say: 'Well.' }
`;

/** A root whose child has reported so many tasks, all of it read; both live. */
async function family(tasks: number, environment: NodeJS.ProcessEnv = {}) {
  const root = await home.startRoot({ scenario, limits: { sweepMs: 200 }, environment });
  await root.run('spawn kid task 1');
  const kid = await home.spawned('kid');
  await reported(root, kid, 1);
  for (let task = 2; task <= tasks; task += 1) await next(root, kid, task);
  return { root, kid };
}

async function reported(root: TestPod, kid: TestPod, task: number): Promise<void> {
  await root.untilEntry(
    'podEventReceived',
    ({ event }) => 'text' in event && event.text === `Answer ${task}.`,
  );
  await root.untilSettled();
  await kid.until('it is acknowledged', (all) => {
    const emitted = ofType(all, 'podEventEmitted').at(-1)?.eventSeq;
    return ofType(all, 'podEventAcked').at(-1)?.through === emitted;
  });
}

async function next(root: TestPod, kid: TestPod, task: number): Promise<void> {
  await root.run(`give kid task ${task}`);
  await reported(root, kid, task);
}

/** One bit of the last line that holds `text`, as a disk would. */
function damage(pod: TestPod, text: string): void {
  const bytes = readFileSync(pod.folder.log);
  const at = bytes.lastIndexOf(text);
  expect(at).toBeGreaterThan(0);
  bytes.writeUInt8(bytes.readUInt8(at + text.length - 2) ^ 1, at + text.length - 2);
  writeFileSync(pod.folder.log, bytes);
  home.expectsViolations.push(/^log \w+: entry \d+ follows entry/, /^log \w+: \d damaged line/);
}

/** Texts of the turns' ends that the parent holds, in order. */
async function told(root: TestPod, kid: TestPod): Promise<string[]> {
  return receiptsOf(await root.entries(), kid.instance).flatMap(({ event }) =>
    event.kind === 'turnEnded' ? [event.text] : [],
  );
}

describe('a damaged line', () => {
  it('[catalogue.lost-receipt] of a receipt that the model had read: it is not taken in again, and what the child says next is', async () => {
    const { root, kid } = await family(2);
    await root.kill();
    damage(root, '"type":"podEventReceived"');
    home.expectsViolations.push(/^I2 root: .* was never received/, /^I1 root: event\(s\) 2 of "kid" are not/);
    await root.start();
    const alert = await root.untilEntry('alert', ({ code }) => code === 'logMended');
    await root.untilEntry('child', (entry) => entry.state === 'linked' && entry.seq > alert.seq);
    await root.untilSettled();
    await next(root, kid, 3);
    expect(await told(root, kid)).toEqual(['Answer 1.', 'Answer 3.']);
    const notices = noticesOf(await root.entries(), kid.instance).map(({ item }) => item.body);
    expect(notices.filter((body) => body.includes('Answer 2.'))).toHaveLength(1);
  });

  it.each([
    ['the child lives', false],
    ['the child has died too', true],
  ])(
    '[catalogue.lost-event] of a receipt and its item, and %s: it is taken in again from the log of the child',
    async (_, dies) => {
      const { root, kid } = await family(2);
      await root.kill();
      damage(root, '"type":"podEventReceived"');
      damage(root, '"type":"systemItem"');
      if (dies) await kid.kill();
      await root.start();
      await root.until('it is told again', (all) => JSON.stringify(all).includes('Answer 2.'));
      await root.untilSettled();
      await next(root, kid, 3);
      expect(await told(root, kid)).toEqual(['Answer 1.', 'Answer 2.', 'Answer 3.']);
      expect(ofType(await root.entries(), 'assignment').filter(({ state }) => state === 'closed')).toEqual(
        [],
      );
      expect(await auditPair(root, kid)).toEqual([]);
    },
  );
});

describe("a damaged line in a child's log", () => {
  it.each([
    ['has died', true],
    ['lives', false],
  ])(
    '[catalogue.lost-word] of what its parent did not have yet: the parent is told that something is lost, and then the rest; the child %s',
    async (_, dies) => {
      const root = home.makeRoot({ scenario, limits: { sweepMs: 200 } });
      const [child] = await fakeChildren(home, root, 1);
      if (child === undefined) throw new Error('no fake child');
      await root.start();
      await child.link();
      const working = { assignments: [], settled: false, outstanding: ['below'] };
      await child.report(child.turnEnded('finished', { ...working, text: 'First.' }));
      child.emit(child.turnEnded('finished', { ...working, text: 'Second.' }));
      const third = child.emit(child.turnEnded('finished', { text: 'Third.' }));
      damage(home.pod(child.name), '"text":"Second."');
      home.expectsViolations.push(/^I3 child1: event 3 was emitted after event 1/);
      if (dies) await child.end();
      else expect(await child.send(third)).toEqual({ outcome: 'duplicate', received: 3 });
      const receipts = receiptsOf(
        await root.until('all of it', (all) => receiptsOf(all, child.instance).length === (dies ? 4 : 3)),
        child.instance,
      );
      expect(receipts.map(({ event }) => event.kind)).toEqual([
        'turnEnded',
        'errored',
        'turnEnded',
        ...(dies ? ['died'] : []),
      ]);
      await root.untilSettled();
      const [lost] = noticesOf(await root.entries(), child.instance).map(({ item }) => item.body);
      expect(lost).toContain('damagedLog');
      expect(lost).toContain(home.pod(child.name).folder.log);
      expect((await root.call('status', {})).watchdogRescues).toBe(0);
      if (!dies) await child.end();
    },
  );
});

it('[catalogue.damaged-neighbour] a pod whose files are damaged keeps no other from spawning, reporting and stopping', async () => {
  const neighbour = home.makeRoot({ name: 'neighbour' });
  writeFileSync(neighbour.folder.spec, '{"not":"ours"');
  writeFileSync(neighbour.folder.log, 'nor this\n');
  const { root, kid } = await family(2);
  await root.stop();
  expect(await kid.lock()).toBe('free');
  expect(await auditPair(root, kid)).toEqual([]);
  rmSync(neighbour.folder.path, { recursive: true });
});

it.each<[string, (bytes: Buffer) => Buffer]>([
  ['was emptied', () => Buffer.alloc(0)],
  ['is all zeros', (bytes) => Buffer.alloc(bytes.length)],
  ['has other line ends', (bytes) => Buffer.from(bytes.toString().replaceAll('\n', '\r\n'))],
  ['is in another encoding', (bytes) => Buffer.from(bytes.toString(), 'utf16le')],
  ['is cut within its first line', (bytes) => bytes.subarray(0, 200)],
])(
  '[verify.lost-beginning] a log that %s is a violation; doctor names it, restore refuses it, rm keeps it aside',
  async (_, alter) => {
    const { root, kid } = await family(1);
    await root.stop();
    const whole = readFileSync(root.folder.log);
    const lost = alter(whole);
    writeFileSync(root.folder.log, lost);
    const what = new RegExp(
      `^ *log +root: ${root.folder.log} (is empty, and|holds \\d+ bytes and no line)`,
      'm',
    );
    const verify = await home.run(['verify']);
    expect(verify).toMatchObject({ code: 1, stdout: expect.stringMatching(what) });
    const doctor = await home.run(['doctor']);
    expect(doctor.code).toBe(1);
    expect(doctor.stdout).toContain(`root: ${root.folder.log} ${lost.length === 0 ? 'is empty' : 'holds'}`);
    expect(doctor.stdout).toContain('put it back from a copy');
    const restore = await home.run(['restore', 'root']);
    expect(restore).toMatchObject({ code: 1, stdout: '' });
    expect(restore.stderr).toContain('nothing was changed: put it back from a copy');
    const rm = await home.run(['rm', 'root']);
    expect(rm).toMatchObject({ code: 1, stderr: expect.stringContaining('keeps all of it aside') });
    expect(readFileSync(root.folder.log).equals(lost)).toBe(true);
    writeFileSync(root.folder.log, whole);
    await root.start();
    await next(root, kid, 2);
    expect(await auditPair(root, kid)).toEqual([]);
  },
);

describe('an old copy of a log', () => {
  it("[catalogue.old-child] put back as a child's is refused as `regressed`; the child says how to fix it, and its parent is not misled", async () => {
    const { root, kid } = await family(1);
    await kid.stop();
    const copy = join(home.path, 'copy.jsonl');
    copyFileSync(kid.folder.log, copy);
    await root.untilSettled();
    await next(root, kid, 2);
    await kid.stop();
    await root.untilSettled();
    copyFileSync(copy, kid.folder.log);
    // Its farewell now has the number that the root knows as an answer.
    home.expectsViolations.push(/^I8 root: event 3 of "kid" .* is not what that pod committed/);
    const before = receiptsOf(await root.entries(), kid.instance).length;
    await kid.start();
    const alert = await kid.untilEntry('alert', ({ code }) => code === 'regressed');
    expect(alert.text).toMatch(/older|old copy|later incarnation/);
    expect(await kid.call('status', {})).toMatchObject({
      attention: 'refused',
      refusal: { code: 'regressed' },
    });
    expect(receiptsOf(await root.entries(), kid.instance)).toHaveLength(before);
    await kid.stop();
  });

  it("[catalogue.old-parent] put back as a parent's: what it lacks is taken in again from its children, once", async () => {
    const { root, kid } = await family(1);
    await root.kill();
    const copy = join(home.path, 'copy.jsonl');
    copyFileSync(root.folder.log, copy);
    await root.start();
    await next(root, kid, 2);
    await root.kill();
    copyFileSync(copy, root.folder.log);
    await root.start();
    // With the link: nothing new has to come of the child for it.
    await reported(root, kid, 2);
    await next(root, kid, 3);
    expect(await told(root, kid)).toEqual(['Answer 1.', 'Answer 2.', 'Answer 3.']);
    expect(await auditPair(root, kid)).toEqual([]);
    expect(await verified(home)).toEqual([]);
  });
});

describe('the machine', () => {
  it('[catalogue.reboot] after a start of the machine, with every process and the folder of the sockets gone, all is found on disk', async () => {
    const { root, kid } = await family(1);
    await root.kill();
    await kid.run('task 9');
    await kid.until('its turn ends', (all) => ofType(all, 'turnEnded').length === 2);
    await kid.kill();
    rmSync(home.home.runtime, { recursive: true });
    await root.start();
    await root.until('the death is told', (all) =>
      receiptsOf(all, kid.instance).some(({ event }) => event.kind === 'died'),
    );
    await root.untilSettled();
    await next(root, kid, 2);
    expect(await auditPair(root, kid)).toEqual([]);
    expect(await verified(home)).toEqual([]);
  });

  it('[catalogue.runtime-cleaned] a cleaner that removes the folder of the sockets under living pods stops nothing: it is put back, and work goes over it', async () => {
    const { root, kid } = await family(1);
    rmSync(home.home.runtime, { recursive: true });
    for (const pod of [root, kid])
      await eventually(home.path, () => existsSync(pod.socket), `the socket of ${pod.name}`);
    await next(root, kid, 2);
    expect(await auditPair(root, kid)).toEqual([]);
    expect(await verified(home)).toEqual([]);
  });

  it.each([
    ['forward', 1],
    ['back', -1],
  ])(
    '[catalogue.clock] clocks that jump a year %s change no order, no wake and no deadline',
    async (_, years) => {
      const preload = join(home.path, 'clock.cjs');
      const jump = years * 365 * 24 * 3_600_000;
      writeFileSync(
        preload,
        `const Real = Date;
       process.on('SIGUSR2', () => {
         globalThis.Date = class extends Real {
           constructor(...given) { given.length > 0 ? super(...given) : super(Real.now() + ${jump}); }
           static now() { return Real.now() + ${jump}; }
         };
       });`,
      );
      const { root, kid } = await family(1, { NODE_OPTIONS: `--require=${preload}` });
      await root.signal('SIGUSR2');
      await next(root, kid, 2);
      await kid.signal('SIGUSR2');
      await next(root, kid, 3);
      const jumped = (await root.entries()).map(({ time }) => Date.parse(time));
      expect(Math.abs(jumped.at(-1)! - jumped[0]!)).toBeGreaterThan(Math.abs(jump) / 2);
      await kid.kill();
      await root.until('the death is told', (all) =>
        receiptsOf(all, kid.instance).some(({ event }) => event.kind === 'died'),
      );
      expect(await root.untilSettled()).toMatchObject({ watchdogRescues: 0 });
      expect(await auditPair(root, kid)).toEqual([]);
      expect(await verified(home)).toEqual([]);
    },
  );
});
