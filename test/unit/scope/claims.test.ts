/**
 * Claims of many trees over one home: no two exclusive ones overlap but within one line of giving, the dead
 * count for nothing, owners are named.
 */
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Claim,
  conflictText,
  heldByOthers,
  type StatusOf,
  replaced,
  scopeBesideOthers,
  seenAlive,
} from '../../../src/scope/ownership/claims.ts';
import { contested } from '../../../src/scope/paths/narrow.ts';
import { Registry } from '../../../src/scope/ownership/registry.ts';
import { homeOf } from '../../../src/session/home/home.ts';
import { takeLock } from '../../../src/session/lock/lock.ts';
import { ownNamespaces } from '../../../src/std/namespaces.ts';
import { bootId } from '../../../src/std/process-identity.ts';

const process = (pid: number) => ({ pid, startTime: `${pid}`, bootId: 'boot' });
const pod = (name: string) => ({ name, instance: `${name}-id` });

/** Who is above a giver that is no root. */
const lines: Record<string, string[]> = { kid: ['root'], c: ['a'] };

interface Short {
  exclusive?: boolean;
  maker?: number;
  process?: number | null;
}
/** `giver` is the owner itself for a root; above it stand those that `lines` names. */
function claim(giver: string, owner: string, write: string[], more: Short = {}): Claim {
  const { exclusive = true, maker = 1, process: own = null } = more;
  const above = giver === owner ? [] : [...(lines[giver] ?? []), giver].map((name) => `${name}-id`);
  const ends = { maker: process(maker), process: own === null ? null : process(own) };
  return { above, owner: pod(owner), write, deny: [], exclusive, ...ends };
}
const everybodyLives: StatusOf = () => 'alive';
const bySight =
  (lives: (process: { pid: number }) => boolean): StatusOf =>
  (one) =>
    seenAlive(one, lives) ? 'alive' : 'dead';

