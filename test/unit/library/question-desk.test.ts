import { expect, it } from 'vitest';
import { QuestionDesk } from '../../../src/library/question-desk.ts';
import type { TreeOptions } from '../../../src/library/api.ts';
import type { LiveEvent } from '../../../src/client/pod-stream.ts';
import type { Client } from '../../../src/transport/client.ts';
import { RemoteError } from '../../../src/transport/failures.ts';

/** What the pod is asked for one question, and what the program is told. */
async function played(
  onQuestion: () => unknown,
  refusals: readonly (Error | null)[] = [],
): Promise<{ asked: unknown[]; alerts: string[] }> {
  const asked: unknown[] = [];
  const alerts: string[] = [];
  const left = [...refusals];
  const client = {
    call: async (_: string, params: unknown) => {
      asked.push(params);
      const refusal = left.shift() ?? null;
      if (refusal !== null) throw refusal;
      return {};
    },
  } as unknown as Client;
  const desk = new QuestionDesk(onQuestion as TreeOptions['onQuestion'], {
    client: () => client,
    alert: (text) => void alerts.push(text),
  });
  desk.take({ type: 'approvalRequested', request: 'r' } as LiveEvent);
  await new Promise((resolve) => setImmediate(resolve));
  return { asked, alerts };
}

const refusedBy = (data: Record<string, unknown>): RemoteError =>
  new RemoteError(-32_000, 'no such rule', data);
const denied = (why: string) => ({
  request: 'r',
  decision: 'deny',
  reason: `the program's onQuestion gave no answer: ${why}`,
  unasked: true,
});
const allowed = { request: 'r', decision: 'allow', rule: 'X(' };
const giveRule = (): unknown => ({ decision: 'allow', rule: 'X(' });

it('[library.question-answers] an answer that the pod refuses denies with its words, and is told', async () => {
  const { asked, alerts } = await played(giveRule, [refusedBy({ code: 'forbidden' })]);
  expect(asked).toEqual([allowed, denied('no such rule')]);
  expect(alerts).toEqual(['onQuestion gave no answer, which denies: no such rule']);
});

it('[library.question-answers] what somebody else has answered is left as it is', async () => {
  const before = [refusedBy({ code: 'forbidden', decision: 'deny' }), refusedBy({ code: 'unknownPod' })];
  for (const refusal of before)
    expect(await played(giveRule, [refusal])).toEqual({ asked: [allowed], alerts: [] });
});

it('[library.question-answers] a pod that cannot take it now is no refusal of the answer', async () => {
  const { asked, alerts } = await played(giveRule, [refusedBy({ code: 'storageFailed' })]);
  expect(asked).toEqual([allowed]);
  expect(alerts).toEqual(['the answer to a question was not taken: no such rule']);
});

it('[library.question-answers] a throw of anything denies; undefined answers nothing', async () => {
  const { asked, alerts } = await played(() => {
    throw Object.create(null);
  });
  expect(asked).toEqual([denied('it has thrown: {}')]);
  expect(alerts).toHaveLength(1);
  expect(await played(() => undefined)).toEqual({ asked: [], alerts: [] });
});
