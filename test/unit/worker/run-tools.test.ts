import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { EntryBody } from '../../../src/session/facts/entries.ts';
import { defineTool } from '../../../src/tools/define-tool.ts';
import { type ToolPorts, runTools } from '../../../src/worker/run-tools.ts';
import { contextIn } from '../tools/bench-context.ts';

describe('running the calls of a step', () => {
  it('[worker.no-listeners] twenty groups of calls leave no listener on the signal of their turn', async () => {
    const abort = new AbortController();
    const committed: EntryBody[] = [];
    const alone = defineTool({
      name: 'Alone',
      description: '',
      input: () => z.object({}),
      order: 'alone',
      needs: () => ({ kind: 'none' }),
      run: async () => {
        expect(getEventListeners(abort.signal, 'abort').length).toBe(1);
        return await Promise.resolve({ text: 'done' });
      },
    });
    const calls = Array.from({ length: 20 }, (_, n) => ({ call: `c${n}`, tool: 'Alone', input: {} }));
    const ports: ToolPorts = {
      turn: 't',
      tools: [alone],
      after: (delayMs, act) => void setTimeout(act, delayMs),
      signal: abort.signal,
      commit: async (bodies) => await Promise.resolve(void committed.push(...bodies)),
      isOpen: () => true,
      interceptors: [],
      toolContext: (call) => contextIn('/', { call, signal: abort.signal }),
    };
    await runTools(ports, 1, calls);
    expect(committed.map((entry) => (entry.type === 'toolResult' ? entry.text : entry.type))).toEqual(
      calls.map(() => 'done'),
    );
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  });
});
