/** The fold of entries about what a request holds. */
import type {
  CompactionEntry,
  CompactionFailedEntry,
  ContextRefusedEntry,
  ImagesRefusedEntry,
  ReasoningRefusedEntry,
  ItemCutEntry,
  ToolsEntry,
} from './context-entries.ts';
import { providerOf } from './transcript.ts';
import type {
  Entry,
  StepCompletedEntry,
  SystemItemEntry,
  ToolCallEntry,
  ToolResultEntry,
} from './entries.ts';
import { noFailures } from './context-facts.ts';
import type { Facts } from './facts.ts';
import { forgetSaidThrough } from './transcript.ts';
import { isWholeNumber } from '../../std/fast-guards.ts';
import { isJsonObject } from '../../std/json.ts';

export function applyCompaction(facts: Facts, entry: Entry<CompactionEntry>): void {
  const { context } = facts;
  const { seq, through, summary, table, why, after } = entry;
  forgetSaidThrough(facts, through, entry.kept);
  forgetInstructed(facts, through);
  context.compaction = { seq, through, summary, table, why };
  context.estimated = after;
  // One that came while it was made, with something to heed, waits on.
  const isMet = context.asked?.instructions === null || (context.asked?.seq ?? 0) <= (entry.asked ?? seq);
  if (isMet) context.asked = null;
  context.failures = noFailures();
  for (const item of context.cuts.keys()) {
    if (item <= through && !entry.kept.includes(item)) context.cuts.delete(item);
  }
}

export function applyCompactionFailed(facts: Facts, entry: Entry<CompactionFailedEntry>): void {
  const { context } = facts;
  // Asked for once, tried once: whoever asked is told, and may ask again. It is no reason to end a turn.
  if (entry.why === 'asked') context.asked = null;
  else {
    const { before: tokens, reason } = entry;
    context.failures = { count: context.failures.count + 1, tokens, reason };
  }
}

export function applyContextRefused(
  { context }: Facts,
  { model, window, given }: Entry<ContextRefusedEntry>,
): void {
  if (given === undefined) context.windowsGiven.delete(model);
  else context.windowsGiven.set(model, given);
  context.windows.set(model, Math.max(window, context.answered.get(model) ?? 0));
}

export function applyImagesRefused({ context }: Facts, { model, images }: Entry<ImagesRefusedEntry>): void {
  if (images === undefined) context.imageless.add(model);
  else for (const image of images) context.refusedImages.add(image);
}

export function applyReasoningRefused(
  { context }: Facts,
  { model, through = Number.MAX_SAFE_INTEGER }: Entry<ReasoningRefusedEntry>,
): void {
  const provider = providerOf(model);
  const before = context.refusedReasoning.get(provider) ?? 0;
  context.refusedReasoning.set(provider, Math.max(before, through));
}

export function applyTools({ context }: Facts, { hash, names, schemas }: Entry<ToolsEntry>): void {
  context.tools = { hash, names };
  if (schemas !== undefined) context.toolSets.set(hash, schemas);
}

/** Tokens a unit, as far as a provider's count can be believed: some servers count nothing, or one each. */
const rateMin = 0.25;
const rateMax = 4;

export function noteMeasured({ context }: Facts, { usage, size }: Entry<StepCompletedEntry>): void {
  context.measured = null;
  context.estimated = null;
  if (size === undefined || !isWholeNumber(size.request, 1) || !isWholeNumber(size.answer, 0)) return;
  const rate = usage.inputTokens / size.request;
  if (rate > rateMax) return;
  const { inputTokens, outputTokens } = usage;
  noteAnswered(context, size.model, inputTokens);
  if (rate < rateMin) return;
  context.measured = { ...size, inputTokens, outputTokens };
  context.rates.set(size.model, rate);
}

/** What was answered fits: a refusal that says otherwise was wrong, or is by now. */
function noteAnswered({ answered, windows }: Facts['context'], model: string, tokens: number): void {
  answered.set(model, Math.max(tokens, answered.get(model) ?? 0));
  const believed = windows.get(model);
  if (believed !== undefined && believed < tokens) windows.set(model, tokens);
}

const reportCharsMax = 300;
const reportsMax = 100;

/** What the model was told of a child, for the table of a compaction. */
export function noteReport({ context }: Facts, { item }: Entry<SystemItemEntry>): void {
  if (item.kind !== 'podEvent') return;
  const { event } = item;
  const said = 'text' in event ? event.text.replaceAll(/\s+/g, ' ').trim().slice(0, reportCharsMax) : '';
  const end = 'outcome' in event ? event.outcome : event.kind;
  context.reports.delete(item.from.instance);
  const [oldest] = context.reports.keys();
  if (context.reports.size >= reportsMax && oldest !== undefined) context.reports.delete(oldest);
  context.reports.set(item.from.instance, said === '' ? end : `${end}: ${said.toWellFormed()}`);
}

/** With a result: what its call was the first to touch. */
export function noteInstructed({ context }: Facts, { seq, instructed }: Entry<ToolResultEntry>): void {
  for (const path of instructed ?? []) context.instructed.set(path, seq);
}

/**
 * Results at or below this entry are not shown as they were: what they held is given again when it is
 * touched.
 */
export function forgetInstructed({ context }: Facts, through: number): void {
  for (const [path, seq] of context.instructed) {
    if (seq <= through) context.instructed.delete(path);
  }
}

export function applyItemCut({ context }: Facts, { item, chars }: Entry<ItemCutEntry>): void {
  context.cuts.set(item, chars);
  for (const [path, seq] of context.instructed) {
    if (seq === item) context.instructed.delete(path);
  }
}

const filesMax = 100;
const changing: Record<string, 'read' | 'changed'> = { Read: 'read', Edit: 'changed', Write: 'changed' };

/** What a call has read or changed, for the table of a compaction. */
export function noteFile(facts: Facts, { tool, isError, call }: Entry<ToolResultEntry>): void {
  const done = Object.hasOwn(changing, tool) ? changing[tool] : undefined;
  const asked: ToolCallEntry | undefined = facts.turn?.dangling.get(call);
  if (done === undefined || isError || asked === undefined || !isJsonObject(asked.input)) return;
  const { path } = asked.input;
  if (typeof path !== 'string') return;
  const { files } = facts.context;
  const before = files.get(path);
  files.delete(path);
  files.set(path, before === 'changed' ? before : done);
  const [oldest] = files.keys();
  if (files.size > filesMax && oldest !== undefined) files.delete(oldest);
}