describe('claims', () => {
  it('[scope.claims-conflict] a path that is another’s is refused with the owner’s name; given out of one’s own part it is not', () => {
    const root = claim('root', 'root', ['/w']);
    const kid = claim('root', 'kid', ['/w/a']);
    const first = replaced([], 'root-id', [root, kid], everybodyLives);
    expect(first.conflicts).toEqual([]);
    const second = replaced(first.claims, 'other-id', [claim('other', 'other', ['/w/a/b'])], everybodyLives);
    expect(second.conflicts).toHaveLength(1);
    expect(conflictText(second.conflicts[0]!)).toMatch(
      /^\/w\/a\/b is held for writing by the pod "(root|kid)"/,
    );
    expect(second.claims).toEqual(first.claims);
    const leaf = replaced(first.claims, 'kid-id', [claim('kid', 'leaf', ['/w/a/b'])], everybodyLives);
    expect(leaf.conflicts).toEqual([]);
  });

  it('[scope.claims-shared] roots without a path of their own share; what one of them hands down is held against the other', () => {
    const one = claim('one', 'one', ['/w'], { exclusive: false });
    const kid = claim('one', 'kid', ['/w/a']);
    const other = claim('other', 'other', ['/w'], { exclusive: false });
    const { claims } = replaced([one, kid], 'other-id', [other], everybodyLives);
    expect(claims).toHaveLength(3);
    const me = { instance: 'other-id', above: [] };
    expect(heldByOthers(claims, me, everybodyLives)).toEqual([{ path: '/w/a', holder: 'kid' }]);
    expect(heldByOthers(claims, { instance: 'one-id', above: [] }, everybodyLives)).toEqual([]);
    expect(heldByOthers(claims, { instance: 'kid-id', above: ['one-id'] }, everybodyLives)).toEqual([]);
  });

  it('[scope.now] a living root is denied what another’s child holds, a child writes only where a claim for it stands', () => {
    const shared = claim('one', 'one', ['/w'], { exclusive: false });
    const claims = [shared, claim('one', 'kid', ['/w/a'])];
    const registry = { claims, statusOf: everybodyLives };
    const byLog = { read: ['/w'], write: ['/w'] };
    const other = { instance: 'two-id', parent: null, root: pod('two') };
    const held = [{ path: '/w/a', right: 'write', holder: 'kid' }];
    expect(scopeBesideOthers(byLog, other, registry)).toEqual({ ...byLog, deny: held });
    const kid = { instance: 'kid-id', parent: pod('one'), root: pod('one') };
    expect(scopeBesideOthers({ read: ['/w'], write: ['/w/a', '/w/b'] }, kid, registry)).toEqual({
      read: ['/w'],
      write: ['/w/a'],
    });
    const none = { claims: [], statusOf: everybodyLives };
    expect(scopeBesideOthers({ read: ['/w'], write: ['/w/a'] }, kid, none).write).toEqual([]);
  });

  it('[scope.claims-dead] a claim whose owner and maker are gone counts for nothing and is dropped at the next change', () => {
    const dead = claim('old', 'old', ['/w'], { maker: 7, process: 8 });
    const lives = bySight(({ pid }) => pid === 1);
    const mine = claim('new', 'new', ['/w']);
    expect(replaced([dead], 'new-id', [mine], lives)).toEqual({ claims: [mine], conflicts: [] });
    // The owner outlives who made it, or is only being started by one who lives.
    expect(
      replaced(
        [dead],
        'new-id',
        [mine],
        bySight(({ pid }) => pid === 8),
      ).conflicts,
    ).toHaveLength(1);
    expect(
      replaced(
        [dead],
        'new-id',
        [mine],
        bySight(({ pid }) => pid === 7),
      ).conflicts,
    ).toHaveLength(1);
  });

  it('[scope.claims-unknown] a claim of whose owner nobody knows whether it runs holds, and what refuses it says so and what to do', () => {
    const theirs = claim('old', 'old', ['/w/a'], { maker: 7 });
    const nobodyKnows: StatusOf = (one) => (one === theirs ? 'unknown' : 'alive');
    const { claims, conflicts } = replaced([theirs], 'new-id', [claim('new', 'new', ['/w'])], nobodyKnows);
    expect(claims).toEqual([theirs]);
    expect(conflicts.map(conflictText)).toEqual([
      expect.stringMatching(
        /^\/w.* held for writing by the pod "old" \(\/w\/a\), and whether that pod runs is not known: .*"podkin restore --force old"/,
      ),
    ]);
    expect(heldByOthers([theirs], { instance: 'new-id', above: [] }, nobodyKnows)).toEqual([
      { path: '/w/a', holder: 'old' },
    ]);
  });

  it('[scope.claims-property] whatever is claimed and dies in whatever order, two living exclusive claims never overlap outside one line of giving', () => {
    const paths = ['/w', '/w/a', '/w/a/b', '/w/c', '/w/c/*', '/x'];
    // Two roots; each gives to one below it, and the first one's child gives on.
    const owners: Record<string, string[]> = { a: ['a', 'c'], b: ['b', 'd'], c: ['e'] };
    const names = Object.keys(owners);
    const request = fc.record({
      giver: fc.constantFrom(...names),
      wanted: fc.array(
        fc.record({
          owner: fc.nat(1),
          path: fc.constantFrom(...paths),
          shared: fc.boolean(),
        }),
        { maxLength: 3 },
      ),
      dies: fc.option(fc.nat(2), { nil: null }),
    });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 12 }), (requests) => {
        let claims: Claim[] = [];
        const dead = new Set<number>();
        const lives = bySight(({ pid }) => !dead.has(pid));
        for (const { giver, wanted, dies } of requests) {
          const maker = names.indexOf(giver) + 10;
          dead.delete(maker);
          const asked = wanted.map(({ owner, path, shared }) => {
            const mine = owners[giver]!;
            return claim(giver, mine[owner % mine.length]!, [path], { exclusive: !shared, maker });
          });
          ({ claims } = replaced(claims, pod(giver).instance, asked, lives));
          if (dies !== null) dead.add(dies + 10);
          const exclusive = claims.filter((one) => one.exclusive);
          for (const one of exclusive) {
            for (const two of exclusive) {
              if (one === two || one.owner.instance === two.owner.instance) continue;
              if (contested(one, two) === null) continue;
              const line = new Set([...one.above, ...two.above]);
              expect(line.has(one.owner.instance) || line.has(two.owner.instance)).toBe(true);
            }
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('the registry', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pk-registry-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const open = () => new Registry(homeOf({ PODKIN_HOME: folder }));

  it('[scope.registry-together] of many who change it at once nobody loses what he wrote', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `p${index}`);
    await Promise.all(
      names.map((name) =>
        open().update((before) => ({ claims: [...before, claim(name, name, [`/${name}`])], answer: null })),
      ),
    );
    const owners = open()
      .claims()
      .map(({ owner }) => owner.name);
    expect(owners.sort()).toEqual(names.sort());
  });

  it('[scope.registry-together] nor where a change takes its time', async () => {
    const names = ['a', 'b', 'c'];
    await Promise.all(
      names.map((name) =>
        open().update(async (before) => {
          await new Promise((resolve) => setImmediate(resolve));
          return { claims: [...before, claim(name, name, [`/${name}`])], answer: null };
        }),
      ),
    );
    const owners = open().claims();
    expect(owners.map(({ owner }) => owner.name).sort()).toEqual(names);
  });

  it('[scope.registry-damaged] a file that cannot be read is kept aside, and the claims that are made then stand', async () => {
    const registry = open();
    await registry.update(() => ({ claims: [claim('a', 'a', ['/a'])], answer: null }));
    for (const text of ['{"version":1,"claims":[{', '{"version":2,"claims":[]}', '']) {
      const last = registry.claims();
      writeFileSync(registry.path, text);
      expect([registry.claims(), open().claims()]).toEqual([last, []]);
      await registry.update((before) => ({ claims: [...before, claim('b', 'b', ['/b'])], answer: null }));
      expect(registry.claims().map(({ owner }) => owner.name)).toEqual(['b']);
    }
    const aside = readdirSync(join(folder, 'state')).filter((name) => name.includes('damaged'));
    expect(aside.length).toBeGreaterThan(0);
    expect(aside.map((name) => readFileSync(join(folder, 'state', name), 'utf8'))).toContain(
      '{"version":2,"claims":[]}',
    );
  });

  it('[scope.registry-busy] who holds it for longer than anybody needs is named, and nothing is changed', async () => {
    const registry = new Registry(homeOf({ PODKIN_HOME: folder }), { lockWaitMs: 100 });
    await registry.update(() => ({ claims: [], answer: null }));
    const lock = await takeLock({ instance: 'scope-registry', folder: join(folder, 'state') });
    try {
      const trying = registry.update(() => ({ claims: [claim('a', 'a', ['/a'])], answer: null }));
      await expect(trying).rejects.toThrow(/has been held by .*: let that process go on or end it/);
    } finally {
      if (lock.taken) await lock.release();
    }
    expect(registry.claims()).toEqual([]);
  });

  it.runIf(globalThis.process.platform === 'linux')(
    '[scope.registry-elsewhere] while another container changes it nobody else does, and what a death has left there holds nobody up',
    async () => {
      const registry = new Registry(homeOf({ PODKIN_HOME: folder }), { lockWaitMs: 100 });
      const change = () =>
        registry.update((before) => ({ claims: [...before, claim('a', 'a', ['/a'])], answer: null }));
      await change();
      const file = join(folder, 'state', '.scope.json.lock');
      const put = (network: string, boot: string, ageMs = 0) => {
        writeFileSync(file, JSON.stringify({ bootId: boot, network, id: 'x' }));
        const at = (Date.now() - ageMs) / 1_000;
        utimesSync(file, at, at);
      };
      put('net:[1]', bootId());
      await expect(change()).rejects.toThrow(/has been held by another process/);
      expect([registry.claims().length, existsSync(file)]).toEqual([1, true]);
      const left = [
        () => put('net:[1]', bootId(), 60_000),
        () => put('net:[1]', 'another-boot'),
        () => put(ownNamespaces().network ?? '', bootId()),
      ];
      for (const [at, leave] of left.entries()) {
        leave();
        await change();
        expect(registry.claims()).toHaveLength(at + 2);
      }
      expect(readdirSync(join(folder, 'state')).filter((name) => name.includes('lock'))).toEqual([]);
    },
  );
});
