/** The registry of a home: what is read of its file, what is written, and who is waited for. */
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Claim } from '../../../src/scope/ownership/claims.ts';
import { Registry, registryLock } from '../../../src/scope/ownership/registry.ts';
import type { Wait } from '../../../src/scope/ownership/waits.ts';
import { type Home, homeOf } from '../../../src/session/home/home.ts';
import { probeLock, takeLock } from '../../../src/session/lock/lock.ts';
import type { JsonObject, JsonValue } from '../../../src/std/json.ts';
import { errno, tempFolder } from '../session/log-rig.ts';
import { replaceFs } from './replaced-fs.ts';

const owner = { name: 'a', instance: 'a-id' };
const processOf = { pid: 7, startTime: '1', bootId: 'b' };
const deny = [
  { path: '/w/r', right: 'read' },
  { path: '/w/w', right: 'write' },
];
const ends = { maker: processOf, process: { ...processOf, pid: 8 } };
const namespaces = { network: 'net:[1]', process: null };
const claim = { owner, above: ['top'], write: ['/w'], deny, exclusive: true, ...ends, namespaces };
const plain: Claim = { owner, above: [], write: ['/v'], deny: [], exclusive: false, ...ends, process: null };

function registryOf(options: { lockWaitMs?: number } = {}) {
  const home: Home = homeOf({ PODKIN_HOME: tempFolder() });
  mkdirSync(home.state, { recursive: true });
  const registry = new Registry(home, options);
  const put = (value: unknown) => writeFileSync(registry.path, JSON.stringify(value));
  const files = () => readdirSync(home.state).sort();
  const lockState = () => probeLock(registryLock(home));
  const write = (...claims: Claim[]) => registry.update(() => ({ claims, answer: 'done' }));
  return { home, registry, put, files, lockState, write, file: join(home.state, '.scope.json.lock') };
}

/** The same fields in the opposite order: the schema would bring them into its own. */
const reversed = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).reverse()) as unknown as T;

