/** What was sent from a directory, on disk. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entriesMax, fileOf, History, type HistoryPlace } from '../../../src/screen/input/history.ts';

let state = '';
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'podkin-typed-'));
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

function place(cwd = '/work'): HistoryPlace {
  return { home: { state }, cwd };
}

async function kept(texts: readonly string[], at = place()): Promise<readonly string[]> {
  const past = new History(at);
  for (const text of texts) past.add(text);
  await past.written();
  return new History(at).entries;
}

describe('the history', () => {
  it('[screen.recalled] is kept by directory, 0600, in a folder of 0700 that names no path', async () => {
    expect(await kept(['one', 'two\nlines'])).toEqual(['one', 'two\nlines']);
    expect(new History(place('/other')).entries).toEqual([]);
    const file = fileOf(place());
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
    expect(readdirSync(dirname(file)).join(' ')).not.toContain('work');
  });

  it('[screen.recalled] keeps no text that begins with a space, none twice in a row, and none at all without a place', async () => {
    expect(await kept([' secret', 'one', 'one', '   ', 'two', 'one'])).toEqual(['one', 'two', 'one']);
    const past = new History(null);
    past.add('one');
    await past.written();
    expect(past.entries).toEqual(['one']);
    expect(readdirSync(state)).toEqual(['typed']);
  });

  it('[screen.recalled] keeps the newest 1,000', async () => {
    const file = fileOf(place());
    await kept(['first']);
    const many = Array.from({ length: entriesMax }, (_, at) => JSON.stringify(`text ${at}`));
    writeFileSync(file, `${many.join('\n')}\n`);
    const entries = await kept(['last']);
    expect(entries).toHaveLength(entriesMax);
    expect(entries[0]).toBe('text 1');
    expect(entries.at(-1)).toBe('last');
  });

  it('[screen.recalled] several screens at once lose nothing of each other, and leave nothing behind', async () => {
    const screens = Array.from({ length: 5 }, () => new History(place()));
    for (let at = 0; at < 6; at += 1)
      for (const [screen, past] of screens.entries()) past.add(`${screen}.${at}`);
    await Promise.all(screens.map((past) => past.written()));
    const { entries } = new History(place());
    expect(entries.toSorted()).toEqual(
      screens.flatMap((_, screen) => Array.from({ length: 6 }, (__, at) => `${screen}.${at}`)).toSorted(),
    );
    expect(readdirSync(dirname(fileOf(place()))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('[screen.recalled] what is no line of ours is passed over, and a folder that cannot be made stops nothing', async () => {
    await kept(['one']);
    const file = fileOf(place());
    writeFileSync(file, `${readFileSync(file, 'utf8')}{"half\n3\n"two"\n`);
    expect(new History(place()).entries).toEqual(['one', 'two']);
    writeFileSync(join(state, 'file'), '');
    const past = new History({ home: { state: join(state, 'file') }, cwd: '/work' });
    past.add('one');
    await past.written();
    expect(past.entries).toEqual(['one']);
  });
});
