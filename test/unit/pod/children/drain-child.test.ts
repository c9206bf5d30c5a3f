/** What a dead child left, taken into the log of its dead parent. */
import { readdirSync, readlinkSync } from 'node:fs';
import { afterEach, expect, it, vi } from 'vitest';
import { takeInLeft } from '../../../../src/pod/children/drain-child.ts';
import type { EntryBody } from '../../../../src/session/facts/entries.ts';
import { folderAt } from '../../../../src/session/home/home.ts';
import { createLog } from '../../../../src/session/log/open-log.ts';
import { readEntries } from '../../../../src/session/log/read-log.ts';
import { probeLock, takeLock } from '../../../../src/session/lock/lock.ts';
import { nodeDisk } from '../../../../src/session/log/log-disk.ts';
import {
  assigned,
  child,
  died,
  finished,
  kid,
  linked,
  me,
  received,
  sent,
  session,
  shutDown,
  started,
} from '../../machine-rig.ts';
import { tempFolder } from '../../session/log-rig.ts';
import { logOf } from './family-rig.ts';

const say = (seq: number, incarnation = 1) => ({
  ...sent(seq, finished({ text: `event ${seq}` })),
  incarnation,
});

/** Empty for a descriptor that is gone by now, as the listing's own is. */
function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}

/** A pod's folder with this log, which nobody writes any more. */
async function folderOf(instance: string, bodies: EntryBody[]) {
  const folder = folderAt(tempFolder());
  const lock = await takeLock({ instance, folder: folder.path, purpose: 'loan' });
  if (!lock.taken) throw new Error('its lock is held');
  const log = createLog({ path: folder.log, lock });
  log.append(bodies);
  await log.whenDurable();
  await log.close();
  await lock.release();
  return folder;
}

async function drained(known: EntryBody[], left: EntryBody[], settings = {}) {
  const parent = await folderOf(me.instance, [session({ settings }), started(1), ...known]);
  const taking = {
    parent: { instance: me.instance, folder: parent },
    child: { instance: kid.instance, folder: await folderOf(kid.instance, left) },
  };
  const bodies = async () => {
    const all: EntryBody[] = [];
    for await (const { entry } of readEntries(parent.log)) all.push(entry);
    return all.slice(2 + known.length);
  };
  return { parent, taking, bodies };
}
const wordsOf = (body: EntryBody): string =>
  body.type === 'podEventReceived'
    ? `${body.event.kind} ${body.eventSeq} of ${body.from.incarnation}${'restored' in body.event && body.event.restored ? ', restored' : ''}`
    : `${body.type} ${'state' in body ? body.state : ''}`;
const over = received(null, died());

afterEach(() => vi.restoreAllMocks());

it.each<[string, EntryBody[], EntryBody[], string[]]>([
  [
    'events, and the end',
    [linked(kid)],
    logOf(1, say(1), say(2)),
    ['turnEnded 1 of 1', 'turnEnded 2 of 1', 'died null of 1'],
  ],
  [
    'what is not there yet',
    [linked(kid), received(1, finished())],
    logOf(1, say(1), say(2)),
    ['turnEnded 2 of 1', 'died null of 1'],
  ],
  [
    'each life’s end',
    [linked(kid)],
    logOf(3),
    ['died null of 1, restored', 'died null of 2, restored', 'died null of 3'],
  ],
  ['the end of a later life', [linked(kid), over], logOf(2), ['died null of 2']],
  [
    'the end of a life that its log does not know',
    [linked(kid, 2)],
    logOf(1),
    ['died null of 1, restored', 'died null of 2'],
  ],
  ['nothing twice', [linked(kid), over], logOf(1), []],
  [
    'nothing twice that stands twice in its log',
    [linked(kid)],
    logOf(1, say(1), say(1), say(2)),
    ['turnEnded 1 of 1', 'turnEnded 2 of 1', 'died null of 1'],
  ],
  ['work that nobody took', [linked(kid), over, assigned('a')], logOf(1), ['assignment closed']],
])('[drain.left] %s', async (_, known, left, words) => {
  const { taking, bodies } = await drained(known, left);
  expect(await takeInLeft(taking)).toBe(true);
  expect((await bodies()).map(wordsOf)).toEqual(words);
  const deaths = (await bodies()).filter(
    (body) => body.type === 'podEventReceived' && body.event.kind === 'died',
  );
  for (const death of deaths) expect(death).toMatchObject({ event: { outstanding: [] } });
  expect(await takeInLeft(taking)).toBe(true);
  expect((await bodies()).length).toBe(words.length);
});

