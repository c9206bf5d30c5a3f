/** Turns of a pod whose history outgrows what its provider takes. */
import { describe, expect, it } from 'vitest';
import { ModelFailure, type ModelRequest } from '../../../src/model/port.ts';
import { asked, called, completed, ended, notice, result, run, said, working } from '../machine-rig.ts';
import { type Said, type World, pod, says, works, usageOf } from './context-rig.ts';

const textOfRequest = (request: ModelRequest | undefined) => JSON.stringify(request?.messages);

describe('a turn that goes on and on', () => {
  it.each([
    ['the provider counts as estimated', 1, 2_000],
    ['it counts more', 1.6, 2_000],
    ['it counts less', 0.6, 2_000],
    ['many short steps', 1, 200],
  ])(
    '[context.days][context.replay] %s: never refused, and the task is in each request',
    async (_, rate, chars) => {
      const turn = pod(chars, { answer: works(60), rate, believed: 4_000 });
      expect(await turn.run()).toEqual({ kind: 'finished' });
      // Before the first count nothing is known of how the provider counts, and the first requests are short.
      expect(turn.requests.filter(({ refused }) => refused)).toEqual([]);
      for (const { request } of turn.requests) expect(textOfRequest(request)).toContain('do task');
      expect(turn.of('stepCompleted')).toHaveLength(61);
      expect(turn.of('compaction').length).toBeGreaterThan(1);
      expect(turn.promptAgain()).toEqual(turn.promptNow());
    },
  );
  it('[context.size] knows each size within a few per cent', async () => {
    const turn = pod(900, { answer: works(20), rate: 1.37, window: 100_000 });
    await turn.run();
    const counted = turn.requests.map(({ tokens }) => tokens);
    for (const { size, usage } of turn.of('stepCompleted').slice(1)) {
      const rate = usage.inputTokens / (size?.request ?? 1);
      expect(rate).toBeCloseTo(1.37, 2);
    }
    expect(counted).toEqual(counted.toSorted((a, b) => a - b));
  });
  it('[context.prune] prunes long outputs before it compacts, in big steps', async () => {
    const turn = pod(2_000, { answer: works(7) });
    await turn.run();
    const [first] = turn.of('pruned');
    expect(first!.before - first!.after).toBeGreaterThanOrEqual(1_000);
    expect(turn.of('compaction')).toEqual([]);
    const last = textOfRequest(turn.requests.at(-1)?.request);
    expect(last).toContain(
      '[Output of Bash make 1, 2,007 characters, is not shown any more: read it again if needed.]',
    );
    expect(last).toContain('make 7 xxx');
  });
  it('[context.prune] breaks the cached prefix no more often than it prunes and compacts', async () => {
    const turn = pod(1_500, { answer: works(40) });
    await turn.run();
    const own = turn.requests.filter(({ request }) => request.toolUse === undefined);
    let breaks = 0;
    for (const [index, { request }] of own.entries()) {
      const before = own[index - 1]?.request.messages ?? [];
      const isPrefix = JSON.stringify(request.messages.slice(0, before.length)) === JSON.stringify(before);
      if (!isPrefix) breaks += 1;
    }
    expect(breaks).toBeLessThanOrEqual(turn.of('pruned').length + turn.of('compaction').length);
    // Of a quarter of the window at least: 40 steps of 500 tokens are 20,000.
    expect(breaks).toBeLessThan(15);
  });
  it('[context.tool-choice][context.summary-request] asks for a summary with its own system prompt and tools, as the last message', async () => {
    const turn = pod(200, { answer: works(30) });
    await turn.run();
    const summaries = turn.requests.filter(({ request }) => request.toolUse === 'none');
    const [own] = turn.requests;
    for (const { request } of summaries) {
      expect(request.system).toBe(own?.request.system);
      expect(request.tools).toEqual(own?.request.tools);
      expect(request.messages.at(-1)).toEqual({
        role: 'user',
        text: expect.stringContaining('Write a summary'),
      });
    }
    const compactions = turn.of('compaction');
    expect(summaries).toHaveLength(compactions.length);
    expect(compactions.map(({ usage }) => usage)).toEqual(summaries.map(({ tokens }) => usageOf(tokens)));
    const all = turn.requests.reduce((sum, { tokens }) => sum + tokens, 0);
    expect(turn.facts.usage.inputTokens).toBe(all);
    expect(turn.shown.flatMap(({ type }) => (type.startsWith('compaction') ? [type] : []))).toEqual(
      compactions.flatMap(() => ['compactionStarted', 'compactionEnded']),
    );
  });
});

