/**
 * A log's entries as text for people: one block an entry, nothing for entries that only the machinery needs.
 * Pure.
 */
import type { ApprovalEntry } from '../../session/facts/approval-entries.ts';
import type {
  Entry,
  EntryBody,
  InputSource,
  SystemItem,
  ToolResultEntry,
  TurnEndedEntry,
} from '../../session/facts/entries.ts';
import type { SetEntry } from '../../session/facts/set-entries.ts';
import type { PodEvent } from '../../protocol/pod-event.ts';
import type { JsonValue } from '../../std/json.ts';
import { alertText, counted, dollars, duration, grouped, oneLine, printable, visible } from './printable.ts';
import { foldedFiles } from '../../session/facts/folded-files.ts';
import { paint, type Paint } from './table.ts';

export interface TranscriptStyle {
  readonly color: boolean;
}

const inputCharsMax = 160;
const resultCharsMax = 160;
const excerptCharsMax = 200;

/**
 * Without a newline at its end; null for what a reader of the conversation does not need. Unknown types give
 * null.
 */
export function renderEntry(entry: Entry, style: TranscriptStyle): string | null {
  if (!Object.hasOwn(renderers, entry.type)) return null;
  const say: Say = (text, name) => paint(text, name, style.color);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table holds for each type the renderer of its entries
  return (renderers[entry.type] as (entry: Entry, say: Say) => string | null)(entry, say);
}

type Renderers = {
  [T in EntryBody['type']]?: (entry: Entry<Extract<EntryBody, { type: T }>>, say: Say) => string | null;
};

/** Of an incarnation, for people. */
function startText(incarnation: number): string {
  return incarnation === 1 ? 'started' : `restart ${incarnation - 1}`;
}

/** Absent: turn and step boundaries, acknowledgements, and what a newer podkin wrote. */
const renderers: Renderers = {
  session: ({ name, instance, model, cwd }, say) =>
    say(`pod ${name} (${instance}), model ${oneLine(model, 200)}, in ${oneLine(cwd, 400)}`, 'dim'),
  started: ({ incarnation, pid }, say) => say(`— ${startText(incarnation)} (process ${pid})`, 'dim'),
  stopped: ({ reason }, say) => say(`— stopped: ${oneLine(reason, excerptCharsMax)}`, 'dim'),
  inputReceived: ({ kind, from }, say) => inputLine(kind, from, say),
  inputDropped: ({ reason }, say) =>
    say(`— a queued input was dropped: ${oneLine(reason, excerptCharsMax)}`, 'yellow'),
  interrupted: ({ reason }, say) => say(`— interrupted: ${oneLine(reason, excerptCharsMax)}`, 'yellow'),
  discarded: ({ reason }, say) =>
    say(`— given up by a person: ${oneLine(reason, excerptCharsMax)}`, 'yellow'),
  userMessage: ({ from, text }, say) =>
    `${say(`${speaker(from)}>`, 'cyan')} ${printable(from.kind === 'person' ? foldedFiles(text) : text)}`,
  assistantMessage: ({ parts, partial }, say) => assistantText(parts, partial === true, say),
  toolCall: ({ tool, input }, say) =>
    `${say('→', 'yellow')} ${oneLine(tool, 63)} ${say(callInput(input), 'dim')}`,
  toolResult: resultLine,
  systemItem: ({ item }, say) => `${say('◆', 'cyan')} ${systemItemLine(item)}`,
  turnEnded: turnEndLine,
  alert: ({ level, text }, say) => say(alertText(text), level === 'error' ? 'red' : 'yellow'),
  pruned: (_, say) => say('— old outputs of tools are shown to the model as one line each', 'dim'),
  compaction: ({ summary, before, after }, say) =>
    `${say(`— the history before was replaced by a summary (${grouped(before)} → ${grouped(after)} tokens):`, 'yellow')}\n${say(printable(summary), 'dim')}`,
  compactionFailed: ({ reason }, say) =>
    say(`— the history was not compacted: ${oneLine(reason, 400)}`, 'yellow'),
  imagesRefused: ({ model, reason, images }, say) =>
    say(
      `— ${images === undefined ? `${oneLine(model, 200)} takes no images` : 'the provider refused an image'}: ${oneLine(reason, 400)}`,
      'yellow',
    ),
  reasoningRefused: ({ model, reason }, say) =>
    say(`— ${oneLine(model, 200)} is asked without the reasoning of before: ${oneLine(reason, 400)}`, 'dim'),
  itemCut: (_, say) => say('— an item too large for the model is shown to it cut', 'yellow'),
  set: setLine,
  child: ({ state, child }, say) => childLine(state, child.name, say),
  approval: approvalLine,
  scopeWait: ({ state, child, reason = '' }, say) => {
    const who = child === undefined ? '' : `pod ${oneLine(child.name, 63)} `;
    if (state === 'over') return say(`— ${who}waits for no path any more: ${oneLine(reason, 400)}`, 'dim');
    return say(
      child === undefined ? `— waits for ${oneLine(reason, 400)}` : `— ${who}is in the queue for its paths`,
      'yellow',
    );
  },
  assignment: ({ state, child, text }, say) =>
    state === 'open' ? say(`↓ ${child.name}: ${oneLine(text, excerptCharsMax)}`, 'dim') : null,
  podEventReceived: ({ reads, from, event }, say) =>
    reads ? null : say(`◇ ${eventLine(from.name, event)}`, 'dim'),
  podEventEmitted: ({ event, eventSeq }, say) =>
    say(`↑ ${event.kind} (event ${eventSeq} for the parent)`, 'dim'),
};

