import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hasNoLog, isMissing, isRemoved } from '../../../src/pod/children/removed-child.ts';
import { nodeHost } from '../../../src/pod/node-host.ts';
import { type Home, homeOf, podFolder, writeTombstone } from '../../../src/session/home/home.ts';
import { uuidv7 } from '../../../src/std/uuid.ts';

const child = { name: 'kid', instance: uuidv7() };
let home: Home;
let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'pk-away-'));
  home = homeOf({ PODKIN_HOME: path });
  mkdirSync(podFolder(home, 'parent').path, { recursive: true });
});
afterEach(() => rmSync(path, { recursive: true }));

/** `between` happens between the two looks. */
function parent(between: () => void = () => undefined) {
  const host = nodeHost(home);
  const looks: number[] = [];
  const clock: typeof host.clock = {
    ...host.clock,
    after(delayMs, wake) {
      looks.push(delayMs);
      between();
      wake();
      return () => undefined;
    },
  };
  let place: 'inPlace' | 'moved' = 'inPlace';
  return {
    looks,
    away: () => (place = 'moved'),
    folderOf: ({ name }: { name: string }) => podFolder(home, name),
    host: { home: host.home, clock },
    log: { whereabouts: () => place },
    core: { limits: { deathGraceMs: 700 } },
  };
}

it('[restore.home-away] a folder that is missing twice in a home that is there was removed', async () => {
  const looking = parent();
  expect(await isRemoved(looking, child, isMissing)).toBe(true);
  expect(await isRemoved(looking, child, hasNoLog)).toBe(true);
  expect(looking.looks).toEqual([700, 700]);
});

it('[restore.home-away] a tombstone says so at once', async () => {
  const looking = parent();
  writeTombstone(home, {
    ...child,
    parent: null,
    removedAt: '2026-01-01T00:00:00.000Z',
    received: {},
    emitted: 0,
    acked: 0,
    discarded: false,
  });
  expect(await isRemoved(looking, child, isMissing)).toBe(true);
  expect(looking.looks).toEqual([]);
});

it('[restore.home-away] nothing is said of a removal while the home or the own log is away, at either look', async () => {
  const pods = join(home.state, 'pods');
  const moved = parent();
  moved.away();
  expect(await isRemoved(moved, child, isMissing)).toBe(false);
  expect(moved.looks).toEqual([]);
  const late = parent(() => late.away());
  expect(await isRemoved(late, child, isMissing)).toBe(false);
  expect(
    await isRemoved(
      parent(() => renameSync(pods, `${pods}.away`)),
      child,
      isMissing,
    ),
  ).toBe(false);
  expect(await isRemoved(parent(), child, isMissing)).toBe(false);
});

it('[restore.home-away] nothing is said of a removal where it is back at the second look', async () => {
  const looking = parent(() => {
    nodeHost(home).home.create({
      schema: 1,
      podkin: 'test',
      ...child,
      parent: null,
      root: child,
      depth: 0,
      cwd: path,
      model: 'script/none',
      instructions: null,
      permissionMode: 'default',
      scope: { read: [], write: [] },
      settings: {},
    });
  });
  expect(await isRemoved(looking, child, isMissing)).toBe(false);
});