describe('what is read', () => {
  it('[start.plain-look] a registry of podkin’s own is taken as it is, without the schema', () => {
    const { registry, put } = registryOf();
    const { namespaces: _, ...old } = claim;
    for (const one of [claim, plain, { ...claim, namespaces: { network: null, process: 'pid:[1]' } }, old]) {
      const claims = [reversed(one)];
      put({ claims, version: 1 });
      expect(JSON.stringify(registry.read())).toBe(JSON.stringify(claims));
    }
  });

  it('[scope.registry-read] fields of a later version are left out, at whatever depth', () => {
    const { registry, put } = registryOf();
    const more = { later: 1 };
    const grown = {
      ...claim,
      ...more,
      owner: { ...owner, ...more },
      deny: deny.map((one) => ({ ...one, ...more })),
      maker: { ...processOf, ...more },
      namespaces: { ...namespaces, ...more },
    };
    for (const [key, value] of Object.entries(grown)) {
      put({ version: 1, claims: [{ ...claim, [key]: value }] });
      expect(registry.read()).toEqual([claim]);
    }
    put({ version: 1, claims: [claim, plain], ...more });
    expect(registry.read()).toEqual([claim, plain]);
  });

  const otherProcess = (fields: JsonObject): JsonValue => ({ ...processOf, ...fields });
  it.each<[string, JsonValue[]]>([
    [
      'owner',
      ['a', null, { name: 'a' }, { instance: 'i' }, { ...owner, name: 1 }, { ...owner, instance: 1 }],
    ],
    ['above', ['top', [1], null]],
    ['write', ['/w', [null], {}]],
    ['deny', ['/w', [null], ['/w'], [{ path: '/w' }], [{ path: 1, right: 'read' }]]],
    ['deny', [[{ path: '/w', right: 'all' }], [{ path: '/w', right: '' }], [deny[0]!, { right: 'read' }]]],
    ['exclusive', ['yes', 1, null]],
    ['maker', [null, 7, otherProcess({ pid: '7' }), otherProcess({ pid: 0.5 }), { pid: 7 }]],
    ['maker', [otherProcess({ startTime: 1 }), otherProcess({ bootId: null })]],
    [
      'process',
      [7, {}, otherProcess({ pid: null }), otherProcess({ startTime: 1 }), otherProcess({ bootId: 1 })],
    ],
    ['namespaces', [null, {}, { network: null }, { process: null }]],
    [
      'namespaces',
      [
        { ...namespaces, network: 1 },
        { ...namespaces, process: 1 },
      ],
    ],
  ])('[scope.registry-read] a claim with another %s is not understood', (field, values) => {
    const { registry, put } = registryOf();
    for (const value of values)
      for (const beside of [{}, { later: 1 }]) {
        put({ version: 1, claims: [plain, { ...claim, [field]: value }], ...beside });
        expect([value, registry.read()]).toEqual([value, null]);
        expect(registry.claims()).toEqual([]);
      }
  });

  it('[scope.registry-read] nor is one that lacks a field', () => {
    const { registry, put } = registryOf();
    for (const field of Object.keys(plain)) {
      const lacking = Object.fromEntries(Object.entries(plain).filter(([name]) => name !== field));
      put({ version: 1, claims: [lacking] });
      expect([field, registry.read()]).toEqual([field, null]);
    }
  });

  it.each<[string, string]>([
    ['nothing', ''],
    ['no JSON', '{"version":1,"claims":['],
    ['a list', '[]'],
    ['a text', '"x"'],
    ['null', 'null'],
    ['another version', '{"version":2,"claims":[]}'],
    ['no version', '{"claims":[]}'],
    ['claims that are no list', '{"version":1,"claims":{}}'],
  ])('[scope.registry-read] nor a file that holds %s', (_, text) => {
    const { registry } = registryOf();
    writeFileSync(registry.path, text);
    expect([registry.read(), registry.claims()]).toEqual([null, []]);
  });

  it('[scope.registry-read] where there is none, nobody claims anything', () => {
    const { registry } = registryOf();
    expect([registry.read(), registry.claims()]).toEqual([[], []]);
    expect(registry.claims()).toBe(registry.claims());
  });

  it('[scope.registry-read] what else is in its place is not understood; what the system refuses is its error', () => {
    const { registry, home } = registryOf();
    mkdirSync(registry.path);
    expect([registry.read(), registry.claims()]).toEqual([null, []]);
    const beside = new Registry({ ...home, state: join(home.state, 'file') });
    writeFileSync(join(home.state, 'file'), '');
    expect(() => beside.read()).toThrow('ENOTDIR');
  });

  it('[scope.registry-read] it is read again once it has changed, and only then', () => {
    const { registry, put } = registryOf();
    expect(registry.claims()).toEqual([]);
    put({ version: 1, claims: [plain] });
    const first = registry.claims();
    expect(first).toEqual([plain]);
    expect(registry.claims()).toBe(first);
    const { ino, mtimeMs } = statSync(registry.path);
    // As long as before, and in the same file.
    put({ version: 1, claims: [{ ...plain, write: ['/x'] }] });
    utimesSync(registry.path, mtimeMs / 1_000 + 1, mtimeMs / 1_000 + 1);
    expect([statSync(registry.path).ino, registry.claims()]).toMatchObject([ino, [{ write: ['/x'] }]]);
  });
});

describe('those who wait', () => {
  const wait: Wait = { ...claim, deny: [], process: null, since: 'then' };

  it('[scope.registry-read] stand beside the claims; what is not understood of them is nobody’s, and costs no claim', () => {
    const { registry, put } = registryOf();
    for (const one of [wait, { ...reversed(wait), namespaces: { network: null, process: null } }]) {
      put({ version: 1, claims: [claim], waits: [one] });
      expect(registry.held()).toMatchObject({ claims: [claim], waits: [one] });
    }
    for (const odd of ['odd', [claim], [{ ...wait, since: 1 }]]) {
      put({ version: 1, claims: [claim], waits: odd });
      expect(registry.held()).toMatchObject({ claims: [claim], waits: [] });
      expect(registry.read()).toEqual([claim]);
    }
    put({ version: 1, claims: [claim], waits: [{ ...wait, later: 1 }] });
    expect(registry.held().waits).toEqual([wait]);
  });

  it('[scope.registry-whole] are written where there are any, and stay where a change says nothing of them', async () => {
    const { registry } = registryOf();
    await registry.update(() => ({ claims: [plain], waits: [wait], answer: null }));
    const text = `${JSON.stringify({ version: 1, claims: [plain], waits: [wait] })}\n`;
    expect(readFileSync(registry.path, 'utf8')).toBe(text);
    const seen: unknown[] = [];
    await registry.update((claims, waits) => (seen.push(waits), { claims, answer: null }));
    expect([seen, readFileSync(registry.path, 'utf8')]).toEqual([[[wait]], text]);
    await registry.update((claims) => ({ claims, waits: [], answer: null }));
    expect(readFileSync(registry.path, 'utf8')).toBe(`${JSON.stringify({ version: 1, claims: [plain] })}\n`);
  });
});

