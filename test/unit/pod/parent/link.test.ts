/** The child's side of its link: how it introduces itself, and what is sent in which order with the disk. */
import { describe, expect, it } from 'vitest';
import { protocolVersion } from '../../../../src/protocol/limits.ts';
import { RemoteError } from '../../../../src/transport/failures.ts';
import { type Line, fromAbove, me, run, sent, working } from '../../machine-rig.ts';
import { event, linkOf } from './link-rig.ts';

const scope = { read: ['/w'], write: ['/w'] };

const gone = new RemoteError(-32000, 'no such child', { code: 'unknownChild' });

describe('the introduction', () => {
  it('[link.introduced] says who the child is, what it has, and how much it has said, behind a sync', async () => {
    const work: Line[] = [
      ...working('t1', 'a1', fromAbove),
      run('a2', { from: fromAbove }),
      sent(1, event('one')),
    ];
    const { shell, start, newest, phases, links, answer } = linkOf(work);
    await start();
    expect(shell.dialled).toEqual([{ path: '/sockets/above', timeoutMs: 5_000 }]);
    expect(newest().paramsOf('link')).toEqual([
      {
        child: { ...me, incarnation: 1, pid: 7, startTime: '8', bootId: 'b' },
        token: 'token of me',
        protocol: protocolVersion,
        assignments: { open: ['a1', 'a2'], closed: [] },
        emitted: 1,
        acked: 0,
      },
    ]);
    expect(shell.order).toEqual(['synced']);
    expect([phases(), links()]).toEqual([['linking'], 0]);
    await answer(1);
    expect([phases(), links()]).toEqual([['linking', 'linked'], 1]);
  });

  it('[link.introduced] says what it holds of the budget of its parent, where it holds any', async () => {
    const lease = { granted: 5, returned: 0 };
    const { start, newest } = linkOf([{ type: 'budgetLease', confirmed: true, tokens: lease }]);
    await start();
    expect(newest().paramsOf('link')).toMatchObject([{ budget: { tokens: { ...lease, used: 0 } } }]);
  });

  it('[link.introduced] names what its report has closed as closed', async () => {
    const report = sent(1, { ...event('done'), assignments: ['a1'] });
    const { start, newest } = linkOf([...working('t1', 'a1', fromAbove), report]);
    await start();
    expect(newest().paramsOf('link')).toMatchObject([{ assignments: { open: [], closed: ['a1'] } }]);
  });

  it.each([
    ['the same', scope, 0],
    ['nothing', null, 0],
    ['an empty list of denials', { ...scope, deny: [] }, 0],
    ['less', { read: ['/w'], write: [] }, 1],
    ['a denial', { ...scope, deny: [{ path: '/w/a', rights: ['write'] }] }, 1],
    ['other to read', { read: ['/'], write: ['/w'] }, 1],
  ])('[link.scope] an answer with %s is kept as its scope: %#', async (_, granted, count) => {
    const { shell, start, answer } = linkOf([]);
    await start();
    await answer(0, { scope: granted });
    const entries = shell.committed.flat().filter(({ type }) => type === 'scope');
    expect(entries).toEqual(count === 0 ? [] : [{ type: 'scope', change: 'granted', scope: granted }]);
  });

  it('[link.introduced] a close while it is dialled, or while it is answered, ends its connection', async () => {
    const dialled = linkOf([]);
    dialled.link.start();
    dialled.link.close();
    await dialled.shell.clock.turn();
    expect([dialled.newest().destroyed, dialled.newest().asked]).toEqual([1, []]);
    const asked = linkOf([]);
    await asked.start();
    asked.link.close();
    await asked.answer(0);
    expect([asked.newest().destroyed, asked.links(), asked.phases()]).toEqual([1, 0, ['linking']]);
  });
});