describe('what a compaction says', () => {
  const old = [
    ...working('t0', 'task'),
    said('t0', 'first'),
    completed('t0', 5),
    ended('t0'),
    run('more', { text: 'and be careful' }),
    { ...working('t1', 'more')[1]!, turn: 't1' },
    { ...asked('t1', 'more'), text: 'and be careful' },
  ] as World['lines'] & object;
  it('[context.keep] the task and the last words verbatim, the summary, and everything behind it', async () => {
    const turn = pod(200, { lines: old, answer: works(30) });
    await turn.run();
    const [task, last, summary, next] = turn.requests.at(-1)!.request.messages;
    expect(task).toEqual({ role: 'user', text: 'do task' });
    expect(last).toEqual({ role: 'user', text: 'and be careful' });
    expect(summary).toEqual({
      role: 'user',
      text: expect.stringMatching(/^Automatic notice.*\n\nSummary:\n\nSUMMARY$/s),
    });
    expect(next?.role).toBe('assistant');
  });
  it('[context.seen] covers nothing that was not seen', async () => {
    const turn = pod(200, { answer: works(40) });
    await turn.run();
    let seen = 0;
    for (const body of turn.committed()) {
      if (body.type === 'compaction') expect(body.through).toBeLessThanOrEqual(seen);
      if (body.type === 'stepCompleted') seen = body.seenThrough;
    }
  });
});

it('[context.seen] a notice that comes while it compacts is in no summary, and in the next request', async () => {
  const texts: string[] = [];
  const turn = pod(200, {
    answer: works(30),
    summary: (request, nth) => {
      texts.push(textOfRequest(request) ?? '');
      if (nth === 1) turn.core.ports.commit([notice('late')]);
      return says('SUMMARY');
    },
  });
  expect(await turn.run()).toEqual({ kind: 'finished' });
  const [compaction] = turn.of('compaction');
  const item = turn.facts.history.find(({ type }) => type === 'systemItem');
  expect(texts[0]).not.toContain('see late');
  expect(item!.seq).toBeGreaterThan(compaction!.through);
  const at = turn.requests.findIndex(({ request }) => request.toolUse === 'none');
  expect(textOfRequest(turn.requests[at + 1]?.request)).toContain('see late');
});

