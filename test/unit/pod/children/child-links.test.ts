/** The connections of children: one each, who waits for one, and what is heard. */
import { describe, expect, it } from 'vitest';
import { ChildLinks } from '../../../../src/pod/children/child-links.ts';
import { deferred } from '../../../../src/std/deferred.ts';
import type { ProcessExit } from '../../../../src/pod/host.ts';
import { HandClock, HandConnection } from '../shell-rig.ts';

function links(incarnation = 1) {
  const clock = new HandClock();
  const ended: string[] = [];
  const all = new ChildLinks({ incarnation, clock: clock as never }, (instance) => void ended.push(instance));
  const keep = (instance: string, heardAtMs = 0) => {
    const at = new HandConnection();
    all.keep(instance, { connection: at.connection, incarnation: 1, heardAtMs });
    return at;
  };
  return { clock, all, ended, keep };
}

it('[callback.links-numbered] numbers rise by one a link, are those of one child, and of a later life are all higher', () => {
  const { all, keep } = links(2);
  const before = all.numberOf('kid');
  expect(before).toBe(2 * 2 ** 32);
  keep('kid');
  keep('kid');
  keep('sib');
  expect([all.numberOf('kid'), all.numberOf('sib'), all.numberOf('none')]).toEqual([
    before + 2,
    before + 1,
    before,
  ]);
  all.forget('kid');
  expect(all.numberOf('kid')).toBe(before);
});

it('[stranger.link] a connection speaks for the child that linked over it, and for no other', () => {
  const { all, keep } = links();
  const [kid, sib] = [keep('kid'), keep('sib')];
  const stranger = new HandConnection().connection;
  expect(all.instanceOver(kid.connection)).toBe('kid');
  expect(all.over(sib.connection)).toBe(all.get('sib'));
  const refused = expect.objectContaining({
    code: 'unknownChild',
    message: 'This connection is not the link of that child; link first.',
  });
  for (const ask of [
    () => all.over(kid.connection, 'sib'),
    () => all.over(kid.connection, 'none'),
    () => all.over(stranger),
    () => all.over(stranger, 'kid'),
    () => all.instanceOver(stranger),
  ])
    expect(ask).toThrow(refused);
  expect([all.isLink(kid.connection), all.isLink(stranger)]).toEqual([true, false]);
  expect([all.has('kid'), all.has('none'), all.get('none')]).toEqual([true, false, undefined]);
});

it('[stranger.older-connection] the same connection that links again stays', async () => {
  const { clock, all, ended, keep } = links();
  const at = keep('kid');
  all.keep('kid', { connection: at.connection, incarnation: 1, heardAtMs: 5 });
  expect(at.destroyed).toBe(0);
  at.end();
  await clock.turn();
  expect([ended, all.has('kid'), all.isLink(at.connection)]).toEqual([['kid'], false, false]);
});

it('[callback.links-numbered] a link is renewed by its end, and all end at a close', async () => {
  const { clock, all, ended, keep } = links();
  const [kid, sib] = [keep('kid'), keep('sib')];
  all.renew('none');
  all.renew('kid');
  await clock.turn();
  expect([kid.destroyed, sib.destroyed, ended]).toEqual([1, 0, ['kid']]);
  all.close();
  expect([kid.destroyed, sib.destroyed]).toEqual([1, 1]);
});

it('[death.quiet-is-reachable] what the pod itself stood still for is forgiven, but nothing is heard in the future', () => {
  const { all, keep } = links();
  keep('kid', 1_000);
  keep('sib', 2_950);
  all.forgive(100, 3_000);
  expect([all.get('kid')?.heardAtMs, all.get('sib')?.heardAtMs]).toEqual([1_100, 3_000]);
});

describe('who waits for a link', () => {
  const exit = (fields: Partial<ProcessExit>) => deferredExit({ exitCode: null, signal: null, ...fields });
  const deferredExit = (value: ProcessExit) => {
    const made = deferred<ProcessExit>();
    return { exited: made.promise, end: () => made.resolve(value) };
  };

  it('[link.awaited-child] hears it when it is said to be there, and at once where it is', async () => {
    const { clock, all, keep } = links();
    let heard = 0;
    const wait = () => all.linked('kid', { timeoutMs: 500, exited: null }).then(() => (heard += 1));
    void wait();
    void wait();
    keep('kid');
    all.arrived('none');
    await clock.turn();
    expect([heard, clock.delays]).toEqual([0, [500, 500]]);
    all.arrived('kid');
    await clock.turn();
    expect([heard, clock.delays]).toEqual([2, []]);
    await wait();
    expect(heard).toBe(3);
  });

  it('[link.awaited-child] behind a number hears the first link of a higher one', async () => {
    const { clock, all, keep } = links();
    keep('kid');
    const known = all.numberOf('kid');
    let heard = 0;
    void all.linked('kid', { timeoutMs: 500, exited: null, after: known }).then(() => (heard += 1));
    await all.linked('kid', { timeoutMs: 500, exited: null, after: known - 1 });
    await clock.turn();
    expect(heard).toBe(0);
    keep('kid');
    all.arrived('kid');
    await clock.turn();
    expect([heard, clock.delays]).toEqual([1, []]);
  });

  it.each([
    [exit({ exitCode: 3 }), 'its process ended before it linked (exit code 3)'],
    [exit({ signal: 'SIGKILL' }), 'its process ended before it linked (SIGKILL)'],
  ])('[link.awaited-child] hears at once that its process has ended: %#', async ({ exited, end }, text) => {
    const { clock, all } = links();
    const wait = all
      .linked('kid', { timeoutMs: 500, exited })
      .catch((error: unknown) => (error as Error).message);
    end();
    expect(await wait).toBe(text);
    expect(clock.delays).toEqual([]);
  });

  it('[link.awaited-child] hears that it did not come in time; the next one waits anew', async () => {
    const { clock, all } = links();
    const wait = () =>
      all
        .linked('kid', { timeoutMs: 500, exited: exit({}).exited })
        .then(() => 'there')
        .catch((error: unknown) => (error as Error).message);
    const first = wait();
    await clock.pass(500);
    expect(await first).toBe('the child did not link within 500 ms');
    const second = wait();
    all.arrived('kid');
    expect(await second).toBe('there');
  });
});
