/**
 * The text of a notice that a command in the background has ended. The command is the model's own; what it
 * wrote is data. Pure.
 */
import { withoutHidden } from '../std/characters.ts';
import { howItEnded } from '../session/facts/command-words.ts';
import type { EndedCommandContent } from '../session/facts/command-entries.ts';
import { fenced, quoted } from './quoted.ts';

const commandCharsMax = 200;
const noteCharsMax = 500;
const notesShown = 12;
const tailCharsMax = 2_000;

export function commandNotice(ended: EndedCommandContent): string {
  const { command, text, how, tail, notes, bytes } = ended;
  const head = `The command "${command}" in the background ${howItEnded(ended)}: ${quoted(text, commandCharsMax)}`;
  const said = notes.slice(0, notesShown).map((note) => `[${withoutHidden(note).slice(0, noteCharsMax)}]`);
  if (how === 'notStarted') return [head, ...said].join('\n');
  const wrote =
    tail === ''
      ? bytes === 0
        ? ['It wrote nothing.']
        : []
      : ['The end of its output:', ...fenced(tail, tailCharsMax)];
  const more = bytes === 0 ? [] : [`What is kept of its output: ReadOutput { "name": "${command}" }`];
  return [head, ...said, ...wrote, ...more].join('\n');
}
