/** Who may answer an approval, and where the answer goes. */
import { expect, it } from 'vitest';
import { type ApproveParts, approve } from '../../../../src/pod/approvals/answer.ts';
import type { Params } from '../../../../src/protocol/methods.ts';
import { WireError } from '../../../../src/protocol/errors.ts';
import type { SendFailure } from '../../../../src/transport/connect-and-send.ts';
import { kid, me, working } from '../../machine-rig.ts';
import { asking } from '../machine/asked-approvals.ts';
import { shellOf } from '../shell-rig.ts';

const yes = (request: string, fields: Partial<Params<'approve'>> = {}): Params<'approve'> => ({
  request,
  decision: 'allow',
  ...fields,
});

/** Its own approval is q1, that of its child k1. */
function podOf() {
  const shell = shellOf([...working('t1', 'r1'), asking('q1', 'c1')]);
  const taken: unknown[] = [];
  const asked: string[] = [];
  const parts = {
    pod: shell.pod,
    approvalGate: {
      answer: async (params: unknown) => {
        taken.push(params);
        return { tool: 'Bash', summary: 'ls' };
      },
    },
    approvalFeed: {
      below: (request: string) => {
        asked.push(request);
        return request === 'q1' || request === 'k1' ? { pod: kid } : undefined;
      },
    },
  } as unknown as ApproveParts;
  const answer = (params: Params<'approve'>) => approve(parts, params);
  return { ...shell, answer, taken, asked };
}

it('[approval.tree] an own approval is answered here, also where a pod below claims its id', async () => {
  const { answer, taken, sent } = podOf();
  expect(await answer(yes('q1', { reason: 'go' }))).toEqual({
    request: 'q1',
    pod: me,
    tool: 'Bash',
    summary: 'ls',
    decision: 'allow',
  });
  expect([taken, sent]).toEqual([[yes('q1', { reason: 'go' })], []]);
});

it('[approval.tree] what nobody below asks is refused or answered by what this pod knows', async () => {
  const { answer, taken } = podOf();
  await answer(yes('none'));
  expect(taken).toEqual([yes('none')]);
});

it.each([{}, { reason: 'go' }])(
  '[approval.tree] an approval of a pod below goes to it, with %j',
  async (fields) => {
    const { answer, taken, sent, answers } = podOf();
    answers[0] = { ok: true, result: { said: 'by the child' } };
    expect(await answer(yes('k1', fields))).toEqual({ said: 'by the child' });
    const params = { request: 'k1', decision: 'allow', ...fields };
    expect(sent).toStrictEqual([{ path: '/sockets/kid', method: 'approve', params }]);
    expect(taken).toEqual([]);
  },
);

const failure = (fields: Partial<SendFailure>): SendFailure => ({
  ok: false,
  failure: 'refused',
  message: 'it says no',
  delivered: 'refused',
  ...fields,
});
const silent = (doubt: string) => `The pod "kid" that asks did not answer (it says no). ${doubt}`;
const closed = silent('Nothing was changed; restore it if it has ended, and answer then.');
const open = silent(
  'Whether it took the answer is not known; "podkin approvals" shows whether it is open still.',
);

it.each<[string, SendFailure, { code: string; message: string }]>([
  ['its refusal', failure({ code: 'forbidden' }), { code: 'forbidden', message: 'it says no' }],
  ['a refusal of another version', failure({ code: '-32601' }), { code: 'notRunning', message: closed }],
  [
    'nobody there',
    failure({ failure: 'notThere', delivered: 'no' }),
    { code: 'notRunning', message: closed },
  ],
  [
    'a code that is the system’s',
    failure({ failure: 'refusedConnection', code: 'forbidden', delivered: 'no' }),
    { code: 'notRunning', message: closed },
  ],
  [
    'no answer',
    failure({ failure: 'timedOut', delivered: 'unknown' }),
    { code: 'notRunning', message: open },
  ],
])('[approval.silent-asker] %s', async (_, sent, error) => {
  const { answer, answers } = podOf();
  answers[0] = sent;
  const refusal = await answer(yes('k1')).catch((thrown: unknown) => thrown);
  expect(refusal).toBeInstanceOf(WireError);
  expect(refusal).toMatchObject(error);
});
