/** What a turn does with the answers of its budget, before each request and each request of a summary. */
import { describe, expect, it } from 'vitest';
import { ModelFailure, type ModelRequest } from '../../../src/model/port.ts';
import type { EntryBody } from '../../../src/session/facts/entries.ts';
import { ask } from '../../../src/worker/ask.ts';
import type { BudgetAdmission } from '../../../src/worker/turn-ports.ts';
import { pod, works } from './context-rig.ts';
import { deskOf } from './desk-rig.ts';
import { type Reply, type TurnOptions, says, turnOf, usage } from './worker-rig.ts';

const go: BudgetAdmission = { kind: 'go' };
const wait: BudgetAdmission = { kind: 'wait', ms: 250 };
const capped: BudgetAdmission = { kind: 'capped', reason: 'tokens' };
const step = { step: 2, skipIf: () => false };

async function play(
  answers: BudgetAdmission[],
  replies: Reply[] = [says('done')],
  options: TurnOptions = {},
) {
  const desk = deskOf(...answers);
  const turn = turnOf(replies, { ...options, budget: desk.budget });
  return { ...turn, ...desk, answer: await ask(turn.ports, step) };
}

describe('a request', () => {
  it('[budget.reserve] is admitted with its estimate before it is sent: of a model without a price, tokens alone', async () => {
    const { asked, requests, answer } = await play([go]);
    expect(asked).toEqual([
      {
        size: { estimate: { inputTokens: expect.any(Number), outputTokens: 0, cost: null } },
        place: { step: 2 },
      },
    ]);
    expect(asked[0]!.size.estimate.inputTokens).toBeGreaterThan(0);
    expect([requests.length, answer.kind]).toEqual([1, 'answered']);
  });

  it('[budget.wait] waits, and is made anew then: what has arrived meanwhile is in it, and no try is counted', async () => {
    let drained = 0;
    const turn = turnOf([]);
    const { waited, requests, answer } = await play([wait, wait, go], [says('done')], {
      limits: { requestTries: 1 },
      preLlmRequest: () => ((drained += 1), turn.ports.preLlmRequest()),
    });
    expect(waited.map(([ms]) => ms)).toEqual([250, 250]);
    expect([drained, requests.length, answer.kind]).toEqual([3, 1, 'answered']);
  });

  it.each([
    ['cancel', 'cancelled'],
    ['pause', 'paused'],
  ] as const)('[budget.wait] that waits obeys a %s', async (control, kind) => {
    const { requests, answer } = await play([wait, wait, go], [], { control: ['none', control] });
    expect(answer).toEqual({ kind: 'ended', result: { kind } });
    expect(requests).toEqual([]);
  });

  it('[budget.wait] that waits ends with its turn’s process', async () => {
    const abort = new AbortController();
    const { answer } = await play([wait], [], { abort, wait: () => Promise.resolve(abort.abort()) });
    expect(answer).toEqual({ kind: 'ended', result: { kind: 'cancelled' } });
  });

  it('[budget.cap] past the pod’s own cap ends the turn at that limit', async () => {
    const { requests, answer } = await play([capped]);
    expect(answer).toEqual({ kind: 'ended', result: { kind: 'limitReached', reason: 'tokens' } });
    expect(requests).toEqual([]);
  });

  it('[budget.reserve] that failed without a count gives back what was taken for it', async () => {
    const down = new ModelFailure('overloaded', 'busy', { transient: true });
    const { asked, committed } = await play([go], [{ throws: down }, says('done')]);
    expect(asked).toHaveLength(2);
    expect(committed.flat()).toContainEqual({
      type: 'requestFailed',
      turn: 't1',
      step: 2,
      usage: { inputTokens: 0, outputTokens: 0, cost: 0 },
    });
  });
});

describe('a count that no request comes to', () => {
  const doubted = { ...usage, said: { inputTokens: 9e15, outputTokens: 2 } };
  const isTold = (entry: EntryBody) => entry.type === 'alert' && entry.code === 'usageDoubted';

  it('[model.usage-believed] is in the log beside the estimate, and a person is told once', async () => {
    const answer = (request: ModelRequest, nth: number) =>
      Object.assign(works(2)(request, nth), { usage: doubted });
    const ran = pod(900, { answer, window: 1_000_000 });
    await ran.run();
    expect(ran.of('stepCompleted').map(({ usage: of }) => of)).toEqual([doubted, doubted, doubted]);
    expect(ran.committed().filter(isTold)).toHaveLength(1);
  });

  it('[model.usage-believed] of a request without a response is told too', async () => {
    const down = new ModelFailure('cutStream', 'cut', { transient: true });
    const { committed } = await play(
      [go],
      [{ deltas: [{ type: 'spent', usage: doubted }], throws: down }, says('done')],
    );
    const entries = committed.flat();
    expect(entries).toContainEqual({ type: 'requestFailed', turn: 't1', step: 2, usage: doubted });
    expect(entries.find(isTold)).toMatchObject({
      text: expect.stringContaining('a/b counted 9000000000000000 tokens in'),
    });
  });
});

describe('the size of a request', () => {
  const sized = async (chars: number, steps: number, window?: number) => {
    const desk = deskOf(go);
    const turn = pod(chars, { answer: works(steps), rate: 1.3, ...(window === undefined ? {} : { window }) });
    Object.assign(turn.ports, { budget: desk.budget });
    Object.assign(await turn.ports.model(), {
      cost: ({ inputTokens, outputTokens }: { inputTokens: number; outputTokens: number }) =>
        inputTokens + 5 * outputTokens,
    });
    await turn.run();
    return desk.asked.map(({ size }, nth) => ({ ...size, ...turn.requests[nth]! }));
  };

  it('[budget.size] is what it holds beyond the last one, at the full price, within a few per cent', async () => {
    const [first, ...later] = await sized(200_000, 3, 1_000_000);
    expect([first!.beyond, first!.least]).toEqual([undefined, undefined]);
    for (const [nth, { beyond, tokens }] of later.entries()) {
      const more = tokens - [first!, ...later][nth]!.tokens;
      expect(more).toBeGreaterThan(65_000);
      expect(beyond!.inputTokens / more).toBeCloseTo(1, 2);
      expect(beyond).toMatchObject({ outputTokens: 0, cost: beyond!.inputTokens });
    }
    expect(later).toHaveLength(3);
  });

  it('[budget.size] is all of it where it does not go on from the last one', async () => {
    const all = await sized(200, 60);
    const shorter = all.filter(({ least }) => least !== undefined);
    expect(shorter.length).toBeGreaterThan(0);
    for (const { estimate, least, beyond, tokens } of shorter) {
      expect(beyond).toBeUndefined();
      expect(least!.inputTokens / tokens).toBeCloseTo(1, 1);
      expect(least).toMatchObject({
        outputTokens: estimate.outputTokens,
        cost: least!.inputTokens + 5 * estimate.outputTokens,
      });
    }
  });
});
