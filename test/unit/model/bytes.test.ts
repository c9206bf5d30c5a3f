/**
 * What servers are known to send that no standard has: each is understood, passed over, bounded, or told in
 * the provider's words.
 */
import { describe, expect, it } from 'vitest';
import { wireBytesMax } from '../../../src/model/bytes.ts';
import { ask, failing } from './ask.ts';
import { body, type DialectName, dialects, plainly, rawProvider, stream } from './raw-provider.ts';

const names = Object.keys(dialects).filter((name): name is DialectName => name in dialects);

/** Of the request of `ask.ts`. */
const estimated = { inputTokens: 63 };
/** Of "ok", what is held around it, and in one dialect the ids that go back with it. */
const tokensOfOk = { anthropic: 12, openai: 31, google: 12, compatible: 12 };

async function answerTo(dialect: DialectName, text: string) {
  const provider = await rawProvider(stream(text));
  return (await ask(await provider.model(dialects[dialect]))).response;
}

describe.each(names)('%s', (dialect) => {
  const usageWords = {
    anthropic: ['input_tokens', 'output_tokens'],
    openai: ['input_tokens', 'output_tokens'],
    google: ['promptTokenCount', 'candidatesTokenCount'],
    compatible: ['prompt_tokens', 'completion_tokens'],
  }[dialect];

  it.each([
    ['texts', '"12"', 12],
    ['broken', '1.6', 2],
  ])('[model.usage-clamped] counts that are %s cost no answer', async (_, written, counted) => {
    const usage = Object.fromEntries(usageWords.map((word) => [word, '#']));
    const text = plainly[dialect](usage).replaceAll('"#"', written);
    const { usage: read, parts } = await answerTo(dialect, text);
    expect(read).toMatchObject({ inputTokens: counted, outputTokens: counted });
    expect(parts).toMatchObject([{ type: 'text', text: 'ok' }]);
  });

  it.each([
    ['endless', '1e999', Number.MAX_SAFE_INTEGER],
    ['2^53 + 1', '9007199254740993', Number.MAX_SAFE_INTEGER],
    ['more than ten windows', '30000000', 30_000_000],
  ])('[model.usage-believed] counts that are %s are estimated, and are said', async (_, written, said) => {
    const usage = Object.fromEntries(usageWords.map((word) => [word, '#']));
    const text = plainly[dialect](usage).replaceAll('"#"', written);
    expect((await answerTo(dialect, text)).usage).toMatchObject({
      ...estimated,
      said: { inputTokens: said, outputTokens: said },
    });
  });

  it('[model.usage-believed] one half is doubted alone, and none below what a model may hold', async () => {
    const [input = '', output = ''] = usageWords;
    const counting = async (counts: Record<string, unknown>) =>
      (await answerTo(dialect, plainly[dialect](counts))).usage;
    expect(await counting({ [input]: 9e15, [output]: 70 })).toMatchObject({ ...estimated, outputTokens: 70 });
    expect(await counting({ [input]: 70, [output]: 9e15 })).toMatchObject({
      inputTokens: 70,
      outputTokens: tokensOfOk[dialect],
    });
    const much = await counting({ [input]: 1_000_000, [output]: 500_000 });
    expect(much).toMatchObject({ inputTokens: 1_000_000, outputTokens: 500_000 });
    expect(much).not.toHaveProperty('said');
  });

  it.each([
    ['negative', '-3'],
    ['null', 'null'],
    ['a text', '"many"'],
  ])('[model.usage-estimated] counts that are %s cost no answer and are estimated', async (_, written) => {
    const usage = Object.fromEntries(usageWords.map((word) => [word, '#']));
    const text = plainly[dialect](usage).replaceAll('"#"', written);
    expect((await answerTo(dialect, text)).usage).toMatchObject(estimated);
  });

  it.each([undefined, 0, null])('[model.usage-estimated] the half that is %s is estimated', async (none) => {
    const [input = '', output = ''] = usageWords;
    const answered = await answerTo(dialect, plainly[dialect]({ [input]: 3_000, [output]: none }));
    expect(answered.usage).toMatchObject({ inputTokens: 3_000, outputTokens: tokensOfOk[dialect] });
    const asked = await answerTo(dialect, plainly[dialect]({ [input]: none, [output]: 70 }));
    expect(asked.usage).toMatchObject({ ...estimated, outputTokens: 70 });
  });

  it('[model.usage-estimated] a usage that is missing or none costs no answer and is estimated', async () => {
    for (const usage of [null, 'much'])
      expect((await answerTo(dialect, plainly[dialect](usage))).usage).toMatchObject(estimated);
  });

  it('[model.unknown-events] events that nobody knows are passed over, in whatever lines', async () => {
    const middle =
      ': a comment\n\nevent: ping\ndata: {"type":"ping"}\n\ndata: {"type":"podkin.new","x":{"y":1}}\n\n' +
      'data: {}\n\ndata: keep-alive\n\ndata: 7\n\nid: 4\nretry: 10\n\nevent: lonely\n\n';
    for (const end of ['\n', '\r\n', '\r']) {
      const { parts } = await answerTo(dialect, plainly[dialect](undefined, middle).replaceAll('\n', end));
      expect(parts).toMatchObject([{ type: 'text', text: 'ok' }]);
    }
  });

  it.each([
    ['{"error":{"message":"the disk of the model is full","type":"server_error"}}', 'overloaded'],
    ['{"error":"the disk of the model is full"}', 'unknown'],
    [
      '[{"error":{"code":503,"message":"the disk of the model is full","status":"UNAVAILABLE"}}]',
      'overloaded',
    ],
    [
      '{"type":"error","error":{"type":"overloaded_error","message":"the disk of the model is full"}}',
      'overloaded',
    ],
    ['{"object":"error","message":"the disk of the model is full","code":429}', 'rateLimit'],
    ['{"error":{"message":{"detail":[{"msg":"the disk of the model is full"}]},"code":"400"}}', 'badRequest'],
  ])(
    '[model.error-shapes] an error in the stream, %s, is told in the provider’s words',
    async (event, category) => {
      const provider = await rawProvider(
        stream(`${plainly[dialect]().split('\n\n')[0]}\n\ndata: ${event}\n\n`),
      );
      const { failure } = await failing(await provider.model(dialects[dialect]));
      expect(failure).toMatchObject({ category });
      expect(failure.message).toContain('the disk of the model is full');
    },
  );

  it.each([
    ['"quota of team 7 is spent"', 'quota of team 7 is spent'],
    ['{"error":"quota of team 7 is spent"}', 'quota of team 7 is spent'],
    ['{"error":{"error":{"message":"quota of team 7 is spent"}}}', 'quota of team 7 is spent'],
    ['[{"error":{"code":400,"message":"quota of team 7 is spent"}}]', 'quota of team 7 is spent'],
    ['{"errors":[{"detail":"quota of team 7 is spent"}]}', 'quota of team 7 is spent'],
    ['{"detail":[{"loc":["body"],"msg":"quota of team 7 is spent"}]}', 'quota of team 7 is spent'],
    [
      '{"error":{"message":"{\\"error\\":{\\"message\\":\\"quota of team 7 is spent\\"}}"}}',
      'quota of team 7 is spent',
    ],
    [
      '{"error":{"message":"no","metadata":{"raw":"quota of team 7 is spent"}}}',
      'no: quota of team 7 is spent',
    ],
    [
      '<html><head><style>p{}</style></head><body><h1>Sorry</h1> team&nbsp;7 &amp; all</body>',
      'Sorry team 7 & all',
    ],
    ['plain words\n\u001b[2Jof team 7', 'plain words [2Jof team 7'],
    ['{"strange":{"team":7}}', '{"strange":{"team":7}}'],
    ['', 'Bad Request'],
  ])('[model.error-shapes] the body %s is told in the provider’s words', async (text, told) => {
    const provider = await rawProvider(body(400, text, 'text/plain'));
    const { failure } = await failing(await provider.model(dialects[dialect]));
    expect(failure).toMatchObject({ category: 'badRequest', transient: false });
    expect(failure.message).toBe(`${dialects[dialect]}: ${told} (HTTP 400)`);
  });

  it('[model.no-stream] a page or an error that comes as if all were well is told, and not asked for again', async () => {
    const page = await rawProvider(body(200, '<html><title>Sign in</title></html>', 'text/html'));
    const signIn = (await failing(await page.model(dialects[dialect]))).failure;
    expect(signIn).toMatchObject({ category: 'badRequest', transient: false });
    expect(signIn.message).toMatch(
      /is no stream of events but text\/html: Sign in\. Check the address in \w+_BASE_URL/,
    );
    const limited = await rawProvider(body(200, '{"error":{"message":"slow down","code":429}}'));
    const failure = (await failing(await limited.model(dialects[dialect]))).failure;
    expect(failure).toMatchObject({ category: 'rateLimit', transient: true });
  });

  it.each([404, 405, 410, 501, 302])('[model.permanent] HTTP %i is not asked for again', async (status) => {
    const provider = await rawProvider(body(status, '{"error":{"message":"not here"}}'));
    const { failure } = await failing(await provider.model(dialects[dialect]));
    expect(failure).toMatchObject({ transient: false });
    expect(failure.message).toMatch(/not here.*Check the address in \w+_BASE_URL/);
  });

  it('[model.bounded] an answer without an end is left at its bound: of bytes, and of an error’s', async () => {
    const endless = await rawProvider((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const piece = `:${'x'.repeat(1 << 20)}`;
      const write = () => {
        while (!response.destroyed && response.write(piece));
      };
      response.on('drain', write);
      write();
    });
    const { failure } = await failing(await endless.model(dialects[dialect]));
    expect(failure).toMatchObject({ transient: false });
    expect(failure.message).toContain(`longer than ${wireBytesMax / 1024 / 1024} MiB`);
    const error = await rawProvider((response) => {
      response.writeHead(500, { 'content-type': 'text/plain' });
      const write = () => {
        while (!response.destroyed && response.write('many words '.repeat(1_000)));
      };
      response.on('drain', write);
      write();
    });
    const told = (await failing(await error.model(dialects[dialect]))).failure;
    expect(told).toMatchObject({ category: 'overloaded', transient: true });
    expect(told.message).toContain('many words many words');
  });

  it('[model.slow-begin] comments keep a connection alive that is slow to begin, and not one that has begun', async () => {
    const beat = { every: 40, times: 12 };
    const slow = await rawProvider((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      let left = beat.times;
      const timer = setInterval(() => {
        response.write(': waiting\n\n');
        if (--left > 0) return;
        clearInterval(timer);
        response.end(plainly[dialect]());
      }, beat.every);
    });
    const { text } = await ask(await slow.model(dialects[dialect], { stallTimeoutMs: 400 }));
    expect(text).toBe('ok');
    const first = plainly[dialect]().split(/(?<=\n\n)/);
    const upTo = first.findIndex((event) => event.includes('"ok"')) + 1;
    const stuck = await rawProvider((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(first.slice(0, upTo).join(''));
      const timer = setInterval(() => response.write(': waiting\n\n'), 20);
      response.on('close', () => clearInterval(timer));
    });
    const { failure } = await failing(await stuck.model(dialects[dialect], { stallTimeoutMs: 300 }));
    expect(failure).toMatchObject({ category: 'timeout', transient: true });
  });

  it('[model.answer-time] an answer that comes letter by letter without an end is left at its time', async () => {
    const pieces = plainly[dialect]().split(/(?<=\n\n)/);
    const letter = pieces.findIndex((event) => event.includes('"ok"'));
    const provider = await rawProvider((response, body) => {
      if (body.includes('warm up')) return stream(plainly[dialect]())(response);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(pieces.slice(0, letter).join(''));
      const timer = setInterval(() => response.write(pieces[letter]), 20);
      response.on('close', () => clearInterval(timer));
    });
    // Loading the package is not what is measured, and on a busy machine a letter may come late: the time is
    // over before a pause as long as all of it.
    await ask(await provider.model(dialects[dialect]), { messages: [{ role: 'user', text: 'warm up' }] });
    const limits = { stallTimeoutMs: 1_000, answerTimeoutMs: 1_000 };
    const { failure } = await failing(await provider.model(dialects[dialect], limits));
    expect(failure).toMatchObject({ category: 'timeout', transient: false });
    expect(failure.message).toContain('limits.answerMs');
  });
});
