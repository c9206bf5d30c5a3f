/**
 * One request with its tries: what is asked, what is shown while it is answered, what is tried again and
 * after how long.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ModelFailure } from '../../../src/model/port.ts';
import { type Answer, type Asking, ask } from '../../../src/worker/ask.ts';
import { systemPrompt } from '../../../src/worker/system-prompt.ts';
import { asked, called, noticeItem, result, said } from '../machine-rig.ts';
import {
  type Reply,
  type TurnOptions,
  part,
  says,
  turnOf,
  usage,
  transcriptFrom,
  promptFacts,
} from './worker-rig.ts';

const never: Asking = { step: 2, skipIf: () => false };
const answered = {
  kind: 'answered',
  model: expect.objectContaining({ name: 'a/b' }),
  response: { parts: [{ type: 'text', text: 'done' }], finishReason: 'stop', usage },
  seenThrough: 4,
};
const cancelled: Answer = { kind: 'ended', result: { kind: 'cancelled' } };
const paused: Answer = { kind: 'ended', result: { kind: 'paused' } };

type FailureOptions = Partial<ConstructorParameters<typeof ModelFailure>[2]>;
const fails = (options: FailureOptions = {}): Reply => ({
  throws: new ModelFailure('overloaded', 'too busy', { transient: true, ...options }),
});
const limits = { requestTries: 4, retryBaseMs: 1_000, retryMaxMs: 3_000, retryAfterMaxMs: 600_000 };

async function play(replies: readonly Reply[], options: TurnOptions = {}, asking = never) {
  const turn = turnOf(replies, { limits, ...options });
  const answer = await ask(turn.ports, asking).catch((error: unknown) => error);
  return { ...turn, answer };
}

/** The jitter of each try: 0 is the least of it. */
function withJitter(value: number): void {
  vi.spyOn(Math, 'random').mockReturnValue(value);
}
afterEach(() => void vi.restoreAllMocks());

describe('a request', () => {
  it('[ask.request] says who asks, what came before and what may be called', async () => {
    const history = [
      asked('t1', 'r1'),
      said('t1', 'look'),
      called('t1', 'c1'),
      result('t1', 'c1'),
      noticeItem('t1', 'n1'),
    ];
    const { requests, abort } = await play([says('done')], { history });
    expect(requests).toEqual([
      {
        pod: 'me',
        system: systemPrompt(promptFacts),
        messages: [
          { role: 'user', text: 'do r1' },
          {
            role: 'assistant',
            parts: [
              { type: 'text', text: 'look' },
              { type: 'toolCall', call: 'c1', tool: 'Bash', input: {} },
            ],
          },
          { role: 'tool', results: [{ call: 'c1', tool: 'Bash', text: 'ok', isError: false }] },
          {
            role: 'user',
            text: expect.stringMatching(/^Automatic notice from the podkin runtime\..*\n\nread$/),
          },
        ],
        newest: 'notification',
        tools: [],
        signal: abort.signal,
      },
    ]);
  });

  it('[ask.request] is not made where its history has the answer', async () => {
    const seen: number[] = [];
    const skipIf = (history: readonly object[]) => seen.push(history.length) > 0;
    const { answer, requests, points } = await play([says('done')], {}, { step: 1, skipIf });
    expect([answer, requests, points, seen]).toEqual([{ kind: 'skipped' }, [], [], [1]]);
  });

  it('[ask.request] is judged by the history of its first try only', async () => {
    let asks = 0;
    const skipIf = () => (asks += 1) > 1;
    const { answer } = await play([fails(), says('done')], {}, { step: 1, skipIf });
    expect([answer, asks]).toEqual([answered, 1]);
  });

  it('[ask.request] answers the parts as the model gave them', async () => {
    const { answer } = await play([{ response: { parts: [part('c1')], finishReason: 'toolCalls' } }]);
    expect(answer).toMatchObject({ response: { parts: [part('c1')], finishReason: 'toolCalls' } });
  });

  it('[ask.request] shows what comes of the answer, each piece with its place', async () => {
    const deltas = [
      { type: 'reasoningDelta', text: 'so ' },
      { type: 'textDelta', text: 'all ' },
      { type: 'reasoningDelta', text: 'far' },
      { type: 'textDelta', text: 'done' },
      { type: 'toolInputDelta', call: 'c1', tool: 'Echo', text: '{"a' },
    ] as const;
    const { answer, shown, points } = await play([{ deltas: [...deltas], ...says('done') }]);
    const place = { turn: 't1', step: 2 };
    expect(shown).toEqual([
      { type: 'reasoningDelta', ...place, offset: 0, text: 'so ' },
      { type: 'textDelta', ...place, offset: 0, text: 'all ' },
      { type: 'reasoningDelta', ...place, offset: 3, text: 'far' },
      { type: 'textDelta', ...place, offset: 4, text: 'done' },
      { type: 'toolInputDelta', ...place, call: 'c1', tool: 'Echo', text: '{"a' },
    ]);
    expect(answer).toEqual(answered);
    expect(points).toEqual(['request.started', 'response.received']);
  });
});

