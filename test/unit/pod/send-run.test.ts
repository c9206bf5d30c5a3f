import { expect, it } from 'vitest';
import type { Children } from '../../../src/pod/children/children.ts';
import { ChildLinks } from '../../../src/pod/children/child-links.ts';
import { sendRun } from '../../../src/pod/children/send-run.ts';
import { nodeClock } from '../../../src/pod/node-host.ts';
import type { Pod } from '../../../src/pod/pod.ts';
import { deferred } from '../../../src/std/deferred.ts';
import type { Connection } from '../../../src/transport/connection.ts';
import { kid } from '../machine-rig.ts';

const connection = () =>
  ({ closed: deferred<void>().promise, destroy: () => undefined }) as unknown as Connection;

type Sent = { ok: true } | { ok: false; failure: string; delivered: 'no' | 'unknown'; code?: string };
const taken: Sent = { ok: true };
const overtaken: Sent = { ok: false, failure: 'refused', delivered: 'no', code: 'regressed' };
const cut: Sent = { ok: false, failure: 'closed', delivered: 'unknown' };
const gone: Sent = { ok: false, failure: 'unreachable', delivered: 'no' };

/** A parent whose child answers each run by its link's number. */
function parent(answer: (link: number, parent: { links: ChildLinks; tries: number }) => Sent) {
  const links = new ChildLinks({ incarnation: 2, clock: nodeClock }, () => undefined);
  const committed: unknown[] = [];
  const uncertain: string[] = [];
  const seen = { links, tries: 0 };
  const pod = {
    home: { state: '/home' },
    session: { instance: 'me', root: { instance: 'me' } },
    facts: { turn: null, assignments: new Map([['a', {}]]) },
    host: {
      chance: { uuid: () => 'a' },
      home: { socketOf: () => '/socket', token: () => 'token' },
      wire: {
        send: (_path: string, _method: string, { link }: { link: number }) => {
          seen.tries += 1;
          return Promise.resolve({ result: {}, message: 'why', ...answer(link, seen) });
        },
      },
    },
    commitDurably: (bodies: unknown[]) => Promise.resolve(void committed.push(...bodies)),
    tryCommit: (bodies: unknown[]) => void committed.push(...bodies),
  } as unknown as Pod;
  const children = {
    inFlight: new Set<string>(),
    links,
    markAccepted: () => undefined,
    markUncertain: (instance: string) => void uncertain.push(instance),
  } as unknown as Children;
  return {
    committed,
    uncertain,
    seen,
    run: () => sendRun(pod, children, { child: kid, text: 'task', hops: 0 }),
  };
}

const known = { incarnation: 1, heardAtMs: 0 };

it('[catalogue.old-parent] a run that the child takes for overtaken waits for its link, and is given again', async () => {
  const begins = new ChildLinks({ incarnation: 2, clock: nodeClock }, () => undefined).numberOf(kid.instance);
  const of = parent((link, { links, tries }) => {
    // The link comes later than three answers to a parent that does not wait.
    if (tries === 1)
      setTimeout(() => {
        links.keep(kid.instance, { connection: connection(), ...known });
        links.arrived(kid.instance);
      }, 30);
    return link > begins ? taken : overtaken;
  });
  expect(await of.run()).toBe('a');
  expect(of.seen.tries).toBe(2);
  expect(of.committed).toMatchObject([{ type: 'assignment', state: 'open' }]);
});

it('[catalogue.old-parent] where that link stands already, nothing is waited for', async () => {
  const begins = new ChildLinks({ incarnation: 2, clock: nodeClock }, () => undefined).numberOf(kid.instance);
  const of = parent((link, { links }) => {
    if (link > begins) return taken;
    links.keep(kid.instance, { connection: connection(), ...known });
    return overtaken;
  });
  expect(await of.run()).toBe('a');
  expect(of.seen.tries).toBe(2);
});

/** What each try came to, and what becomes of the assignment. */
const doubts: [string, 'open' | 'closed', Sent[]][] = [
  ['nobody was there', 'closed', [gone]],
  ['overtaken three times', 'closed', [overtaken, overtaken, overtaken]],
  ['cut, then gone', 'open', [cut, gone]],
  ['cut, then refused', 'open', [cut, { ...overtaken, code: 'busy' }]],
  ['overtaken, then cut, then gone', 'open', [overtaken, cut, gone]],
  ['overtaken twice, then cut', 'open', [overtaken, overtaken, cut]],
];

it.each(doubts)('[callback.run-in-doubt] a run: %s: its assignment is %s', async (_, end, tries) => {
  const of = parent((_link, { tries: count }) => tries[count - 1] ?? taken);
  of.seen.links.keep(kid.instance, { connection: connection(), ...known });
  await of.run().catch(() => undefined);
  expect(of.seen.tries).toBe(tries.length);
  expect(of.uncertain).toEqual(end === 'open' ? [kid.instance] : []);
  expect(of.committed.at(-1)).toMatchObject({ state: end });
});
