/** A scenario played as a model: rules, placeholders, uses, delays and failures. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createModel } from '../../../src/model/create.ts';
import type { Model, ModelPart } from '../../../src/model/port.ts';
import { fileUses, type RuleUses } from '../../../src/model/uses.ts';
import { ask, begin, failing, request, scenarioFile, temporaryFolder } from './ask.ts';

async function play(rules: string, uses?: RuleUses): Promise<Model> {
  return createModel(`script/${scenarioFile(`rules:\n${rules}`)}`, {}, { uses });
}

const toolMessages = [
  { role: 'user' as const, text: 'go' },
  {
    role: 'assistant' as const,
    parts: [
      { type: 'toolCall' as const, call: 'c1', tool: 'Read', input: { path: 'a' } },
      { type: 'toolCall' as const, call: 'c2', tool: 'Read', input: { path: 'b' } },
    ],
  },
  {
    role: 'tool' as const,
    results: [
      { call: 'c1', tool: 'Read', text: 'first', isError: false },
      { call: 'c2', tool: 'Read', text: 'second', isError: true },
    ],
  },
];

describe('choosing a rule', () => {
  it('[scenario.first-match] the first rule that matches pod, newest input and text answers', async () => {
    const model = await play(`
  - { pod: "a*", say: from a }
  - { last: tool, say: after a tool }
  - { last: notification, say: after a notice }
  - { matches: "^review (\\\\w+)", say: review }
  - { say: anything else }`);
    expect((await ask(model, { pod: 'alpha' })).text).toBe('from a');
    expect((await ask(model, { newest: 'tool', messages: toolMessages })).text).toBe('after a tool');
    expect((await ask(model, { newest: 'notification' })).text).toBe('after a notice');
    expect((await ask(model, { messages: [{ role: 'user', text: 'review this' }] })).text).toBe('review');
    expect((await ask(model, { messages: [{ role: 'user', text: 'please review' }] })).text).toBe(
      'anything else',
    );
  });

  it('[scenario.tool-text] after a tool the text of a rule is that of the last results, joined by newlines', async () => {
    const model = await play(`
  - { matches: "first\\nsecond", say: "{{lastText}}" }`);
    expect((await ask(model, { newest: 'tool', messages: toolMessages })).text).toBe('first\nsecond');
  });

  it('[scenario.placeholders] pod, lastText and groups are filled in, in texts and at any depth of an input', async () => {
    const model = await play(`
  - matches: "do (\\\\w+)( twice)?"
    say: "{{pod}} does {{match.1}}{{match.2}} for {{ lastText }}"
    call:
      - SpawnPod: { name: "{{match.1}}", write: ["out/{{match.1}}", { deep: "{{match.0}}" }], times: 2 }`);
    const { response, text } = await ask(model, { messages: [{ role: 'user', text: 'do work {{pod}}' }] });
    expect(text).toBe('root does work for do work {{pod}}');
    expect(response.parts[1]).toMatchObject({
      tool: 'SpawnPod',
      input: { name: 'work', write: ['out/work', { deep: 'do work' }], times: 2 },
    });
  });

  it('[scenario.no-rule] a request that no rule answers is answered with a text that says so', async () => {
    const path = scenarioFile('rules: [{ pod: other, say: x }]');
    const { response, text } = await ask(await createModel(`script/${path}`, {}), {
      messages: [{ role: 'user', text: 'what now' }],
    });
    expect(text).toContain(`No rule of ${path} matches`);
    expect(text).toContain('pod: root');
    expect(text).toContain('last: user');
    expect(text).toContain('"what now"');
    expect(response.finishReason).toBe('stop');
  });
});

describe('uses', () => {
  it('[scenario.times] a rule with `times` answers so often for each pod, then the next one does', async () => {
    const model = await play(`
  - { times: 2, say: early }
  - { say: late }`);
    const texts: string[] = [];
    for (const pod of ['a', 'a', 'b', 'a', 'b', 'b']) texts.push((await ask(model, { pod })).text);
    expect(texts).toEqual(['early', 'early', 'early', 'late', 'early', 'late']);
  });

  it('[scenario.times-durable] uses kept in a file are counted over restores', async () => {
    const path = join(temporaryFolder(), 'uses.json');
    const rules = `
  - { times: 1, say: once }
  - { say: again }`;
    const file = scenarioFile(`rules:\n${rules}`);
    const life = () => createModel(`script/${file}`, {}, { uses: fileUses(path) });
    expect((await ask(await life())).text).toBe('once');
    expect((await ask(await life())).text).toBe('again');
  });

  it('[scenario.use-before-token] a use is saved before the first token, and not at all when the request ends in the delay', async () => {
    const saved: Record<string, number>[] = [];
    let kept: Record<string, number> = {};
    const uses: RuleUses = {
      load: () => kept,
      save(next) {
        kept = next;
        saved.push(next);
      },
    };
    const model = await play(
      `
  - { times: 1, delayMs: 60000, matches: slow, say: x }
  - { say: one two }`,
      uses,
    );
    for await (const part of model.stream(request())) {
      expect(saved).toHaveLength(1);
      if (part.type === 'textDelta') break;
    }
    const controller = new AbortController();
    const first = begin(model, {
      messages: [{ role: 'user', text: 'slow' }],
      signal: controller.signal,
    });
    controller.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    expect(saved).toHaveLength(1);
  });
});

describe('the answer', () => {
  it('[scenario.words] a text is streamed word by word and comes whole in the response', async () => {
    const model = await play(`
  - say: "Splitting  the\\nwork."`);
    const { parts, text, response } = await ask(model);
    const deltas = parts.flatMap((part) => (part.type === 'textDelta' ? [part.text] : []));
    expect(deltas).toHaveLength(3);
    expect(deltas.join('')).toBe('Splitting  the\nwork.');
    expect(text).toBe('Splitting  the\nwork.');
    expect(response.usage).toEqual({ inputTokens: expect.any(Number), outputTokens: 3, cost: 0 });
    expect(response.usage.inputTokens).toBeGreaterThan(0);
  });

  it('[scenario.calls] calls come in order, behind the text, with ids that never repeat', async () => {
    const model = await play(`
  - say: Reading.
    call:
      - Read: { path: a.txt }
      - Read: { path: b.txt }
      - ListPods:`);
    const first = await ask(model);
    expect(first.response.finishReason).toBe('toolCalls');
    expect(first.response.parts).toMatchObject([
      { type: 'text', text: 'Reading.' },
      { type: 'toolCall', tool: 'Read', input: { path: 'a.txt' } },
      { type: 'toolCall', tool: 'Read', input: { path: 'b.txt' } },
      { type: 'toolCall', tool: 'ListPods', input: {} },
    ]);
    const second = await ask(model, { tools: [] });
    const ids = [...first.response.parts, ...second.response.parts].flatMap((part) =>
      part.type === 'toolCall' ? [part.call] : [],
    );
    expect(new Set(ids).size).toBe(6);
    expect(first.parts.find((part) => part.type === 'toolInputDelta')).toEqual({
      type: 'toolInputDelta',
      call: ids[0],
      tool: 'Read',
      text: '{"path":"a.txt"}',
    });
  });

  it('[scenario.token-delay] an abort between two tokens ends the answer at once with its reason', async () => {
    const model = await play(`
  - { tokenDelayMs: 600000, say: one two }`);
    const controller = new AbortController();
    const seen: ModelPart[] = [];
    const read = async () => {
      for await (const part of model.stream(request({ signal: controller.signal }))) {
        seen.push(part);
        controller.abort(new Error('stop here'));
      }
    };
    await expect(read()).rejects.toThrow('stop here');
    expect(seen).toMatchObject([{ type: 'textDelta', text: 'one ' }, { type: 'spent' }]);
  });
});

describe('failures', () => {
  it.each([
    ['{ kind: rateLimit, retryAfterMs: 1234 }', 'rateLimit', true, 1234],
    ['rateLimit', 'rateLimit', true, undefined],
    ['overloaded', 'overloaded', true, undefined],
    ['badRequest', 'badRequest', false, undefined],
    ['authentication', 'authentication', false, undefined],
  ])('[scenario.fail] fail: %s', async (fail, category, transient, retryAfterMs) => {
    const model = await play(`
  - { times: 1, fail: ${fail} }
  - { say: fine }`);
    const { failure, parts } = await failing(model);
    expect(failure).toMatchObject({ category, transient, retryAfterMs });
    expect(parts).toEqual([]);
    expect((await ask(model)).text).toBe('fine');
  });

  it('[scenario.cut] a cut stream gives so many words, then breaks off', async () => {
    const model = await play(`
  - { matches: two, fail: { kind: cutStream, afterTokens: 2 }, say: one two three }
  - { matches: none, fail: { kind: cutStream, after: 0 }, say: one two three }
  - { fail: cutStream, say: one two three }`);
    const deltas = async (text: string) => {
      const { failure, parts } = await failing(model, { messages: [{ role: 'user', text }] });
      expect(failure).toMatchObject({ category: 'cutStream', transient: true });
      return parts.map((part) => (part.type === 'textDelta' ? part.text : part.type));
    };
    expect(await deltas('any')).toEqual(['one ', 'spent']);
    expect(await deltas('two')).toEqual(['one ', 'two ', 'spent']);
    expect(await deltas('none')).toEqual(['spent']);
  });

  it('[scenario.cut-after-call] a stream cut behind a whole tool call is a failure all the same', async () => {
    const model = await play(`
  - { fail: { kind: cutStream, afterTokens: 9 }, say: Reading., call: [{ Read: { path: a } }] }`);
    const { failure, parts } = await failing(model);
    expect(failure.category).toBe('cutStream');
    expect(parts.map((part) => part.type)).toEqual(['textDelta', 'toolInputDelta', 'spent']);
  });

  it('[scenario.hang] a hanging answer ends with the abort, or as a timeout', async () => {
    const file = scenarioFile('rules: [{ fail: hang }]');
    const controller = new AbortController();
    const model = await createModel(`script/${file}`, {});
    const hanging = begin(model, { signal: controller.signal });
    controller.abort(new Error('cancelled'));
    await expect(hanging).rejects.toThrow('cancelled');
    const hasty = await createModel(`script/${file}`, {}, { stallTimeoutMs: 50 });
    expect((await failing(hasty)).failure).toMatchObject({ category: 'timeout', transient: true });
  });
});

describe('the file of uses', () => {
  it('[scenario.uses-file] a missing or damaged file counts as empty, and a save replaces it whole', async () => {
    const path = join(temporaryFolder(), 'uses.json');
    const uses = fileUses(path);
    expect(uses.load()).toEqual({});
    uses.save({ 'root:1': 2 });
    expect(uses.load()).toEqual({ 'root:1': 2 });
    uses.save({ 'root:1': 3 });
    expect(readFileSync(path, 'utf8')).toBe('{"root:1":3}');
    for (const damage of ['{"root:1":', 'null', '{"root:1":"x"}', '[]', '']) {
      writeFileSync(path, damage);
      expect(fileUses(path).load()).toEqual({});
    }
  });
});
