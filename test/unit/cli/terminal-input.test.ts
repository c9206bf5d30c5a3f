/** What a terminal sends, however it is cut, and what becomes of it: keys, texts, pastes. */
import { PassThrough } from 'node:stream';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TerminalInput } from '../../../src/cli/approvals/terminal-input.ts';
import { Typing } from '../../../src/cli/approvals/typing.ts';

const parts = (chunks: readonly string[]) => {
  const input = new TerminalInput();
  return chunks.flatMap((chunk) => input.take(chunk));
};
const joined = (chunks: readonly string[], kind: string) =>
  parts(chunks)
    .flatMap((part) => (part.kind === kind ? [part.text] : []))
    .join('');

describe('what a terminal sends', () => {
  it('[typing.sequences] arrows and their like are no text, Escape alone is a key, what is marked is a paste', () => {
    expect(parts(['a\u001B[Ab\u001BOPc\u001B[1;5Dd\u001B[3~e\u001Bf'])).toEqual(
      ['a', 'b', 'c', 'd', 'e'].map((text) => ({ kind: 'typed', text })),
    );
    expect(parts(['\u001B'])).toEqual([{ kind: 'typed', text: '\u001B' }]);
    expect(parts(['x\u001B[200~one\rtwo\u001B[31m\u001B[201~y'])).toEqual([
      { kind: 'typed', text: 'x' },
      { kind: 'pasted', text: 'one\rtwo\u001B[31m' },
      { kind: 'typed', text: 'y' },
    ]);
  });

  it('[typing.sequences] wherever the chunks are cut', () => {
    const sent = 'a\u001B[A\u001B[200~one\rt\u001B[2wo\u001B[201~b\u001BOQc';
    const cuts = fc.array(fc.integer({ min: 1, max: sent.length - 1 }), { maxLength: 6 });
    fc.assert(
      fc.property(cuts, (at) => {
        const ends = [...new Set(at), sent.length].sort((a, b) => a - b);
        const chunks = ends.map((end, index) => sent.slice(ends[index - 1] ?? 0, end));
        // Alone it is the key.
        fc.pre(!chunks.includes('\u001B'));
        expect([joined(chunks, 'typed'), joined(chunks, 'pasted')]).toEqual(['abc', 'one\rt\u001B[2wo']);
      }),
    );
  });
});

describe('lines edited here', () => {
  const typing = (...chunks: string[]) => {
    const lines: string[] = [];
    const keys: string[] = [];
    let shown = '';
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
    const one = new Typing({
      stdin,
      echo: (text) => (shown += text),
      onLine: (line) => lines.push(line),
      onKey: (key) => {
        keys.push(key);
        return key === 'y';
      },
      onContinue: () => undefined,
      onResize: () => undefined,
      editsLines: true,
    });
    one.keys(false);
    shown = '';
    for (const chunk of chunks) stdin.emit('data', chunk);
    const result = { lines, keys, shown };
    one.close();
    return result;
  };

  it.each([
    ['marked by the terminal', ['\u001B[200~one\r\ttwo\rthree\u001B[201~', '\r']],
    ['marked, with a last line end', ['\u001B[200~one\r\ttwo\rth', 'ree\u001B[201~', '\r']],
    ['not marked', ['one\r\ttwo\rthree\r']],
    ['not marked, with line feeds', ['one\n\ttwo\nthree\n']],
    ['not marked, sent by a key of its own', ['one\r\n\ttwo\r\nthree', '\r']],
  ])('[typing.paste] several lines, %s, are one text, sent by Enter', (_, chunks) => {
    expect(typing(...chunks)).toMatchObject({ lines: ['one\n\ttwo\nthree'], keys: [] });
  });

  it('[typing.paste] a pasted letter is no key, and nothing pasted steers the terminal', () => {
    const { lines, keys, shown } = typing(
      '\u001B[200~y\u001B[201~',
      '\u001B[200~\u001B]0;t\u0007\u0003\u009B2J\u001B[201~',
      '\r',
    );
    expect({ lines, keys, shown }).toEqual({ lines: ['y]0;t2J'], keys: [], shown: 'y]0;t2J\n' });
  });

  it('[typing.edit] keys without a character change nothing, the last one, the last word and all can be taken back', () => {
    const { lines, shown } = typing(
      'a',
      'b\u001B[D\f',
      '\u007F',
      ' cd ef',
      '\u0017',
      '\r',
      'gone',
      '\u0015',
      'new',
      '\r',
    );
    expect(lines).toEqual(['a cd ', 'new']);
    expect(shown).not.toMatch(/\[D|\^L|\f/);
  });
});