describe('what is sent', () => {
  const two: Line[] = [sent(1, event('one')), sent(2, event('two'))];

  it('[link.sent] goes behind the sync, all at once and in order', async () => {
    const { shell, start, answer, seqs, newest } = linkOf(two);
    await start();
    shell.order.length = 0;
    await answer(0);
    expect(shell.order).toEqual(['me at event.committed', 'synced', 'me at event.sent']);
    expect(newest().paramsOf('podEvent')).toEqual([
      { from: { instance: me.instance, incarnation: 1 }, seq: 1, event: event('one') },
      { from: { instance: me.instance, incarnation: 1 }, seq: 2, event: event('two') },
    ]);
    expect(seqs()).toEqual([1, 2]);
  });

  it('[link.sent] begins behind what the parent has, and notes that as acknowledged', async () => {
    const { shell, start, answer, seqs } = linkOf(two);
    await start();
    await answer(1);
    expect(seqs()).toEqual([2]);
    expect(shell.committed).toEqual([[{ type: 'podEventAcked', through: 1, sent: [] }]]);
  });

  it('[link.acknowledged] is shown, counted by its tries, and forgotten when it is acknowledged', async () => {
    const { shell, link, start, answer, newest } = linkOf([sent(1, event('one'))]);
    await start();
    await answer(0);
    expect(link.sentInfo(1)).toEqual({ attempts: 1, at: 'wall 1000' });
    newest().end();
    await shell.clock.turn();
    expect(link.waitingFor()).toBe('the link to the parent was lost');
    await shell.clock.pass(10_000);
    await answer(0);
    const at = link.sentInfo(1)?.at;
    expect(link.sentInfo(1)).toEqual({ attempts: 2, at: expect.stringMatching(/^wall /) });
    newest().last('podEvent').resolve({ received: 1 });
    await shell.clock.turn();
    const entry = { type: 'podEventAcked', through: 1, sent: [{ seq: 1, attempts: 2, at }] };
    expect([shell.committed, link.sentInfo(1)]).toEqual([[[entry]], undefined]);
    const changes = shell.shown.filter((one) => one.type === 'deliveryChanged' && !('link' in one));
    expect(changes).toEqual([
      { type: 'deliveryChanged', seq: 1, state: 'sent', attempts: 1 },
      { type: 'deliveryChanged', seq: 1, state: 'sent', attempts: 2 },
      { type: 'deliveryChanged', through: 1, state: 'received' },
    ]);
    expect(shell.order).toContain('me at event.acked');
  });

  it('[link.acknowledged] many acknowledgements at once are one entry', async () => {
    const { shell, start, answer, newest } = linkOf(two);
    await start();
    await answer(0);
    for (const [index, one] of newest()
      .asked.filter(({ method }) => method === 'podEvent')
      .entries())
      one.answer.resolve({ received: index + 1 });
    await shell.clock.turn();
    expect(shell.committed).toMatchObject([
      [{ type: 'podEventAcked', through: 2, sent: [{ seq: 1 }, { seq: 2 }] }],
    ]);
  });

  it('[link.acknowledged] those of two moments are two entries, and a repeated one is none', async () => {
    const { shell, start, answer, newest, acks } = linkOf(two);
    await start();
    await answer(0);
    const [one, other] = newest().asked.filter(({ method }) => method === 'podEvent');
    one?.answer.resolve({ received: 1 });
    await shell.clock.turn();
    other?.answer.resolve({ received: 2 });
    await shell.clock.turn();
    expect(acks()).toMatchObject([{ through: 1 }, { through: 2 }]);
    // Once more what is noted: over a new link.
    newest().end();
    await shell.clock.pass(10_000);
    await answer(2);
    expect(acks().length).toBe(2);
  });

  it('[link.failed] a sync that fails ends the link with its reason, and nothing was sent', async () => {
    const { shell, link, start, answer, newest, seqs } = linkOf([]);
    await start();
    await answer(0);
    shell.sync = Promise.reject(new Error('the disk is gone'));
    shell.pod.commit([sent(1, event('one'))]);
    link.emitted();
    await shell.clock.turn();
    expect([link.waitingFor(), seqs(), newest().destroyed]).toEqual(['the disk is gone', [], 1]);
  });

  it('[link.acknowledged] an acknowledgement that the log refuses is tried again after a second', async () => {
    const { shell, link, start, answer, newest, acks } = linkOf([sent(1, event('one'))]);
    await start();
    await answer(0);
    shell.refusal = new Error('no room');
    newest().last('podEvent').resolve({ received: 1 });
    await shell.clock.turn();
    expect([acks(), link.sentInfo(1)?.attempts]).toEqual([[], 1]);
    shell.refusal = null;
    await shell.clock.pass(999);
    expect(acks()).toEqual([]);
    await shell.clock.pass(1);
    expect(acks()).toMatchObject([{ type: 'podEventAcked', through: 1 }]);
    await shell.clock.pass(60_000);
    expect(acks().length).toBe(1);
  });

  it('[link.sent] what is said while a link is there follows at once', async () => {
    const { shell, link, start, answer, seqs, phases } = linkOf(two);
    await start();
    await answer(2);
    shell.pod.commit([sent(3, event('three'))]);
    link.emitted();
    await shell.clock.turn();
    expect([seqs(), phases()]).toEqual([[3], ['linking', 'linked']]);
  });

  it('[link.sent] nothing goes on over a link that was lost during the sync', async () => {
    const { shell, link, start, answer, connections } = linkOf([]);
    await start();
    await answer(0);
    let synced = (): void => undefined;
    shell.sync = new Promise((resolve) => (synced = resolve));
    shell.pod.commit([sent(1, event('one'))]);
    link.emitted();
    connections[0]!.end();
    await shell.clock.turn();
    synced();
    await shell.clock.turn();
    expect(connections[0]!.paramsOf('podEvent')).toEqual([]);
  });

  it('[link.sent] a late refusal over an old link does not touch the new one', async () => {
    const { shell, link, start, answer, connections } = linkOf([sent(1, event('one'))]);
    await start();
    await answer(0);
    connections[0]!.end();
    await shell.clock.pass(10_000);
    await answer(0);
    connections[0]!.last('podEvent').reject(gone);
    await shell.clock.turn();
    expect([link.linked, link.refusal]).toEqual([true, null]);
    connections[1]!.last('podEvent').reject(gone);
    await shell.clock.turn();
    expect([link.linked, link.refusal]).toMatchObject([false, { code: 'unknownChild' }]);
  });
});
