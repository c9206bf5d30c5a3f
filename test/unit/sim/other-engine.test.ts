/** Another agent in the worker's place: the shell around it is the shipped one, and so are the promises. */
import { expect, it, onTestFinished } from 'vitest';
import { StorageFailed } from '../../../src/session/log/storage-failed.ts';
import { promptOf } from '../../../src/worker/prompt.ts';
import type { Engine, TurnPorts, TurnResult } from '../../../src/worker/turn-ports.ts';
import { passOverTheDead, runHistory } from '../../sim/history.ts';

/** Says one thing a turn and calls nothing; what it is asked takes as long as a request, and may fail. */
const sayer: Engine = {
  async driveTurn(ports) {
    try {
      return await onePrompt(ports);
    } catch (error) {
      if (error instanceof StorageFailed) return { kind: 'abandoned', message: error.message };
      if (ports.signal.aborted) return { kind: 'cancelled' };
      return { kind: 'errored', category: 'internal', message: String(error) };
    }
  },
};

async function onePrompt(ports: TurnPorts): Promise<TurnResult> {
  const control = ports.control();
  if (control !== 'none') return { kind: control === 'pause' ? 'paused' : 'cancelled' };
  const { turn, pod, signal } = ports;
  const { transcript, seenThrough } = await ports.preLlmRequest();
  // Cut behind its answer: there is nothing to ask.
  if (transcript.at(-1)?.kind === 'answer') return { kind: 'finished' };
  const model = await ports.model();
  const request = { pod, system: '', tools: [], signal, ...promptOf(transcript) };
  for await (const part of model.stream(request)) {
    if (part.type !== 'response') continue;
    const usage = { inputTokens: 1, outputTokens: 1, cost: null };
    await ports.commit([
      {
        type: 'assistantMessage',
        turn,
        step: 1,
        model: 'other/agent',
        parts: [{ type: 'text', text: 'said by another' }],
      },
      { type: 'stepCompleted', turn, step: 1, finishReason: 'stop', usage, seenThrough },
    ]);
  }
  return { kind: 'finished' };
}

it('[turn.engine] histories with another engine hold what those of the worker hold', async () => {
  onTestFinished(passOverTheDead());
  const said: string[] = [];
  for (let seed = 1; seed <= 100; seed += 1) {
    const { violations, world } = await runHistory({ seed, engine: sayer });
    expect(violations, `seed ${seed}`).toEqual([]);
    for (const pod of world.pods.values()) {
      if (pod.removed) continue;
      said.push(
        ...world.logOf(pod).entries.flatMap((one) => (one.type === 'assistantMessage' ? one.model : [])),
      );
    }
  }
  expect(said.length).toBeGreaterThan(100);
  expect(new Set(said)).toEqual(new Set(['other/agent']));
});
