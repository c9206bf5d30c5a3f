/**
 * Makes the next request fit, one stage after the other, each an entry of the log; and what every request
 * begins with.
 */
import { createHash } from 'node:crypto';
import type { Model, ModelRequest, ToolSpec } from '../../model/port.ts';
import { nothingToCompact } from '../../session/facts/context-entries.ts';
import type { EntryBody } from '../../session/facts/entries.ts';
import { effectiveWindow, learnedWindow } from '../../session/facts/learned-window.ts';
import type { Tool } from '../../tools/tool.ts';
import { systemPrompt } from '../system-prompt.ts';
import type { ContextPort, TurnPorts, TurnResult } from '../turn-ports.ts';
import { compact } from './compact.ts';
import { loadOf } from './load.ts';
import { type Load, type Plan, planOf } from './plan.ts';
import { rateOf, tokensOf, unitsOfRequest, unitsOfText } from './size.ts';

export type Fit =
  | { readonly kind: 'fits' }
  /** Something was changed: the prompt is made anew. */
  | { readonly kind: 'again' }
  | { readonly kind: 'ended'; readonly result: TurnResult };

const again: Fit = { kind: 'again' };

export interface Fitted {
  readonly step: number;
  readonly request: ModelRequest;
  /** Tokens, by what the provider has refused of this step; infinite where it has refused nothing. */
  readonly taken: number;
}

export async function fit(
  ports: TurnPorts,
  context: ContextPort,
  model: Model,
  { step, request, taken }: Fitted,
): Promise<Fit> {
  const { facts } = context;
  const isRefused = taken < Number.POSITIVE_INFINITY;
  const learned = learnedWindow(facts, model.name, context.window);
  const isWindowSaid = isRefused || learned !== null;
  if (!context.window.isBound && !isWindowSaid && facts.context.asked === null) return { kind: 'fits' };
  const window = Math.min(taken, effectiveWindow(facts, model.name, context.window));
  // It may have been another sentence of another build: where nothing fits into it, it is asked about anew.
  const isDoubted = !isRefused && window < context.window.tokens;
  const load = loadOf({ facts, model: model.name, window }, request, isRefused);
  await reportUnknown(ports, context, load);
  const plan = planOf(load);
  const { turn } = ports;
  switch (plan.kind) {
    case 'send':
      return { kind: 'fits' };
    case 'prune': {
      const { through, after } = plan;
      return await committed(ports, {
        type: 'pruned',
        turn,
        through,
        before: load.tokens,
        after: Math.ceil(after),
      });
    }
    case 'cut':
      return await committed(ports, { type: 'itemCut', turn, item: plan.item, chars: plan.chars });
    case 'nothingToCompact':
      return await committed(ports, nothing(turn, load));
    case 'compact':
      return await compacted(ports, context, model, { plan, load, step, request });
    case 'compactionFails':
      if (isDoubted) return { kind: 'fits' };
      return ended(failedThrice(request, context, { load, model: model.name }));
    case 'tooBig':
      if (isDoubted) return { kind: 'fits' };
      return ended(tooBig(request, load, rateOf(facts.context, model.name)));
  }
}

async function committed(ports: TurnPorts, body: EntryBody): Promise<Fit> {
  await ports.commit([body]);
  return again;
}

function nothing(turn: string, load: Load): EntryBody {
  const reason = nothingToCompact;
  const usage = { inputTokens: 0, outputTokens: 0, cost: 0 };
  return { type: 'compactionFailed', turn, why: 'asked', reason, usage, before: load.tokens };
}

async function compacted(
  ports: TurnPorts,
  context: ContextPort,
  model: Model,
  {
    plan,
    load,
    step,
    request,
  }: { plan: Plan & { kind: 'compact' }; load: Load; step: number; request: ModelRequest },
): Promise<Fit> {
  const { why, through } = plan;
  const { tokens, window } = load;
  const { system, tools } = request;
  const compacting = { step, why, through, tokens, window, request: { system, tools } };
  const result = await compact(ports, context, model, compacting);
  return result.kind === 'ended' ? result : again;
}

function ended(detail: string): Fit {
  return { kind: 'ended', result: { kind: 'limitReached', reason: `context: ${detail}` } };
}

