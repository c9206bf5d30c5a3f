/** The exact words that a model reads of a command in the background that has ended, as a table. */
import { expect, it } from 'vitest';
import { commandNotice } from '../../../src/delivery/command-notice.ts';
import type { EndedCommandContent } from '../../../src/session/facts/command-entries.ts';

const ended: EndedCommandContent = {
  kind: 'command',
  command: 'command-1',
  text: 'npm run dev',
  how: 'exited',
  exitCode: 0,
  signal: null,
  durationMs: 2_400,
  bytes: 9,
  tail: 'listening',
  notes: [],
};
const head = (how: string) => `The command "command-1" in the background ${how}: "npm run dev"`;
const exited = head('has ended (exit code 0) after 2 s');
const kept = 'What is kept of its output: ReadOutput { "name": "command-1" }';
const end = ['The end of its output:', '```data', 'listening', '```'];

const rows: Record<string, [Partial<EndedCommandContent>, string[]]> = {
  'with its last output': [{}, [exited, ...end, kept]],
  'that wrote nothing': [{ bytes: 0, tail: '' }, [exited, 'It wrote nothing.']],
  'whose output is not at hand': [{ bytes: null, tail: '' }, [exited, kept]],
  'whose last output is blank, with more of it kept': [{ bytes: 70_000, tail: '' }, [exited, kept]],
  'with output of a length that nobody knows': [{ bytes: null }, [exited, ...end, kept]],
  'by a signal': [
    { exitCode: null, signal: 'SIGTERM' },
    [head('has ended (signal SIGTERM) after 2 s'), ...end, kept],
  ],
  'by a signal that is not known': [
    { exitCode: null },
    [head('has ended (signal unknown) after 2 s'), ...end, kept],
  ],
  'by the model': [{ how: 'stopped' }, [head('was ended by StopCommand after 2 s'), ...end, kept]],
  'because a name was not protected any more': [
    { how: 'lost', durationMs: 600 },
    [head('was ended after 1 s, because a name that is protected could not be kept so'), ...end, kept],
  ],
  'with its pod': [
    { how: 'withPod', durationMs: null, bytes: null, tail: '' },
    [head('ended with this pod, which was stopped or had died; it was not started again'), kept],
  ],
  'that never began, whatever else is said of it': [
    { how: 'notStarted', durationMs: null, notes: ['There is no shell.'] },
    [head('could not be started, so nothing was run'), '[There is no shell.]'],
  ],
  'with what podkin has to say of it': [
    { notes: ['One\u202E.', 'Two.'] },
    [exited, '[One.]', '[Two.]', ...end, kept],
  ],
};

it.each(Object.entries(rows))(
  '[background.known-end] [notice.words] a command that ended: %s',
  (_, [fields, lines]) => {
    expect(commandNotice({ ...ended, ...fields }).split('\n')).toEqual(lines);
  },
);

it('[background.known-end] [notice.quoted] what is said of a command is bounded in each part', () => {
  const notes = Array.from({ length: 13 }, () => 'n'.repeat(501));
  const lines = commandNotice({ ...ended, text: 'c'.repeat(201), notes, tail: 't'.repeat(2_001) }).split(
    '\n',
  );
  const notice = lines.filter((line) => line.startsWith('['));
  expect(lines[0]?.endsWith(`: "${'c'.repeat(200)}…"`)).toBe(true);
  expect(notice).toEqual(Array.from({ length: 12 }, () => `[${'n'.repeat(500)}]`));
  expect(lines).toContain(`${'t'.repeat(2_000)}…`);
});
