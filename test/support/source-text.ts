/**
 * A source file taken apart, as far as a test of words needs it: its comments, and its code without texts.
 */

interface Parts {
  readonly comments: readonly string[];
  /** Without comments and without what stands in quotes; what a template fills in is kept. */
  readonly code: string;
}

/** A slash behind one of these begins a regular expression, behind anything else it divides. */
const beforePattern = /(?:^|[(,=:[!&|?{};+>]|\breturn)\s*$/;
const piece =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[\s\S])*`|\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/g;

export function partsOf(text: string): Parts {
  const comments: string[] = [];
  let code = '';
  let at = 0;
  piece.lastIndex = 0;
  for (let found = piece.exec(text); found !== null; found = piece.exec(text)) {
    const [whole] = found;
    code += text.slice(at, found.index);
    if (whole.startsWith('/*') || whole.startsWith('//')) comments.push(whole);
    else if (whole.startsWith('`'))
      code += [...whole.matchAll(/\$\{([^}]*)\}/g)].map(([, inside]) => ` ${inside} `).join('');
    else if (whole.startsWith('/') && !beforePattern.test(code)) {
      // It divides: what follows it is looked at anew.
      code += '/';
      piece.lastIndex = found.index + 1;
      at = found.index + 1;
      continue;
    } else code += "''";
    at = found.index + whole.length;
  }
  return { comments, code: code + text.slice(at) };
}