describe('a compaction that fails', () => {
  const call: Said = { parts: [{ type: 'toolCall', call: 's', tool: 'Bash', input: {} }] };
  const down = new ModelFailure('badRequest', 'no', { transient: false });
  it.each<[string, Said, string]>([
    ['a call', call, 'the model called a tool instead of writing a summary'],
    ['nothing', { parts: [] }, 'the model answered without a word'],
    [
      'more than it replaces',
      says('z'.repeat(20_000)),
      'the summary came out no shorter than what it replaces',
    ],
    ['a provider that refuses', down, 'no'],
  ])(
    '[context.failure] %s: the turn goes on with what it had, and ends after the third',
    async (_, answer, reason) => {
      const turn = pod(200, { answer: works(60), summary: () => answer });
      expect(await turn.run()).toEqual({
        kind: 'limitReached',
        reason: expect.stringMatching(/^context: compaction failed/),
      });
      const failed = turn.of('compactionFailed');
      expect(failed.map((entry) => entry.reason)).toEqual([reason, reason, reason]);
      expect(turn.of('compaction')).toEqual([]);
      // It grows between two tries.
      const [first, second] = failed;
      expect(second!.before - first!.before).toBeGreaterThanOrEqual(0.03 * 4_000 - 1);
      expect(turn.promptAgain()).toEqual(turn.promptNow());
    },
  );
  it('[context.failure] twice, and then not: the turn ends well', async () => {
    const turn = pod(200, { answer: works(25), summary: (_, nth) => (nth < 3 ? call : says('SUMMARY')) });
    expect(await turn.run()).toEqual({ kind: 'finished' });
    expect(turn.of('compactionFailed')).toHaveLength(2);
    expect(turn.of('compaction').length).toBeGreaterThan(0);
  });
  it('[context.failure] a provider that fails for a while is tried again, and what it used counts', async () => {
    const busy = new ModelFailure('overloaded', 'busy', { transient: true });
    const turn = pod(200, { answer: works(25), summary: (_, nth) => (nth === 1 ? busy : says('SUMMARY')) });
    expect(await turn.run()).toEqual({ kind: 'finished' });
    expect(turn.waited).toHaveLength(1);
    expect(turn.of('compactionFailed')).toEqual([]);
  });
  it.each([
    ['cancelled', 'cancel'],
    ['paused', 'pause'],
  ] as const)(
    '[context.failure][context.summary-request] %s before it is asked: nothing is changed',
    async (kind, control) => {
      let isAsked = false;
      const turn = pod(200, { answer: works(60) });
      Object.assign(turn.ports, {
        control: () => (isAsked ? control : 'none'),
        show: ({ type }: { type: string }) => void (isAsked ||= type === 'compactionStarted'),
      });
      expect(await turn.run()).toEqual({ kind });
      expect([...turn.of('compaction'), ...turn.of('compactionFailed')]).toEqual([]);
    },
  );
  it('[context.summary-request] a limit of the cost holds before it', async () => {
    let limit: string | null = null;
    const turn = pod(200, { answer: works(60) });
    Object.assign(turn.ports, {
      limitReached: () => limit,
      show: ({ type }: { type: string }) => void (limit = type === 'compactionStarted' ? 'cost' : null),
    });
    expect(await turn.run()).toEqual({ kind: 'limitReached', reason: 'cost' });
    expect(turn.requests.some(({ request }) => request.toolUse === 'none')).toBe(false);
  });
});

describe('a provider that refuses', () => {
  it.each([
    ['says how much it takes', true],
    ['says nothing', false],
  ])('[context.refused] and %s: no more than once a compaction', async (_, tells) => {
    const turn = pod(200, { answer: works(60), believed: 100_000, tells });
    expect(await turn.run()).toEqual({ kind: 'finished' });
    const refused = turn.requests.filter((one) => one.refused).length;
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThanOrEqual(turn.of('compaction').length);
    expect(turn.of('compaction')[0]?.why).toBe('contextTooLong');
    expect(turn.facts.context.windows.get('a/b')).toBeLessThanOrEqual(4_000);
  });
  it('[context.pieces] a history far too long is summed up in pieces, each with the summary before it', async () => {
    const lines = [
      ...working('t1', 'task'),
      ...Array.from({ length: 60 }, (_, n) => [
        said('t1', `old ${n} ${'y'.repeat(800)}`, n + 1),
        called('t1', `o${n}`, 'Bash', n + 1),
        result('t1', `o${n}`, { step: n + 1, text: 'x'.repeat(900) }),
      ]).flat(),
      completed('t1', 180),
    ];
    const turn = pod(200, { lines, answer: works(2), summary: (_, nth) => says(`SUMMARY ${nth}`) });
    expect(await turn.run()).toEqual({ kind: 'finished' });
    expect(turn.requests.filter(({ refused }) => refused)).toEqual([]);
    const summaries = turn.requests.filter(({ request }) => request.toolUse === 'none');
    expect(summaries.length).toBeGreaterThan(2);
    for (const [index, { request }] of summaries.entries()) {
      const [opening] = request.messages;
      expect(opening).toEqual({
        role: 'user',
        text: index === 0 ? 'do task' : `Summary of what came before:\n\nSUMMARY ${index}`,
      });
    }
    expect(turn.of('compaction')[0]?.summary).toBe(`SUMMARY ${summaries.length}`);
    const said60 = summaries.map(({ request }) => textOfRequest(request)).join();
    for (let n = 0; n < 55; n += 1) expect(said60).toContain(`old ${n} `);
  });
});