type Say = (text: string, name: Paint) => string;

function speaker(from: InputSource): string {
  return from.kind === 'person' ? 'you' : oneLine(from.name, 63);
}

/** Runs show as the message that begins their turn, notices when they are read. */
function inputLine(kind: string, from: InputSource, say: Say): string | null {
  return kind === 'run' || kind === 'notice' ? null : say(`— ${kind} by ${speaker(from)}`, 'dim');
}

function assistantText(
  parts: readonly { type: string; text: string }[],
  partial: boolean,
  say: Say,
): string | null {
  const texts = parts
    .filter((part) => part.text.trim() !== '')
    .map((part) => (part.type === 'reasoning' ? say(printable(part.text), 'dim') : printable(part.text)));
  if (texts.length === 0) return null;
  return partial ? `${texts.join('\n')} ${say('(cut off)', 'dim')}` : texts.join('\n');
}

/** `path: "src", limit: 20`, as long as one line takes. */
function callInput(input: JsonValue): string {
  if (input === null || typeof input !== 'object' || Array.isArray(input)) {
    return oneLine(JSON.stringify(input), inputCharsMax);
  }
  const fields = Object.entries(input).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return oneLine(fields.join(', '), inputCharsMax);
}

function resultLine(entry: Entry<ToolResultEntry>, say: Say): string {
  const text = oneLine(entry.text, resultCharsMax);
  const tool = oneLine(entry.tool, 63);
  if (entry.denied === true) return say(`✗ ${tool} denied: ${text.replace(/^Denied: /, '')}`, 'red');
  if (entry.interrupted === true) return say(`✗ ${tool} interrupted`, 'yellow');
  return entry.isError ? say(`✗ ${tool}: ${text}`, 'red') : say(`← ${text}`, 'dim');
}

function eventLine(from: string, event: PodEvent): string {
  switch (event.kind) {
    case 'turnEnded':
      return `${from} ${outcomeWord(event.outcome)}${lacking(event)}: ${oneLine(event.text, excerptCharsMax)}`;
    case 'errored':
      return `${from} failed: ${oneLine(event.error.message, excerptCharsMax)}`;
    case 'died':
      return `${from} died (${event.signal ?? (event.exitCode === undefined ? 'cause unknown' : `exit code ${event.exitCode}`)})`;
    case 'shutDown':
      return `${from} was shut down${event.reason === undefined ? '' : `: ${oneLine(event.reason, excerptCharsMax)}`}`;
    case 'unreachable':
      return `${from} does not answer`;
    case 'scopeSubDelegated':
      return `${from} handed a part of its scope to ${event.to.name}`;
  }
  return 'a notice';
}

/** What was asked for with the task and is not there. */
export function lacking({
  check,
  result,
}: Pick<Extract<PodEvent, { kind: 'turnEnded' }>, 'check' | 'result'>): string {
  if (check?.passed === false) return ', its check did not pass';
  return result?.fits === false ? ', its answer is not the result that was asked for' : '';
}

