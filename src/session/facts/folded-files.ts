/** A person's input without the contents of the files that came with it (`pod/turn/input-files.ts`). Pure. */

const opening = /\n\n<(file-*) path=("(?:[^"\\\n]|\\.)*")>\n/g;

/** Takes time by its length alone, also where somebody has written what looks like many parts. */
export function foldedFiles(text: string): string {
  const shown: string[] = [];
  let at = 0;
  for (const found of text.matchAll(opening)) {
    const [whole, mark = '', path = ''] = found;
    if (found.index < at) continue;
    const from = found.index + whole.length;
    const closing = `\n</${mark}>`;
    // The newline before an empty content is the one behind the opening.
    const to = text.indexOf(closing, from - 1);
    if (to < 0) break;
    const lines = text.slice(from, Math.max(from, to)).split('\n').length;
    shown.push(text.slice(at, found.index), `\n[with ${path}, ${lines} ${lines === 1 ? 'line' : 'lines'}]`);
    at = to + closing.length;
  }
  return [...shown, text.slice(at)].join('');
}