describe('what does not fit alone', () => {
  it('[context.cut][context.replay] one result larger than the window is cut, and the turn goes on', async () => {
    const turn = pod(40_000, { answer: works(1) });
    expect(await turn.run()).toEqual({ kind: 'finished' });
    expect(turn.of('itemCut')).toHaveLength(1);
    expect(turn.requests.filter(({ refused }) => refused)).toEqual([]);
    expect(textOfRequest(turn.requests.at(-1)?.request)).toContain('run it again with its output in a file');
    expect(turn.promptAgain()).toEqual(turn.promptNow());
  });
  it('[context.cut] several of them too', async () => {
    const turn = pod(30_000, { answer: works(5) });
    expect(await turn.run()).toEqual({ kind: 'finished' });
    expect(turn.requests.filter(({ refused }) => refused)).toEqual([]);
  });
  it('[context.too-big] a task larger than the window ends the turn and says so', async () => {
    const lines = [
      ...working('t1', 'task').slice(0, 2),
      { ...asked('t1', 'task'), text: 'x'.repeat(40_000) },
    ];
    const turn = pod(10, { lines, answer: () => says('x') });
    expect(await turn.run()).toEqual({
      kind: 'limitReached',
      reason: expect.stringMatching(
        /^context: the system prompt \([\d,]+\), the tools \([\d,]+\), the task with what cannot be left out \(10,004\) do not fit into the window of 4,000 tokens\./,
      ),
    });
    expect(turn.requests).toEqual([]);
  });
});

describe('a person who asks for a compaction', () => {
  const wish = (instructions: string | null) => ({ type: 'compactionAsked' as const, instructions });
  const lines = (asks: string | null) => [
    ...working('t0', 'task'),
    said('t0', 'y'.repeat(2_000)),
    completed('t0', 5),
    ended('t0'),
    ...working('t1', 'more'),
    said('t1', 'y'),
    completed('t1', 11),
    ended('t1'),
    ...working('t2', 'next'),
    wish(asks),
  ];
  it('[context.asked] gets it before the next request, with what the summary is to heed', async () => {
    const turn = pod(10, { lines: lines('keep the names'), answer: () => says('done') });
    expect(await turn.run()).toEqual({ kind: 'finished' });
    expect(turn.of('compaction')).toMatchObject([{ why: 'asked' }]);
    expect(textOfRequest(turn.requests[0]?.request)).toContain(
      'A person asks of this summary: keep the names',
    );
    expect(turn.facts.context.asked).toBeNull();
  });
  it('[context.asked] is told where there is nothing to compact, and the turn goes on', async () => {
    const turn = pod(10, { lines: [...working('t1', 'task'), wish(null)], answer: () => says('done') });
    expect(await turn.run()).toEqual({ kind: 'finished' });
    expect(turn.of('compactionFailed')).toMatchObject([
      { why: 'asked', reason: 'there is nothing to compact yet' },
    ]);
  });
});

it('[context.replay] what every request begins with is committed as shown, once, and again when it has changed', async () => {
  const turn = pod(10, { answer: works(2) });
  await turn.run();
  expect(turn.of('systemPrompt')).toEqual([
    { type: 'systemPrompt', turn: 't1', text: turn.requests[0]?.request.system },
  ]);
  const [tools] = turn.of('tools');
  expect(tools?.names).toEqual(['Bash']);
  expect(tools?.schemas).toEqual(turn.requests[0]?.request.tools);
  expect(turn.facts.context.toolSets.get(tools!.hash)).toEqual(tools?.schemas);
});
