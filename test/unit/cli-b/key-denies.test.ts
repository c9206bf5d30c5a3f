import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { keyDenies, keyPlaces } from '../../../src/library/roots/key-denies.ts';
import { rootScope } from '../../../src/library/roots/root-scope.ts';

let home: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'pk-keys-')));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  for (const name of ['.ssh', '.config/gh', 'work']) mkdirSync(join(home, name), { recursive: true });
});
const at = (...names: string[]) => join(home, ...names);
const all = () => keyPlaces.map((name) => at(name));
const deniedOf = (named: string[], roots: string[], cwd = home) =>
  keyDenies({ home, cwd, named, roots }).map(({ path }) => path);

describe('the keys of a home', () => {
  it('[scope.keys] are the usual places', () => {
    const usual =
      '.ssh .aws .gnupg .config/gh .netrc .kube .docker/config.json .config/gcloud .azure .npmrc .pypirc .git-credentials';
    for (const name of usual.split(' ')) expect(keyPlaces, name).toContain(name);
    expect(new Set(keyPlaces).size).toBe(keyPlaces.length);
  });

  it('[scope.keys] are denied for reading where a root holds them, there yet or not', () => {
    expect(deniedOf([], [at('work')])).toEqual([]);
    expect(deniedOf([], [home])).toEqual(all());
    expect(deniedOf(['/'], ['/'])).toEqual(expect.arrayContaining(all()));
    expect(deniedOf(['.config'], [at('.config')])).toEqual(
      all().filter((path) => path.startsWith(at('.config/'))),
    );
    expect(keyDenies({ home, cwd: home, named: [], roots: [home] })[0]?.right).toBe('read');
    expect(keyDenies({ home: null, cwd: home, named: [], roots: [home] })).toEqual([]);
  });

  it('[scope.keys] one that is named is lifted, and no other', () => {
    for (const named of ['.ssh', './.ssh/', at('.ssh'), '.ssh/*']) {
      expect(deniedOf([named], [home, at('.ssh')]), named).toEqual(
        all().filter((path) => path !== at('.ssh')),
      );
    }
    // What lies in one: it alone is a root, so nothing beside it is open.
    expect(deniedOf(['.ssh/config'], [at('.ssh/config')])).toEqual([]);
  });

  it('[scope.keys] a part of one beside a root that holds all of it is a mistake', () => {
    expect(() => deniedOf(['.ssh/config', '.'], [at('.ssh/config'), home])).toThrow(
      `${at('.ssh/config')} is named, and ${home} is in the scope too: what else is in ${at('.ssh')}, where keys are kept, would be open with it.`,
    );
  });

  it('[scope.keys] a run that begins in one has nothing without naming it', () => {
    expect(deniedOf([], [at('.ssh')], at('.ssh'))).toEqual([at('.ssh')]);
  });

  it('[scope.keys] a place that is a link is denied under its name and where it leads, and lifted by either', () => {
    mkdirSync(at('dotfiles/aws'), { recursive: true });
    symlinkSync(at('dotfiles/aws'), at('.aws'));
    expect(deniedOf([], [home])).toEqual(expect.arrayContaining([at('.aws'), at('dotfiles/aws')]));
    for (const named of ['.aws', 'dotfiles/aws']) {
      const denied = deniedOf([named], [home, at('dotfiles/aws')]);
      expect(denied.filter((path) => path.includes('aws'))).toEqual([]);
    }
  });

  it("[scope.keys] a person's own deny wins over what they name", () => {
    const wish = {
      cwd: home,
      home,
      read: ['.', '.ssh'],
      write: ['work'],
      deny: ['.ssh', '.netrc'],
      denyWrite: [],
    };
    const { deny = [] } = rootScope(wish);
    expect(deny.slice(0, 2)).toEqual([
      { path: at('.ssh'), right: 'read' },
      { path: at('.netrc'), right: 'read' },
    ]);
    expect(deny.filter(({ path }) => path === at('.netrc'))).toHaveLength(1);
    expect(deny).toContainEqual({ path: at('.aws'), right: 'read' });
  });
});
