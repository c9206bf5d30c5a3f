/**
 * What `verify` finds in the logs of a real tree that were damaged one at a time, with right checksums, and
 * what it cannot find by design.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyHome } from '../../src/delivery/verify/verify.ts';
import type { Entry } from '../../src/session/facts/entries.ts';
import { type Home, homeOf } from '../../src/session/home/home.ts';
import { folderNamed } from '../support/pod-folders.ts';
import { encodeLines } from '../../src/session/log/line.ts';
import { watched } from '../support/approval-watch.ts';
import { budgetDamages } from '../support/budget-damages.ts';
import { type Damage, type Logs, double, edit, indexOf, leaveOut, swap } from '../support/damages.ts';
import { TestHome, type TestPod } from '../support/rig.ts';

const scenario = `price: { input: 1, output: 1 }
rules:
  - { pod: root, last: user, matches: '^spawn', call: [{ SpawnPod: { name: kid, task: first task, write: [out] } }] }
  - { pod: root, last: user, matches: '^send', call: [{ SendToPod: { name: kid, message: second task } }] }
  - { pod: root, last: user, matches: '^shell (\\w+)', call: [{ Bash: { command: 'echo {{match.1}}' } }] }
  - { pod: kid, last: user, matches: '^first', say: The first words. }
  - { pod: kid, last: user, matches: '^second', say: Other words the second time. }
  - { say: Well. }
`;

let home: TestHome;
let copies: string;
let whole: Logs;
const instances = { root: '', kid: '' };

/** Three incarnations of a root, two of its child; work given twice, a death, a notice, a yes and a no. */
async function play(): Promise<{ root: TestPod; kid: TestPod }> {
  const root = await home.startRoot({ scenario, limits: { cost: 1_000 } });
  const does = async (text: string): Promise<void> => {
    await root.run(text);
    await root.untilSettled();
  };
  await does('spawn');
  const kid = await home.spawned('kid');
  await does('send');
  const seen = await watched(root);
  for (const [index, decision] of (['allow', 'deny'] as const).entries()) {
    await root.run(`shell ${decision}`);
    const { request } = await seen.asked(index);
    await root.call('approve', { request, decision });
    await root.untilSettled();
  }
  await does('hello');
  await root.call('notify', { message: 'The build is red.' });
  await root.untilSettled();
  await root.stop();
  await root.start();
  await does('send');
  await kid.kill();
  await root.until('the death in the history', (all) => all.some(isDeathItem));
  await root.untilSettled();
  await root.stop();
  await root.start();
  await does('hello');
  await root.kill();
  return { root, kid };
}

function isDeathItem(entry: Entry): boolean {
  return entry.type === 'systemItem' && entry.item.kind === 'podEvent' && entry.item.event.kind === 'died';
}

beforeAll(async () => {
  copies = mkdtempSync(join(tmpdir(), 'pk-damages-'));
  home = new TestHome();
  home.expectsNoSockets = false;
  const { root, kid } = await play();
  whole = { root: await root.entries(), kid: await kid.entries() };
  instances.root = root.instance;
  instances.kid = kid.instance;
}, 60_000);

afterAll(async () => {
  rmSync(copies, { recursive: true, force: true });
  await home.close();
});

let count = 0;

/** A copy of the home with the damage done. */
function damaged(damage: Damage, alter: (bytes: Buffer) => Buffer = (bytes) => bytes): Home {
  count += 1;
  const copy = homeOf({ PODKIN_HOME: join(copies, `${count}`) });
  const logs = structuredClone(whole);
  damage(logs);
  for (const name of ['root', 'kid'] as const) {
    const folder = folderNamed(copy, name);
    mkdirSync(folder.path, { recursive: true });
    cpSync(folderNamed(home.home, name).spec, folder.spec);
    const bytes = Buffer.concat(logs[name].map((entry) => encodeLines([entry]).bytes));
    writeFileSync(folder.log, name === 'root' ? alter(bytes) : bytes);
  }
  return copy;
}

