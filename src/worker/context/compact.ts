/**
 * One compaction: the request for a summary, in pieces where it must be, and the entry that makes it hold.
 *
 * - K3 It holds with one entry: after a crash at any point either it happened or it did not.
 * - K4 Whatever fails, nothing is lost: an answer that is a call or nothing, or a summary that comes out
 *   larger than what it replaces, is a failure and is told; a cancel and a pause leave everything as it was.
 * - K5 Its requests count, are shown, and obey cancel, pause and limits.
 */
import { type Model, ModelFailure, type ModelRequest, type ModelResponse } from '../../model/port.ts';
import type { CompactionCause } from '../../session/facts/context-entries.ts';
import { summaryText } from '../../session/facts/shown.ts';
import { type Part, shownThrough, transcriptOf } from '../../session/facts/transcript.ts';
import { PodkinError } from '../../std/podkin-error.ts';
import { admitted } from '../admission.ts';
import { doubtedEntries } from '../doubted-usage.ts';
import { afterRequest, answerBegun, beforeRequest } from '../interceptors.ts';
import { promptOf } from '../prompt.ts';
import { partsRefused } from '../refused-reasoning.ts';
import { backOff, refuseLongRest, Tries } from '../retry.ts';
import { isSwitched, mustRest } from '../rest.ts';
import { imageBytes, unshownTo } from '../shown-images.ts';
import type { ContextPort, TurnPorts, TurnResult } from '../turn-ports.ts';
import { keptOf, unitsOfSaid } from './keep.ts';
import { summaryMax } from './load.ts';
import { piecesOf } from './pieces.ts';
import { isTooLong, type Refused, refusalEntries, windowBy } from './refusal.ts';
import { fixedUnits, rateOf, tokensOf, unitsOfRequest, unitsOfText } from './size.ts';
import { NoSummary, PartsRefused, TooLong } from './summary-failures.ts';
import { newSpent, type Spent } from './spent.ts';
import { type SummaryAsk, summaryOf, summaryRequest } from './summary-request.ts';
import { tableOf } from './table.ts';
import { leavesNoRoom, WindowFull } from './window-full.ts';

type Usage = ModelResponse['usage'];

export interface Compacting {
  readonly step: number;
  readonly why: CompactionCause;
  readonly through: number;
  /** Tokens of the request that is to become shorter. */
  readonly tokens: number;
  readonly window: number;
  readonly request: Pick<ModelRequest, 'system' | 'tools'>;
}

/** `failed`: it is in the log, and why. `switched`: so is that; another model is to make it. */
export type Compacted =
  | { readonly kind: 'done' | 'failed' | 'switched' }
  | { readonly kind: 'ended'; readonly result: TurnResult };

/** Of the window: for what people said. */
const keptShare = 0.1;
/** Of what nothing fixed takes of the window: for either of the two. */
const freeShare = 0.25;
/** Of the window: what an estimate may be wrong by. */
const fill = 0.95;

export async function compact(
  ports: TurnPorts,
  context: ContextPort,
  model: Model,
  compacting: Compacting,
): Promise<Compacted> {
  const { why, tokens, window } = compacting;
  const stopped = endedBy(ports);
  if (stopped !== null) return { kind: 'ended', result: stopped };
  const asked = context.facts.context.asked?.seq ?? 0;
  ports.show({ type: 'compactionStarted', turn: ports.turn, why, tokens, window });
  const spent = newSpent();
  const refusals: Refused[] = [];
  try {
    ports.crashPoint('compaction.asked');
    const summary = await summed(ports, context, { model, compacting, spent, refusals });
    ports.crashPoint('compaction.answered');
    if (typeof summary !== 'string') {
      await stoppedShort(ports, compacting, spent.usage);
      return { kind: 'ended', result: summary };
    }
    const { name } = model;
    return await hold(ports, context, {
      model: name,
      compacting,
      asked,
      summary,
      refusals,
      usage: spent.usage,
    });
  } catch (error) {
    if (error instanceof OtherModel) {
      await stoppedShort(ports, compacting, spent.usage);
      return { kind: 'switched' };
    }
    if (!(error instanceof ModelFailure) && !(error instanceof NoSummary)) throw error;
    const reason = error.message;
    await fail(ports, { compacting, reason, usage: spent.usage });
    return { kind: 'failed' };
  }
}

const noShorter = 'the summary came out no shorter than what it replaces';

/** The model that was asked rests from now on, and another one does not. */
class OtherModel extends PodkinError {
  constructor() {
    super('another model is asked');
  }
}

/** A limit, a cancel or a pause, before a request is sent. */
function endedBy(ports: TurnPorts): TurnResult | null {
  const control = ports.control();
  if (control !== 'none') return { kind: control === 'cancel' ? 'cancelled' : 'paused' };
  const limit = ports.limitReached();
  return limit === null ? null : { kind: 'limitReached', reason: limit };
}