describe('what is written', () => {
  it('[scope.registry-whole] is the file, readable by its owner alone, and nothing beside it', async () => {
    const { registry, files, write } = registryOf();
    expect(await write(plain)).toBe('done');
    expect(readFileSync(registry.path, 'utf8')).toBe(`${JSON.stringify({ version: 1, claims: [plain] })}\n`);
    expect([files(), statSync(registry.path).mode & 0o777]).toEqual([['scope.json'], 0o600]);
  });

  it('[scope.registry-whole] makes the folder where there is none', async () => {
    const home = homeOf({ PODKIN_HOME: join(tempFolder(), 'new') });
    await new Registry(home).update(() => ({ claims: [plain], answer: null }));
    expect(existsSync(join(home.state, 'scope.json'))).toBe(true);
  });

  it('[scope.registry-whole] is left as it is where nothing has changed', async () => {
    const { registry, write, files } = registryOf();
    await write();
    expect(files()).toEqual([]);
    await write(plain);
    const { ino } = statSync(registry.path);
    await write(plain);
    expect(statSync(registry.path).ino).toBe(ino);
    await write();
    expect(registry.read()).toEqual([]);
  });

  it('[scope.registry-damaged] in the place of what is not understood, which is kept aside', async () => {
    const { registry, write, files } = registryOf();
    writeFileSync(registry.path, 'odd');
    await write();
    expect(registry.read()).toEqual([]);
    const [name, aside = ''] = files();
    expect([name, files().length]).toEqual(['scope.json', 2]);
    expect(aside).toMatch(/^scope\.json\.damaged-\d{13}-[0-9a-f]{6}$/);
    expect(readFileSync(join(dirname(registry.path), aside), 'utf8')).toBe('odd');
  });

  it.each([
    ['missing', (path: string) => rmSync(path, { force: true })],
    ['empty', (path: string) => writeFileSync(path, '')],
    ['torn', (path: string) => writeFileSync(path, '{"version":1,"cla')],
    ['of another version', (path: string) => writeFileSync(path, '{"version":2,"claims":[]}')],
  ])(
    '[scope.registry-lost] what the logs say comes first where it is %s, and only there',
    async (_, spoil) => {
      const { home, put } = registryOf();
      let reads = 0;
      const held: Claim = { ...plain, write: ['/held'] };
      const fromLogs = () => ((reads += 1), Promise.resolve([held]));
      const registry = new Registry(home, { fromLogs });
      put({ version: 1, claims: [plain] });
      const add = () => registry.update((claims) => ({ claims: [...claims, plain], answer: claims }));
      expect([await add(), reads]).toEqual([[plain], 0]);
      spoil(registry.path);
      expect([await add(), reads, registry.read()]).toEqual([[held], 1, [held, plain]]);
      expect([await add(), reads]).toEqual([[held, plain], 1]);
    },
  );

  it('[scope.registry-lost] what was last read of it is not free until it is made again', async () => {
    const { registry, put, write } = registryOf();
    expect([registry.isLost(), registry.claims()]).toEqual([true, []]);
    put({ version: 1, claims: [plain] });
    expect([registry.isLost(), registry.claims()]).toEqual([false, [plain]]);
    for (const spoil of [() => writeFileSync(registry.path, 'odd'), () => rmSync(registry.path)]) {
      spoil();
      expect([registry.isLost(), registry.claims(), registry.held().waits]).toEqual([true, [plain], []]);
    }
    await write({ ...plain, write: ['/x'] });
    expect([registry.isLost(), registry.claims()]).toEqual([false, [{ ...plain, write: ['/x'] }]]);
  });

  it('[scope.registry-lost] what the logs cannot say leaves everything as it is, and the lock free', async () => {
    const { home, lockState, files } = registryOf();
    const registry = new Registry(home, { fromLogs: () => Promise.reject(new Error('no')) });
    writeFileSync(registry.path, 'odd');
    await expect(registry.update(() => ({ claims: [plain], answer: null }))).rejects.toThrow(/^no$/);
    expect([files(), await lockState(), registry.state()]).toEqual([['scope.json'], 'free', 'damaged']);
  });

  it.each([
    ['a folder', (draft: string) => mkdirSync(join(draft, 'full'), { recursive: true })],
    ['a link', (draft: string) => symlinkSync('elsewhere', draft)],
    ['nothing', () => undefined],
  ])('[scope.registry-whole] %s in the place of its draft is removed', async (_, leave) => {
    const { registry, home, write, files } = registryOf();
    leave(join(home.state, '.scope.json.new'));
    await write(plain);
    expect([files(), registry.read()]).toEqual([['scope.json'], [plain]]);
  });
});

