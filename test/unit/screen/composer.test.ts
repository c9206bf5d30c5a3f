/** The input with pi-tui's editor in it: what is typed is what comes out. */
import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { Composer } from '../../../src/screen/input/composer.ts';
import { History } from '../../../src/screen/input/history.ts';
import { deferred } from '../../../src/std/deferred.ts';
import type { Candidates } from '../../../src/screen/input/offers.ts';
import { keyNamed } from './typed-rig.ts';

interface Rig {
  readonly composer: Composer;
  readonly past: History;
  readonly onChange: () => void;
}

function rig(
  of: { sent?: readonly string[]; complete?: (text: string) => Promise<Candidates | null> } = {},
): Rig {
  const past = new History(null);
  for (const text of of.sent ?? []) past.add(text);
  const onChange = vi.fn();
  const composer = new Composer({
    past,
    pods: () => ['root', 'review-api', 'review-db'],
    complete: of.complete ?? (() => Promise.resolve(null)),
    onChange,
    widthOf: (text) => Array.from(text).reduce((sum, one) => sum + (one > '\u1100' ? 2 : 1), 0),
  });
  return { composer, past, onChange };
}

function type(composer: Composer, text: string): void {
  for (const one of Array.from(text)) composer.type(one);
}

const raws: Readonly<Record<string, string>> = {
  up: '\u001B[A',
  down: '\u001B[B',
  left: '\u001B[D',
  home: '\u001B[H',
  backspace: '\u007F',
  escape: '\u001B',
  'ctrl+w': '\u0017',
  'ctrl+-': '\u001F',
  'ctrl+]': '\u001D',
};

function edit(composer: Composer, name: string): void {
  composer.edit({ ...keyNamed(name), raw: raws[name] ?? '' });
}

const room = { columns: 40, rows: 5 };

function offered(composer: Composer): string[] | undefined {
  return composer.view(room).completion?.offers.map(({ text }) => text);
}

