/**
 * Names as a file system that does not tell cases and Unicode forms apart compares them. Wider than any one
 * system: it may take two names for one, not one for two.
 */

/** Signs without width or meaning, which some file systems pass over in names. */
const passedOver = /[\u200c-\u200f\u202a-\u202e\u2060-\u2064\u206a-\u206f\ufeff]/gu;

/** Two names with the same fold may be the same file; with different ones they are not. */
export function foldedName(name: string): string {
  if (/^[\x20-\x7e]*$/.test(name)) return name.toUpperCase();
  // Down and up again: some letters have several forms on one side only, as the long s and the final sigma.
  return name.replace(passedOver, '').normalize('NFD').toLowerCase().toUpperCase().normalize('NFC');
}
