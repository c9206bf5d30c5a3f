/**
 * Which characters steer, reorder, hide or pad what is read: one list for what a terminal shows and for what
 * a model is handed.
 */

/**
 * Control and format characters, separators of lines, and everything that is drawn as nothing: fillers
 * (U+3164, U+115F), variation selectors, tags (U+E0000 and on), the empty Braille pattern. Newline and tab
 * are none of them.
 */
export const hidden = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** A whole colour or cursor sequence: left out with what belongs to it. */
// oxlint-disable-next-line no-control-regex -- this is what is to go
export const sequence = /\u001B\[[0-?]*[ -/]*[@-~]/g;

/**
 * What steers, hides or pads: hidden characters, all blanks but the space, what has no picture of its own,
 * and marks piled upon one another.
 */
export const unseen = new RegExp(
  `${hidden.source}|(?![\\n\\t])[\\p{C}]|(?! )\\p{Zs}|(?<=^|\\n|\\p{M}{3})\\p{M}`,
  'gu',
);

/** Without hidden characters. */
export function withoutHidden(text: string): string {
  return text.replaceAll(sequence, '').replaceAll(hidden, '');
}