/** Each violation as `RULE POD: TEXT`. */
async function found(copy: Home): Promise<string[]> {
  const { violations } = await verifyHome(copy, { untilSecondReading: () => Promise.resolve() });
  return violations.map(({ rule, pod, text }) => `${rule} ${pod}: ${text}`);
}

// Where things are in the logs.

/** Of the first, second … settled report of the child. */
const receipt = ({ root }: Logs, at: number): number =>
  indexOf(root, 'podEventReceived', { at, fits: ({ event }) => event.kind === 'turnEnded' });
const item = ({ root }: Logs, at: number): number =>
  indexOf(root, 'systemItem', { at, fits: ({ item: one }) => one.kind === 'podEvent' });
const noticeItem = ({ root }: Logs): number =>
  indexOf(root, 'systemItem', { fits: ({ item: one }) => one.kind === 'notice' });
const lastNumbered = ({ root }: Logs): number =>
  indexOf(root, 'podEventReceived', { at: -1, fits: ({ eventSeq }) => eventSeq !== null });
const report = ({ kid }: Logs, at: number): number =>
  indexOf(kid, 'podEventEmitted', { at, fits: ({ event }) => event.kind === 'turnEnded' });
const answer = ({ root }: Logs, decision: string): number =>
  indexOf(root, 'approval', { fits: (entry) => entry.state === 'answered' && entry.decision === decision });

function reportAt(logs: Logs, at: number): Extract<Entry, { type: 'podEventReceived' }> {
  const entry = logs.root[receipt(logs, at)];
  if (entry?.type !== 'podEventReceived') throw new Error('no receipt');
  return entry;
}

function itemAt(logs: Logs, index: number): Extract<Entry, { type: 'systemItem' }>['item'] {
  const entry = logs.root[index];
  if (entry?.type !== 'systemItem') throw new Error('no item');
  return entry.item;
}

/** The turn of the run with that text, from its start to its end. */
function turnOf(log: readonly Entry[], text: string): { from: number; count: number } {
  const from = indexOf(log, 'userMessage', { fits: (entry) => entry.text === text }) - 1;
  const through = log.findIndex((entry, index) => index > from && entry.type === 'turnEnded');
  return { from, count: through - from + 1 };
}

function editReport(logs: Logs, at: number, fields: object): void {
  edit(logs.root, receipt(logs, at), { event: { ...reportAt(logs, at).event, ...fields } });
}

