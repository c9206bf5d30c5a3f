/**
 * A pod's facts, a turn over them, and a provider with a small window: it counts in a way of its own, refuses
 * what is longer, and refuses what no provider takes.
 */
import {
  type ChatMessage,
  type Model,
  ModelFailure,
  type ModelRequest,
  type ModelResponse,
} from '../../../src/model/port.ts';
import type { Entry, EntryBody } from '../../../src/session/facts/entries.ts';
import { replay } from '../../../src/session/facts/replay.ts';
import { transcriptOf } from '../../../src/session/facts/transcript.ts';
import { preLlmRequest } from '../../../src/pod/machine/state.ts';
import { unitsOfRequest } from '../../../src/worker/context/size.ts';
import { promptOf } from '../../../src/worker/prompt.ts';
import type { TurnPorts } from '../../../src/worker/turn-ports.ts';
import { entriesOf, machineOf, working } from '../machine-rig.ts';
import { turnOf } from './worker-rig.ts';
import { defineTool } from '../../../src/tools/define-tool.ts';
import * as z from 'zod';

export type Said = Partial<ModelResponse> | Error;

export interface World {
  /** What the provider takes, in its own tokens. */
  window: number;
  /** What the pod believes; the provider's where absent. */
  believed?: number;
  /** What a person says of it. */
  given?: number;
  /** Tokens a unit. */
  rate?: number;
  /** False: a scenario, which takes what it is given. */
  isBound?: boolean;
  tells?: boolean;
  /** It counts bytes: a proxy, of which nobody knows how many it takes. */
  isProxy?: boolean;
  model?: string;
  /** The answer to a request of the turn; null ends it. */
  answer: (request: ModelRequest, nth: number) => Said;
  summary?: (request: ModelRequest, nth: number) => Said;
  lines?: EntryBody[];
  tools?: TurnPorts['tools'];
}

export const usageOf = (inputTokens: number, outputTokens = 10) => ({
  inputTokens,
  outputTokens,
  cost: 0.01,
});

export function podWith(world: World) {
  const lines = world.lines ?? working('t1', 'task');
  const machine = machineOf(lines);
  const { core } = machine;
  const requests: { request: ModelRequest; tokens: number; refused: boolean }[] = [];
  const counts = { turn: 0, summary: 0 };
  const name = world.model ?? 'a/b';
  const model: Model = {
    name,
    async *stream(request) {
      const tokens = Math.ceil(unitsOfRequest(request) * (world.rate ?? 1));
      const refused = tokens > world.window;
      requests.push({ request, tokens, refused });
      check(request);
      await Promise.resolve();
      if (refused) {
        if (world.isProxy === true)
          throw new ModelFailure('requestTooLarge', '413 Request Entity Too Large', { transient: false });
        const words =
          world.tells === true
            ? `prompt is too long: ${tokens} tokens > ${world.window} maximum`
            : 'too long';
        const told = world.tells === true ? world.window : undefined;
        throw new ModelFailure('contextTooLong', words, { transient: false, window: told });
      }
      const isSummary = request.toolUse === 'none';
      const nth = isSummary ? (counts.summary += 1) : (counts.turn += 1);
      const said = isSummary ? (world.summary ?? summed)(request, nth) : world.answer(request, nth);
      if (said instanceof Error) throw said;
      const parts = said.parts ?? [];
      yield { type: 'response', response: { finishReason: 'stop', usage: usageOf(tokens), ...said, parts } };
    },
  };
  const abort = new AbortController();
  const turn = turnOf([], {
    abort,
    tools: world.tools ?? [],
    model: () => Promise.resolve(model),
    context: {
      facts: core.facts,
      putAside: '',
      window: {
        tokens: world.believed ?? world.window,
        isKnown: true,
        isBound: world.isBound ?? true,
        given: world.given,
      },
    },
    preLlmRequest: () => {
      core.live.mode = 'running';
      preLlmRequest(core);
      return Promise.resolve({ transcript: transcriptOf(core.facts, ''), seenThrough: core.facts.lastSeq });
    },
    commit: (bodies) => {
      core.ports.commit(bodies);
      return Promise.resolve();
    },
  });
  const committed = () => machine.committed.flat();
  return {
    ...turn,
    abort,
    core,
    requests,
    facts: core.facts,
    committed,
    of: <T extends EntryBody['type']>(type: T) =>
      committed().filter((body): body is Extract<EntryBody, { type: T }> => body.type === type),
    /** K3: folded anew from the log, the prompt is the same. */
    promptAgain: () => {
      const log: Entry[] = [...entriesOf(lines)];
      for (const body of committed()) log.push({ seq: log.length + 1, time: '', ...body });
      return promptOf(transcriptOf(replay(JSON.parse(JSON.stringify(log)) as Entry[]), '')).messages;
    },
    promptNow: () => promptOf(transcriptOf(core.facts, '')).messages,
  };
}

const summed = (): Said => ({ parts: [{ type: 'text', text: 'SUMMARY' }] });
export const says = (text: string): Said => ({ parts: [{ type: 'text', text }] });

/** What all of them refuse. */
function check({ messages, tools, toolUse }: ModelRequest): void {
  const refuse = (why: string) => {
    throw new ModelFailure('badRequest', why, { transient: false });
  };
  if (messages[0]?.role !== 'user') refuse('the first message is not of a user');
  if (messages.at(-1)?.role === 'assistant') refuse('the last message is an answer');
  const hasCalls = messages.some((message) => callsOf(message).length > 0);
  if (hasCalls && tools.length === 0) refuse('the history holds calls and no tool is named');
  if (toolUse !== undefined && tools.length === 0) refuse('tools are required when a choice is made');
  for (const [index, message] of messages.entries()) {
    const calls = callsOf(message);
    const next = messages[index + 1];
    const results = next?.role === 'tool' ? next.results.map(({ call }) => call) : [];
    if (calls.join() !== results.join()) refuse(`calls ${calls.join()} have results ${results.join()}`);
    if (message.role === 'tool' && messages[index - 1]?.role !== 'assistant')
      refuse('a result without a call');
  }
}

function callsOf(message: ChatMessage): string[] {
  if (message.role !== 'assistant') return [];
  return message.parts.flatMap((part) => (part.type === 'toolCall' ? [part.call] : []));
}

export const output = (chars: number) =>
  defineTool({
    name: 'Bash',
    description: 'runs',
    input: () => z.object({ command: z.string() }),
    order: 'parallel',
    needs: () => ({ kind: 'nothing' }) as never,
    run: ({ command }) => Promise.resolve({ text: `${command} ${'x'.repeat(chars)}` }),
  });

/** Calls a tool so often, then says that it is done. */
export const works =
  (steps: number) =>
  (_: ModelRequest, nth: number): Said =>
    nth > steps
      ? says('done')
      : {
          parts: [
            { type: 'text', text: `step ${nth} ${'y'.repeat(400)}` },
            { type: 'toolCall', call: `c${nth}`, tool: 'Bash', input: { command: `make ${nth}` } },
          ],
          finishReason: 'toolCalls',
        };

/** With a small window, and outputs of so many characters. */
export const pod = (chars: number, world: Partial<World> & Pick<World, 'answer'>) =>
  podWith({ window: 4_000, tools: [output(chars)], ...world });