describe('the lock of the registry', () => {
  it('[scope.registry-busy] is held during a change, and let go behind it, whatever becomes of it', async () => {
    const { registry, lockState, file, write } = registryOf();
    const during: unknown[] = [];
    const change = async (fails: boolean) =>
      registry.update(async (claims) => {
        during.push([await lockState(), existsSync(file)]);
        if (fails) throw new Error('odd');
        return { claims, answer: null };
      });
    await change(false);
    await expect(change(true)).rejects.toThrow(/^odd$/);
    const isLinux = process.platform === 'linux';
    expect(during).toEqual([
      ['held', isLinux],
      ['held', isLinux],
    ]);
    expect([await lockState(), existsSync(file)]).toEqual(['free', false]);
    await write(plain);
  });

  it('[scope.registry-busy] is waited for as long as is allowed, then its holder is named', async () => {
    const { registry, home, write } = registryOf({ lockWaitMs: 100 });
    const lock = await takeLock(registryLock(home));
    if (!lock.taken) throw new Error('it is held');
    const error = await write(plain).catch((thrown: unknown) => thrown);
    const text = `${registry.path} has been held by process ${process.pid} for 0.1 s: let that process go on or end it, and try again`;
    expect(error).toMatchObject({ name: 'RegistryBusy', message: text });
    expect(registry.read()).toEqual([]);
    await lock.release();
    expect(await write(plain)).toBe('done');
  });

  it('[scope.registry-busy] that goes from hand to hand is waited for by all who stand behind it', async () => {
    const { home } = registryOf();
    const crowd = Array.from({ length: 12 }, (_, index) => {
      const registry = new Registry(home, { lockWaitMs: 500 });
      return registry.update(async (claims) => {
        await new Promise((resolve) => setTimeout(resolve, 60));
        return { claims: [...claims, plain], answer: index };
      });
    });
    expect(await Promise.all(crowd)).toEqual(crowd.map((_, index) => index));
  });

  it('[scope.registry-busy] of one that lets go meanwhile is had then', async () => {
    const { registry, home } = registryOf();
    const lock = await takeLock(registryLock(home));
    if (!lock.taken) throw new Error('it is held');
    const work = registry.update((claims) => ({ claims, answer: 'done' }));
    const turn = new Promise((resolve) => setImmediate(resolve));
    await turn;
    await lock.release();
    expect(await work).toBe('done');
  });

  it.runIf(process.platform === 'linux')(
    '[scope.registry-elsewhere] is let go where the file beside it cannot be removed',
    async () => {
      const { registry, file, lockState, write } = registryOf();
      const change = registry.update((claims) => {
        rmSync(file);
        mkdirSync(file);
        return { claims, answer: null };
      });
      await expect(change).rejects.toThrow('EISDIR');
      expect(await lockState()).toBe('free');
      // Once it is old it is nobody's who changes the registry.
      utimesSync(file, 1, 1);
      expect(await write(plain)).toBe('done');
    },
  );

  it.runIf(process.platform === 'linux')(
    '[scope.registry-elsewhere] is let go where the file beside it cannot be made',
    async () => {
      const { registry, lockState, write } = registryOf();
      const restore = replaceFs({
        writeFileSync: () => {
          throw errno('EIO');
        },
      });
      await expect(write(plain)).rejects.toThrow('EIO');
      restore();
      expect([await lockState(), registry.read()]).toEqual(['free', []]);
    },
  );
});