const reasonCharsMax = 300;

/** Where most of the window is taken by what no compaction makes smaller, that is why. */
function failedThrice(
  { system, tools }: ModelRequest,
  context: ContextPort,
  { load, model }: { load: Load; model: string },
): string {
  const rate = rateOf(context.facts.context, model);
  const reason = context.facts.context.failures.reason.slice(0, reasonCharsMax).toWellFormed();
  const failed = `compaction failed three times in a row, the last time because ${reason}`;
  const [prompt, offered] = [unitsOfText(system) * rate, unitsOfRequest({ ...none, tools }) * rate];
  if (prompt + offered < load.window / 2) return failed;
  return `${failed}. The system prompt (${count(prompt)}) and the tools (${count(offered)}) leave little of the window of ${count(load.window)} tokens`;
}

/** Only what nothing makes smaller is left. */
function tooBig({ system, tools, messages }: ModelRequest, { window }: Load, rate: number): string {
  const said = messages.reduce((sum, message) => sum + unitsOfRequest({ ...none, messages: [message] }), 0);
  const parts = [
    `the system prompt (${count(unitsOfText(system) * rate)})`,
    `the tools (${count(unitsOfRequest({ ...none, tools }) * rate)})`,
    `the task with what cannot be left out (${count(said * rate)})`,
  ];
  return `${parts.join(', ')} do not fit into the window of ${count(window)} tokens. Give the task in files, or use a model with a larger window ([models."provider/model"] contextTokens)`;
}

const none = { system: '', tools: [], messages: [] };

function count(tokens: number): string {
  return String(Math.ceil(tokens)).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

/** A window that nobody has told begins to matter. */
async function reportUnknown(
  ports: TurnPorts,
  context: ContextPort,
  { tokens, window }: Load,
): Promise<void> {
  const { facts, window: known } = context;
  if (known.isKnown || facts.context.isWindowReported || tokens < reportAt * window) return;
  const model = facts.session?.model ?? '';
  const text = `How much ${model} can take at once is not known: ${count(known.tokens)} tokens are assumed. Set contextTokens in [models."${model}"] of your config.toml.`;
  await ports.commit([{ type: 'alert', level: 'warning', code: 'contextUnknown', text }]);
}

const reportAt = 0.5;

/** Of a request as it is sent. */
export function tokensOfRequest(context: ContextPort, model: Model, request: ModelRequest): number {
  return tokensOf(context.facts.context, model.name, unitsOfRequest(request));
}

export interface Offered {
  readonly system: string;
  readonly tools: readonly ToolSpec[];
}

const specsOfTools = new WeakMap<readonly Tool[], { hash: string; specs: readonly ToolSpec[] }>();

function specsOf(tools: readonly Tool[]): { hash: string; specs: readonly ToolSpec[] } {
  const known = specsOfTools.get(tools);
  if (known !== undefined) return known;
  const specs = tools.map((tool) => ({
    name: tool.name,
    description: tool.description,
    inputSchema: tool.inputSchema(),
  }));
  const hash = createHash('sha256').update(JSON.stringify(specs)).digest('hex').slice(0, 16);
  const made = { hash, specs };
  specsOfTools.set(tools, made);
  return made;
}

export function offeredBy(ports: TurnPorts): Offered {
  return { system: systemPrompt(ports.promptFacts), tools: specsOf(ports.tools).specs };
}

/** K3: what has changed of it since it was last committed; once a turn, before its first request. */
export function offeredEntries(ports: TurnPorts, { facts }: ContextPort): EntryBody[] {
  const { turn } = ports;
  const { system, tools, toolSets } = facts.context;
  const text = systemPrompt(ports.promptFacts);
  const { hash, specs } = specsOf(ports.tools);
  const names = specs.map(({ name }) => name);
  const schemas = toolSets.has(hash) ? {} : { schemas: [...specs] };
  return [
    ...(system === text ? [] : [{ type: 'systemPrompt' as const, turn, text }]),
    ...(tools?.hash === hash ? [] : [{ type: 'tools' as const, turn, hash, names, ...schemas }]),
  ];
}
