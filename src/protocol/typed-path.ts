/** A path behind `@` in a text, as a person types it: blanks in it stand behind `\`. Pure. */

const typed = /(?:^|\s)@((?:\\ |\S)*)$/u;

/** Where the word at the end of a text begins behind its `@`, and what it means; null where there is none. */
export function typedPath(text: string): { readonly from: number; readonly path: string } | null {
  const word = typed.exec(text)?.[1];
  if (word === undefined) return null;
  // A blank that is about to be typed.
  return { from: text.length - word.length, path: word.replaceAll('\\ ', ' ').replace(/\\$/, '') };
}

/** Null for a name that cannot be typed so. */
export function asTyped(path: string): string | null {
  return /[^\S ]|[\\"`<>|]/u.test(path) ? null : path.replaceAll(' ', '\\ ');
}

/** Whether a word that is offered is one word in a text. */
export function isTyped(word: string): boolean {
  return !/\s/u.test(word.replaceAll('\\ ', ''));
}
