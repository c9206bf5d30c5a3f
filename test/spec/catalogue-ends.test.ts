/**
 * Ends that no other test brings about: a report torn in the log, an item that kills its pod, a child that
 * cannot start, defects, and memory that runs out.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { quarantineBody } from '../../src/delivery/notice.ts';
import { namesIn } from '../support/pod-folders.ts';
import {
  auditPair,
  leftovers,
  noticesOf,
  ofType,
  processesOf,
  receiptsOf,
  verified,
} from '../support/audit.ts';
import { TestHome, type TestPod } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

const scenario = `rules:
  - { pod: root, last: user, matches: '^spawn (\\S+) (.+)', call: [ { SpawnPod: { name: '{{match.1}}', task: '{{match.2}}' } } ] }
  - { pod: root, last: user, matches: '^give (\\S+) (.+)', call: [ { SendToPod: { name: '{{match.1}}', message: '{{match.2}}' } } ] }
  - { last: user, matches: '^gate (\\S+)', call: [ { Bash: { command: 'until [ -e go ]; do sleep 0.02; done; echo {{match.1}}' } } ] }
  - { pod: kid, last: tool, matches: 'failure', fail: { kind: badRequest } }
  - { pod: kid, last: tool, say: 'Answer 2.' }
  - { last: user, matches: '^think', delayMs: 60000, say: 'Never.' }
  - { last: notification, matches: 'poison', say: 'Swallowed.' }
  - { last: notification, matches: 'put aside', say: 'Passed by.' }
  - { say: 'Noted.' }
`;

/** Code that runs in the process of that pod before ours, and in no other. */
function preload(name: string, code: string): NodeJS.ProcessEnv {
  const path = join(home.path, 'preload.cjs');
  writeFileSync(path, `if (/[/.]${name}$/.test(process.argv.at(-1))) { ${code} }\n`);
  return { NODE_OPTIONS: `--require=${path}` };
}

/**
 * A child with a task behind it and one in hand whose end is a "report" or a "failure"; its parent is gone
 * when it says so.
 */
async function reportAlone(end: 'report' | 'failure'): Promise<{ root: TestPod; kid: TestPod }> {
  const root = await home.startRoot({ scenario, permissionMode: 'bypassPermissions' });
  await root.run('spawn kid task 1');
  const kid = await home.spawned('kid');
  await root.untilEntry('podEventReceived');
  await root.untilSettled();
  await root.run(`give kid gate ${end}`);
  await root.untilEntry('toolResult', ({ tool }) => tool === 'SendToPod');
  await root.kill();
  home.file('go');
  await kid.untilEntry('podEventEmitted', ({ eventSeq }) => eventSeq === 2);
  return { root, kid };
}

async function deathOf(root: TestPod, kid: TestPod) {
  const { event } = await root.untilEntry(
    'podEventReceived',
    ({ event, from }) => event.kind === 'died' && from.instance === kid.instance,
  );
  return event;
}

describe('an append that was torn', () => {
  it("[catalogue.torn-report] a turn's end of which only the report is torn never was: the turn is resumed and reported once", async () => {
    const { root, kid } = await reportAlone('report');
    await kid.kill();
    const bytes = readFileSync(kid.folder.log);
    const report = bytes.lastIndexOf('"type":"podEventEmitted"');
    expect(report).toBeGreaterThan(bytes.lastIndexOf('"type":"turnEnded"'));
    writeFileSync(kid.folder.log, bytes.subarray(0, report + 60));
    expect(ofType(await kid.entries(), 'turnEnded')).toHaveLength(1);
    await kid.start();
    await kid.until('it ends again', (all) => ofType(all, 'turnEnded').length === 2);
    await root.start();
    await root.untilEntry('child', ({ state, incarnation }) => state === 'linked' && incarnation === 2);
    await root.untilSettled();
    const told = receiptsOf(await root.entries(), kid.instance).filter(
      ({ event }) => 'text' in event && event.text === 'Answer 2.',
    );
    expect(told).toHaveLength(1);
    expect(await auditPair(root, kid)).toEqual([]);
    expect(await verified(home)).toEqual([]);
  });

  it('[catalogue.torn-receipt] a receipt that was torn is no receipt: the child sends it again, and it stands there once', async () => {
    const { root, kid } = await reportAlone('report');
    await root.start({ PODKIN_CRASH_AT: 'root:receipt.committed:1' });
    await root.exit();
    // As if the disk had taken a part only: nobody had been answered yet.
    const bytes = readFileSync(root.folder.log);
    writeFileSync(root.folder.log, bytes.subarray(0, bytes.lastIndexOf('"type":"podEventReceived"') + 60));
    expect(receiptsOf(await root.entries(), kid.instance)).toHaveLength(1);
    await root.start();
    await root.until('it is there', (all) => receiptsOf(all, kid.instance).length === 2);
    await root.untilSettled();
    await kid.untilEntry('podEventAcked', ({ through }) => through === 2);
    expect(await auditPair(root, kid)).toEqual([]);
    expect(await verified(home)).toEqual([]);
  });
});

