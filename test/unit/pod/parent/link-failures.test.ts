/** The child's side of its link: what a failure, a loss and a close lead to, and who waits for an event. */
import { describe, expect, it } from 'vitest';
import { podFolder } from '../../../../src/session/home/home.ts';
import { RemoteError } from '../../../../src/transport/failures.ts';
import { above, acked, sent } from '../../machine-rig.ts';
import { event, linkOf } from './link-rig.ts';

const gone = new RemoteError(-32000, 'no such child', { code: 'unknownChild' });

describe('a failure', () => {
  it('[link.failed] is tried again within doubling bounds; the parent that appears is dialled at once', async () => {
    const { shell, link, start, phases } = linkOf([], {
      limits: { reconnectBaseMs: 1_000, reconnectMaxMs: 8_000 },
    });
    shell.dial = () => Promise.reject(new Error('nobody listens'));
    await start();
    expect([link.waitingFor(), link.linked]).toEqual(['nobody listens', false]);
    // A retry, and the look at the places.
    expect(shell.clock.delays).toEqual([1_000, 200]);
    await shell.clock.pass(1_000);
    expect(shell.dialled.length).toBe(2);
    expect(shell.clock.delays.sort((a, b) => a - b)).toEqual([200, 2_000]);
    shell.places = 'a socket';
    await shell.clock.pass(200);
    expect(shell.dialled.length).toBe(3);
    expect(phases()).toEqual(['linking', 'waiting', 'linking', 'waiting', 'linking', 'waiting']);
    expect(shell.clock.delays.sort((a, b) => a - b)).toEqual([200, 4_000]);
    await shell.clock.pass(199);
    expect(shell.dialled.length).toBe(3);
  });

  it.each([
    ['unknownChild', 'error'],
    ['badToken', 'error'],
    ['regressed', 'error'],
    ['protocolMismatch', 'error'],
    ['parentRemoved', 'warning'],
  ])('[link.failed] %s ends the trying with one alert', async (code, level) => {
    const { shell, link, start, refuse, newest, alerts } = linkOf([]);
    await start();
    await refuse(new RemoteError(-32000, 'it says no', { code }));
    expect(link.refusal).toMatchObject({ kind: 'refused', code, message: 'it says no' });
    expect(alerts()).toEqual([
      {
        type: 'alert',
        level,
        code,
        refusal: code,
        text: `The parent refuses this pod for good (${code}): it says no`,
      },
    ]);
    expect(newest().destroyed).toBeGreaterThan(0);
    await shell.clock.pass(100_000);
    expect([shell.dialled.length, shell.clock.delays]).toEqual([1, []]);
    expect(await link.outcomeOf(1, 1_000)).toEqual({ kind: 'refused', reason: `${code}: it says no` });
  });

  it.each([
    [-32_601, true],
    [-32_602, true],
    [-32_603, false],
  ])('[link.failed] a parent that answers %i to the link is of another version: %j', async (rpc, final) => {
    const { link, start, refuse } = linkOf([]);
    await start();
    await refuse(new RemoteError(rpc, 'what is that'));
    expect(link.refusal?.code).toBe(final ? 'protocolMismatch' : undefined);
  });

  it.each([new RemoteError(-32_000, 'later', { code: 'timeout' }), new Error('unknownChild')])(
    '[link.failed] what may pass is tried again: %s',
    async (error) => {
      const { shell, link, start, refuse, newest } = linkOf([]);
      await start();
      const first = newest();
      await refuse(error);
      expect([link.refusal, link.waitingFor(), first.destroyed]).toEqual([null, error.message, 1]);
      await shell.clock.pass(10_000);
      expect(shell.dialled.length).toBeGreaterThan(1);
    },
  );

  it('[link.failed] a parent that was removed ends the trying', async () => {
    const { shell, link, start } = linkOf([]);
    shell.dial = () => Promise.reject(new Error('nobody listens'));
    shell.removed.add(above.instance);
    await start();
    expect(link.refusal).toMatchObject({
      code: 'parentRemoved',
      message: 'the parent "above" was removed; this pod goes on without it',
    });
  });

  it('[link.failed] work that waits is said once, behind the third try, and to observers where the log refuses', async () => {
    const { shell, start, alerts } = linkOf([sent(1, event('one'))], {
      limits: { reconnectBaseMs: 1_000, reconnectMaxMs: 1_000 },
    });
    shell.dial = () => Promise.reject(new Error('nobody listens'));
    await start();
    await shell.clock.pass(999);
    expect(alerts()).toEqual([]);
    shell.refusal = new Error('no room');
    await shell.clock.pass(10_000);
    const alert = shell.shown.filter((one) => one.type === 'alert' && one.code === 'parentDown');
    expect(alert).toEqual([
      {
        type: 'alert',
        level: 'warning',
        code: 'parentDown',
        text: '1 event(s) wait for the parent: nobody listens. They are kept and sent when it is back.',
      },
    ]);
  });
});

