/**
 * Fifty children finish at the same moment, eight of them real processes: every outcome stands in the history
 * once, for a handful of turns.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../src/session/facts/entries.ts';
import { fakeChildren } from '../support/fake-child.ts';
import { TestHome, eventually } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

const real = 8;
const fakes = 42;
const names = Array.from({ length: real }, (_, index) => `real${index + 1}`);

/** Each real child waits in its tool until the barrier falls. */
const scenario = `rules:
  - pod: root
    last: user
    call:
${names.map((name) => `      - SpawnPod: { name: ${name}, task: wait }`).join('\n')}
  - { pod: root, last: tool, say: all at work }
  - { pod: root, say: noted }
  - pod: "real*"
    last: user
    call: [{ Bash: { command: "touch ready-$PPID; while [ ! -e go ]; do sleep 0.02; done" } }]
  - { pod: "real*", say: "{{pod}} is done." }
`;

function told(entries: readonly Entry[]): string[] {
  return entries.flatMap((entry) =>
    entry.type === 'systemItem' && entry.item.kind === 'podEvent' && entry.item.event.kind === 'turnEnded'
      ? [`${entry.item.from.name}:${entry.item.seq}`]
      : [],
  );
}

describe('a crowd', () => {
  it('[crowd.once] fifty outcomes at once: each in the history exactly once, in far fewer turns, all seen, nothing rescued', async () => {
    const limits = { children: 100, pods: 200, coalesceMs: 100 };
    const root = home.makeRoot({ scenario, limits, permissionMode: 'bypassPermissions' });
    const crowd = await fakeChildren(home, root, fakes);
    await root.start();
    await Promise.all(crowd.map((child) => child.link()));
    await root.run('delegate');
    await root.until('the root has delegated', (all) =>
      all.some((entry) => entry.type === 'turnEnded' && entry.outcome === 'finished'),
    );
    for (const name of names) {
      const child = await home.spawned(name);
      await child.untilEntry('toolCall', (entry) => entry.tool === 'Bash');
    }
    const before = (await root.call('status', {})).turns;
    writeFileSync(join(home.work, 'go'), '');
    await Promise.all(crowd.map((child) => child.report(child.turnEnded('finished'))));
    const entries = await root.until('all fifty are told', (all) => new Set(told(all)).size === real + fakes);
    await eventually(
      root.folder.path,
      async () => (await root.call('status', {})).pending.unseen === 0,
      'all are seen',
    );
    const wanted = [...crowd.map((child) => `${child.name}:1`), ...names.map((name) => `${name}:1`)];
    expect(told(entries).sort()).toEqual(wanted.sort());
    const status = await root.call('status', {});
    expect(status.turns - before).toBeLessThanOrEqual(12);
    expect(status.pending).toMatchObject({ received: 0, unseen: 0 });
    expect(status.watchdogRescues).toBe(0);
    for (const row of await root.call('deliveries', { direction: 'in' })) {
      expect(row).toMatchObject({ state: 'seen' });
    }
    for (const child of crowd) await child.end();
  });
});
