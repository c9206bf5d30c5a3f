/**
 * One committed entry as a transcript has it: what was said, called, answered and decided, as data that views
 * lay out; all else is machinery, in a line. Each entry is one item, also one that nobody here knows. Pure.
 * Absent: cleaning, which is the views' (F1).
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
import { foldedFiles } from '../../session/facts/folded-files.ts';
import type { PodEvent } from '../../protocol/pod-event.ts';
import type { Item, ItemBody } from './shape.ts';

/** So much of one text is kept; the rest is in the log. */
const textCharsMax = 256_000;
const noteCharsMax = 400;
const wordCharsMax = 200;

/** Never throws on an entry whose seq, time and type are what they should be, whatever else is in it. */
export function itemOf(entry: Entry): Item {
  const { seq, time } = entry;
  return { seq, time, body: bodyOf(entry) };
}

function bodyOf(entry: Entry): ItemBody {
  // A newer pod's type may be any word.
  const make = Object.hasOwn(bodies, entry.type) ? bodies[entry.type] : undefined;
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table holds for each type what is made of its entries
    const body = (make as ((entry: Entry) => ItemBody | null) | undefined)?.(entry) ?? null;
    return body ?? machinery(detailsOf(entry));
  } catch {
    // An entry of a newer pod has a field of another kind.
    return machinery(entry.type);
  }
}

type Bodies = {
  readonly [T in EntryBody['type']]?: (entry: Entry<Extract<EntryBody, { type: T }>>) => ItemBody | null;
};

/** Null, or absent: machinery. */
const bodies: Bodies = {
  started: ({ incarnation }) => (incarnation === 1 ? null : note(`restart ${incarnation - 1}`)),
  stopped: ({ reason }) => note(`stopped: ${reason}`),
  inputReceived: ({ kind, from }) =>
    kind === 'run' || kind === 'notice' ? null : note(`${kind} by ${speaker(from)}`),
  inputDropped: ({ reason }) => warning(`a queued input was dropped: ${reason}`),
  interrupted: ({ reason }) => warning(`interrupted: ${reason}`),
  discarded: ({ reason }) => warning(`given up by a person: ${reason}`),
  userMessage: ({ from, text, images }) => ({
    kind: 'user',
    from: speaker(from),
    text: bounded(from.kind === 'person' ? foldedFiles(text) : text),
    images: images?.length ?? 0,
  }),
  assistantMessage: answer,
  toolCall: ({ call, tool, input }) => ({ kind: 'call', call, tool: word(tool), input }),
  toolResult: ({ call, tool, text, ...rest }) => ({
    kind: 'result',
    call,
    tool: word(tool),
    text: bounded(text),
    how: howOf(rest),
  }),
  systemItem: ({ item }) => report(item),
  turnEnded: (entry) => ({
    kind: 'turn',
    outcome: entry.outcome,
    text: line(turnText(entry)),
    waitsFor: entry.outstanding.map(word),
    durationMs: Number.isFinite(entry.durationMs) ? entry.durationMs : 0,
  }),
  alert: ({ level, text }) => ({
    kind: 'alert',
    level: level === 'warning' ? 'warning' : 'error',
    text: bounded(text),
  }),
  podEventReceived: ({ reads, from, event }) => (reads ? null : unread(from.name, event)),
  child: ({ state, child }) =>
    state === 'undone' ? warning(`pod ${child.name} was not started after all`) : null,
  approval: approvalNote,
  set: (entry) => note(setText(entry)),
  scopeWait: ({ state, child, reason = '' }) => {
    const who = child === undefined ? '' : `pod ${word(child.name)} `;
    if (state === 'over') return note(`${who}waits for no path any more: ${reason}`);
    return child === undefined
      ? warning(`waits for ${reason}`)
      : warning(`${who}is in the queue for its paths`);
  },
  compactionAsked: () => note('a person wants the history summed up'),
  compaction: ({ before, after }) =>
    note(`the history before was replaced by a summary: ${before} → ${after} tokens`),
  compactionFailed: ({ reason }) => warning(`the history was not compacted: ${reason}`),
  imagesRefused: ({ model, reason, images }) =>
    warning(
      `${images === undefined ? `${word(model)} takes no images` : 'the provider refused an image'}: ${reason}`,
    ),
  itemCut: () => warning('an item too large for the model is shown to it cut'),
  budgetBound: ({ nanoUsd, tokens }) =>
    note(`a person has set what the tree may use: ${boundText(nanoUsd, tokens)}`),
};

