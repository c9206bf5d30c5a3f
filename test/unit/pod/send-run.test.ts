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

/** A parent whose child answers each run by its link's number. */
function parent(answer: (link: number, parent: { links: ChildLinks; tries: number }) => boolean) {
  const links = new ChildLinks({ incarnation: 2, clock: nodeClock }, () => undefined);
  const committed: unknown[] = [];
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
          return Promise.resolve(
            answer(link, seen)
              ? { ok: true, result: {} }
              : { ok: false, failure: 'refused', delivered: 'no', code: 'regressed', message: 'later link' },
          );
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
    markUncertain: () => undefined,
  } as unknown as Children;
  return {
    committed,
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
    return link > begins;
  });
  expect(await of.run()).toBe('a');
  expect(of.seen.tries).toBe(2);
  expect(of.committed).toMatchObject([{ type: 'assignment', state: 'open' }]);
});

it('[catalogue.old-parent] where that link stands already, nothing is waited for', async () => {
  const begins = new ChildLinks({ incarnation: 2, clock: nodeClock }, () => undefined).numberOf(kid.instance);
  const of = parent((link, { links }) => {
    if (link > begins) return true;
    links.keep(kid.instance, { connection: connection(), ...known });
    return false;
  });
  expect(await of.run()).toBe('a');
  expect(of.seen.tries).toBe(2);
});
