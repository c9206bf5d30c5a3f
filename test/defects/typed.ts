/** What is typed at the screen. */
import type { Defect } from './defect.ts';

export const ofWhatIsTyped: readonly Defect[] = [
  {
    id: 'held-key-answers',
    breaks: 'a key that is held down answers each question as soon as it has been there for 400 ms',
    file: 'src/screen/answering.ts',
    find: 'drawn: anew(drawn, nowMs) }) }, problem',
    replace: 'drawn }) }, problem',
    test: 'test/unit/screen/answering.test.ts',
    guarantee: 'screen.answers',
  },
  {
    id: 'answer-for-the-next',
    breaks: 'a key that was for a question answers the one that has taken its place meanwhile',
    file: 'src/screen/answering.ts',
    find: '  const drawn = state.drawn?.request === request ? state.drawn : null;',
    replace: '  const { drawn } = state;',
    test: 'test/unit/screen/answering.test.ts',
    guarantee: 'screen.r20',
  },
  {
    id: 'two-escs-one-key',
    breaks: 'two Escs in one read are a key that nobody knows',
    file: 'src/screen/input/decode.ts',
    find: "  if (raw === '\\u001B\\u001B') return [key('escape', null, '\\u001B'), key('escape', null, '\\u001B')];\n",
    replace: '',
    test: 'test/unit/screen/decode.test.ts',
    guarantee: 'screen.alt-esc',
  },
  {
    id: 'late-paste-is-typed',
    breaks: 'a paste whose mark came in two pieces is typed, line by line, and each line is sent',
    file: 'src/screen/input/decode.ts',
    find: 'this.#isLateMark(chunk, nowMs) ? `\\u001B${chunk}` : chunk',
    replace: 'chunk',
    test: 'test/unit/screen/decode.test.ts',
    guarantee: 'screen.r12',
  },
  {
    id: 'path-with-a-blank',
    breaks: 'a path that is pasted behind a word has a blank before it that nobody typed',
    file: 'src/screen/input/editor.ts',
    find: "    if (first !== '') this.#editor.insertTextAtCursor(first);\n    this.#editor.handleInput(`\\u001B[200~${text.slice(first.length)}\\u001B[201~`);",
    replace: '    if (first !== null) this.#editor.handleInput(`\\u001B[200~${text}\\u001B[201~`);',
    test: 'test/unit/screen/composer.test.ts',
    guarantee: 'screen.typed-exact',
  },
  {
    id: 'history-of-one-screen',
    breaks: 'a screen writes what it knows of the history over what another has kept meanwhile',
    file: 'src/screen/input/history.ts',
    find: '    const entries = bounded([...read(path), text]);',
    replace: '        const entries = bounded([text]);',
    test: 'test/unit/screen/history.test.ts',
    guarantee: 'screen.recalled',
  },
];
