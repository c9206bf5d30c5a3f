/** Markdown of a model as lines. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Line } from '../../../src/screen/line.ts';
import { markdownLines } from '../../../src/screen/markdown.ts';
import { lineWidth } from '../../../src/screen/text.ts';
import { hostileText, steers } from '../../support/hostile-text.ts';

const textOf = (line: Line) => line.map(({ text }) => text).join('');
const shown = (text: string, columns = 40) => markdownLines(text, columns).map(textOf);
const styleOf = (text: string, word: string) =>
  markdownLines(text, 80)
    .flat()
    .find((span) => span.text === word)?.style;

const marked = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '# ',
        '- ',
        '1. ',
        '> ',
        '```\n',
        '~~~js\n',
        '**',
        '*',
        '_',
        '`',
        '[a](http://b)',
        '![a](b)',
        '|',
        '|-|-|\n',
        '---\n',
        '\n',
        '\n\n',
        '    ',
        '- [ ] ',
        '<b>',
        '&lt;',
        '~~',
        '\\',
        'word ',
        '漢字',
      ),
      hostileText,
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''));

describe('markdown', () => {
  it('[screen.markdown] [screen.r16] whatever it is, no line is too wide, and nothing steers', () => {
    fc.assert(
      fc.property(marked, fc.integer({ min: 2, max: 60 }), (text, columns) => {
        for (const line of markdownLines(text, columns)) {
          expect(lineWidth(line)).toBeLessThanOrEqual(columns);
          expect(textOf(line)).not.toMatch(steers);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['a heading', '# One\ntext', ['One', 'text']],
    ['paragraphs', 'one\n\n\ntwo', ['one', '', 'two']],
    ['lines of a paragraph stay lines', 'one\ntwo  \nthree', ['one', 'two', 'three']],
    ['a list in a list', '- a\n  - b\n- c', ['- a', '  - b', '- c']],
    ['a numbered list goes on where it begins', '3. a\n4. b', ['3. a', '4. b']],
    ['tasks', '- [ ] a\n- [x] b', ['- [ ] a', '- [x] b']],
    ['a quote', '> a\n> b', ['> a', '> b']],
    ['code as it is', '```js\nconst a = `x`;\n\n\tb\n```', ['  const a = `x`;', '', '      b']],
    ['a table', '|a|long head|\n|-|-|\n|1|2|\n|333||', ['a    long head', '1    2', '333']],
    ['a link says where it leads', '[here](http://x.y/z)', ['here (http://x.y/z)']],
    ['a bare link says it once', '<http://x.y>', ['http://x.y']],
    ['an image', '![a](b.png)', ['[image: a] (b.png)']],
    ['html is text', 'a <b>c</b> d', ['a <b>c</b> d']],
    ['a rule', 'a\n\n---\n\nb', ['a', '', '---', '', 'b']],
    ['code that is still being written', 'a\n\n```\nb', ['a', '', '  b']],
  ])('[screen.markdown] %s', (_, text, lines) => {
    expect(shown(text)).toEqual(lines);
  });

  it('[screen.markdown] what goes on in the next row of a list is set in, and a wide table gives way', () => {
    expect(shown('- one two three', 9)).toEqual(['- one two', '  three']);
    expect(shown('|name|what it is|\n|-|-|\n|x|a long sentence|', 16)).toEqual([
      'name  what it is',
      'x     a long',
      '      sentence',
    ]);
    expect(shown('|aa|bb|cc|\n|-|-|-|\n|word one|word two|word three|', 12)).toEqual([
      'aa: word one',
      'bb: word two',
      'cc: word',
      'three',
    ]);
  });

  it('[screen.markdown] words that are set off are', () => {
    expect(styleOf('**a** b', 'a')).toEqual({ bold: true });
    expect(styleOf('*a* b', 'a')).toEqual({ underline: true });
    expect(styleOf('# a', 'a')).toEqual({ bold: true });
    expect(styleOf('`a` b', 'a')).toEqual({ color: 6 });
  });

  it('[screen.r08] lines of a transcript have no boxes and no blanks at their ends', () => {
    const text = '# a\n\n> q\n\n|a|b|\n|-|-|\n|c|d|\n|e||\n\n- x\n\n---\n\n```\ncode\n```\n';
    for (const line of shown(text)) expect(line).not.toMatch(/[\u2500-\u259F]|\s$/);
  });

  it('[screen.markdown-bounded] a long text is read in parts, its code and its order kept', () => {
    const blocks = Array.from({ length: 300 }, (_, at) => `Block ${at}\n\n\`\`\`\ncode ${at}\n\`\`\``);
    const long = shown(blocks.join('\n\n'));
    expect(long.filter((line) => line !== '')).toEqual(
      Array.from({ length: 300 }, (_, at) => [`Block ${at}`, `  code ${at}`]).flat(),
    );
    const code = Array.from({ length: 2_000 }, (_, at) => `# ${at}`);
    expect(shown(`\`\`\`\n${code.join('\n')}\n\`\`\``)).toEqual(code.map((row) => `  ${row}`));
  });

  it.each([
    ['underscores', '_a__b'],
    ['quotes in quotes', '> '],
    ['brackets', '['],
    ['strikes', '~~a~'],
  ])('[screen.markdown-bounded] 100 kB of %s are shown as they are', (_, piece) => {
    const text = piece.repeat(100_000 / piece.length);
    const packed = (lines: readonly string[]) => lines.join('').replaceAll(' ', '');
    expect(packed(shown(text, 80))).toBe(packed([text]));
  });
});
