/** A program that has the terminal as the screen has it, and ends in the way that it is asked to. */
import { Terminal } from '../../src/screen/terminal.ts';
import { InlineWriter, PaneWriter } from '../../src/screen/writer.ts';

const [, , mode = 'panes', way = 'wait'] = process.argv;
const terminal = new Terminal({ stdin: process.stdin, stdout: process.stdout, isSlow: false, mouse: false });
const [panes, inline] = [new PaneWriter(), new InlineWriter()];
let frames = 0;

const frame = (): string => {
  const live = {
    lines: [[{ text: `frame ${(frames += 1)} of ${process.pid}` }]],
    caret: { row: 0, column: 3 },
  };
  return mode === 'panes'
    ? panes.frame(live, terminal.size, 'take')
    : inline.print([], live, terminal.size, 'take');
};
const leave = (): string =>
  mode === 'panes' ? panes.leave([[{ text: 'left' }]]) : inline.leave([[{ text: 'left' }]], terminal.size);

terminal.open({
  onInput: (bytes) => {
    if (bytes === '\u001A') terminal.suspend();
    else if (bytes === 'q') end();
  },
  onResize: () => terminal.write(frame()),
  onBack: () => terminal.write(frame()),
  onDrain: () => undefined,
  onGiveBack: leave,
  onLost: end,
});
terminal.write(frame());

function end(): void {
  terminal.write(leave());
  terminal.close();
}

const ways: Readonly<Record<string, () => void>> = {
  close: end,
  // oxlint-disable-next-line unicorn/no-process-exit -- one of the ways
  exit: () => process.exit(3),
  throws: () => {
    throw new Error('a defect');
  },
  rejects: () => void Promise.reject(new Error('a defect')),
};
setImmediate(ways[way] ?? (() => undefined));
