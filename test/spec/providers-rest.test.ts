/** Providers that say no more: a list of models that run out in turn, come back, or lie about when. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { promiseKept } from '../support/promise-kept.ts';
import { type Fault, ProviderServer } from '../support/provider-server.ts';
import { eventually, type Ran, TestHome } from '../support/rig.ts';

let home: TestHome;
/** Of the first one. */
let words: string;
let first: ProviderServer;
let second: ProviderServer;
beforeEach(async () => {
  home = new TestHome();
  words = 'the first';
  first = await ProviderServer.start('anthropic', () => ({ say: words }));
  second = await ProviderServer.start('openai', () => ({ say: 'the second' }));
});
afterEach(async () => {
  try {
    await promiseKept(home);
  } finally {
    await home.close();
    await first.stop();
    await second.stop();
  }
});

/** Longer than a turn waits. */
const rests = (seconds: number): Fault => ({ status: 429, headers: { 'retry-after': String(seconds) } });

function configured(models: readonly string[], more = ''): void {
  mkdirSync(home.home.config, { recursive: true });
  const text = `model = ${JSON.stringify(models)}\n${more}\n[limits]\nretryAfterMaxMs = 500\nretryBaseMs = 10\nretryMaxMs = 10\nrequestTries = 2\n`;
  writeFileSync(join(home.home.config, 'config.toml'), text);
}

function podkin(...args: string[]): Promise<Ran> {
  // What else is in there would outweigh the file.
  const keys = Object.entries({ ...first.environment, ...second.environment }).filter(([name]) =>
    /^(ANTHROPIC|OPENAI)_/.test(name),
  );
  return home.run(args, { environment: Object.fromEntries(keys) });
}
const asked = () => [first.requests.length, second.requests.length];
const answers = async () =>
  (await home.pod('root').entriesOf('assistantMessage')).map(({ model }) => model.split('/')[0]);
const untilWaiting = () =>
  eventually(home.path, async () => (await waitingOf())?.kind === 'provider', 'it waits for the provider');
const waitingOf = async () => (await home.pod('root').call('status', {})).waiting;

it('[rest.next] a limit for longer than a turn waits has the next model asked, which is said, and the first again in its time', async () => {
  configured([first.model, second.model]);
  first.fail(rests(2), { times: 1 });
  expect(await podkin('run', '-d', 'go')).toMatchObject({ code: 0 });
  await podkin('wait', 'root');
  await podkin('send', 'root', '--wait', 'more');
  expect(asked()).toEqual([1, 2]);
  const alerts = await home.pod('root').entriesOf('alert');
  expect(alerts).toMatchObject([{ code: 'modelSwitched', text: expect.stringContaining(second.model) }]);
  expect(alerts[0]!.text).toContain(`${first.model} is not asked for now`);
  // The two seconds are over by then.
  await pause(Math.max(0, Date.parse(alerts[0]!.time) + 2_000 - Date.now()));
  await podkin('send', 'root', '--wait', 'and more');
  expect(await answers()).toEqual(['openai', 'openai', 'anthropic']);
  await podkin('stop', 'root');
});

it.each<[string, Fault, number]>([
  ['refuses the key', { status: 401 }, 1],
  ['knows the model no more', { status: 404 }, 1],
  ['fails at every try', { status: 503 }, 2],
])('[rest.next] so has one that %s, and the last answers', async (_, fault, tries) => {
  const third = home.scenario('rules:\n  - say: "the third"\n');
  configured([first.model, second.model, third]);
  first.fail(fault);
  second.fail(fault);
  expect(await podkin('run', '-p', 'go')).toMatchObject({ code: 0, stdout: 'the third\n' });
  expect(asked()).toEqual([tries, tries]);
});

it('[rest.compact] an idle compaction asks the next model where the first one has reached a limit, and is done by it', async () => {
  words = 'much is said '.repeat(300);
  configured([first.model, second.model]);
  expect(await podkin('run', '-d', 'go')).toMatchObject({ code: 0 });
  await podkin('wait', 'root');
  await podkin('send', 'root', '--wait', 'more');
  first.fail(rests(3_600));
  expect(await podkin('compact', 'root')).toMatchObject({ code: 0, stderr: '' });
  expect(asked()).toEqual([3, 1]);
  expect(await home.pod('root').entriesOf('compaction')).toMatchObject([
    { why: 'asked', model: second.model },
  ]);
  expect(await home.pod('root').entriesOf('compactionFailed')).toEqual([]);
  expect(await home.pod('root').entriesOf('alert')).toMatchObject([{ code: 'modelSwitched' }]);
  await podkin('stop', 'root');
});

