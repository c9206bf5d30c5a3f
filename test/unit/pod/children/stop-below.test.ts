/** Who stands below a pod that is dead, by the parent that the folders name, is ended in its name. */
import { expect, it } from 'vitest';
import { stopBelow } from '../../../../src/pod/children/stop-below.ts';
import { kid, me, session, sib, started } from '../../machine-rig.ts';
import { familyOf, missing } from './family-rig.ts';

const under = { name: 'under', instance: 'instance of under' };
const deep = { name: 'deep', instance: 'instance of deep' };
const notThere = { ok: false, failure: 'notThere', message: 'nobody', delivered: 'no' } as const;
const logOf = (pod: { name: string; instance: string }, lives: number) => [
  session(pod),
  ...Array.from({ length: lives }, (_, index) => started(index + 1)),
];

/** `kid` is dead; `under` is its child, `deep` that one's; `sib` is another child of ours. */
function below() {
  const family = familyOf([]);
  const { world } = family;
  world.add('sib', sib.instance).add('under', under.instance, kid).add('deep', deep.instance, under);
  world.add('root', me.instance, null);
  world.logs.set('under', logOf(under, 2));
  world.logs.set('deep', logOf(deep, 1));
  const stop = async () => {
    const names = stopBelow(family.pod.host, kid.instance, 300);
    await family.clock.pass(20_000);
    return await names;
  };
  return Object.assign(family, { stop });
}
const left = (name: string) => `end what ${name} left (instance of ${name})`;

it('[stop.below-table] one that ends when it is asked ends its own tree', async () => {
  const { world, stop, sent, order } = below();
  world.running.add(102).add(101);
  world.onSend = () => void world.running.delete(102);
  expect(await stop()).toEqual(['under']);
  expect(sent).toEqual([
    {
      path: '/sockets/under',
      method: 'shutdown',
      params: {
        cascade: true,
        graceMs: 300,
        reason: 'stopped with the tree that it belongs to',
        from: { instance: kid.instance, token: 'token of under' },
      },
    },
  ]);
  expect(order).toEqual(['send shutdown']);
});

it('[stop.below-table] below one that had to be killed its own are ended too, behind what its commands left', async () => {
  const { world, stop, order, answers } = below();
  answers[0] = notThere;
  world.running.add(102).add(101);
  world.onSend = (path) => void (path === '/sockets/deep' && world.running.delete(101));
  expect(await stop()).toEqual(['under', 'deep']);
  expect(order).toEqual(['send shutdown', 'SIGTERM to 102', left('under'), 'send shutdown']);
});

it('[stop.below-table] one that had ended is not named, those below it are', async () => {
  const { world, stop, order } = below();
  world.running.add(101);
  world.onSend = () => void world.running.delete(101);
  expect(await stop()).toEqual(['deep']);
  expect(order).toEqual([left('under'), 'send shutdown']);
});

it.each([
  ['has no process yet', [session(under)]],
  ['has a log that cannot be read', missing()],
])('[stop.below-table] one that %s is asked over its socket', async (_, log) => {
  const { world, stop, sent, order } = below();
  world.logs.set('under', log);
  expect(await stop()).toEqual(['under']);
  expect([sent.map(({ path }) => path), order]).toEqual([['/sockets/under'], ['send shutdown']]);
});

it('[stop.below-table] of a log that cannot be read to its end no process is believed', async () => {
  const { pod, stop, sent } = below();
  Object.assign(pod.host.logs, { nextTurn: () => Promise.reject(new Error('no more')) });
  expect(await stop()).toEqual(['under']);
  expect(sent.length).toBe(1);
});

it('[stop.below-table] a folder that cannot be read keeps the others from nothing', async () => {
  const { world, stop, sent } = below();
  world.specs.set('broken', new Error('damaged'));
  world.running.add(102);
  world.onSend = () => void world.running.delete(102);
  expect(await stop()).toEqual(['under']);
  expect(sent.length).toBe(1);
});