describe('a link', () => {
  it('[link.pinged] is pinged by a quarter of the parent’s patience, and given up where nothing answers', async () => {
    const { shell, start, answer, newest } = linkOf([], { limits: { unreachableMs: 8_000 } });
    await start();
    await answer(0);
    expect(shell.clock.delays).toEqual([2_000]);
    await shell.clock.pass(2_000);
    const ping = newest().asked.find(({ method }) => method === 'ping');
    expect([ping?.params, ping?.options]).toEqual([{}, { timeoutMs: 60_000 }]);
    ping?.answer.resolve({});
    await shell.clock.pass(2_000);
    expect(newest().destroyed).toBe(0);
    newest().last('ping').reject(new Error('timed out'));
    await shell.clock.turn();
    expect(newest().destroyed).toBeGreaterThan(0);
  });

  it.each([
    [100_000, 10_000],
    [100, 50],
  ])('[link.pinged] to a patience of %i ms it is pinged every %i', async (unreachableMs, everyMs) => {
    const { shell, start, answer } = linkOf([], { limits: { unreachableMs } });
    await start();
    await answer(0);
    expect(shell.clock.delays).toEqual([everyMs]);
  });

  it('[link.lost] that is lost is made again, and no ping is left of it', async () => {
    const { shell, link, start, answer, connections } = linkOf([]);
    await start();
    await answer(0);
    expect([link.linked, link.waitingFor()]).toEqual([true, null]);
    connections[0]!.end();
    await shell.clock.turn();
    expect([link.linked, shell.clock.delays.length]).toEqual([false, 2]);
    await shell.clock.pass(10_000);
    expect(connections.length).toBe(2);
    await answer(0);
    expect(link.linked).toBe(true);
  });

  it('[link.lost] that is closed ends its connection, its pings and its tries', async () => {
    const { shell, link, start, answer, newest } = linkOf([sent(1, event('one'))]);
    await start();
    await answer(0);
    newest().last('podEvent').resolve({ received: 1 });
    await Promise.resolve();
    await Promise.resolve();
    link.close();
    await shell.clock.turn();
    expect(newest().destroyed).toBe(1);
    // What came before the end is noted.
    expect(shell.committed.flat().filter(({ type }) => type === 'podEventAcked').length).toBe(1);
    link.emitted();
    link.start();
    await shell.clock.pass(100_000);
    expect([shell.dialled.length, shell.clock.delays]).toEqual([1, []]);
  });

  it('[link.lost] the late end of an old link does not end the new one', async () => {
    const { shell, link, start, answer, newest, connections } = linkOf([sent(1, event('one'))]);
    await start();
    await answer(0);
    const [old] = connections;
    old!.destroy = () => undefined;
    newest().last('podEvent').reject(new Error('timed out'));
    await shell.clock.pass(10_000);
    await answer(1);
    old!.end();
    await shell.clock.turn();
    expect([connections.length, link.linked]).toEqual([2, true]);
  });

  it('[link.lost] a close notes nothing that is noted, and tries nothing again behind it', async () => {
    const noted = linkOf([sent(1, event('one')), acked(1)]);
    noted.link.close();
    expect(noted.acks()).toEqual([]);
    const refused = linkOf([sent(1, event('one'))]);
    await refused.start();
    await refused.answer(0);
    refused.shell.refusal = new Error('no room');
    refused.newest().last('podEvent').resolve({ received: 1 });
    await Promise.resolve();
    await Promise.resolve();
    refused.link.close();
    // The pod's own look at its disk.
    expect(refused.shell.clock.delays).toEqual([1_000]);
  });

  it('[link.failed] what is polled are the socket of the parent and the file that says where it is', async () => {
    const polled: (readonly string[])[] = [];
    const { shell, start } = linkOf([], {
      home: { identityOf: (paths) => (polled.push(paths), 'as before') },
    });
    shell.dial = () => Promise.reject(new Error('nobody listens'));
    await start();
    await shell.clock.pass(200);
    const places = ['/sockets/above', podFolder(shell.pod.home, 'above').address];
    expect([polled[0], polled.at(-1)]).toEqual([places, places]);
  });

  it('[link.overtaken] a run that an older link brought is refused; one that waits for the answer is judged by it', async () => {
    const { link, start, answer } = linkOf([]);
    await link.refuseOvertaken(0);
    await start();
    const early = link.refuseOvertaken(4).catch((error: unknown) => error);
    await answer(0, { link: 5 });
    expect(await early).toMatchObject({ code: 'regressed' });
    await link.refuseOvertaken(5);
    await expect(link.refuseOvertaken(4)).rejects.toMatchObject({
      code: 'regressed',
      message: 'A later link has said that this run never came; give it again.',
    });
  });

  it('[link.overtaken] while an answer has not come that may have been given, none is taken; a number that is known does not count', async () => {
    const { shell, link, start, answer, newest } = linkOf([]);
    await start();
    await answer(0, { link: 5 });
    newest().end();
    await shell.clock.pass(60_000);
    const early = link.refuseOvertaken(5).catch((error: unknown) => error);
    // The parent has it, and the answer is lost.
    newest().last('link').reject(new Error('the connection was lost'));
    await shell.clock.turn();
    expect(await early).toMatchObject({ code: 'regressed' });
    await expect(link.refuseOvertaken(7)).rejects.toMatchObject({ code: 'regressed' });
    await shell.clock.pass(60_000);
    await answer(0, { link: 8 });
    await expect(link.refuseOvertaken(7)).rejects.toMatchObject({ code: 'regressed' });
    await link.refuseOvertaken(8);
  });
});

