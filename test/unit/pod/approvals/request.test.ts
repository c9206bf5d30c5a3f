/** An open approval as it is shown: its input, what each answer would mean, and what fits into one list. */
import { describe, expect, it } from 'vitest';
import { bounded, fitting, requestOf } from '../../../../src/pod/approvals/request.ts';
import { type ApprovalRequest, inputCharsMax } from '../../../../src/protocol/approval.ts';
import { called, factsOf, me, timeOf, working } from '../../machine-rig.ts';
import { asking } from '../machine/asked-approvals.ts';

const turn = working('t1', 'r1');
const shown: ApprovalRequest = {
  request: 'q1',
  pod: me,
  tool: 'Bash',
  summary: 'ls',
  why: 'it runs a command',
  askedAt: timeOf(7),
  call: 'c1',
  path: 'me',
  input: {},
  inputChars: 2,
  always: 'this very command is not asked about again in this pod, inside a sandbox',
  sandbox: 'inside',
};

function requestFor(fields: Parameters<typeof asking>[2], call = called('t1', 'c1')): ApprovalRequest {
  const facts = factsOf([...turn, call, asking('q1', 'c1', fields)]);
  return requestOf(facts, facts.approvals.get('q1')!, 'me');
}

describe('an approval', () => {
  const { input: _input, inputChars: _chars, always: _always, sandbox: _sandbox, ...bare } = shown;
  const always = (tool: string) =>
    `this very input of ${tool}, leading to the same place, is not asked about again in this pod`;
  const edit = { tool: 'Edit', exact: 'x', outside: false };
  const form = { message: 'Who?', fields: [] };

  it.each<[string, Parameters<typeof asking>[2], ApprovalRequest]>([
    ['of a command in a sandbox', {}, shown],
    [
      'of a command outside of one',
      { always: { tool: 'Bash', exact: 'ls', outside: true } },
      {
        ...shown,
        always: 'this very command is not asked about again in this pod, also where no sandbox holds it',
        sandbox: 'outside',
      },
    ],
    [
      'of another tool, which no sandbox is about',
      { tool: 'Edit', always: edit },
      { ...bare, input: {}, inputChars: 2, tool: 'Edit', always: always('Edit') },
    ],
    [
      'of another tool, which leaves the sandbox',
      { tool: 'Edit', always: { ...edit, outside: true } },
      { ...bare, input: {}, inputChars: 2, tool: 'Edit', always: always('Edit'), sandbox: 'outside' },
    ],
    ['that offers a path', { offers: { write: '/w/x' } }, { ...shown, offers: { write: '/w/x' } }],
    ['that is a form, of which no answer holds for another', { form }, { ...bare, form }],
  ])('[screen.approval-whole] %s', (_, fields, expected) => {
    expect(requestFor(fields)).toStrictEqual(expected);
  });

  it('[screen.approval-whole] has its input up to a bound, then its length alone, and none where its call has ended', () => {
    const withInput = (chars: number) => ({ ...called('t1', 'c1'), input: 'x'.repeat(chars - 2) });
    const { input: _none, ...long } = { ...shown, inputChars: inputCharsMax + 1 };
    expect(requestFor({}, withInput(inputCharsMax))).toMatchObject({ inputChars: inputCharsMax });
    expect(requestFor({}, withInput(inputCharsMax))).toHaveProperty('input');
    expect(requestFor({}, withInput(inputCharsMax + 1))).toStrictEqual(long);
    const other = requestFor({}, called('t1', 'c2'));
    expect([other.input, other.inputChars]).toEqual([undefined, undefined]);
    const alone = factsOf([asking('q1', 'c1')]);
    expect(requestOf(alone, alone.approvals.get('q1')!, 'me')).not.toHaveProperty('input');
  });
});

describe('an approval of a pod below', () => {
  it('[screen.approval-whole] has the length that its input has here, and the said one where there is none', () => {
    const { input: _input, inputChars: _chars, ...rest } = shown;
    expect(bounded({ ...rest, input: 'abc', inputChars: 1 })).toStrictEqual({
      ...rest,
      input: 'abc',
      inputChars: 5,
    });
    expect(bounded({ ...rest, inputChars: 9 })).toStrictEqual({ ...rest, inputChars: 9 });
    expect(bounded(rest)).toStrictEqual(rest);
  });

  it('[screen.approval-whole] has its input in the list where that and all before it fit into a message', () => {
    const one = (inputChars: number): ApprovalRequest => ({ ...shown, inputChars });
    const { input: _input, ...without } = shown;
    const inputs = (...open: ApprovalRequest[]) => fitting(open).map((shownOne) => 'input' in shownOne);
    expect(inputs(one(400_000), one(600_000))).toEqual([true, true]);
    expect(inputs(one(400_000), one(600_001), one(1))).toEqual([true, false, false]);
    expect(fitting([one(1_000_001)])).toStrictEqual([{ ...without, inputChars: 1_000_001 }]);
    // An older pod says no length.
    const { inputChars: _chars, ...unsaid } = shown;
    expect(inputs(unsaid, one(1_000_000))).toEqual([true, true]);
    expect(inputs({ ...without, inputChars: 2_000_000 }, one(5))).toEqual([false, true]);
  });
});
