/**
 * What a terminal in raw mode sends, taken apart: what was typed, and what was pasted, which the terminal
 * puts between two marks where it is asked to (bracketed paste). Keys without a character (arrows and their
 * like) are left out. Keeps what of a sequence has not come yet.
 */
export interface TerminalPart {
  readonly kind: 'typed' | 'pasted';
  readonly text: string;
}

export const pasteMarksOn = '\u001B[?2004h';
export const pasteMarksOff = '\u001B[?2004l';
const pasteBegins = '\u001B[200~';
const pasteEnds = '\u001B[201~';

/** Of a key without a character, or of a character with Alt. */
// oxlint-disable-next-line no-control-regex -- it is what is looked for
const sequence = /\u001B(?:\[[0-?]*[ -/]*[@-~]|O[ -~]|[^[O\u001B])/uy;
// oxlint-disable-next-line no-control-regex -- it is what is looked for
const unfinished = /^\u001B(?:\[[0-?]*[ -/]*|O)?$/;

export class TerminalInput {
  #rest = '';
  #isPasting = false;

  take(chunk: string): TerminalPart[] {
    // Alone it is the key of that name.
    if (chunk === '\u001B' && this.#rest === '' && !this.#isPasting) return [{ kind: 'typed', text: chunk }];
    const parts: TerminalPart[] = [];
    let left = this.#rest + chunk;
    this.#rest = '';
    const put = (kind: TerminalPart['kind'], text: string): void => {
      if (text !== '') parts.push({ kind, text });
    };
    while (left !== '') {
      if (this.#isPasting) {
        const { text, behind, isEnded } = untilMark(left);
        put('pasted', text);
        this.#isPasting = !isEnded;
        left = isEnded ? behind : '';
        this.#rest = isEnded ? '' : behind;
        continue;
      }
      const at = left.indexOf('\u001B');
      put('typed', at < 0 ? left : left.slice(0, at));
      left = at < 0 ? '' : left.slice(at);
      if (unfinished.test(left)) {
        this.#rest = left;
        break;
      }
      sequence.lastIndex = 0;
      const [found = left.slice(0, 1)] = sequence.exec(left) ?? [];
      this.#isPasting = found === pasteBegins;
      left = left.slice(found.length);
    }
    return parts;
  }
}

/** `behind`: what follows the mark, or what may be its beginning. */
function untilMark(text: string): { text: string; behind: string; isEnded: boolean } {
  const at = text.indexOf(pasteEnds);
  if (at >= 0) return { text: text.slice(0, at), behind: text.slice(at + pasteEnds.length), isEnded: true };
  let kept = Math.min(text.length, pasteEnds.length - 1);
  while (!pasteEnds.startsWith(text.slice(text.length - kept))) kept -= 1;
  return { text: text.slice(0, text.length - kept), behind: text.slice(text.length - kept), isEnded: false };
}
