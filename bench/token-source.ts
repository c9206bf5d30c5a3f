/**
 * A provider in a process of its own that answers every request with a stream of tokens on a fixed schedule:
 * what is late is sent late, and its stamp says so. Arguments: tokens, milliseconds between them. Says its
 * port first, and after each `report` how late it was itself.
 */
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { quantile } from './report.ts';
import { nowUs, stamped } from './stamp.ts';

const [tokens = 0, tokenMs = 0] = process.argv.slice(2).map(Number);
let latenessMs: number[] = [];

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    response.setHeader('content-type', 'text/event-stream');
    play(response, { startUs: nowUs(), sent: 0 });
  });
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit(0));
process.on('message', () => {
  process.send?.({ p99Ms: latenessMs.length === 0 ? 0 : quantile(latenessMs, 0.99) });
  latenessMs = [];
});

/** Sends every token that is due and comes back for the next one. */
function play(response: ServerResponse, stream: { startUs: number; sent: number }): void {
  const dueUs = () => stream.startUs + stream.sent * tokenMs * 1_000;
  let text = '';
  for (let now = nowUs(); stream.sent < tokens && dueUs() <= now; stream.sent += 1) {
    latenessMs.push((now - dueUs()) / 1_000);
    text += chunk({ delta: { content: stamped(dueUs()) } });
  }
  if (stream.sent >= tokens) {
    const usage = { prompt_tokens: 1, completion_tokens: tokens, total_tokens: tokens + 1 };
    response.end(`${text}${chunk({ delta: {}, finish_reason: 'stop' }, { usage })}data: [DONE]\n\n`);
    return;
  }
  if (text !== '') response.write(text);
  setTimeout(() => play(response, stream), Math.max(0, (dueUs() - nowUs()) / 1_000));
}

function chunk(choice: object, more: object = {}): string {
  const head = { id: 'b', object: 'chat.completion.chunk', created: 1, model: 'bench' };
  const choices = [{ index: 0, finish_reason: null, ...choice }];
  return `data: ${JSON.stringify({ ...head, choices, ...more })}\n\n`;
}
