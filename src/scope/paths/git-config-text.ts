/**
 * The text of a settings file of git, read as git reads it (`git_parse_source` in its config.c). Pure.
 */

export interface GitSetting {
  /**
   * In lower case; of `[a "b"]` and `[a.b]` the part before. Null behind no head or one that cannot be read.
   */
  readonly section: string | null;
  /** What stands behind the section's name; null for none. */
  readonly subsection: string | null;
  /** In lower case. */
  readonly name: string;
  /**
   * Two where versions of git differ: until 2.44 each blank character within a value was read as a space.
   * None where there is no `=`.
   */
  readonly values: readonly string[];
}

export interface GitSettings {
  readonly settings: readonly GitSetting[];
  /** False where git would refuse the file; what else stands in it is there all the same. */
  readonly isWhole: boolean;
}

interface Cursor {
  readonly text: string;
  at: number;
}

/** What git takes for blank. */
const isBlank = (char: string): boolean => /[ \t\r\n]/.test(char);

export function gitSettings(file: string): GitSettings {
  const cursor: Cursor = { text: file.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n'), at: 0 };
  const settings: GitSetting[] = [];
  let isWhole = true;
  let head: Pick<GitSetting, 'section' | 'subsection'> | undefined;
  while (cursor.at < cursor.text.length) {
    const char = next(cursor);
    if (isBlank(char)) continue;
    const start = cursor.at;
    let isRead = true;
    if (char === '#' || char === ';') skipLine(cursor);
    else if (char === '[') {
      const found = headAt(cursor);
      isRead = found !== null;
      head = found ?? { section: null, subsection: null };
    } else {
      cursor.at -= 1;
      const found = settingAt(cursor);
      isRead = found !== null;
      if (found !== null) settings.push({ section: null, subsection: null, ...head, ...found });
    }
    if (isRead) continue;
    isWhole = false;
    cursor.at = Math.max(cursor.at, start);
    if (cursor.text[cursor.at - 1] !== '\n') skipLine(cursor);
  }
  return { settings, isWhole };
}

/** Beyond the end there is one more end of a line, and no other character. */
function next(cursor: Cursor): string {
  const char = cursor.text[cursor.at] ?? '\n';
  cursor.at += 1;
  return char;
}

/** Up to its end. */
function skipLine(cursor: Cursor): void {
  const end = cursor.text.indexOf('\n', cursor.at);
  cursor.at = end < 0 ? cursor.text.length : end;
}

function take(cursor: Cursor, pattern: RegExp): RegExpExecArray | null {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text);
  if (found !== null) cursor.at += found[0].length;
  return found;
}

const plainHead = /([A-Za-z0-9.-]+)\]/y;
const quotedHead = /([A-Za-z0-9.-]*)[ \t\r]+"((?:[^"\\\n]|\\[^\n])*)"\]/y;

/** Behind its bracket. */
function headAt(cursor: Cursor): Pick<GitSetting, 'section' | 'subsection'> | null {
  const found = take(cursor, quotedHead) ?? take(cursor, plainHead);
  if (found === null) return null;
  const [section = '', ...dotted] = (found[1] ?? '').toLowerCase().split('.');
  const quoted = found[2]?.replaceAll(/\\(.)/gs, '$1');
  const parts = quoted === undefined ? dotted : [...dotted, quoted];
  return { section, subsection: parts.length === 0 ? null : parts.join('.') };
}

function settingAt(cursor: Cursor): Pick<GitSetting, 'name' | 'values'> | null {
  const name = take(cursor, /[A-Za-z][A-Za-z0-9-]*[ \t]*/y)?.[0]
    .trim()
    .toLowerCase();
  if (name === undefined) return null;
  const sign = next(cursor);
  if (sign === '\n') return { name, values: [] };
  if (sign !== '=') return null;
  const values = valueAt(cursor);
  return values === null ? null : { name, values };
}

const escaped: Readonly<Record<string, string>> = {
  t: '\t',
  b: '\b',
  n: '\n',
  '\\': '\\',
  '"': '"',
};

/** Null where git refuses it. Git itself reads no further than to a NUL. */
function valueAt(cursor: Cursor): string[] | null {
  let spaced = '';
  let kept = '';
  let blanks = '';
  let isQuoted = false;
  for (let char = next(cursor); ; char = next(cursor)) {
    if (char === '\n') {
      if (isQuoted) return null;
      return [...new Set([spaced, kept].map((one) => one.split('\0')[0] ?? ''))];
    }
    if (!isQuoted && isBlank(char)) {
      if (kept !== '') blanks += char;
      continue;
    }
    if (!isQuoted && (char === '#' || char === ';')) {
      skipLine(cursor);
      continue;
    }
    spaced += ' '.repeat(blanks.length);
    kept += blanks;
    blanks = '';
    if (char === '"') isQuoted = !isQuoted;
    else if (char === '\\') {
      const meant = next(cursor);
      const text = meant === '\n' ? '' : escaped[meant];
      if (text === undefined) return null;
      spaced += text;
      kept += text;
    } else {
      spaced += char;
      kept += char;
    }
  }
}