describe('the input', () => {
  it('[screen.typed-exact] what was typed and pasted comes out as it was, and the input is empty', () => {
    const printable = fc
      .string({ unit: 'grapheme', maxLength: 40 })
      .map((text) => text.replaceAll(/[\p{Cc}\p{Cs}\uFDD0]/gu, ''));
    const pastes = fc
      .array(fc.oneof(printable, fc.constantFrom('\t', '\n', '/a/b', '~/x', '.', 'a\tb\n\n\tc')), {
        maxLength: 12,
      })
      .map((parts) => parts.join('').toWellFormed());
    fc.assert(
      fc.property(fc.array(fc.tuple(printable, pastes), { minLength: 1, maxLength: 4 }), (steps) => {
        const { composer } = rig();
        for (const [typed, pasted] of steps) {
          type(composer, typed);
          composer.paste(pasted);
        }
        const expected = steps.flat().join('');
        expect(composer.text).toBe(expected);
        fc.pre(!expected.endsWith('\\') && !/^\/[a-z]*$/i.test(expected));
        expect(composer.submit()).toBe(expected.trim() === '' ? null : expected);
        expect(composer.isEmpty || expected.trim() === '').toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('[screen.typed-exact] a long paste is a mark with its size, and whole when it is sent', () => {
    const text = Array.from({ length: 2_000 }, (_, at) => `${at}\tline of a file that was pasted`).join('\n');
    const { composer } = rig();
    type(composer, 'see ');
    composer.paste(text);
    type(composer, ' there');
    expect(composer.view(room).lines.join('')).toMatch(/^see \[paste #1 \+2000 lines\] there$/);
    expect(composer.submit()).toBe(`see ${text} there`);
    type(composer, '[paste #1 +2000 lines]');
    expect(composer.submit()).toBe('[paste #1 +2000 lines]');
  });

  it('[screen.typed-exact] what Ctrl+C clears comes back by an undo', () => {
    const { composer } = rig();
    type(composer, 'a long thought');
    composer.clear();
    expect(composer.isEmpty).toBe(true);
    edit(composer, 'ctrl+-');
    expect(composer.text).toBe('a long thought');
  });

  it('[screen.typed-exact] no key of the editor takes the next character', () => {
    const { composer } = rig();
    type(composer, 'abc');
    edit(composer, 'ctrl+]');
    type(composer, 'a');
    expect(composer.text).toBe('abca');
  });

  it('[screen.typed-exact] a backslash before Enter is a newline, and no text is sent', () => {
    const { composer } = rig();
    type(composer, 'one\\');
    expect(composer.submit()).toBeNull();
    type(composer, 'two');
    composer.newline();
    type(composer, 'three');
    expect(composer.text).toBe('one\ntwo\nthree');
    expect(composer.submit()).toBe('one\ntwo\nthree');
    type(composer, '  ');
    expect(composer.submit()).toBeNull();
  });

  it('[screen.r11] the caret is behind wide characters, within the room, in the lines that are shown', () => {
    const { composer } = rig();
    type(composer, '日本 x');
    expect(composer.view(room)).toMatchObject({ lines: ['日本 x'], caret: { row: 0, column: 6 } });
    edit(composer, 'left');
    expect(composer.view(room).caret).toEqual({ row: 0, column: 5 });
    composer.clear();
    fc.assert(
      fc.property(
        fc.string({ maxLength: 300 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 6 }),
        (text, columns, rows) => {
          composer.set(text.replaceAll(/[^ -~]/g, 'x').replaceAll('  ', '\n'));
          const { lines, caret } = composer.view({ columns, rows });
          expect(lines.length).toBeLessThanOrEqual(rows);
          expect(caret.row).toBeLessThan(lines.length);
          expect(caret.column).toBeLessThanOrEqual(Math.max(1, columns - 1));
          expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(Math.max(1, columns));
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('what was sent before', () => {
  it('[screen.recalled] ↑ at the upper edge goes back, ↓ on to the text that was there', () => {
    const { composer } = rig({ sent: ['first', 'second\nof two lines'] });
    composer.view(room);
    type(composer, 'draft');
    edit(composer, 'up');
    expect(composer.text).toBe('second\nof two lines');
    edit(composer, 'up');
    edit(composer, 'up');
    expect(composer.text).toBe('first');
    edit(composer, 'up');
    expect(composer.text).toBe('first');
    edit(composer, 'down');
    edit(composer, 'down');
    expect(composer.text).toBe('draft');
    edit(composer, 'down');
    expect(composer.text).toBe('draft');
  });

  it('[screen.recalled] a text that was recalled and changed is kept as the draft', () => {
    const { composer } = rig({ sent: ['first', 'second'] });
    edit(composer, 'up');
    edit(composer, 'backspace');
    edit(composer, 'up');
    expect(composer.text).toBe('second');
    edit(composer, 'down');
    expect(composer.text).toBe('secon');
  });

  it('[screen.recalled] Ctrl+R finds the newest that has the words, again the one before; Esc goes back, Enter takes it', () => {
    const { composer } = rig({ sent: ['run npm test', 'look at api', 'npm run build'] });
    type(composer, 'draft');
    composer.recall('search');
    expect(composer.completes).toBe(true);
    type(composer, 'NPM');
    expect(composer.text).toBe('npm run build');
    expect(offered(composer)).toEqual(['search: NPM']);
    composer.recall('search');
    expect(composer.text).toBe('run npm test');
    edit(composer, 'escape');
    expect(composer.text).toBe('draft');
    composer.recall('search');
    type(composer, 'api');
    edit(composer, 'backspace');
    expect(composer.submit()).toBeNull();
    expect(composer.text).toBe('look at api');
    expect(composer.completes).toBe(false);
    expect(composer.submit()).toBe('look at api');
  });
});

describe('what is offered', () => {
  it('[screen.offers] commands as they are typed; Tab takes the chosen one, Enter too, before it sends', () => {
    const { composer } = rig();
    type(composer, '/');
    expect(offered(composer)).toContain('/help');
    type(composer, 'mo');
    expect(offered(composer)).toEqual(['/model', '/mode']);
    edit(composer, 'down');
    composer.complete();
    expect(composer.text).toBe('/mode ');
    type(composer, 'p');
    expect(offered(composer)).toEqual(['plan']);
    composer.complete();
    expect(composer.text).toBe('/mode plan ');
    composer.clear();
    type(composer, '/he');
    expect(composer.submit()).toBeNull();
    expect(composer.text).toBe('/help ');
    expect(composer.submit()).toBe('/help ');
    type(composer, '/mode');
    expect(composer.submit()).toBe('/mode');
  });

  it('[screen.offers] pods behind /pods; Esc closes what is offered and changes nothing', () => {
    const { composer } = rig();
    type(composer, '/pods rev');
    expect(offered(composer)).toEqual(['review-api', 'review-db']);
    edit(composer, 'escape');
    expect(composer.completes).toBe(false);
    expect(composer.text).toBe('/pods rev');
  });

  it('[screen.offers] files behind @ in place of what was typed; a folder goes on', async () => {
    const asked: string[] = [];
    const complete = (text: string): Promise<Candidates> => {
      asked.push(text);
      const at = text.lastIndexOf('@') + 1;
      const all = [
        { text: 'src/', kind: 'folder' as const },
        { text: 'src/a.ts', kind: 'file' as const },
      ];
      return Promise.resolve({
        from: at,
        to: text.length,
        candidates: all.filter((one) => one.text.startsWith(text.slice(at)) && one.text !== text.slice(at)),
      });
    };
    const { composer, onChange } = rig({ complete });
    type(composer, 'see @s');
    await vi.waitFor(() => expect(offered(composer)).toEqual(['src/', 'src/a.ts']));
    expect(onChange).toHaveBeenCalled();
    composer.complete();
    expect(composer.text).toBe('see @src/');
    await vi.waitFor(() => expect(offered(composer)).toEqual(['src/a.ts']));
    composer.complete();
    expect(composer.text).toBe('see @src/a.ts ');
    expect(asked).toEqual(['see @', 'see @s', 'see @src/']);
  });

  it('[screen.offers] what comes late, for another text, is dropped; a refusal too', async () => {
    const late = deferred<Candidates>();
    const { composer, onChange } = rig({
      complete: (text) => (text === '@' ? late.promise : Promise.reject(new Error('gone'))),
    });
    type(composer, '@x');
    late.resolve({ from: 1, to: 1, candidates: [{ text: 'a', kind: 'file' }] });
    await late.promise;
    await Promise.resolve();
    expect(composer.completes).toBe(false);
    expect(onChange).not.toHaveBeenCalled();
  });
});