describe('a request that fails', () => {
  it.each<[string, number, FailureOptions[], number[]]>([
    ['waits half the time at least', 0, [{}, {}, {}], [500, 1_000, 1_500]],
    ['waits the whole time at most', 1, [{}, {}, {}], [1_000, 2_000, 3_000]],
    ['waits whole milliseconds', 0.0011, [{}], [501]],
    ['waits as long as the provider asks', 1, [{ retryAfterMs: 7_000 }, {}], [7_000, 2_000]],
    ['waits its own time where the provider asks for less', 0, [{ retryAfterMs: 10 }], [500]],
    ['waits as long as the longest rest that is allowed', 0, [{ retryAfterMs: 600_000 }], [600_000]],
  ])('[ask.retries] %s', async (...[, jitter, failures, waits]) => {
    withJitter(jitter);
    const { answer, waited } = await play([...failures.map(fails), says('done')]);
    expect(answer).toEqual(answered);
    expect(waited.map(([delayMs]) => delayMs)).toEqual(waits);
  });

  it('[ask.retries] says so to whoever looks, and why it waits', async () => {
    withJitter(0);
    const { shown, waited } = await play([fails(), fails({ triesMax: 3 }), says('done')]);
    const text = (tries: string, time: string) =>
      `The model's provider failed (overloaded: too busy); try ${tries} in ${time} s.`;
    expect(shown).toEqual(
      [text('2 of 4', '0.5'), text('3 of 4', '1.0')].map((said) => ({
        type: 'alert',
        level: 'warning',
        code: 'providerRetry',
        turn: 't1',
        step: 2,
        text: said,
      })),
    );
    expect(waited.map(([, why]) => why)).toEqual([text('2 of 4', '0.5'), text('3 of 4', '1.0')]);
  });

  it('[ask.retries] begins its answer anew, and what arrived meanwhile is in the next one', async () => {
    const delta = { type: 'textDelta', text: 'all' } as const;
    let drains = 0;
    const { shown, requests } = await play(
      [
        { deltas: [delta], ...fails() },
        { deltas: [delta], ...says('done') },
      ],
      {
        preLlmRequest: () =>
          Promise.resolve({
            transcript: transcriptFrom((drains += 1) === 1 ? [] : [noticeItem('t1', 'n1')]),
            seenThrough: 4,
          }),
      },
    );
    expect(
      shown.filter(({ type }) => type === 'textDelta').map((event) => 'offset' in event && event.offset),
    ).toEqual([0, 0]);
    expect(requests.map(({ newest }) => newest)).toEqual(['user', 'notification']);
  });

  it.each<[string, FailureOptions, number]>([
    ['for good is not tried again', { transient: false }, 1],
    ['is tried as often as the limit says', {}, 4],
    ['that hardly ever passes is not tried as often', { triesMax: 2 }, 2],
    ['is not tried more often than the limit says', { triesMax: 9 }, 4],
  ])('[ask.gives-up] %s', async (...[, options, asks]) => {
    const { answer, requests, waited } = await play([fails(options)]);
    expect(answer).toMatchObject({ name: 'ModelFailure', message: 'too busy' });
    expect([requests.length, waited.length]).toEqual([asks, asks - 1]);
  });

  const busy = fails();
  const cut: Reply = {
    throws: new ModelFailure('cutStream', 'cut', { transient: true, triesMax: 3 }),
  };
  it.each<[string, readonly Reply[], number, readonly string[], string]>([
    ['behind others', [busy, busy, cut, says('done')], 8, ['2 of 8', '3 of 8', '4 of 5'], 'answered'],
    ['between others', [cut, busy, cut, busy, cut], 8, ['2 of 3', '3 of 8', '4 of 4', '5 of 8'], 'cut'],
    ['at the bound of all', [busy, busy, busy, cut], 4, ['2 of 4', '3 of 4', '4 of 4'], 'cut'],
    ['near the bound of all', [busy, busy, cut, busy], 4, ['2 of 4', '3 of 4', '4 of 4'], 'too busy'],
  ])('[ask.tries-by-kind] %s', async (...[, replies, requestTries, tries, ended]) => {
    const { answer, shown } = await play(replies, { limits: { ...limits, requestTries } });
    const alerts = shown.flatMap((event) => (event.type === 'alert' ? [event.text] : []));
    expect(alerts.map((text) => /try (\d of \d)/.exec(text)?.[1])).toEqual(tries);
    expect(answer).toMatchObject(ended === 'answered' ? { kind: 'answered' } : { message: ended });
  });

  it.each<[string, number, number, string]>([
    ['in seconds', 119_001, 1_000, '120 seconds of rest, and limits.retryAfterMaxMs allows 1 seconds'],
    [
      'in minutes from two of them on',
      120_000,
      90_000,
      '2 minutes of rest, and limits.retryAfterMaxMs allows 90 seconds',
    ],
    [
      'in whole minutes, not fewer',
      3_600_001,
      600_000,
      '61 minutes of rest, and limits.retryAfterMaxMs allows 10 minutes',
    ],
  ])(
    '[ask.gives-up] where the provider asks for a longer rest than is allowed, and says so %s',
    async (...[, retryAfterMs, retryAfterMaxMs, words]) => {
      const { answer, requests } = await play([fails({ retryAfterMs })], {
        limits: { ...limits, retryAfterMaxMs },
      });
      expect(answer).toMatchObject({
        category: 'overloaded',
        transient: false,
        message: `too busy. It asks for ${words}: try again then, or raise that limit`,
      });
      expect(requests).toHaveLength(1);
    },
  );

  it('[ask.gives-up] with its own words where it fails for good, however long a rest is asked for', async () => {
    const { answer } = await play([fails({ transient: false, retryAfterMs: 900_000 })]);
    expect(answer).toMatchObject({ message: 'too busy' });
  });

  it('[ask.gives-up] at once where the failure is none of the provider', async () => {
    const { answer, requests } = await play([{ throws: new TypeError('a defect') }]);
    expect([answer, requests.length]).toEqual([new TypeError('a defect'), 1]);
  });

  it('[ask.retries] where the stream ended before the answer was whole', async () => {
    const { answer, shown } = await play([{}, says('done')]);
    expect(answer).toEqual(answered);
    expect(shown).toMatchObject([
      { text: expect.stringContaining('(cutStream: The answer ended before it was complete.)') },
    ]);
  });

  it.each<[string, TurnOptions['control'], Answer]>([
    ['a cancel', ['cancel'], cancelled],
    ['a pause', ['pause'], paused],
  ])('[ask.controls] is not tried again behind %s', async (...[, control, ended]) => {
    const { answer, requests } = await play([fails()], { control: control ?? [] });
    expect([answer, requests.length]).toEqual([ended, 1]);
  });
});

