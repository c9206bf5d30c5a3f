/** Updates for a client that does not read. */
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Outbox, outboxBounds } from '../../../../src/cli/acp-agent/outbox.ts';
import { deferred } from '../../../../src/std/deferred.ts';

function box() {
  const sent: string[] = [];
  let reads = deferred<void>();
  let isBehind = false;
  const outbox = new Outbox({
    send: ({ update }) => void sent.push(JSON.stringify(update)),
    isBehind: () => isBehind,
    caughtUp: () => (isBehind ? reads.promise : Promise.resolve()),
  });
  return {
    outbox,
    sent,
    push: (text: string) =>
      outbox.push('s', { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } }),
    stop() {
      isBehind = true;
      reads = deferred();
    },
    go() {
      isBehind = false;
      reads.resolve();
    },
  };
}

it('[acp.slow-reader] what waits goes out in order once it is read', async () => {
  const { push, sent, stop, go, outbox } = box();
  push('a');
  stop();
  push('b');
  push('c');
  expect(sent).toHaveLength(1);
  let isFlushed = false;
  void outbox.flushed().then(() => (isFlushed = true));
  await turn();
  expect(isFlushed).toBe(false);
  go();
  await outbox.flushed();
  push('d');
  expect(sent.map((one) => /"text":"(.*?)"/.exec(one)?.[1])).toEqual(['a', 'b', 'c', 'd']);
});

it.each([
  ['of updates', outboxBounds.updates, 'x'],
  ['of characters', outboxBounds.chars / 1_000_000, 'x'.repeat(1_000_000)],
])('[acp.slow-reader] beyond its bound %s it leaves out, and says how many', async (_, most, text) => {
  const { push, sent, stop, go, outbox } = box();
  stop();
  for (let at = 0; at < most + 7; at += 1) push(text);
  go();
  await outbox.flushed();
  expect(sent.length).toBeLessThanOrEqual(most + 1);
  expect(sent.at(-1)).toMatch(/\[\d+ updates were left out/);
});
