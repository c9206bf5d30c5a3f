/** A run for a child: committed before it is sent, and either end of a doubt left to the next link. */
import { describe, expect, it } from 'vitest';
import type { Children } from '../../../../src/pod/children/children.ts';
import { RunRejected, sendRun } from '../../../../src/pod/children/send-run.ts';
import type { SendFailure } from '../../../../src/transport/connect-and-send.ts';
import { type Line, assigned, kid, me, working } from '../../machine-rig.ts';
import { shellOf } from '../shell-rig.ts';

const failure = (fields: Partial<SendFailure>): SendFailure => ({
  ok: false,
  failure: 'refused',
  message: 'it says no',
  delivered: 'refused',
  ...fields,
});
const lost = failure({ failure: 'timedOut', message: 'no answer', delivered: 'unknown' });
const nobody = failure({ failure: 'notThere', message: 'nobody there', delivered: 'no' });
const overtaken = failure({ code: 'regressed', message: 'a later link' });
const accepted = { ok: true, result: {} } as const;

function giving(lines: Line[] = working('t1', 'r1')) {
  const shell = shellOf(lines);
  const notes: string[] = [];
  const awaited: unknown[] = [];
  let link = 40;
  const children = {
    inFlight: new Set<string>(),
    links: {
      numberOf: () => (link += 1),
      linked: async (instance: string, within: unknown) => {
        awaited.push([instance, within]);
        throw new Error('it did not link');
      },
    },
    markAccepted: (assignment: string) => void notes.push(`accepted ${assignment}`),
    markUncertain: (instance: string) => void notes.push(`in doubt ${instance}`),
  };
  const give = (text = 'do it') =>
    sendRun(shell.pod, children as unknown as Children, { child: kid, text, hops: 3 });
  return Object.assign(shell, { children, notes, awaited, give });
}
const id = 'uuid-1';
const openEntry = { ...assigned(id), text: 'do it' };
const closedEntry = { ...openEntry, state: 'closed', outcome: 'notStarted', turn: undefined };

describe('an accepted run', () => {
  it('[sync.before-run-below] is sent behind the sync of its assignment, with all that the child needs', async () => {
    const { give, committed, order, sent, notes, children } = giving();
    expect(await give()).toBe(id);
    expect(committed).toEqual([[openEntry]]);
    expect(order).toEqual(['commit assignment', 'synced', 'send run']);
    const params = {
      input: 'do it',
      submission: id,
      from: { instance: me.instance, token: 'token of kid' },
      root: me.instance,
      hops: 3,
      link: 41,
    };
    expect(sent).toEqual([{ path: '/sockets/kid', method: 'run', params }]);
    expect([notes, children.inFlight.size]).toEqual([[`accepted ${id}`], 0]);
  });

  it('[give.assignment] outside of a turn names none, and quotes 500 characters', async () => {
    const { give, committed, sent } = giving([]);
    await give(`${'x'.repeat(499)}😀y`);
    expect(committed).toStrictEqual([
      [
        {
          type: 'assignment',
          assignment: id,
          child: kid,
          state: 'open',
          text: `${'x'.repeat(499)}\ufffd`,
        },
      ],
    ]);
    expect(sent[0]?.params).toMatchObject({ input: `${'x'.repeat(499)}😀y` });
  });

  it('[give.assignment] is in flight until it is answered', async () => {
    const { give, children, answers, sent } = giving();
    let seen: string[] = [];
    answers[0] = accepted;
    const { push } = sent;
    sent.push = (...items) => ((seen = [...children.inFlight]), push.apply(sent, items));
    await give();
    expect(seen).toEqual([id]);
  });
});

describe('a run that did not arrive', () => {
  it.each([
    ['a refusal', [failure({ code: 'paused' })], { tries: 1, waits: 0 }],
    ['nobody there', [nobody], { tries: 1, waits: 0 }],
    ['an old link, each time', [overtaken], { tries: 3, waits: 2 }],
    ['a refusal behind an old link', [overtaken, failure({ code: 'paused' })], { tries: 2, waits: 1 }],
  ] as const)('[give.rejected] %s closes the assignment', async (_, answers, { tries, waits }) => {
    const shell = giving();
    shell.answers.splice(0, 1, ...answers);
    const error = await shell.give().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RunRejected);
    expect(error).toMatchObject({ name: 'RunRejected', message: answers.at(-1)?.message });
    expect(shell.committed[1]).toEqual([closedEntry]);
    expect([shell.sent.length, shell.notes, shell.children.inFlight.size]).toEqual([tries, [], 0]);
    // Behind each refusal for the sake of a later link, but the last try's, that link is waited for.
    const within = (after: number) => ({ timeoutMs: 5_000, exited: null, after });
    expect(shell.awaited).toEqual(
      Array.from({ length: waits }, (_, index) => [kid.instance, within(41 + index)]),
    );
  });

  it('[give.rejected] what the end of the child has closed meanwhile is not closed again', async () => {
    const shell = giving();
    shell.answers[0] = nobody;
    const wait = shell.give().catch(() => undefined);
    shell.pod.facts.assignments.clear();
    await wait;
    expect(shell.committed.length).toBe(1);
  });

  it('[give.rejected] a log that refuses the assignment sends nothing', async () => {
    const shell = giving();
    shell.refusal = new Error('no room');
    await expect(shell.give()).rejects.toThrow('no room');
    expect([shell.sent, shell.children.inFlight.size, shell.notes]).toEqual([[], 0, []]);
  });
});

describe('a run in doubt', () => {
  it('[give.doubt] is tried again with the same id and the newest link, and may be accepted then', async () => {
    const shell = giving();
    shell.answers.splice(0, 1, lost, accepted);
    expect(await shell.give()).toBe(id);
    expect(shell.sent.map(({ params }) => params)).toMatchObject([
      { submission: id, link: 41 },
      { submission: id, link: 42 },
    ]);
    expect(shell.notes).toEqual([`accepted ${id}`]);
  });

  it.each([
    ['no answer at all', [lost], { tries: 3, waits: 0 }],
    ['nobody there behind no answer', [lost, nobody], { tries: 2, waits: 0 }],
    ['no answer behind an old link', [overtaken, lost, nobody], { tries: 3, waits: 1 }],
    ['a refusal behind no answer', [lost, overtaken, failure({})], { tries: 3, waits: 1 }],
  ] as const)('[give.doubt] %s leaves the assignment open', async (_, answers, { tries, waits }) => {
    const shell = giving();
    shell.answers.splice(0, 1, ...answers);
    expect(await shell.give()).toBe(id);
    expect([shell.committed, shell.sent.length]).toEqual([[[openEntry]], tries]);
    expect(shell.awaited.length).toBe(waits);
    expect([shell.notes, shell.children.inFlight.size]).toEqual([[`in doubt ${kid.instance}`], 0]);
  });
});
