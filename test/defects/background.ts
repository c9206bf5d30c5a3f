/** Commands in the background. */
import type { Defect } from './defect.ts';

export const ofBackground: readonly Defect[] = [
  {
    id: 'background-restore-wakes',
    breaks: 'Whoever starts a pod again starts a paid turn by it, since a server had ended with it.',
    file: 'src/pod/machine/ended-commands.ts',
    find: '    wakes: false,',
    replace: '    wakes: true,',
    test: 'test/unit/pod/machine/commands.test.ts',
    guarantee: 'background.known-end',
  },
  {
    id: 'background-yes-covers',
    breaks: 'A yes to a command that is waited for lets the same command run on for ever.',
    file: 'src/pod/approvals/subject.ts',
    find: 'return background === true ? `\\0${command}` : command;',
    replace: 'return background === null ? `\\0${command}` : command;',
    test: 'test/unit/pod/call-key.test.ts',
    guarantee: 'background.asked',
  },
  {
    id: 'background-read-before-first',
    breaks: 'What is asked for from a place that is not kept any more is given as if it stood there.',
    file: 'src/tools/read-output.ts',
    find: 'const from = Math.min(Math.max(wanted < 0 ? total + wanted : wanted, first), total);',
    replace: 'const from = Math.min(wanted < 0 ? total + wanted : wanted, total);',
    test: 'test/unit/tools/background.test.ts',
    guarantee: 'background.output',
  },
  {
    id: 'background-past-the-limit',
    breaks: 'A pod runs one more command in the background than its limit says.',
    file: 'src/tools/background/background-commands.ts',
    find: 'if (open.length >= max)',
    replace: 'if (open.length > max)',
    test: 'test/unit/tools/background.test.ts',
    guarantee: 'background.bound',
  },
];