const damages: [string, Damage, RegExp][] = [
  ...budgetDamages,
  [
    'a receipt is deleted',
    (logs) => leaveOut(logs.root, receipt(logs, 0)),
    /^I1 root: event\(s\) 1 of "kid"/,
  ],
  [
    'the last receipt is deleted',
    (logs) => leaveOut(logs.root, lastNumbered(logs)),
    /^I1 root: .* acknowledgement/,
  ],
  [
    'a receipt and its item are deleted',
    (logs) => {
      leaveOut(logs.root, item(logs, 0));
      leaveOut(logs.root, receipt(logs, 0));
    },
    /^I1 root: event\(s\) 1 of "kid"/,
  ],
  [
    'a receipt is doubled',
    (logs) => double(logs.root, receipt(logs, 0)),
    /^I2 root: event 1 .* received twice/,
  ],
  [
    'two receipts are swapped',
    (logs) => swap(logs.root, receipt(logs, 0), receipt(logs, 1)),
    /^I3 root: event 1 .* after event 2/,
  ],
  [
    'two events are swapped',
    (logs) => swap(logs.kid, report(logs, 0), report(logs, 1)),
    /^I3 kid: event 2 was emitted after/,
  ],
  [
    'an event is changed',
    (logs) => {
      const entry = logs.kid[report(logs, 0)];
      if (entry?.type !== 'podEventEmitted') throw new Error('no event');
      edit(logs.kid, report(logs, 0), { event: { ...entry.event, text: 'Other words.' } });
    },
    /^I8 root: event 1 .* is not what that pod committed/,
  ],
  ['an item is doubled', (logs) => double(logs.root, item(logs, 0)), /^I2 root: .* a second time/],
  ['an item is passed over', (logs) => leaveOut(logs.root, item(logs, 0)), /^I3 root: .* was passed over/],
  [
    'the only item of a notice is deleted',
    (logs) => leaveOut(logs.root, noticeItem(logs)),
    /^R2 root: a notice .* is not in the history/,
  ],
  [
    'more is acknowledged than was emitted',
    (logs) => edit(logs.kid, indexOf(logs.kid, 'podEventAcked'), { through: 99 }),
    /^I6 kid/,
  ],
  [
    'a response has seen less than it was given',
    (logs) => {
      const at = logs.root.findIndex(
        (entry, index) => index > item(logs, 0) && entry.type === 'stepCompleted',
      );
      edit(logs.root, at, { seenThrough: 1 });
    },
    /^I5 root/,
  ],
  [
    'a response has seen itself',
    (logs) => {
      const at = indexOf(logs.root, 'stepCompleted');
      edit(logs.root, at, { seenThrough: at + 1 });
    },
    /^I5 root: .* did not exist yet/,
  ],
  [
    'work of another is closed',
    (logs) => edit(logs.root, receipt(logs, 0), { closes: ['another'] }),
    /^I8 root: .* which was not open/,
  ],
  [
    'a result is doubled',
    (logs) => double(logs.root, indexOf(logs.root, 'toolResult')),
    /^I12 root: .* is a second one/,
  ],
  [
    'a result is deleted',
    (logs) => leaveOut(logs.root, indexOf(logs.root, 'toolResult')),
    /^I12 root: .* had no result/,
  ],
  ['a scope is handed down twice', (logs) => double(logs.root, indexOf(logs.root, 'scope')), /^S1 root/],
  [
    'a scope never returns',
    (logs) =>
      leaveOut(
        logs.root,
        indexOf(logs.root, 'scope', { at: -1, fits: ({ change }) => change === 'reclaimed' }),
      ),
    /^S2 root/,
  ],
  [
    'the tail is cut',
    (logs) => leaveOut(logs.root, lastNumbered(logs), Number.MAX_SAFE_INTEGER),
    /^I1 root: .* acknowledgement/,
  ],
  [
    'a finish is kept from the model',
    (logs) => {
      edit(logs.root, receipt(logs, 0), { reads: false, wakes: false });
      leaveOut(logs.root, item(logs, 0));
    },
    /^V1 root: turnEnded finished of "kid" .* is kept from the model/,
  ],
  [
    'a finish does not wake',
    (logs) => edit(logs.root, receipt(logs, 0), { wakes: false }),
    /^V1 root: .* wakes: false/,
  ],
  [
    'the text of an item is empty',
    (logs) => edit(logs.root, item(logs, 0), { item: { ...itemAt(logs, item(logs, 0)), body: '' } }),
    /^V4 root: .* is empty/,
  ],
  [
    'the text of an item is of another event',
    (logs) => {
      const other = itemAt(logs, item(logs, 1));
      edit(logs.root, item(logs, 0), { item: { ...itemAt(logs, item(logs, 0)), body: other.body } });
    },
    /^V4 root: .* lacks .*the words of this event/,
  ],
  [
    'a receipt leaves out the text',
    (logs) => {
      const event = { ...reportAt(logs, 0).event };
      Reflect.deleteProperty(event, 'text');
      edit(logs.root, receipt(logs, 0), { event });
    },
    /^I8 root: event 1 .* is not what that pod committed/,
  ],
  [
    'a report closes nothing',
    (logs) => edit(logs.root, receipt(logs, 0), { closes: [] }),
    /^V2 root: .* does not close them/,
  ],
  [
    'work stays open at both ends',
    (logs) => {
      editReport(logs, 0, { assignments: [] });
      edit(logs.root, receipt(logs, 0), { closes: [] });
      edit(logs.kid, report(logs, 0), { event: reportAt(logs, 0).event });
    },
    /^V3 kid: event 1 .* is for assignment\(s\) nothing/,
  ],
  [
    'an accepted run never begins',
    (logs) => {
      const { from, count: entries } = turnOf(logs.root, 'hello');
      leaveOut(logs.root, from, entries);
    },
    /^R1 root: run .* was accepted and passed over/,
  ],
  [
    'a call runs without an answer',
    (logs) => leaveOut(logs.root, answer(logs, 'allow')),
    /^Q1 root: .* nobody had answered/,
  ],
  [
    'a call runs without an approval',
    (logs) => {
      leaveOut(logs.root, answer(logs, 'allow'));
      leaveOut(logs.root, indexOf(logs.root, 'approval'));
    },
    /^Q1 root: .* nobody was asked/,
  ],
  [
    'a call runs after a no',
    (logs) => edit(logs.root, answer(logs, 'allow'), { decision: 'deny' }),
    /^Q2 root/,
  ],
  [
    'an answer is for another call',
    (logs) => edit(logs.root, answer(logs, 'allow'), { call: 'another' }),
    /^Q3 root: .* for another call/,
  ],
  [
    'a response is seen whose message is gone',
    (logs) => leaveOut(logs.root, indexOf(logs.root, 'assistantMessage', { at: 1 })),
    /^I5 root: .* its message is missing/,
  ],
  [
    'a start in the middle is deleted',
    (logs) => leaveOut(logs.root, indexOf(logs.root, 'started', { at: 1 })),
    /^I7 root: .* a start is missing/,
  ],
  [
    'the last start is deleted',
    (logs) => leaveOut(logs.root, indexOf(logs.root, 'started', { at: -1 })),
    /^I7 root: .* a start is missing/,
  ],
  [
    'a report is deleted at its sender',
    (logs) => leaveOut(logs.kid, report(logs, 0)),
    /^C1 kid: turn .* ended .* without a report/,
  ],
  [
    'a report says settled of a pod that waits',
    (logs) => edit(logs.root, indexOf(logs.root, 'turnEnded'), { settled: true, outstanding: [] }),
    /^V3 root: .* names as outstanding nothing/,
  ],
];