describe('a cancel during the answer', () => {
  const aborted = (...texts: string[]): Reply => ({
    deltas: texts.map((text) => ({ type: 'textDelta', text })),
    aborts: true,
    throws: new Error('aborted'),
  });

  it('[ask.cancelled] leaves its text in the log, as a part', async () => {
    const { answer, committed } = await play([aborted('all ', 'of \uD800')]);
    expect(answer).toEqual(cancelled);
    const parts = [{ type: 'text', text: 'all of \uFFFD' }];
    expect(committed).toEqual([
      [{ type: 'assistantMessage', turn: 't1', step: 2, model: 'a/b', parts, partial: true }],
    ]);
  });

  it('[ask.cancelled] leaves nothing of reasoning and calls that were not whole', async () => {
    const reply: Reply = {
      ...aborted(),
      deltas: [
        { type: 'reasoningDelta', text: 'hm' },
        { type: 'toolInputDelta', call: 'c1', tool: 'Echo', text: '{' },
      ],
    };
    const { answer, committed } = await play([reply]);
    expect([answer, committed]).toEqual([cancelled, []]);
  });

  it('[ask.cancelled] is no failure to be tried again', async () => {
    const { answer, requests } = await play([{ aborts: true, ...fails() }]);
    expect([answer, requests.length]).toEqual([cancelled, 1]);
  });
});