it('[rest.compact] where both have, it fails once, with what the last one said, and the history is as it was', async () => {
  words = 'much is said '.repeat(300);
  configured([first.model, second.model]);
  expect(await podkin('run', '-d', 'go')).toMatchObject({ code: 0 });
  await podkin('wait', 'root');
  await podkin('send', 'root', '--wait', 'more');
  first.fail(rests(3_600));
  second.fail(rests(3_600));
  expect(await podkin('compact', 'root')).toMatchObject({ code: 1 });
  expect(asked()).toEqual([3, 1]);
  expect(await home.pod('root').entriesOf('compactionFailed')).toHaveLength(1);
  expect(await home.pod('root').entriesOf('compaction')).toEqual([]);
  await podkin('stop', 'root');
});

it('[rest.gone] where none is left and none has named a time, the turn ends at once with what the last one said', async () => {
  configured([first.model, second.model]);
  first.fail({ status: 401 });
  second.fail({ status: 404 });
  expect(await podkin('run', '-d', 'go')).toMatchObject({ code: 0 });
  expect(await podkin('wait', 'root')).toMatchObject({ code: 1 });
  expect(await home.pod('root').entriesOf('turnEnded')).toMatchObject([{ outcome: 'errored' }]);
  expect(asked()).toEqual([1, 1]);
  await podkin('stop', 'root');
});

it('[rest.wait] where all have reached a limit the pod waits, visibly, holds nothing of a budget, and goes on by itself', async () => {
  configured([first.model, second.model]);
  first.fail(rests(4), { times: 1 });
  second.fail(rests(600));
  expect(await podkin('run', '-d', '--max-tokens', '100000', 'go')).toMatchObject({ code: 0 });
  await untilWaiting();
  const waiting = await waitingOf();
  expect(waiting?.reason).toContain('No model of this pod answers at present');
  const inMs = Date.parse(waiting?.until ?? '') - Date.now();
  expect(inMs).toBeGreaterThan(0);
  expect(inMs).toBeLessThan(4_100);
  const reserved = await home.pod('root').entriesOf('budgetReserved');
  expect(await home.pod('root').entriesOf('requestFailed')).toHaveLength(reserved.length);
  await podkin('wait', 'root');
  expect(await answers()).toEqual(['anthropic']);
  expect(asked()).toEqual([2, 1]);
  await podkin('stop', 'root');
});

it('[rest.wait] a pause and a cancel end the waiting', async () => {
  configured([first.model], '[retry]\nwait = true\n');
  first.fail(rests(3_600));
  expect(await podkin('run', '-d', 'go')).toMatchObject({ code: 0 });
  await untilWaiting();
  expect(await podkin('pause', 'root')).toMatchObject({ code: 0 });
  await home.pod('root').untilStatus('paused');
  expect(await podkin('resume', 'root')).toMatchObject({ code: 0 });
  await untilWaiting();
  expect(await podkin('cancel', 'root')).toMatchObject({ code: 0 });
  expect(await podkin('wait', 'root')).toMatchObject({ code: 1 });
  await podkin('stop', 'root');
});

it('[rest.print] with -p nothing is waited for: it ends with status 1 and says until when', async () => {
  configured([first.model, second.model]);
  first.fail(rests(3_600));
  second.fail(rests(7_200));
  const ran = await podkin('run', '-p', 'go');
  expect(ran).toMatchObject({ code: 1, stdout: '' });
  const [, until = ''] = /No model of this pod answers before (\S+):/.exec(ran.stderr) ?? [];
  const inMs = Date.parse(until) - Date.now();
  expect(inMs).toBeGreaterThan(3_500_000);
  expect(inMs).toBeLessThan(3_600_001);
});

it.each(['runs', 'was stopped'])('[rest.print] so with -p -c of a tree that %s', async (state) => {
  configured([first.model, second.model]);
  expect(await podkin('run', '-d', 'go')).toMatchObject({ code: 0 });
  await podkin('wait', 'root');
  if (state !== 'runs') await podkin('stop', 'root');
  first.fail(rests(3_600));
  second.fail(rests(7_200));
  const ran = await podkin('run', '-p', '-c', 'root', 'more');
  expect(ran).toMatchObject({ code: 1, stdout: '' });
  expect(ran.stderr).toMatch(/No model of this pod answers|waits for its provider until \d{4}-/);
  if (state === 'runs') expect((await home.pod('root').call('status', {})).status).not.toBe('stopping');
  const ends = await home.pod('root').entriesOf('turnEnded');
  expect(ends.map(({ outcome }) => outcome)).toEqual([
    'finished',
    state === 'runs' ? 'cancelled' : 'errored',
  ]);
  if (state === 'runs') await podkin('stop', 'root');
});

it('[rest.refused] a list with a model that cannot be asked, or has no price under a limit of the cost, is refused', async () => {
  configured([first.model, 'acme/x']);
  expect(await podkin('run', '-p', 'go')).toMatchObject({ code: 2 });
  configured([first.model, 'openai/some-model']);
  const ran = await podkin('run', '-p', '--max-cost', '1', 'go');
  expect(ran.code).toBe(2);
  expect(ran.stderr).toContain('its price is not known');
});