it('[drain.left] wakes the parent at its next start as it would have while it ran', async () => {
  const { taking, bodies } = await drained([linked(kid)], logOf(1, say(1)));
  await takeInLeft(taking);
  expect(await bodies()).toMatchObject([{ wakes: true }, { wakes: true }]);
});

it('[drain.left] what it was lent and has not used is its parent’s again', async () => {
  const tokens = { granted: 100, returned: 0 };
  const usage = { inputTokens: 30, outputTokens: 0, cost: 0 };
  const { taking, bodies } = await drained(
    [linked(kid), { type: 'budgetLent', child: kid, tokens }],
    [
      session({ ...kid, parent: me, settings: { budget: { leased: ['tokens'] } } }),
      started(1),
      { type: 'budgetLease', confirmed: true, tokens },
      { type: 'requestFailed', turn: 't1', step: 1, usage },
    ],
    { budget: { tokens: 1_000 } },
  );
  await takeInLeft(taking);
  const all = await bodies();
  expect(all).toMatchObject([
    { type: 'budgetLent', child: kid, tokens: { granted: 100, returned: 70 } },
    { type: 'podEventReceived', event: { kind: 'died' } },
  ]);
  await takeInLeft(taking);
  expect(await bodies()).toEqual(all);
});

it('[drain.left] an end that nobody here asked for is read, also where the child had no work', async () => {
  const { taking, bodies } = await drained([linked(kid)], logOf(1, sent(1, shutDown())));
  await takeInLeft(taking);
  expect(await bodies()).toMatchObject([{ event: { kind: 'shutDown' }, reads: true, wakes: true }]);
});

it('[drain.left] whoever asks for the lock meanwhile hears that it is lent', async () => {
  const { taking, parent } = await drained([linked(kid)], logOf(1, say(1)));
  const states = new Set<string>();
  vi.spyOn(nodeDisk, 'nextTurn').mockImplementation(async () => {
    states.add(await probeLock({ instance: me.instance, folder: parent.path }));
  });
  expect(await takeInLeft(taking)).toBe(true);
  expect([...states]).toEqual(['lent']);
});

it.runIf(process.platform === 'linux')('[drain.left] leaves no log open', async () => {
  const { taking, parent } = await drained([linked(kid)], logOf(1, say(1)));
  await takeInLeft(taking);
  const open = readdirSync('/proc/self/fd').map(targetOf);
  expect(open.filter((path) => path.startsWith(parent.path))).toEqual([]);
});

it('[drain.left] not by a parent that does not know it, or that runs', async () => {
  const { taking, bodies, parent } = await drained(
    [child({ ...kid, instance: 'other' }, 'reserved')],
    logOf(1, say(1)),
  );
  expect(await takeInLeft(taking)).toBe(false);
  const lock = await takeLock({ instance: me.instance, folder: parent.path, purpose: 'loan' });
  expect(await takeInLeft(taking)).toBe(false);
  if (lock.taken) await lock.release();
  expect(await bodies()).toEqual([]);
});

it('[drain.left] the lock is given back where a log cannot be read', async () => {
  const { taking, parent } = await drained([linked(kid)], [session(), started(1)]);
  await expect(takeInLeft(taking)).rejects.toThrow('another instance');
  const lock = await takeLock({ instance: me.instance, folder: parent.path, purpose: 'loan' });
  expect(lock.taken).toBe(true);
  if (lock.taken) await lock.release();
});
