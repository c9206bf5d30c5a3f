/**
 * The pure parts that decide how a child waits for its parent and when a pod may wake: over months, which no
 * process can be watched for.
 */
import { describe, expect, it } from 'vitest';
import { type Outbox, type OutboxInput, newOutbox, outboxStep } from '../../../src/delivery/outbox.ts';
import { wakeRule } from '../../../src/delivery/wake.ts';
import { methods } from '../../../src/protocol/methods.ts';
import { emptyFacts } from '../../../src/session/facts/facts.ts';
import { defaultLimits } from '../../../src/session/settings/settings.ts';
import { parseMessage } from '../../../src/transport/parse-message.ts';

const { reconnectBaseMs, reconnectMaxMs } = defaultLimits;
const view = { emitted: 3, acked: 1, reconnectBaseMs, reconnectMaxMs, random: () => 0.999_999 };

function after(outbox: Outbox, ...inputs: OutboxInput[]) {
  return inputs.reduce<ReturnType<typeof outboxStep>>((step, input) => outboxStep(step.outbox, input, view), {
    outbox,
    effects: [],
  });
}

const linked = after(newOutbox(), { type: 'start' }, { type: 'linkAnswered', received: 1 }).outbox;
const failed: OutboxInput = { type: 'linkFailed', reason: 'nobody listens' };

describe('a parent that is away', () => {
  it('[catalogue.back-off] is tried again for ever, within bounds that double up to the longest, and one alert says so', () => {
    const bounds: number[] = [];
    const alerts: string[] = [];
    const others = new Set<string>();
    let step = after(newOutbox(), { type: 'start' });
    // More than a day of them.
    for (let attempt = 1; attempt <= 20_000; attempt += 1) {
      step = outboxStep(step.outbox, failed, view);
      for (const effect of step.effects) {
        if (effect.type === 'retryIn') bounds.push(effect.delayMs);
        else if (effect.type === 'alert') alerts.push(effect.text);
        else others.add(effect.type);
      }
      step = outboxStep(step.outbox, { type: 'retry' }, view);
      others.add(step.effects.map(({ type }) => type).join());
    }
    expect([...others].sort()).toEqual(['dropLink', 'link']);
    expect(step.outbox.trouble).toBe('nobody listens');
    expect(bounds).toHaveLength(20_000);
    expect(bounds.slice(0, 8)).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    expect(Math.max(...bounds)).toBe(reconnectMaxMs);
    expect(alerts).toEqual([expect.stringContaining('2 event(s) wait for the parent')]);
  });

  it('[refusal.transient] a parent that takes each link and none of the events is backed off from, and one alert says so until it takes something', () => {
    const bounds: number[] = [];
    const alerts: string[] = [];
    let { outbox } = after(newOutbox(), { type: 'start' });
    const play = (input: OutboxInput, more = {}) => {
      const step = outboxStep(outbox, input, { ...view, ...more });
      outbox = step.outbox;
      for (const effect of step.effects) {
        if (effect.type === 'retryIn') bounds.push(effect.delayMs);
        if (effect.type === 'alert') alerts.push(effect.text);
      }
    };
    const inVain = () => {
      play({ type: 'linkAnswered', received: 1 });
      play({ type: 'linkFailed', reason: 'internal error' });
      play({ type: 'retry' });
    };
    for (let round = 0; round < 1_000; round += 1) inVain();
    expect(bounds.slice(0, 8)).toEqual([50, 100, 200, 400, 800, 1_600, 3_200, 5_000]);
    expect(alerts).toEqual([expect.stringContaining('2 event(s) wait for the parent: internal error')]);
    // It takes one; then the same begins anew, and is told anew.
    play({ type: 'linkAnswered', received: 1 });
    play({ type: 'acked', received: 2 });
    play({ type: 'linkFailed', reason: 'internal error' });
    expect(bounds.at(-1)).toBe(50);
    play({ type: 'retry' });
    for (let round = 0; round < 10; round += 1) inVain();
    expect(alerts).toHaveLength(2);
  });

  it('[refusal.transient] also where nothing waits for it yet, later', () => {
    const idle = { ...view, acked: 3 };
    let { outbox } = after(newOutbox(), { type: 'start' });
    const alerts: string[] = [];
    for (let round = 1; round <= 100; round += 1) {
      const step = outboxStep(outbox, failed, idle);
      ({ outbox } = outboxStep(step.outbox, { type: 'retry' }, idle));
      for (const effect of step.effects) if (effect.type === 'alert') alerts.push(`${round}: ${effect.text}`);
    }
    expect(alerts).toEqual([
      '20: The parent cannot be reached: nobody listens. Nothing waits for it yet; it is tried again.',
    ]);
  });

  it('[catalogue.back-off-jitter] is waited for by chance within the bound, and not at all when its socket appears', () => {
    const delays = [0, 0.25, 0.5].map((chance) => {
      const { effects } = outboxStep(linked, failed, { ...view, random: () => chance });
      return effects.find((effect) => effect.type === 'retryIn')?.delayMs;
    });
    expect(delays).toEqual([0, 13, 25]);
    const waiting = after(linked, failed).outbox;
    expect(after(waiting, { type: 'parentAppeared' }).effects).toEqual([{ type: 'link' }]);
    // While a link is being made, or stands, its socket is no news.
    expect(after(linked, { type: 'parentAppeared' }).effects).toEqual([]);
  });

  it('[catalogue.ack-of-nothing] that acknowledges what was never said is not believed, at a link or later', () => {
    for (const [from, input] of [
      [after(newOutbox(), { type: 'start' }).outbox, { type: 'linkAnswered', received: 4 }],
      [linked, { type: 'acked', received: 4 }],
    ] as const) {
      const { outbox, effects } = outboxStep(from, input, view);
      expect(outbox.phase).toMatchObject({ kind: 'refused', code: 'regressed' });
      expect(effects.map(({ type }) => type)).toEqual(['dropLink', 'alert']);
    }
    expect(after(linked, { type: 'acked', received: 3 }).effects).toEqual([
      { type: 'acknowledge', through: 3 },
    ]);
  });
});

