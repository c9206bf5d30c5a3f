/** The mock that an agent is tried against: four protocols, one answer by a word. */
import { expect, it, onTestFinished } from 'vitest';
import { knownAgents } from '../../../src/engine/agents.ts';
import { mockHello, probeWords, startMock } from '../../../src/engine/probe/mock-provider.ts';
import { pointingAt } from '../../../src/engine/probe/pointing.ts';

const paths = [
  '/v1/chat/completions',
  '/v1/responses',
  '/v1/messages',
  '/v1beta/models/mock:streamGenerateContent?alt=sse',
] as const;

async function mock() {
  const one = await startMock('touch it');
  onTestFinished(() => one.close());
  return one;
}

function bodyFor(path: string, word: string, last: object[] = []): string {
  const shell = { type: 'object', properties: { command: { type: 'string' } }, required: ['command', 'why'] };
  const tools = [
    { name: 'Bash', parameters: shell, input_schema: shell, function: { name: 'Bash', parameters: shell } },
  ];
  const asked = [{ role: 'user', content: `do ${word}` }, ...last];
  if (path.includes('Content')) {
    const declared = [{ name: 'run_shell_command', parametersJsonSchema: shell }];
    return JSON.stringify({ tools: [{ functionDeclarations: declared }], contents: asked });
  }
  return JSON.stringify({
    model: 'mock',
    tools,
    ...(path.endsWith('responses') ? { input: asked } : { messages: asked }),
  });
}

async function post(url: string, body: string): Promise<{ status: number; text: string }> {
  const response = await fetch(url, { method: 'POST', body });
  return { status: response.status, text: await response.text() };
}

it.each(paths)('[agents.mock] %s says hello, calls the shell once, and fails', async (path) => {
  const { url } = await mock();
  expect((await post(url + path, bodyFor(path, probeWords.hello))).text).toContain(mockHello);
  const call = await post(url + path, bodyFor(path, probeWords.ask));
  expect(call.text).toContain('touch it');
  const results = [
    { role: 'tool', content: 'x' },
    { type: 'function_call_output' },
    { role: 'user', content: [{ type: 'tool_result' }] },
    { role: 'user', parts: [{ functionResponse: {} }] },
  ];
  const after = await post(url + path, bodyFor(path, probeWords.ask, [results[paths.indexOf(path)] ?? {}]));
  expect(after.text).not.toContain('touch it');
  expect((await post(url + path, bodyFor(path, probeWords.fail))).status).toBe(500);
});

it('[agents.mock] holds up what is to wait, and gives a title to whoever offers no tools', async () => {
  const { url, stalled } = await mock();
  const held = stalled();
  const stop = new AbortController();
  const request = fetch(url + paths[0], {
    method: 'POST',
    body: bodyFor('', probeWords.stall),
    signal: stop.signal,
  });
  await held;
  stop.abort();
  await expect(request).rejects.toThrow();
  const body = JSON.stringify({ messages: [{ role: 'user', content: probeWords.fail }] });
  expect((await post(url + paths[0], body)).status).toBe(200);
});

it('[agents.mock] is where each known agent is pointed, with no key of a person’s', () => {
  for (const name of Object.keys(knownAgents)) {
    const { variables, files } = pointingAt(name, 'http://127.0.0.1:9') ?? { variables: {}, files: {} };
    expect(JSON.stringify([variables, files])).toContain('127.0.0.1:9');
    expect(Object.keys(files).filter((path) => path.startsWith('/'))).toEqual([]);
  }
  expect(pointingAt('mine', 'http://127.0.0.1:9')).toBeNull();
});
