import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { homeOf, type Home } from '../../../src/session/home/home.ts';
import {
  BadRequestFile,
  pruneRequests,
  RequestConflict,
  requestIdProblem,
  requestOf,
} from '../../../src/session/home/requests.ts';
import { uuidv7 } from '../../../src/std/uuid.ts';

let home: Home;
let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'pk-requests-'));
  home = homeOf({ PODKIN_HOME: path });
});
afterEach(() => rmSync(path, { recursive: true }));

const names = () => readdirSync(join(home.state, 'requests'));

describe('requests of a home', () => {
  it('[request.once] the same id and content finds what was minted, whatever the order of its keys', () => {
    const first = requestOf(home, { id: 'a', content: { x: 1, y: ['z', null] } });
    const again = requestOf(home, { id: 'a', content: { y: ['z', null], x: 1 } });
    expect([first.isNew, again.isNew]).toEqual([true, false]);
    expect(again.request).toEqual(first.request);
    expect(requestOf(home, { id: 'A', content: { x: 1 } }).request.instance).not.toBe(first.request.instance);
    expect(names()).toHaveLength(2);
  });

  it('[request.other] another content under the id is refused', () => {
    requestOf(home, { id: 'a', content: { x: '1' } });
    for (const content of [{ x: 1 }, {}, { x: '1', y: null }, ['x', '1']])
      expect(() => requestOf(home, { id: 'a', content })).toThrow(RequestConflict);
  });

  it('[request.hostile] a file with another shape is refused with its folder', () => {
    const { folder } = requestOf(home, { id: 'a', content: 1 });
    for (const text of ['{"schema":2}', 'null', '{"schema":1,"id":"a","digest":"","instance":"../x"}']) {
      writeFileSync(join(folder, 'request.json'), text);
      expect(() => requestOf(home, { id: 'a', content: 1 })).toThrow(BadRequestFile);
    }
  });

  it('[request.refused] an id is a short word of ASCII', () => {
    for (const id of ['a', 'job/17#3', 'x'.repeat(200)]) expect(requestIdProblem(id)).toBeNull();
    for (const id of ['', 'x'.repeat(201), 'a b', 'a\n', 'ä', '\u001b[2J'])
      expect(requestIdProblem(id)).not.toBeNull();
  });

  it('[request.kept] it stays while its pod is there, and for seven days', () => {
    const instance = uuidv7();
    const old = requestOf(home, { id: 'old', content: 1, instance });
    const gone = requestOf(home, { id: 'gone', content: 1 });
    requestOf(home, { id: 'new', content: 1 });
    const eightDaysAgo = Date.now() / 1_000 - 8 * 86_400;
    for (const { folder } of [old, gone]) utimesSync(folder, eightDaysAgo, eightDaysAgo);
    pruneRequests(home, new Set([instance]), Date.now());
    expect(names()).toHaveLength(2);
    expect(requestOf(home, { id: 'old', content: 1 }).isNew).toBe(false);
    expect(requestOf(home, { id: 'new', content: 1 }).isNew).toBe(false);
    expect(requestOf(home, { id: 'gone', content: 1 }).isNew).toBe(true);
  });

  it('[request.kept] a home without requests has none to remove', () => {
    expect(() => pruneRequests(home, new Set(), Date.now())).not.toThrow();
  });
});