describe('the wake budget', () => {
  const factsWith = (hops: number) => {
    const facts = emptyFacts();
    const content = {
      kind: 'notice' as const,
      submission: 's',
      from: { kind: 'person' as const },
      text: 'x',
    };
    facts.notifyBuffer.push({ entrySeq: 1, wakes: true, hops, receivedAt: '', deathsAt: [], content });
    return facts;
  };
  const budget = { turnsPerMinute: 3, hopsMax: 25 };

  it('[catalogue.budget-refills] frees itself as soon as its oldest turn is a minute old, whatever was spent', () => {
    const spent = [1_000, 2_000, 3_000];
    expect(wakeRule(factsWith(0), budget, spent, 60_999)).toEqual({
      kind: 'overBudget',
      why: 'turnsPerMinute',
      items: 1,
      refillAtMs: 61_000,
    });
    expect(wakeRule(factsWith(0), budget, spent, 61_000)).toEqual({ kind: 'now', counted: true });
    // A chain that is too long waits for a person, and says so.
    expect(wakeRule(factsWith(25), budget, [], 0)).toMatchObject({ why: 'hops', refillAtMs: null });
    expect(wakeRule(emptyFacts(), budget, spent, 60_999)).toEqual({ kind: 'nothing' });
  });
});

describe('numbers and letters from outside', () => {
  const event = { kind: 'unreachable', sinceMs: 1 };
  const from = { instance: '0190a1b2-0000-7000-8000-000000000002', incarnation: 1 };
  const scopes = { to: { name: 'a', instance: from.instance }, by: { name: 'b', instance: from.instance } };
  const report = {
    kind: 'scopeSubDelegated',
    ...scopes,
    scope: { read: [], write: [] },
    origin: { instance: from.instance, seq: 1 },
  };

  it('[catalogue.numbers] that are no safe counts are refused wherever a count is meant; of two fields of one name the last holds', () => {
    const params = methods.podEvent.params();
    expect(params.safeParse({ from, seq: 1, event: report }).success).toBe(true);
    expect(params.safeParse({ from, seq: 1, event }).success).toBe(false);
    for (const bad of ['9007199254740993', '1e999', '-1', '0', '1.5', '"1"', 'null', 'true']) {
      const text = JSON.stringify({ from, seq: 7, event: report }).replace('"seq":7', `"seq":${bad}`);
      expect(params.safeParse(JSON.parse(text)).success, bad).toBe(false);
      const lives = JSON.stringify({ from, seq: 7, event: report }).replace(
        '"incarnation":1',
        `"incarnation":${bad}`,
      );
      expect(params.safeParse(JSON.parse(lives)).success, bad).toBe(false);
    }
    const twice = JSON.parse(
      JSON.stringify({ from, seq: 7, event: report }).replace('"seq":7', '"seq":-1,"seq":7'),
    );
    expect(params.parse(twice).seq).toBe(7);
  });

  it('[catalogue.letters] a byte order mark in front is passed over, and half a surrogate pair is a letter like any other', () => {
    const line = '{"jsonrpc":"2.0","id":1,"method":"notify","params":{"message":"a\\ud800b"}}';
    const parsed = parseMessage(Buffer.from(line));
    expect(parseMessage(Buffer.from(`\uFEFF${line}`))).toEqual(parsed);
    expect(parsed).toMatchObject({ kind: 'request', params: { message: 'a\ud800b' } });
    expect(JSON.parse(JSON.stringify(parsed))).toEqual(parsed);
  });
});
