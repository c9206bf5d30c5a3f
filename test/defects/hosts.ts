/** Hooks of a person, and the mailbox of another host. */
import type { Defect } from './defect.ts';

const mailbox = 'src/pod/machine/mailbox.ts';
const mailboxTest = 'test/unit/pod/machine/mailbox.test.ts';

export const ofHosts: readonly Defect[] = [
  {
    id: 'mailbox-hands-out-all',
    breaks: 'A host is handed more reports at a time than the bound.',
    file: mailbox,
    find: "systemItemsFromBuffer(core, '').slice(0, room)",
    replace: "systemItemsFromBuffer(core, '')",
    test: mailboxTest,
    guarantee: 'mcp.report-stays',
  },
  {
    id: 'mailbox-does-twice',
    breaks: 'A call that a host repeats since its answer was lost is done a second time.',
    file: mailbox,
    find: "if (known !== undefined && known.text !== null) return { kind: 'done', text: known.text };",
    replace: "if (known !== undefined && known.text === '') return { kind: 'done', text: known.text };",
    test: mailboxTest,
    guarantee: 'mcp.once',
  },
  {
    id: 'mailbox-takes-any-request',
    breaks: 'A request id that is used for something else answers what the first one did.',
    file: mailbox,
    find: 'if (known !== undefined && (known.digest !== digest || known.tool !== tool)) {',
    replace: 'if (known !== undefined && known.tool !== tool) {',
    test: mailboxTest,
    guarantee: 'mcp.request-conflict',
  },
  {
    id: 'hook-failure-passes',
    breaks: 'A hook that fails and is to have its person asked lets the call go on unasked.',
    file: 'src/pod/hooks/judge.ts',
    find: "      return { kind: 'ask', why: `the ${hookName(hook)} failed: ${endOf(ran)}` };",
    replace: "      return { kind: 'allowed' };",
    test: 'test/unit/pod/hooks/judge.test.ts',
    guarantee: 'hook.fails',
  },
  {
    id: 'hook-block-is-a-failure',
    breaks: 'A hook that says no is taken for one that failed.',
    file: 'src/pod/hooks/judge.ts',
    find: 'const blocks = 2;',
    replace: 'const blocks = 3;',
    test: 'test/unit/pod/hooks/judge.test.ts',
    guarantee: 'hook.judges',
  },
];
