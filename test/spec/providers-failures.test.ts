/**
 * What a provider does wrong for good, and what comes of it: upward as an event, outward as a result and a
 * status, and nothing is done.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filesHolding, livingPods, resultOf } from '../support/command-rig.ts';
import { promiseKept } from '../support/promise-kept.ts';
import {
  counted,
  countingScript,
  lastingFaults,
  passingFaults,
  runCounting,
} from '../support/provider-script.ts';
import { type Dialect, ProviderServer } from '../support/provider-server.ts';
import { TestHome } from '../support/rig.ts';

let home: TestHome;
let provider: ProviderServer;
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  try {
    expect(await livingPods(home)).toEqual([]);
    expect(provider.hanging).toBe(0);
    await promiseKept(home);
  } finally {
    await home.close();
    await provider.stop();
  }
});

const stays = [
  ...lastingFaults.map(([what, fault, category]) => ({ what, fault, category, tries: 1 })),
  ...passingFaults.map(([what, fault, category]) => ({ what, fault, category, tries: 3 })),
];

const outward: [Dialect, (typeof stays)[number]][] = [
  ...stays.map((stay): [Dialect, (typeof stays)[number]] => ['anthropic', stay]),
  ...stays
    .filter(({ category }) => ['authentication', 'rateLimit', 'cutStream'].includes(category))
    .map((stay): [Dialect, (typeof stays)[number]] => ['openai', stay]),
];

describe.each(outward)('%s', (dialect, { what, fault, category, tries }) => {
  it(`[provider.stays] ${what} ends the run as failed after as many requests as can help`, async () => {
    provider = await ProviderServer.start(dialect, countingScript);
    provider.fail(fault);
    const ran = await runCounting(home, provider, 'count');
    expect(ran.code).toBe(1);
    const result = resultOf(ran);
    expect(result).toMatchObject({ status: 'failed', text: '', children: [] });
    expect(result.reason).toContain(provider.model);
    expect(ran.stderr).toContain(result.reason);
    expect(provider.requests).toHaveLength(tries);
    const ends = await home.pod('root').entriesOf('turnEnded');
    expect(ends).toMatchObject([{ outcome: 'errored', error: { category } }]);
    expect(await home.pod('root').entriesOf('toolCall')).toEqual([]);
    expect(counted(home)).toBe('');
  });
});

const upward = stays.filter(({ category }) => category !== 'badRequest' && category !== 'rateLimit');

describe.each(upward)('$what', ({ fault, category, tries }) => {
  it('[provider.upward] reaches the parent as errored, once, and the parent goes on', async () => {
    provider = await ProviderServer.start('anthropic', countingScript);
    provider.fail(fault, { fits: ({ pod }) => pod === 'worker' });
    const ran = await runCounting(home, provider, 'hand down');
    expect(ran.code, ran.stderr).toBe(0);
    expect(resultOf(ran)).toMatchObject({
      status: 'done',
      text: 'I have read of it.',
      children: [{ name: 'worker', status: 'failed', turns: 1 }],
    });
    expect(provider.requestsOf('worker')).toHaveLength(tries);
    const receipts = await home.pod('root').entriesOf('podEventReceived');
    const ends = receipts.filter(({ event }) => event.kind === 'errored' || event.kind === 'turnEnded');
    expect(ends).toMatchObject([
      {
        event: { kind: 'errored', error: { category }, settled: true },
        wakes: true,
        closes: [expect.any(String)],
      },
    ]);
    const shown = provider.requestsOf('root').at(-1)!.prompt;
    expect(shown.filter(({ text }) => text.includes(`Pod "worker" failed (${category})`))).toHaveLength(1);
    expect(counted(home)).toBe('');
  });
});

it('[provider.key-kept] a key that is refused is named by its variable and stands nowhere, also where the provider repeats it', async () => {
  provider = await ProviderServer.start('anthropic', countingScript);
  provider.fail({ status: 401, message: `the key ${provider.key} is not known` });
  const ran = await runCounting(home, provider, 'count');
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain('ANTHROPIC_API_KEY');
  expect(ran.stdout + ran.stderr).not.toContain(provider.key);
  expect(filesHolding(home.path, provider.key)).toEqual([]);
});
