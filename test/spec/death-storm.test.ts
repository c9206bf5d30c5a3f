/**
 * Many events in short time: nothing is lost, memory stays flat, and agents that keep each other awake run
 * into the budget, where nothing is dropped.
 */
import { execFileSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noticesOf, ofType, receiptsOf, seenThrough, verified } from '../support/audit.ts';
import { fakeChildren } from '../support/fake-child.ts';
import { TestHome, type TestPod } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

const mebibyte = 1_048_576;

function residentBytes(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1_024;
}

async function untilReceived(root: TestPod, instance: string, count: number): Promise<void> {
  await root.until(`${count} events`, (all) => receiptsOf(all, instance).length >= count);
}

describe('a storm', () => {
  it('[storm.reports] a child that ends a turn every 10 ms for 10 s: each report once, in order, read; memory flat', async () => {
    const root = home.makeRoot({ limits: { wakesPerMinute: 1_000_000, hops: 1_000_000 } });
    const [child] = await fakeChildren(home, root, 1);
    if (child === undefined) throw new Error('no fake child');
    await root.start();
    await child.link();
    const count = 1_000;
    // By then V8 has made its heap as large as a working pod's is, which is no leak.
    const warm = 500;
    const { pid } = await root.process();
    let before = 0;
    // The pace is the story here, not a wait for something.
    for (let sent = 0; sent < count; sent += 1) {
      await Promise.all([child.report(child.turnEnded('finished')), wait(10)]);
      if (sent === warm) before = residentBytes(pid);
    }
    await untilReceived(root, child.instance, count);
    const status = await root.untilSettled();
    const grown = residentBytes(pid) - before;
    const entries = await root.entries();
    expect(receiptsOf(entries, child.instance).map(({ eventSeq }) => eventSeq)).toEqual(
      Array.from({ length: count }, (_, index) => index + 1),
    );
    expect(noticesOf(entries, child.instance)).toHaveLength(count);
    expect(noticesOf(entries, child.instance).every(({ seq }) => seq <= seenThrough(entries))).toBe(true);
    expect(status.watchdogRescues).toBe(0);
    expect(grown / mebibyte).toBeLessThan(48);
    expect(await verified(home)).toEqual([]);
  }, 120_000);

  it('[storm.ping-pong] a parent and a child that keep each other busy stop at the budget; a person goes on, nothing is dropped', async () => {
    const root = await home.startRoot({
      scenario: `rules:
  - { pod: root, last: user, matches: '^begin', call: [ { SpawnPod: { name: kid, task: ping } } ] }
  - { pod: root, last: user, matches: '^enough', say: 'Enough.' }
  - { pod: root, last: notification, call: [ { SendToPod: { name: kid, message: ping } } ] }
  - { say: 'Pong.' }
`,
      limits: { hops: 5, wakesPerMinute: 1_000 },
    });
    await root.run('begin');
    const kid = await home.spawned('kid');
    const alert = await root.untilEntry('alert', ({ code }) => code === 'wakeBudget');
    expect(alert.text).toContain('a chain of 5 turns');
    const status = await root.call('status', {});
    expect(status).toMatchObject({ status: 'idle', attention: 'budget', settled: false });
    expect(status.pending.received).toBe(1);
    const turns = ofType(await root.entries(), 'turnStarted').filter(
      ({ kind }) => kind === 'runForNotification',
    );
    expect(turns).toHaveLength(5);
    await root.run('enough');
    await root.until('the waiting report is read', (all) => {
      const notices = noticesOf(all, kid.instance);
      return (
        notices.length === receiptsOf(all, kid.instance).length && notices.at(-1)!.seq <= seenThrough(all)
      );
    });
    expect(await verified(home)).toEqual([]);
  });
});