describe('verify, over the logs of a real tree', () => {
  it('[verify.damages] finds nothing in them as they are', async () => {
    expect(await found(damaged(() => undefined))).toEqual([]);
  });

  it.each(damages)('[verify.damages] %s', async (_what, damage, finding) => {
    expect(await found(damaged(damage))).toEqual(expect.arrayContaining([expect.stringMatching(finding)]));
  });

  it('[verify.damages] a bit is flipped', async () => {
    const flip = (bytes: Buffer): Buffer => {
      const at = bytes.indexOf('The first words');
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      return bytes;
    };
    const lines = await found(damaged(() => undefined, flip));
    expect(lines).toEqual(expect.arrayContaining([expect.stringMatching(/^log root: 1 damaged line/)]));
  });

  it('[verify.damages-by-design] what waits is a matter of time: the last item of a child and all that came behind it', async () => {
    const cut: Damage = ({ root }) => leaveOut(root, root.findIndex(isDeathItem), Number.MAX_SAFE_INTEGER);
    expect(await found(damaged(cut))).toEqual([]);
  });

  it('[verify.damages-by-design] an acknowledgement that is gone makes an event pending: it is sent again and known', async () => {
    const drop: Damage = ({ kid }) => leaveOut(kid, indexOf(kid, 'podEventAcked', { at: -1 }));
    expect(await found(damaged(drop))).toEqual([]);
  });

  it('[verify.damages] the command says so with the promise that is broken, and fails', async () => {
    const copy = damaged((logs) => edit(logs.root, receipt(logs, 0), { closes: [] }));
    const ran = await home.run(['verify'], { environment: { PODKIN_HOME: join(copies, `${count}`) } });
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain('V2  root: ');
    expect(ran.stdout).toContain('V2: a report ends the work that the table of events says');
    expect(readFileSync(folderNamed(copy, 'root').log).length).toBeGreaterThan(0);
  });
});