describe('an event that somebody waits for', () => {
  it('[link.awaited] is committed at once and accepted when the parent has it', async () => {
    const { shell, link, start, answer, newest } = linkOf([]);
    await start();
    await answer(0);
    const outcome = link.outcomeOf(link.fireAndForget(event('one')), 5_000);
    expect(shell.committed).toEqual([[sent(1, event('one'))]]);
    expect(shell.order.slice(-2)).toEqual(['commit podEventEmitted', 'emitted']);
    link.emitted();
    await shell.clock.turn();
    newest().last('podEvent').resolve({ received: 1 });
    await shell.clock.turn();
    expect(await outcome).toEqual({ kind: 'accepted' });
    // Only the pings are waited for.
    expect(shell.clock.delays.length).toBe(1);
  });

  it('[link.awaited] is pending at its deadline, with the reason, and goes on being sent', async () => {
    const linked = linkOf([]);
    await linked.start();
    await linked.answer(0);
    const one = linked.link.outcomeOf(linked.link.fireAndForget(event('one')), 5_000);
    linked.link.emitted();
    await linked.shell.clock.pass(5_000);
    expect(await one).toEqual({ kind: 'pending', reason: 'no acknowledgement yet' });
    const alone = linkOf([sent(1, event('one'))]);
    const before = alone.link.outcomeOf(1, 100);
    await alone.shell.clock.pass(100);
    expect(await before).toEqual({ kind: 'pending', reason: 'linking to the parent' });
    expect(await alone.link.outcomeOf(1, 0)).toEqual({ kind: 'pending', reason: 'linking to the parent' });
    alone.shell.pod.commit([acked(1)]);
    expect(await alone.link.outcomeOf(1, 0)).toEqual({ kind: 'accepted' });
  });

  it('[link.awaited] a refusal that comes meanwhile is said', async () => {
    const { link, start, refuse } = linkOf([]);
    await start();
    const outcome = link.outcomeOf(link.fireAndForget(event('one')), 5_000);
    await refuse(gone);
    expect(await outcome).toEqual({ kind: 'refused', reason: 'unknownChild: no such child' });
  });
});