interface Summing {
  readonly model: Model;
  readonly compacting: Compacting;
  readonly spent: Spent;
  /** What they teach holds with the compaction: one that fails changes nothing. */
  readonly refusals: Refused[];
}

/**
 * The summary; or how the turn ends before there is one. A request for it that is refused as too long tells
 * how much the provider takes: it is asked for anew, in pieces that fit. Throws `ModelFailure` and
 * `NoSummary`.
 */
async function summed(
  ports: TurnPorts,
  context: ContextPort,
  summing: Summing,
): Promise<string | TurnResult> {
  let { compacting } = summing;
  for (let refusals = 0; ; refusals += 1) {
    try {
      return await summedOnce(ports, context, { ...summing, compacting });
    } catch (error) {
      if (error instanceof PartsRefused) {
        if (refusals >= refusalsMax) throw error.failure;
        await ports.commit(error.entries);
        continue;
      }
      if (!(error instanceof TooLong)) throw error;
      const { failure, tokens } = error;
      if (refusals >= refusalsMax) throw failure;
      const { window } = compacting;
      const refused = { failure, tokens, window };
      summing.refusals.push(refused);
      const less = windowBy(refused);
      // It has taught nothing: the same would be asked again.
      if (less >= window) throw failure;
      compacting = { ...compacting, window: less };
    }
  }
}

const refusalsMax = 3;

async function summedOnce(
  ports: TurnPorts,
  context: ContextPort,
  { model, compacting, spent }: Summing,
): Promise<string | TurnResult> {
  const ask = askOf(ports, context, { compacting, model: model.name });
  const tokensOfRequest = (request: ModelRequest) =>
    tokensOf(context.facts.context, model.name, unitsOfRequest(request));
  let summary: string | null = null;
  for (const part of partsOf(ask, model.name, compacting)) {
    const stopped = endedBy(ports);
    if (stopped !== null) return stopped;
    const request = summaryRequest(ask, part, summary);
    const response = await answered(ports, { model, step: compacting.step, request, spent }).catch(
      (error: unknown) => {
        if (!(error instanceof ModelFailure)) throw error;
        const refused = partsRefused(ports, { model: model.name, request, error });
        if (refused !== null) throw new PartsRefused(error, refused);
        if (!isTooLong(error)) throw error;
        throw new TooLong(error, tokensOfRequest(request));
      },
    );
    if ('kind' in response) return response;
    spent.add(response.usage);
    if (leavesNoRoom(response)) throw new TooLong(new WindowFull(model.name), tokensOfRequest(request));
    const found = summaryOf(response);
    if ('problem' in found) throw new NoSummary(found.problem);
    // Of a piece too: it has to fit into the request for the next one.
    if (unitsOfText(found.text) >= unitsOfRequest({ ...request, system: '', tools: [] })) {
      throw new NoSummary(noShorter);
    }
    summary = found.text;
  }
  if (summary === null) throw new NoSummary('there was nothing to sum up');
  return summary;
}

function askOf(
  ports: TurnPorts,
  context: ContextPort,
  { compacting: { request, window }, model }: { compacting: Compacting; model: string },
): SummaryAsk {
  const { system, tools } = request;
  const { facts, putAside } = context;
  const free = Math.max(0, window - fixedUnits(request) * rateOf(context.facts.context, model));
  const tokensMax = Math.floor(Math.min(summaryMax(window), freeShare * free));
  const instructions = facts.context.asked?.instructions ?? null;
  const unshown = unshownTo(ports, model);
  const asked = { facts, putAside, tokensMax, instructions, unshown, ...imageBytes(ports) };
  return { pod: ports.pod, system, tools, signal: ports.signal, ...asked };
}

function partsOf(ask: SummaryAsk, model: string, { through, window }: Compacting): Part[] {
  const { context } = ask.facts;
  const rate = rateOf(context, model);
  const room = (fill * window - ask.tokensMax) / rate - fixedUnits(ask) - askUnits;
  const fits = (part: Part) =>
    tokensOf(context, model, unitsOfRequest(summaryRequest(ask, part, null))) <= fill * window;
  const pieces = piecesOf({ facts: ask.facts, through, room, fits });
  if (pieces === null) throw new NoSummary(noRoom);
  return pieces;
}

const noRoom = 'the system prompt and the tools leave no room to ask for a summary';

/** What our own words of the request come to, and a little more. */
const askUnits = 600;