function answer({
  parts,
  partial,
}: Entry<Extract<EntryBody, { type: 'assistantMessage' }>>): ItemBody | null {
  const textOf = (type: string): string =>
    bounded(parts.flatMap((part) => (part.type === type ? [part.text] : [])).join(''));
  const [text, reasoning] = [textOf('text'), textOf('reasoning')];
  if (text.trim() !== '')
    return { kind: 'answer', text, reasoning: reasoning.trim(), partial: partial === true };
  return reasoning.trim() === '' ? null : { kind: 'reasoning', text: reasoning };
}

function howOf({
  isError,
  denied,
  interrupted,
}: Pick<ToolResultEntry, 'isError' | 'denied' | 'interrupted'>): 'ok' | 'failed' | 'denied' | 'interrupted' {
  if (denied === true) return 'denied';
  if (interrupted === true) return 'interrupted';
  return isError ? 'failed' : 'ok';
}

function report(item: SystemItem): ItemBody {
  const text = bounded(item.body);
  switch (item.kind) {
    case 'podEvent':
      return {
        kind: 'report',
        from: word(item.from.name),
        event: eventWords(item.event),
        text: bounded(answerIn(item.event) ?? item.body),
      };
    case 'notice':
      return { kind: 'report', from: speaker(item.from), event: 'notice', text };
    case 'assignment':
      return { kind: 'report', from: word(item.child.name), event: line(item.outcome), text };
    case 'command':
      return { kind: 'report', from: word(item.command), event: 'has ended', text };
    case 'unmet':
      return {
        kind: 'report',
        from: 'podkin',
        event:
          item.of === 'check' ? 'the check did not pass' : 'the answer is not the result that was asked for',
        text,
      };
  }
  return { kind: 'report', from: 'podkin', event: 'notice', text };
}

/** What people want of a report is the answer; around it the notice says more to the model. */
function answerIn(event: PodEvent): string | null {
  if (event.kind !== 'turnEnded' || event.outcome !== 'finished' || lacking(event) !== '') return null;
  return event.text === '' ? null : event.text;
}

/** What no model reads: a death is news for a person all the same, the rest is not. */
function unread(from: string, event: PodEvent): ItemBody | null {
  if (event.kind !== 'died' && event.kind !== 'unreachable') return null;
  return warning(`${word(from)} ${eventWords(event)}`);
}

/** `finished`, `failed: …`, `died: SIGKILL`. */
function eventWords(event: PodEvent): string {
  switch (event.kind) {
    case 'turnEnded':
      return line(
        `${outcomeWords[event.outcome]}${lacking(event)}${event.reason === undefined ? '' : `: ${event.reason}`}`,
      );
    case 'errored':
      return line(`failed: ${event.error.message}`);
    case 'died':
      return line(`died: ${deathWords(event)}`);
    case 'shutDown':
      return line(`was shut down${event.reason === undefined ? '' : `: ${event.reason}`}`);
    case 'unreachable':
      return 'does not answer';
    case 'scopeSubDelegated':
      return line(`handed a part of its scope to ${event.to.name}`);
  }
  return 'sent something that this podkin does not know';
}

type Died = Extract<PodEvent, { kind: 'died' }>;

/** The signal where there was one. */
export function deathWords({ signal, exitCode }: Pick<Died, 'signal' | 'exitCode'>): string {
  if (signal !== undefined) return word(signal);
  return exitCode === undefined ? 'cause unknown' : `exit code ${exitCode}`;
}

const outcomeWords = {
  finished: 'finished',
  limitReached: 'reached a limit',
  paused: 'paused',
  cancelled: 'was cancelled',
} as const;

interface Evident {
  readonly check?: TurnEndedEntry['check'] | undefined;
  readonly result?: TurnEndedEntry['result'] | undefined;
}

