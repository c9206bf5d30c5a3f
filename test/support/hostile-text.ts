/** Texts as a hostile pod, model or file may have them, and what of them must never reach a terminal. */
import * as fc from 'fast-check';

/** Control, format but the two joiners, bidi, line and paragraph separators, lone surrogates. */
export const steers =
  /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}\u{E0000}-\u{E007F}]|(?![\u200C\u200D])\p{Cf}/u;

const pieces = [
  '\u001B[2J',
  '\u001B[3J',
  '\u001B[10;10H',
  '\u001B]0;title\u0007',
  '\u001B]52;c;eA==\u001B\\',
  '\u001B[?1049l',
  '\u001B',
  '\u009B31m',
  '\u0090',
  '\r',
  '\n',
  '\t',
  '\b',
  '\u0007',
  '\u007F',
  '\u0000',
  '\u202E',
  '\u2066',
  '\u200F',
  '\u061C',
  '\u200B',
  '\u200D',
  '\uFE0F',
  '\uFEFF',
  '\u2028',
  '\u2029',
  '\u00AD',
  '\u3164',
  '\u{E0041}',
  '\u{E0100}',
  '\uD800',
  '\uDC00',
  '漢',
  '字',
  'e\u0301',
  '\u0301',
  '\u0301\u0302\u0303\u0304\u0305',
  '👩‍👩‍👧',
  '❤️',
  '🇩🇪',
  '🇩',
  '👍🏽',
  '\u1112\u1161\u11AB',
  'क्षि',
  'กำ',
  'שלום',
  '﷽',
  '│',
  '…',
  '✓',
  ' ',
  '  ',
  'word',
  'a',
];

export const hostileText = fc
  .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary', maxLength: 4 }), fc.string()), {
    maxLength: 12,
  })
  .map((parts) => parts.join(''));
