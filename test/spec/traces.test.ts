/** Spans of real pods at a collector of the test's own. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { names } from '../../src/pod/trace/names.ts';
import { TestHome, eventually } from '../support/rig.ts';

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  attributes: { key: string; value: { stringValue?: string } }[];
  links: { spanId: string; attributes: { key: string; value: { stringValue?: string } }[] }[];
}

async function collector() {
  const spans: Span[] = [];
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (piece: string) => (text += piece));
    request.on('end', () => {
      bodies.push(text);
      const { resourceSpans } = JSON.parse(text) as {
        resourceSpans: { scopeSpans: { spans: Span[] }[] }[];
      };
      spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { spans, bodies, endpoint: `http://127.0.0.1:${port}` };
}

const linksOf = (span: Span | undefined, kind: string) =>
  (span?.links ?? []).filter(({ attributes }) => attributes.some(({ value }) => value.stringValue === kind));

it('[trace.tree] [trace.restored] [trace.names] a tree of three, one of them killed and restored, is one trace', async () => {
  const home = new TestHome();
  const { spans, bodies, endpoint } = await collector();
  onTestFinished(() => home.close());
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
  const root = await home.startRoot({
    environment,
    permissionMode: 'bypassPermissions',
    scenario: `rules:
  - { pod: a, last: user, call: [{ Bash: { command: 'echo "at $TRACEPARENT"' } }] }
  - { pod: a, say: "SECRET-ANSWER" }
  - { pod: b, last: user, call: [{ Bash: { command: sleep 3456.5 } }] }
  - { pod: b, say: "late" }
  - { pod: root, last: user, call: [{ SpawnPod: { name: a, task: SECRET-TASK } }, { SpawnPod: { name: b, task: y } }] }
  - { say: "noted" }
`,
  });
  await root.run('go');
  const b = await home.spawned('b');
  const [lost] = await b
    .until('a call', (entries) => entries.some(({ type }) => type === 'toolCall'))
    .then((entries) => entries.flatMap((one) => (one.type === 'traced' ? [one] : [])));
  await b.kill();
  await b.start(environment);
  await b.untilSettled();
  await root.untilSettled();
  const a = await home.spawned('a');
  const bash = await a.untilEntry('toolResult');
  await root.end();
  const named = (name: string) => spans.filter((span) => span.name === name);
  await eventually(
    home.work,
    () => named('invoke_agent b').length > 0 && named('invoke_agent root').length > 1,
    'the spans',
  );

  const first = named('invoke_agent root').find(({ parentSpanId }) => parentSpanId === undefined);
  const spawns = named('execute_tool SpawnPod');
  expect(spawns.map(({ parentSpanId }) => parentSpanId)).toEqual([first?.spanId, first?.spanId]);
  const [ofA] = named('invoke_agent a');
  const [ofB] = named('invoke_agent b');
  expect(new Set([ofA?.parentSpanId, ofB?.parentSpanId])).toEqual(
    new Set(spawns.map(({ spanId }) => spanId)),
  );
  expect(linksOf(ofB, 'resumes').map(({ spanId }) => spanId)).toEqual([lost?.span.split('-')[2]]);
  expect(ofB?.spanId).not.toBe(lost?.span.split('-')[2]);
  const deliveries = named('invoke_agent root').flatMap((span) => linksOf(span, 'delivery'));
  expect(deliveries.map(({ spanId }) => spanId)).toEqual(expect.arrayContaining([ofA?.spanId, ofB?.spanId]));
  const [command] = named('execute_tool Bash');
  expect(bash.text).toContain(`at 00-${command?.traceId}-${command?.spanId}-01`);
  const chats = spans.filter(({ name }) => name.startsWith('chat '));
  expect(chats.length).toBeGreaterThan(3);
  expect(new Set(chats.map(({ kind }) => kind))).toEqual(new Set([3]));
  // All that comes of one task.
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  const known = new Set<string>(Object.values(names));
  const keys = spans.flatMap(({ attributes, links }) =>
    [attributes, ...links.map((link) => link.attributes)].flat(),
  );
  expect(keys.map(({ key }) => key).filter((key) => !known.has(key))).toEqual([]);
  expect(bodies.join('\n')).not.toMatch(/SECRET|TRACEPARENT/);
});

it('[trace.off] without the variables nothing of it is in the log', async () => {
  const home = new TestHome();
  onTestFinished(() => home.close());
  const root = await home.startRoot();
  await root.run('go');
  await root.untilSettled();
  expect((await root.entries()).filter((one) => one.type === 'traced' || 'trace' in one)).toEqual([]);
});
