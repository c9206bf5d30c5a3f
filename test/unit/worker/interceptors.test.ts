/** The list that a turn's requests and calls pass: in which order, and what each may do. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { ModelFailure } from '../../../src/model/port.ts';
import { defineTool } from '../../../src/tools/define-tool.ts';
import type { Interceptor, CallApproval } from '../../../src/worker/turn-ports.ts';
import { calls, part, says, turnOf } from './worker-rig.ts';

const echo = defineTool({
  name: 'Echo',
  description: 'says it again',
  input: () => z.object({}),
  order: 'parallel',
  needs: () => ({ kind: 'none' }),
  run: () => Promise.resolve({ text: 'ok' }),
});

/** Writes its name to everything that passes. */
function signing(name: string, heard: string[], approval: CallApproval = { kind: 'allowed' }): Interceptor {
  return {
    beforeRequest: (request) => {
      heard.push(`${name} before the request`);
      return { ...request, system: `${request.system}${name}` };
    },
    answerBegun: () => void heard.push(`${name} begun`),
    afterRequest: ({ kind }) => void heard.push(`${name} ${kind}`),
    beforeCall: ({ call }) => {
      heard.push(`${name} before ${call}`);
      return approval;
    },
    afterCall: ({ call }, answer) => {
      heard.push(`${name} after ${call}`);
      return { ...answer, text: `${answer.text}${name}` };
    },
  };
}

function play(interceptors: (heard: string[]) => Interceptor[], replies = [calls(part('c1')), says('done')]) {
  const heard: string[] = [];
  const turn = turnOf(replies, { tools: [echo], interceptors: interceptors(heard) });
  const results = () =>
    turn.committed.flat().flatMap((body) => (body.type === 'toolResult' ? [[body.text, body.isError]] : []));
  return { heard, turn, results };
}

describe('interceptors', () => {
  it('[turn.interceptors] see requests and calls in order, and what comes back in the other one', async () => {
    const { heard, turn, results } = play((list) => [signing('a', list), signing('b', list)]);
    await turn.run();
    const request = ['a before the request', 'b before the request'];
    expect(heard).toEqual([
      ...request,
      'b answered',
      'a answered',
      'a before c1',
      'b before c1',
      'b after c1',
      'a after c1',
      ...request,
      'b answered',
      'a answered',
    ]);
    expect(turn.requests.every(({ system }) => system.endsWith('ab'))).toBe(true);
    expect(results()).toEqual([['okba', false]]);
  });

  it('[turn.interceptors] the first that says no decides, and none behind it hears of the call', async () => {
    const no: CallApproval = { kind: 'denied', text: 'not that' };
    const { heard, turn, results } = play((list) => [
      signing('a', list),
      signing('b', list, no),
      signing('c', list),
    ]);
    await turn.run();
    expect(heard.filter((line) => line.includes('c1'))).toEqual(['a before c1', 'b before c1']);
    expect(results()).toEqual([['not that', true]]);
  });

  it('[turn.interceptors] hear of each try, how it went, and that its answer has begun', async () => {
    const failure = new ModelFailure('overloaded', 'busy', { transient: true });
    const { heard, turn } = play(
      (list) => [signing('a', list)],
      [{ deltas: [{ type: 'textDelta', text: 'x' }], throws: failure }, says('done')],
    );
    await turn.run();
    expect(heard).toEqual([
      'a before the request',
      'a begun',
      'a failed',
      'a before the request',
      'a answered',
    ]);
  });

  it('[turn.interceptors] that break on a result are a failed call, and the turn goes on', async () => {
    const { turn, results } = play(() => [
      {
        afterCall: () => {
          throw new Error('broken');
        },
      },
    ]);
    expect(await turn.run()).toEqual({ kind: 'finished' });
    expect(results()).toEqual([['Echo failed: broken', true]]);
  });
});

describe('an interceptor that wants a person asked', () => {
  const wants: Interceptor = { beforeCall: () => ({ kind: 'ask', why: 'it is Friday' }) };
  const person = (heard: string[]): Interceptor => ({
    asksPerson: true,
    beforeCall: ({ asks = 'nothing' }) => {
      heard.push(asks);
      return { kind: 'allowed' };
    },
  });

  it('[hook.fails] tells who comes later and asks', async () => {
    const { heard, turn, results } = play((list) => [wants, wants, person(list)]);
    await turn.run();
    expect(heard).toEqual(['it is Friday; it is Friday']);
    expect(results()).toEqual([['ok', false]]);
  });

  it('[hook.fails] [hook.never-allows] has the call denied where nobody who comes later asks', async () => {
    const text = 'Denied: a person has to allow this call (it is Friday), and none can be asked.';
    for (const list of [(heard: string[]) => [person(heard), wants], () => [wants, signing('b', [])]]) {
      const { turn, results } = play(list);
      await turn.run();
      expect(results()).toEqual([[text, true]]);
    }
  });
});