describe('a request without a response', () => {
  const spent = { inputTokens: 100, outputTokens: 7, cost: 0.3 };
  const paid = (reply: Reply, ...texts: string[]): Reply => ({
    ...reply,
    deltas: [...texts.map((text) => ({ type: 'textDelta' as const, text })), { type: 'spent', usage: spent }],
  });
  const entry = { type: 'requestFailed', turn: 't1', step: 2, usage: spent };

  it('[ask.spent] has what it used in the log before anything else, each try by itself', async () => {
    const replies = [paid(fails()), fails(), paid(fails(), 'all'), says('done')];
    const commits: number[] = [];
    const { committed, ...rest } = turnOf(replies, {
      limits,
      wait: () => Promise.resolve(void commits.push(committed.length)),
    });
    expect(await ask(rest.ports, never)).toEqual(answered);
    expect(committed).toEqual([[entry], [entry]]);
    expect(commits).toEqual([1, 1, 2]);
  });

  it.each<[string, Reply]>([
    ['fails for good', paid(fails({ transient: false }))],
    ['asks for too long a rest', paid(fails({ retryAfterMs: 900_000 }))],
    ['is broken by a defect', paid({ throws: new TypeError('a defect') })],
  ])('[ask.spent] also where it %s', async (_, reply) => {
    const { answer, committed } = await play([reply]);
    expect(answer).toBeInstanceOf(Error);
    expect(committed).toEqual([[entry]]);
  });

  it('[ask.spent] also where a person ends it, in one append with its text', async () => {
    const { answer, committed } = await play([paid({ aborts: true, throws: new Error('aborted') }, 'all')]);
    expect(answer).toEqual(cancelled);
    const parts = [{ type: 'text', text: 'all' }];
    expect(committed).toEqual([
      [entry, { type: 'assistantMessage', turn: 't1', step: 2, model: 'a/b', parts, partial: true }],
    ]);
  });

  it('[ask.spent] is not asked again behind a limit that it has reached', async () => {
    const { answer, requests, waited } = await play([paid(fails()), paid(fails())], {
      limitReached: [null, 'cost'],
    });
    expect(answer).toEqual({ kind: 'ended', result: { kind: 'limitReached', reason: 'cost' } });
    expect([requests.length, waited.length]).toEqual([2, 1]);
  });
});