function systemItemLine(item: SystemItem): string {
  switch (item.kind) {
    case 'podEvent':
      return eventLine(item.from.name, item.event);
    case 'notice':
      return `notice from ${speaker(item.from)}: ${oneLine(noticeWords(item.body), excerptCharsMax)}`;
    case 'assignment':
      return `${item.child.name}: ${oneLine(item.outcome, excerptCharsMax)}`;
    case 'command':
      return `${item.command} in the background has ended`;
    case 'unmet':
      return item.of === 'check'
        ? 'the check did not pass'
        : 'the answer is not the result that was asked for';
  }
  return 'a notice';
}

const outcomeWords: Readonly<Record<string, string>> = {
  finished: 'finished',
  limitReached: 'reached a limit',
  paused: 'paused',
  cancelled: 'was cancelled',
  errored: 'failed',
};

export function outcomeWord(outcome: string): string {
  return outcomeWords[outcome] ?? outcome;
}

function turnEndLine(entry: Entry<TurnEndedEntry>, say: Say): string {
  const { usage } = entry;
  const tokens = usage.inputTokens + usage.outputTokens;
  const details = [
    duration(entry.durationMs),
    ...(tokens === 0 ? [] : [counted(tokens, 'token', 'tokens')]),
    ...(usage.cost === null || usage.cost === 0 ? [] : [dollars(usage.cost)]),
    ...(entry.outstanding.length === 0 ? [] : [`still working: ${entry.outstanding.join(', ')}`]),
  ];
  const why = entry.error?.message ?? entry.reason;
  const cause = why === undefined ? '' : `: ${oneLine(why, 400)}`;
  const name: Paint = entry.outcome === 'errored' ? 'red' : entry.outcome === 'finished' ? 'dim' : 'yellow';
  return say(`— turn ${outcomeWord(entry.outcome)}${lacking(entry)}${cause} (${details.join(', ')})`, name);
}

function approvalLine(entry: Entry<ApprovalEntry>, say: Say): string | null {
  switch (entry.state) {
    case 'asked':
      return say(
        `? ${oneLine(entry.tool, 63)} waits for a person: ${oneLine(visible(entry.summary), inputCharsMax)}`,
        'yellow',
      );
    case 'answered': {
      const rule =
        entry.rule === undefined ? '' : `, by the rule ${oneLine(visible(entry.rule), excerptCharsMax)}`;
      const who =
        entry.by === 'person'
          ? `a person said ${entry.decision}${rule}`
          : entry.by === 'headless'
            ? entry.reason === undefined
              ? 'nobody can be asked (run -p)'
              : 'nobody has answered'
            : `closed by ${entry.by}`;
      const why = entry.reason === undefined ? '' : `: ${oneLine(entry.reason, excerptCharsMax)}`;
      return say(`— the approval request: ${who}${why}`, 'dim');
    }
    case 'taken':
      return say('— the answer that was given before is used', 'dim');
  }
}

function setLine({ by, model, alternatives = [], permissionMode, effort }: SetEntry, say: Say): string {
  const models = model === undefined ? [] : [`model ${[model, ...alternatives].join(', ')}`];
  const mode = permissionMode === undefined ? [] : [`mode ${permissionMode}`];
  const set = [...models, ...mode, ...(effort === undefined ? [] : [`effort ${effort}`])].join(', ');
  const who = by === 'parent' ? ', as its parent' : '';
  return say(
    `— from now on: ${oneLine(set === '' ? 'prices and bounds of models' : set, excerptCharsMax)}${who}`,
    'yellow',
  );
}

function childLine(state: string, name: string, say: Say): string | null {
  if (state === 'started') return say(`+ pod ${name} started`, 'dim');
  if (state === 'undone') return say(`+ pod ${name} was not started after all`, 'yellow');
  return null;
}

/** What the sender wrote: the model's text of a notice without the line above it and the fence around it. */
function noticeWords(body: string): string {
  const [, opening, ...rest] = body.split('\n');
  return opening?.startsWith('```') === true ? rest.slice(0, -1).join('\n') : body;
}
