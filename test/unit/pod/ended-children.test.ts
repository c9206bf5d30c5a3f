import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nodeHost } from '../../../src/pod/node-host.ts';
import { EndedChildren } from '../../../src/pod/children/ended-children.ts';
import { type ChildFacts, emptyFacts } from '../../../src/session/facts/facts.ts';
import { newChild } from '../../../src/session/facts/new-child.ts';
import { type Home, homeOf, podFolder } from '../../../src/session/home/home.ts';

let home: Home;
let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'pk-ended-'));
  home = homeOf({ PODKIN_HOME: path });
});
afterEach(() => rmSync(path, { recursive: true }));

function ended(count: number): ChildFacts[] {
  return Array.from({ length: count }, (_, index) => {
    const folder = podFolder(home, `kid${index}`);
    mkdirSync(folder.path, { recursive: true });
    writeFileSync(folder.log, 'whatever it says\n');
    return { ...newChild(`kid${index}`, `instance ${index}`), incarnation: 1, terminal: 1 };
  });
}

it('[growth.ended-children] all at the first sweep, then sixteen a sweep in turn, and all again when a pod was made', () => {
  const children = ended(40);
  const sweeps = new EndedChildren({
    host: nodeHost(home),
    facts: emptyFacts(),
    folderOf: ({ name }) => podFolder(home, name),
    tryCommit: () => true,
  });
  const grown = () => sweeps.due(children).grown.map(({ name }) => Number(name.slice(3)));
  const all = children.map((_, index) => index);
  expect(grown()).toEqual(all);
  // None was taken in: what is looked at is due.
  const rounds = [grown(), grown(), grown()];
  expect(rounds.map(({ length }) => length)).toEqual([16, 16, 16]);
  expect(new Set(rounds.flat())).toEqual(new Set(all));
  mkdirSync(podFolder(home, 'another').path);
  expect(grown()).toEqual(all);
  for (const { instance } of children) sweeps.takenIn(instance, 'whatever it says\n'.length);
  expect([grown(), grown(), grown()]).toEqual([[], [], []]);
  appendFileSync(podFolder(home, 'kid39').log, 'more\n');
  expect([grown(), grown(), grown()].flat()).toEqual([39]);
});
