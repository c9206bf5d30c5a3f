/**
 * Plays a scenario: chooses the rule that answers a request and streams its answer as a provider would. It is
 * no model; it goes through the same
 * SDK as the real ones, so that everything behind it is the real machinery.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ModelRequest } from './port.ts';
import type { ScenarioFailure, ScenarioRule } from './scenario.ts';
import { httpError, type SdkModel } from './sdk.ts';
import { fillIn, type TemplateValues } from './template.ts';
import type { RuleUses } from './uses.ts';

type StreamResult = Awaited<ReturnType<SdkModel['doStream']>>;
type StreamPart = StreamResult['stream'] extends ReadableStream<infer Part> ? Part : never;

export interface Scenario {
  /** Path of the file, for the answer when no rule fits. */
  readonly path: string;
  readonly rules: readonly ScenarioRule[];
  readonly uses: RuleUses;
}

/** What one request gets. */
interface Play {
  rule: ScenarioRule | null;
  say: string;
  calls: readonly { tool: string; input: unknown }[];
  /** Stop after so many tokens (words, then calls), without a finish. */
  cutAfter: number;
}

/** The scenario as a model for one request of one pod. */
export function scriptedModel(scenario: Scenario, request: ModelRequest): SdkModel {
  return {
    specificationVersion: 'v3',
    provider: 'script',
    modelId: scenario.path,
    supportedUrls: {},
    doGenerate() {
      throw new Error('a scenario is only ever streamed');
    },
    async doStream({ abortSignal }) {
      const signal = abortSignal ?? request.signal;
      const play = choose(scenario, request);
      const rule = play.rule;
      if (rule === null) return { stream: ReadableStream.from(tokens(play, request, signal)) };
      await pause(rule.delayMs, signal);
      // Counted when the answer begins: a pod that dies in the delay gets the same rule again.
      count(scenario.uses, useKey(request.pod, rule));
      if (rule.fail !== null) await failAtOnce(rule.fail, signal);
      return { stream: ReadableStream.from(tokens(play, request, signal)) };
    },
  };
}

function choose(scenario: Scenario, request: ModelRequest): Play {
  if (request.toolUse === 'none') return summary(request);
  const lastText = newestText(request);
  const uses = scenario.uses.load();
  for (const rule of scenario.rules) {
    if (!rule.podMatches(request.pod)) continue;
    if (rule.last !== null && rule.last !== request.newest) continue;
    const match = rule.matches === null ? [lastText] : rule.matches.exec(lastText);
    if (match === null || (uses[useKey(request.pod, rule)] ?? 0) >= rule.times) continue;
    const values: TemplateValues = { pod: request.pod, lastText, match };
    return {
      rule,
      say: fillIn(rule.say, values),
      calls: rule.calls.map(({ tool, input }) => ({ tool, input: fillIn(input, values) })),
      cutAfter: rule.fail?.kind === 'cutStream' ? rule.fail.afterTokens : Number.POSITIVE_INFINITY,
    };
  }
  const excerpt = lastText.length > 80 ? `${lastText.slice(0, 80)}…` : lastText;
  return {
    rule: null,
    say:
      `No rule of ${scenario.path} matches this request (pod: ${request.pod}, last: ${request.newest}, text: ${JSON.stringify(excerpt)}). ` +
      'Add a rule for it, or look at `pod`, `last`, `matches` and `times` of those that are there.',
    calls: [],
    cutAfter: Number.POSITIVE_INFINITY,
  };
}

/** No rule is asked: what a compaction wants is the same in every scenario. */
function summary({ messages, pod }: ModelRequest): Play {
  const say = `Summary of ${messages.length - 1} messages of ${pod}, by the scenario.`;
  return { rule: null, say, calls: [], cutAfter: Number.POSITIVE_INFINITY };
}

/** The text that a rule's `matches` sees. */
function newestText(request: ModelRequest): string {
  if (request.newest === 'tool') {
    const last = request.messages.findLast((message) => message.role === 'tool');
    return last?.results.map((result) => result.text).join('\n') ?? '';
  }
  return request.messages.findLast((message) => message.role === 'user')?.text ?? '';
}

function useKey(pod: string, rule: ScenarioRule): string {
  return `${pod}:${rule.number}`;
}

function count(uses: RuleUses, key: string): void {
  const all = uses.load();
  uses.save({ ...all, [key]: (all[key] ?? 0) + 1 });
}

async function failAtOnce(failure: ScenarioFailure, signal: AbortSignal): Promise<void> {
  switch (failure.kind) {
    case 'cutStream':
      return;
    case 'hang':
      await new Promise((_, reject) => {
        const end = () => reject(signal.reason);
        if (signal.aborted) end();
        else signal.addEventListener('abort', end, { once: true });
      });
      return;
    case 'rateLimit':
    case 'overloaded': {
      const { retryAfterMs } = failure;
      const headers = retryAfterMs === undefined ? undefined : { 'retry-after-ms': String(retryAfterMs) };
      throw await httpError(statusOf[failure.kind], `the scenario says ${failure.kind}`, headers ?? {});
    }
    case 'badRequest':
    case 'authentication':
      throw await httpError(statusOf[failure.kind], `the scenario says ${failure.kind}`, {});
  }
}

const statusOf = { rateLimit: 429, overloaded: 529, badRequest: 400, authentication: 401 };

async function* tokens(play: Play, request: ModelRequest, signal: AbortSignal): AsyncGenerator<StreamPart> {
  const words = play.say.match(/\s*\S+\s*/g) ?? [];
  const pauseMs = play.rule?.tokenDelayMs ?? 0;
  let left = play.cutAfter;
  yield { type: 'stream-start', warnings: [] };
  if (words.length > 0) yield { type: 'text-start', id: 'text' };
  for (const [index, delta] of words.entries()) {
    if (left-- <= 0) return;
    if (index > 0) await pause(pauseMs, signal);
    yield { type: 'text-delta', id: 'text', delta };
  }
  if (words.length > 0) yield { type: 'text-end', id: 'text' };
  for (const { tool, input } of play.calls) {
    if (left-- <= 0) return;
    yield* toolCall(tool, JSON.stringify(input));
  }
  if (play.cutAfter !== Number.POSITIVE_INFINITY) return;
  const unified = play.calls.length > 0 ? 'tool-calls' : 'stop';
  const input = Math.ceil(requestChars(request) / 4);
  yield {
    type: 'finish',
    finishReason: { unified, raw: unified },
    usage: {
      inputTokens: { total: input, noCache: input, cacheRead: 0, cacheWrite: 0 },
      outputTokens: { total: words.length, text: words.length, reasoning: 0 },
    },
  };
}

function* toolCall(toolName: string, input: string): Generator<StreamPart> {
  // Random: the same rule may call again in a later turn or incarnation of the pod.
  const id = `call_${randomUUID()}`;
  yield { type: 'tool-input-start', id, toolName };
  yield { type: 'tool-input-delta', id, delta: input };
  yield { type: 'tool-input-end', id };
  yield { type: 'tool-call', toolCallId: id, toolName, input };
}

function requestChars(request: ModelRequest): number {
  return request.messages.reduce(
    (sum, message) => sum + JSON.stringify(message).length,
    request.system.length,
  );
}

async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (delayMs > 0) await sleep(delayMs, undefined, { signal });
}
