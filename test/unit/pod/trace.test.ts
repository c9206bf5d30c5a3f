import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { OtlpSink, otlpOf } from '../../../src/pod/trace/otlp.ts';
import { OpenSpan, type SpanRecord } from '../../../src/pod/trace/spans.ts';
import { traceTarget } from '../../../src/pod/trace/target.ts';
import { isTraceparent, traceparent } from '../../../src/protocol/traceparent.ts';
import { readSentEvent, unreadEvent } from '../../../src/protocol/read-event.ts';

const above = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

it.each([
  [{}, { kind: 'off' }],
  [{ OTEL_TRACES_EXPORTER: 'otlp' }, { kind: 'off' }],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/', OTEL_SDK_DISABLED: 'true' }, { kind: 'off' }],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_TRACES_EXPORTER: 'none' }, { kind: 'off' }],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/' },
    { kind: 'otlp', url: 'http://c:4318/v1/traces', serviceName: 'podkin' },
  ],
  [
    {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://c/x',
      OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Basic%20eA==,bad header=1,line=a%0Ab,half=%E0',
      OTEL_SERVICE_NAME: 'mine',
    },
    { kind: 'otlp', url: 'https://c/x', headers: { authorization: 'Basic eA==' }, serviceName: 'mine' },
  ],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'file:///x' }, { kind: 'wrong' }],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, { kind: 'wrong' }],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_TRACES_EXPORTER: 'zipkin' }, { kind: 'wrong' }],
])('[trace.target] [trace.off] %j', (environment, wanted) => {
  expect(traceTarget(environment)).toMatchObject(wanted);
});

describe('[trace.tree] a place in a trace', () => {
  it.each([
    [above, true],
    [above.replace('00-', '01-'), false],
    [`00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`, false],
    [`00-${'a'.repeat(32)}-${'0'.repeat(16)}-01`, false],
    [`${above}\n`, false],
    [above.toUpperCase(), false],
    [`${above}-x`, false],
    [7, false],
  ])('%j is one: %s', (value, isOne) => {
    expect([isTraceparent(value), traceparent().parse(value)]).toEqual([isOne, isOne ? value : undefined]);
    // A report is refused for nothing of it.
    const event = readSentEvent({ ...unreadEvent('t', { category: 'c', message: 'm' }), trace: value });
    expect(event).toMatchObject({ kind: 'errored' });
    expect(event !== null && 'trace' in event ? event.trace : undefined).toBe(isOne ? value : undefined);
  });

  it('goes on below its parent, ends once, and is not sent where its parent is not sampled', () => {
    const taken: SpanRecord[] = [];
    const sink = { take: (span: SpanRecord) => void taken.push(span), flush: () => Promise.resolve() };
    const start = { name: 'x', kind: 1, attributes: {} };
    const span = new OpenSpan(sink, { ...start, parent: above }, 1);
    span.link('nonsense', {});
    span.link(above, { a: 1 });
    span.end(3, null);
    span.end(4, 'late');
    new OpenSpan(sink, { ...start, parent: above.replace(/01$/, '00') }, 1).end(2, null);
    expect(taken).toMatchObject([
      {
        traceId: 'a'.repeat(32),
        parentSpanId: 'b'.repeat(16),
        startMs: 1,
        endMs: 3,
        error: null,
        links: [{ attributes: { a: 1 } }],
      },
    ]);
    expect(isTraceparent(new OpenSpan(sink, { ...start, parent: null }, 1).traceparent)).toBe(true);
  });
});

const record: SpanRecord = {
  name: 'chat m',
  kind: 3,
  traceId: 'a'.repeat(32),
  spanId: 'c'.repeat(16),
  parentSpanId: null,
  startMs: 1_700_000_000_000,
  endMs: 1_699_999_999_999,
  attributes: { text: 'x', whole: 2, part: 0.5, flag: true, list: ['y'] },
  links: [],
  error: 'cutStream',
};

it('[trace.names] a span in the form of OTLP, which ends no sooner than it begins', () => {
  expect(JSON.parse(JSON.stringify(otlpOf([record], 'svc')))).toMatchObject({
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'svc' } }, {}] },
        scopeSpans: [
          {
            spans: [
              {
                name: 'chat m',
                kind: 3,
                startTimeUnixNano: '1700000000000000000',
                endTimeUnixNano: '1700000000000000000',
                status: { code: 2, message: 'cutStream' },
                attributes: [
                  { value: { stringValue: 'x' } },
                  { value: { intValue: '2' } },
                  { value: { doubleValue: 0.5 } },
                  { value: { boolValue: true } },
                  { value: { arrayValue: { values: [{ stringValue: 'y' }] } } },
                ],
              },
            ],
          },
        ],
      },
    ],
  });
});

describe('[trace.bounded] a collector', () => {
  async function collector(status: number, headers: Record<string, string> = {}) {
    let asked = 0;
    const server = createServer((_, response) => {
      asked += 1;
      response.writeHead(status, headers).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}/v1/traces`, asked: () => asked };
  }
  const lostBy = async (url: string, spans = 1) => {
    const lost: string[] = [];
    const sink = new OtlpSink({ url, headers: {}, serviceName: 's' }, (why) => lost.push(why));
    for (let n = 0; n < spans; n += 1) sink.take(record);
    await sink.flush();
    return lost;
  };

  it('that takes them loses none, in bounded pieces', async () => {
    const { url, asked } = await collector(200);
    expect(await lostBy(url, 300)).toEqual([]);
    expect(asked()).toBe(2);
  });

  it('that refuses, redirects or is away is said once, and more than can wait is dropped', async () => {
    expect(await lostBy((await collector(503)).url, 600)).toEqual(['the collector answered 503']);
    const elsewhere = await collector(200);
    const redirecting = await collector(307, { location: elsewhere.url });
    expect(await lostBy(redirecting.url)).toHaveLength(1);
    expect(elsewhere.asked()).toBe(0);
    expect(await lostBy('http://127.0.0.1:1/v1/traces')).toHaveLength(1);
    expect(await lostBy((await collector(200)).url, 2_049)).toEqual(['more came than could be sent']);
  });
});