it('[catalogue.errored-then-died] a child that fails and is killed then has failed first and died last, each told once', async () => {
  const { root, kid } = await reportAlone('failure');
  await kid.kill();
  await root.start();
  await deathOf(root, kid);
  await root.untilSettled();
  const receipts = receiptsOf(await root.entries(), kid.instance);
  expect(receipts.map(({ event }) => event.kind)).toEqual(['turnEnded', 'errored', 'died']);
  expect(receipts.map(({ closes }) => closes.length)).toEqual([1, 1, 0]);
  expect(await auditPair(root, kid)).toEqual([]);
  expect(await verified(home)).toEqual([]);
});

it('[catalogue.poison] an item in whose handling the pod died three times is kept from the model, marked, and the pod goes on', async () => {
  const root = home.makeRoot({ scenario });
  const dies = { PODKIN_CRASH_AT: 'root:request.started:1' };
  await root.start(dies);
  // Answered or not: the pod dies of it.
  await root.call('notify', { message: 'poison', submission: 'poison' }).catch(() => undefined);
  await root.exit();
  for (let life = 2; life <= 3; life += 1) {
    await root.start(dies).catch(() => undefined);
    await root.exit();
  }
  home.expectsNoSockets = false;
  await root.start();
  await root.untilSettled();
  const alert = await root.untilEntry('alert', ({ code }) => code === 'quarantined');
  const items = ofType(await root.entries(), 'systemItem');
  expect(items).toHaveLength(1);
  expect(alert.quarantines).toBe(items[0]?.seq);
  expect(items[0]?.item.body).toContain('poison');
  const said = JSON.stringify(ofType(await root.entries(), 'assistantMessage').map(({ parts }) => parts));
  expect(said).toContain('Passed by.');
  expect(said).not.toContain('Swallowed.');
  expect(quarantineBody).toContain('put aside');
  // What comes later is read as ever.
  await root.call('notify', { message: 'poison again' });
  await root.untilEntry('assistantMessage', ({ parts }) => JSON.stringify(parts).includes('Swallowed.'));
  await root.untilSettled();
  expect(await verified(home)).toEqual([]);
});

describe('a child that does not come up', () => {
  it.each([
    ['is killed before it listens', "process.kill(process.pid, 'SIGKILL');", /SIGKILL/],
    [
      'ends with a word before it listens',
      "process.stderr.write('no luck\\n'); process.exit(9);",
      /exit code 9[^]*no luck/,
    ],
    [
      'listens and ends before it links',
      "const net = require('net'); net.connect = net.createConnection = () => process.exit(9); require('module').syncBuiltinESMExports();",
      /before it linked \(exit code 9\)|before it listened \(exit code 9\)/,
    ],
    ['never says a word', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);', /1000 ms/],
  ])(
    '[catalogue.boot-step] that %s: SpawnPod says so in time, and nothing of it is left',
    async (_, code, text) => {
      const root = await home.startRoot({
        scenario,
        limits: { spawnMs: 1_000 },
        environment: preload('kid', code),
      });
      await root.run('spawn kid task 1');
      const result = await root.untilEntry('toolResult');
      expect(result).toMatchObject({ isError: true, text: expect.stringMatching(text) });
      expect(namesIn(home.home)).toEqual(['root']);
      expect(leftovers(home)).toEqual([]);
      expect(processesOf(home)).toHaveLength(1);
      expect((await root.untilSettled()).children).toEqual([]);
      expect(await verified(home)).toEqual([]);
      // A child that listened cannot take its socket file away.
      home.expectsNoSockets = false;
    },
  );
});

describe('a defect in a pod', () => {
  it.each([
    ['throws', "throw new Error('the sky fell');", { exitCode: 1 }, 'the sky fell'],
    [
      'leaves a rejection unhandled',
      "void Promise.reject(new Error('the sky fell'));",
      { exitCode: 1 },
      'the sky fell',
    ],
    [
      'runs out of memory',
      'const all = []; for (;;) all.push(new Array(1e6).fill(all.length));',
      { signal: 'SIGABRT' },
      'heap out of memory',
    ],
  ])('[catalogue.defect] that %s ends it loudly, and its parent is told how', async (_, code, how, words) => {
    const environment = preload('kid', `process.on('SIGUSR2', () => { ${code} });`);
    const root = await home.startRoot({
      scenario,
      environment: { NODE_OPTIONS: `${environment['NODE_OPTIONS']} --max-old-space-size=96` },
    });
    await root.run('spawn kid think');
    const kid = await home.spawned('kid');
    await kid.untilEntry('turnStarted');
    await root.untilEntry('toolResult');
    home.expectsNoSockets = false;
    await kid.signal('SIGUSR2');
    const death = await deathOf(root, kid);
    expect(death).toMatchObject(how);
    expect(readFileSync(kid.folder.stderr, 'utf8')).toContain(words);
    await root.untilSettled();
    expect(noticesOf(await root.entries(), kid.instance)).toHaveLength(1);
    expect(await auditPair(root, kid)).toEqual([]);
    expect(await verified(home)).toEqual([]);
  });
});
