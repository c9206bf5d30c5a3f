import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { homeOf, writeTombstone } from '../../../src/session/home/home.ts';
import { pruneTombstones } from '../../../src/session/home/old-tombstones.ts';

const nowMs = Date.parse('2026-06-02T00:00:01.000Z');
const dayBefore = '2026-06-01T00:00:00.000Z';

it('[growth.tombstones] gone are those a day old whose children and whose parent are gone; young ones, those of earlier builds and those in use stay', () => {
  const path = mkdtempSync(join(tmpdir(), 'pk-stones-'));
  const home = homeOf({ PODKIN_HOME: path });
  const stone = (instance: string, parent: string | null | undefined, removedAt = dayBefore) => {
    const numbers = { received: {}, emitted: 0, acked: 0, discarded: false };
    const of = parent === undefined ? {} : { parent };
    writeTombstone(home, { name: instance, instance, removedAt, ...of, ...numbers });
  };
  stone('root', null);
  stone('child-of-removed', 'root');
  stone('child-of-standing', 'standing');
  stone('parent-of-standing', null);
  stone('young', null, '2026-06-01T12:00:00.000Z');
  stone('of-an-earlier-build', undefined);
  const pods = [
    { instance: 'standing', parent: null },
    { instance: 'orphan', parent: 'parent-of-standing' },
  ];
  try {
    pruneTombstones(home, pods, nowMs);
    expect(readdirSync(join(home.state, 'removed')).sort()).toEqual(
      ['child-of-standing', 'of-an-earlier-build', 'parent-of-standing', 'young'].map(
        (name) => `${name}.json`,
      ),
    );
  } finally {
    rmSync(path, { recursive: true });
  }
});
