/** Bytes that say nothing: a proxy that keeps a connection with line ends, a server gone mad. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect, it } from 'vitest';
import { cpuTimer } from '../../support/cpu-timer.ts';
import { ask } from './ask.ts';
import { dialects, plainly, rawProvider } from './raw-provider.ts';

const bytes = 1024 * 1024;

async function read(unit: string): Promise<{ text: string; ms: number; longestMs: number }> {
  const body = `${unit.repeat(bytes / unit.length)}\n\n${plainly.compatible(undefined)}`;
  const provider = await rawProvider((response) => {
    // Without a length and closed at its end, as from many a gateway.
    const head = { 'content-type': 'text/event-stream', connection: 'close' };
    response.useChunkedEncodingByDefault = false;
    response.writeHead(200, head).end(body);
  });
  const model = await provider.model(dialects.compatible);
  const loop = monitorEventLoopDelay({ resolution: 5 });
  loop.enable();
  const usedMs = cpuTimer();
  const { text } = await ask(model);
  loop.disable();
  return { text, ms: usedMs(), longestMs: loop.max / 1e6 };
}

it.each([
  ['empty lines', '\n'],
  ['empty lines of two bytes', '\r\n'],
  ['events without a word', 'data:\n\n'],
  ['events that are no JSON', 'data: x\n\n'],
  ['halves of events', 'data: [\n\n'],
])('[model.empty-events] a MiB of %s is read as fast as one of comments', async (_, unit) => {
  await read(':\n');
  const comments = await read(':\n');
  const empty = await read(unit);
  expect(empty.text).toBe('ok');
  expect(empty.ms).toBeLessThan(8 * comments.ms + 500);
  // Who asks the pod meanwhile is answered.
  expect(empty.longestMs).toBeLessThan(8 * comments.longestMs + 500);
});
