import { expect, it, vi } from 'vitest';
import { nodeClock } from '../../../src/pod/node-host.ts';
import { Observers } from '../../../src/pod/serve/observers.ts';
import type { AppendLog } from '../../../src/session/log/append-log.ts';
import type { Connection } from '../../../src/transport/connection.ts';

it('[growth.subscribe-again] a hundred times over one connection: one waits for its end', () => {
  const closed = new Promise<void>(() => undefined);
  const waits = vi.spyOn(closed, 'then');
  const connection = { closed, writable: false, drained: () => Promise.resolve() };
  const log = { onAppend: () => () => undefined, size: 0, offsetOfSeq: () => 0 };
  const observers = new Observers(log as unknown as AppendLog, nodeClock);
  for (let time = 0; time < 100; time += 1) {
    observers.subscribe(connection as unknown as Connection, { sinceSeq: 0, deltas: false });
  }
  expect(waits).toHaveBeenCalledTimes(1);
  observers.close();
});