/** One answer, with the tries that a failing provider takes. */
async function answered(
  ports: TurnPorts,
  { model, step, request, spent }: { model: Model; step: number; request: ModelRequest; spent: Spent },
): Promise<ModelResponse | TurnResult> {
  const tries = new Tries();
  for (;;) {
    const allowed = await admittedFor(ports, model, request, step);
    if (allowed !== null) return allowed;
    tries.sent += 1;
    try {
      const sent = await beforeRequest(ports.interceptors, request);
      const response = await readAnswer(ports, model, sent, spent);
      const doubted = doubtedEntries(ports, model.name, response.usage);
      if (doubted.length > 0) await ports.commit(doubted);
      afterRequest(ports.interceptors, { kind: 'answered' });
      return response;
    } catch (error) {
      if (ports.signal.aborted) return { kind: 'cancelled' };
      if (!(error instanceof ModelFailure)) throw error;
      const failed = { model: model.name, error };
      tries.noteFailure(error);
      if (mustRest(ports, error, tries) && (await isSwitched(ports, failed))) throw new OtherModel();
      refuseLongRest(ports, error);
      if (!error.transient || tries.areUsedUp(ports, error)) throw error;
      await backOff(ports, { step, tries, error });
    }
    const stopped = endedBy(ports);
    if (stopped !== null) return stopped;
  }
}

/** Waits for its part of the budget; how the turn ends where it gets none. */
async function admittedFor(
  ports: TurnPorts,
  model: Model,
  request: ModelRequest,
  step: number,
): Promise<TurnResult | null> {
  for (;;) {
    const allowed = await admitted(ports, model, request, { step, adds: true });
    if (allowed.kind === 'go') return null;
    if (allowed.kind === 'ended') return allowed.result;
  }
}

/** Not a word of it is shown as the pod's. */
async function readAnswer(
  ports: TurnPorts,
  model: Model,
  request: ModelRequest,
  spent: Spent,
): Promise<ModelResponse> {
  for await (const part of model.stream(request)) {
    if (part.type === 'response') return part.response;
    if (part.type === 'spent') spent.add(part.usage);
    else answerBegun(ports.interceptors);
  }
  throw new ModelFailure('cutStream', 'The summary ended before it was complete.', { transient: true });
}

interface Holding {
  readonly model: string;
  readonly compacting: Compacting;
  /** What a person had asked for when it began. */
  readonly asked: number;
  readonly summary: string;
  readonly refusals: readonly Refused[];
  readonly usage: Usage;
}

/** Commits it, unless it is larger than what it replaces. */
async function hold(ports: TurnPorts, context: ContextPort, holding: Holding): Promise<Compacted> {
  const { facts, putAside } = context;
  const { model, compacting, asked, summary, usage } = holding;
  const { why, through, tokens, window } = compacting;
  const rate = rateOf(facts.context, model);
  const items = shownThrough(facts, through);
  const owed = new Set(owedBy(context));
  const free = Math.max(0, window / rate - fixedUnits(compacting.request));
  const kept = keptOf({ items, owed, room: Math.min((keptShare * window) / rate, freeShare * free) });
  const table = tableOf(facts);
  const replaced = unitsOfRequest({
    system: '',
    tools: [],
    messages: promptOf(transcriptOf(facts, putAside, { through }), undefined, unshownTo(ports, model))
      .messages,
  });
  const keptUnits = items.reduce((sum, item) => sum + (kept.includes(item.seq) ? unitsOfSaid(item) : 0), 0);
  const units = keptUnits + unitsOfText(summaryText({ summary, table }));
  if (units >= replaced) {
    throw new NoSummary(noShorter);
  }
  const after = Math.max(0, Math.ceil(tokens - (replaced - units) * rate));
  const { turn } = ports;
  const answered = facts.context.answered.get(model) ?? 0;
  const { given } = context.window;
  await ports.commit([
    ...holding.refusals.flatMap((refused) => refusalEntries(turn, model, { refused, answered, given })),
    {
      type: 'compaction',
      turn,
      why,
      asked,
      through,
      model,
      kept,
      summary,
      table,
      usage,
      before: tokens,
      after,
    },
  ]);
  ports.crashPoint('compaction.committed');
  ports.show({ type: 'compactionEnded', turn, outcome: 'done', tokens: after });
  return { kind: 'done' };
}

/** What this turn works for, and what the pod's parent waits for. */
function owedBy({ facts }: ContextPort): string[] {
  return [...(facts.turn?.submissions ?? []), ...facts.ownAssignments.keys()];
}

async function fail(
  ports: TurnPorts,
  { compacting, reason, usage }: { compacting: Compacting; reason: string; usage: Usage },
): Promise<void> {
  const { turn } = ports;
  const { why, tokens } = compacting;
  await ports.commit([{ type: 'compactionFailed', turn, why, reason, usage, before: tokens }]);
  ports.show({ type: 'compactionEnded', turn, outcome: 'failed', tokens, reason });
}

/** It has not failed, and what it used counts. */
async function stoppedShort(ports: TurnPorts, { step, tokens }: Compacting, usage: Usage): Promise<void> {
  ports.show({ type: 'compactionEnded', turn: ports.turn, outcome: 'stopped', tokens });
  const isFree = usage.inputTokens === 0 && usage.outputTokens === 0;
  // What was taken of the budget for it is free again, but for what it has used.
  if (isFree && ports.budget?.isReserved !== true) return;
  await ports.commit([{ type: 'requestFailed', turn: ports.turn, step, usage }]);
}