/** What was asked for with the task and is not there. */
function lacking({ check, result }: Evident): string {
  if (check?.passed === false) return ', its check did not pass';
  return result?.fits === false ? ', its answer is not the result that was asked for' : '';
}

/** Why it ended so; empty where nothing is to be said beside the outcome. */
function turnText(entry: Entry<TurnEndedEntry>): string {
  const { outcome, by, reason, error } = entry;
  if (outcome === 'errored') return error === undefined ? '' : `${error.category}: ${error.message}`;
  if (outcome === 'finished') return lacking(entry).slice(2);
  const who = by === undefined ? '' : `by ${by === 'parent' ? 'its parent' : 'a person'}`;
  return [who, reason ?? ''].filter((part) => part !== '').join(': ');
}

function approvalNote(entry: Entry<ApprovalEntry>): ItemBody | null {
  switch (entry.state) {
    case 'asked':
      return warning(`${word(entry.tool)} waits for a person: ${entry.summary}`);
    case 'answered': {
      const rule = entry.rule === undefined ? '' : `, by the rule ${entry.rule}`;
      const write = entry.write === undefined ? '' : `, and opened ${entry.write}`;
      const by: Partial<Record<string, string>> = {
        person: `a person said ${entry.decision}${rule}${write}`,
        headless: 'nobody can be asked (run -p)',
      };
      const why = entry.reason === undefined ? '' : `: ${entry.reason}`;
      return note(`the approval: ${by[entry.by] ?? `closed by ${entry.by}`}${why}`);
    }
    case 'taken':
      return note('the answer that was given before is used');
  }
  return null;
}

function setText({ by, model, alternatives = [], permissionMode, effort }: SetEntry): string {
  const set = [
    ...(model === undefined ? [] : [`model ${[model, ...alternatives].join(', ')}`]),
    ...(permissionMode === undefined ? [] : [`mode ${permissionMode}`]),
    ...(effort === undefined ? [] : [`effort ${effort}`]),
  ].join(', ');
  return `from now on: ${set === '' ? 'prices and bounds of models' : set}${by === 'parent' ? ', as its parent' : ''}`;
}

function boundText(nanoUsd: number | null | undefined, tokens: number | null | undefined): string {
  const dollars = typeof nanoUsd === 'number' ? [`$${(nanoUsd / 1e9).toFixed(2)}`] : [];
  const counted = typeof tokens === 'number' ? [`${tokens} tokens`] : [];
  const bounds = [...dollars, ...counted];
  return bounds.length === 0 ? 'no bound' : bounds.join(', ');
}

function speaker(from: InputSource): string {
  return from.kind === 'person' ? 'you' : word(from.name);
}

/** `stepCompleted step 3, usage {"inputTokens":12,…}`: its type and what is short in it. */
function detailsOf({ seq: _seq, time: _time, type, ...fields }: Entry): string {
  const words = Object.entries(fields).flatMap(([name, value]) => {
    const text = typeof value === 'object' ? '' : String(value);
    return text === '' ? [] : [`${name} ${text.slice(0, wordCharsMax)}`];
  });
  return `${type}${words.length === 0 ? '' : ` ${words.join(', ')}`}`;
}

function note(text: string): ItemBody {
  return { kind: 'note', text: line(text), isWarning: false };
}

function warning(text: string): ItemBody {
  return { kind: 'note', text: line(text), isWarning: true };
}

function machinery(text: string): ItemBody {
  return { kind: 'machinery', text: line(text) };
}

/** In one line, cut. */
function line(text: string): string {
  // No more of a long text is gone through.
  const one = text
    .slice(0, 2 * noteCharsMax)
    .trim()
    .replaceAll(/\s+/g, ' ');
  const isCut = one.length > noteCharsMax || text.length > 2 * noteCharsMax;
  return isCut ? `${one.slice(0, noteCharsMax).toWellFormed()}…` : one.toWellFormed();
}

function word(text: string): string {
  return text.slice(0, wordCharsMax).trim().replaceAll(/\s+/g, ' ').toWellFormed();
}

function bounded(text: string): string {
  if (text.length <= textCharsMax) return text;
  const left = text.length - textCharsMax;
  return `${text.slice(0, textCharsMax).toWellFormed()}… (${left} more characters are in the log)`;
}
