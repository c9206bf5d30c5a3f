/**
 * A shell script as its simple commands, each as words without quotes, for rules that forbid commands. Pure.
 * Not a shell: what only running it would tell (variables, what a substitution prints, functions) stands as
 * it is written; groups, substitutions and conditions are taken apart at their signs.
 */

/** Blank as a word's end, sign as a command's end. */
const blank = /[ \t]/;
const sign = /[;|()`\n\r]/;
const redirection = /<<<|<<-?|<>|<&|>>|>&|>\||[<>]/y;
/** `2>`, `{fd}>`: what stands right before belongs to it. */
const descriptor = /^(?:\d+|\{\w+\})$/;

export function simpleCommands(script: string): string[][] {
  const commands: string[][] = [];
  let words: string[] = [];
  let word: string | null = null;
  let isTarget = false;
  const endWord = (): void => {
    if (word === null) return;
    if (isTarget) isTarget = false;
    else words.push(word);
    word = null;
  };
  const endCommand = (): void => {
    endWord();
    isTarget = false;
    if (words.length > 0) commands.push(words);
    words = [];
  };
  for (let at = 0; at < script.length;) {
    const char = script[at] ?? '';
    const quoted = quotedAt(script, at);
    if (quoted !== null) {
      word = (word ?? '') + quoted.text;
      at = quoted.end;
    } else if (script.startsWith('\\\n', at)) {
      at += 2;
    } else if (char === '<' || char === '>' || script.startsWith('&>', at)) {
      if (word !== null && descriptor.test(word)) word = null;
      endWord();
      redirection.lastIndex = char === '&' ? at + 1 : at;
      at = redirection.lastIndex + (redirection.exec(script)?.[0].length ?? 1);
      isTarget = script[at] !== '(';
    } else {
      if (blank.test(char)) endWord();
      else if (sign.test(char) || char === '&') endCommand();
      else word = (word ?? '') + char;
      at += 1;
    }
  }
  endCommand();
  return commands;
}

/** What stands quoted at a place, without its quotes, and where it ends; null where nothing does. */
function quotedAt(script: string, at: number): { text: string; end: number } | null {
  const char = script[at];
  if (char === '\\' && script[at + 1] !== '\n') return { text: script[at + 1] ?? '', end: at + 2 };
  if (char === "'") return upTo(script, at + 1, { quote: "'", escapes: null });
  if (char === '"') return upTo(script, at + 1, { quote: '"', escapes: plainEscape });
  if (char !== '$') return null;
  if (script[at + 1] === "'") return upTo(script, at + 2, { quote: "'", escapes: ansiEscape });
  return script[at + 1] === '"' ? upTo(script, at + 2, { quote: '"', escapes: plainEscape }) : null;
}

type Escape = (rest: string) => { text: string; length: number };

function upTo(
  script: string,
  from: number,
  { quote, escapes }: { quote: string; escapes: Escape | null },
): { text: string; end: number } {
  let text = '';
  for (let at = from; at < script.length; at += 1) {
    const char = script[at] ?? '';
    if (char === quote) return { text, end: at + 1 };
    if (char === '\\' && escapes !== null) {
      const escaped = escapes(script.slice(at + 1, at + 12));
      text += escaped.text;
      at += escaped.length;
    } else text += char;
  }
  return { text, end: script.length };
}

function plainEscape(rest: string): { text: string; length: number } {
  const next = rest[0] ?? '';
  if (next === '\n') return { text: '', length: 1 };
  return { text: '"\\$`'.includes(next) ? next : `\\${next}`, length: next.length };
}

const ansiNames: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', e: '\u001b', E: '\u001b' };

/** `$'\x72\155'`. */
function ansiEscape(rest: string): { text: string; length: number } {
  const hex = /^(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8}))/.exec(rest);
  if (hex !== null) {
    const code = Number.parseInt(hex[1] ?? hex[2] ?? hex[3] ?? '', 16);
    return { text: code > 0x10_ff_ff ? '' : String.fromCodePoint(code), length: hex[0].length };
  }
  const octal = /^[0-7]{1,3}/.exec(rest)?.[0];
  if (octal !== undefined) {
    return { text: String.fromCodePoint(Number.parseInt(octal, 8) & 0xff), length: octal.length };
  }
  const next = rest[0] ?? '';
  return { text: ansiNames[next] ?? next, length: next.length };
}
