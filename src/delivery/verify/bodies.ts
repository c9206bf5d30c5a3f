/**
 * The text that the model reads of an item (V4): it names the pod and how its turn or incarnation ended, and
 * holds the words of this event and of no other. How a notice is put is delivery's; what it must hold is
 * here.
 */
import type { PodEvent } from '../../protocol/pod-event.ts';
import type { Entry, SystemItemEntry } from '../../session/facts/entries.ts';
import { Check } from './finding.ts';
import { type Item, type PodState, itemKey } from './state.ts';
import { textIn } from './table.ts';

export class BodyCheck extends Check {
  readonly types = ['systemItem'] as const;
  readonly #state: PodState;
  /** Deaths with an item in hand after which its content may be kept back. */
  readonly #deathsMin: () => number;

  constructor(pod: string, state: PodState, deathsMin: () => number) {
    super(pod);
    this.#state = state;
    this.#deathsMin = deathsMin;
  }

  take(entry: Entry): void {
    if (entry.type !== 'systemItem') return;
    const { item, seq } = entry;
    const known = this.#state.waiting.find(({ key }) => key === itemKey(item));
    // That it was never received is said elsewhere, or it is another version's.
    if (known === undefined) {
      this.#unknown(entry);
      return;
    }
    const what = `the text of the item at entry ${seq}`;
    if (item.body.trim() === '') {
      this.find('V4', `${what} is empty: the model reads nothing of it`);
      return;
    }
    if (this.#state.deaths - known.deathsBefore >= this.#deathsMin() && isPutAside(item.body)) return;
    const lacks = this.#lacking(known, item.body);
    if (lacks.length > 0) this.find('V4', `${what} lacks ${lacks.join(', ')}`);
  }

  #unknown({ item, seq }: Entry<SystemItemEntry>): void {
    if (item.kind === 'notice') {
      this.find(
        'R2',
        `a notice (submission ${item.submission}) is in the history at entry ${seq}, and none waited`,
      );
    } else if (item.kind === 'assignment') {
      this.find(
        'R2',
        `entry ${seq} shows the model assignment ${item.assignment}, of which nothing was to be shown`,
      );
    } else if (item.kind === 'command') {
      this.find('R2', `entry ${seq} shows the model an end of ${item.command}, and none was to be shown`);
    }
  }

  #lacking({ content }: Item, body: string): string[] {
    switch (content.kind) {
      case 'notice':
        return holds(body, content.text) ? [] : ['the text of the notice'];
      case 'command':
        return [
          ...(body.includes(`"${content.name}"`) ? [] : ["the command's name"]),
          ...(holds(fencedPart(body), content.tail) ? [] : ['the end of its output']),
        ];
      case 'assignment': {
        const isNamed = body.includes(`"${content.name}"`);
        return [
          ...(isNamed ? [] : ["the pod's name"]),
          ...(holdsStart(body, content.text) ? [] : ['the task']),
        ];
      }
      case 'podEvent': {
        const { event, name } = content;
        const lacks = [
          ...(body.includes(`"${name}"`) ? [] : ["the pod's name"]),
          ...(wordsOf(event).test(body) ? [] : ['how it ended']),
          ...evidenceLacking(event, body),
        ];
        // One line is enough for what ReadPodOutput has given already.
        const isRead = event.kind === 'turnEnded' && this.#state.readTurns.has(event.turn);
        if (isRead && !body.includes('```')) return lacks;
        if (!holdsStart(body, content.asked)) lacks.push('what the pod had been asked');
        if (!holdsText(body, event)) lacks.push('the words of this event');
        return lacks;
      }
    }
  }
}

/** The line that stands for an item that kept killing the pod. */
function isPutAside(body: string): boolean {
  return !body.includes('\n') && body.includes('put aside');
}

const endWords: ReadonlyMap<string, RegExp> = new Map(
  Object.entries({
    finished: /finished/,
    cancelled: /cancelled/,
    paused: /paused/,
    limitReached: /limit/,
    errored: /failed/,
    shutDown: /shut down/,
    died: /died/,
    unreachable: /not answered/,
  }),
);

function wordsOf(event: PodEvent): RegExp {
  const word = event.kind === 'turnEnded' ? event.outcome : event.kind;
  return endWords.get(word) ?? /./;
}

/** What was asked for and is not there is said first. */
function evidenceLacking(event: PodEvent, body: string): string[] {
  if (event.kind !== 'turnEnded') return [];
  const [first = ''] = body.split('\n');
  const { check, result } = event;
  return [
    ...(check?.passed === false && !first.includes('did not pass') ? ['that its check did not pass'] : []),
    ...(check?.passed === true && !first.includes('check passed') && result?.fits !== false
      ? ['that its check passed']
      : []),
    ...(result?.fits === false && !first.includes('not the result') ? ['that its answer is no result'] : []),
  ];
}

function holdsText(body: string, event: PodEvent): boolean {
  if (event.kind === 'errored' && !holds(body, event.error.message.slice(0, 400))) return false;
  if (event.kind !== 'turnEnded' && event.kind !== 'errored') return true;
  const { check, result } = event.kind === 'turnEnded' ? event : {};
  if (result?.fits === true) return holds(fencedPart(body), JSON.stringify(result.data));
  const text = textIn(event);
  // Words in a body of an event without any are those of another.
  if (text === '' && event.worktree?.problem !== undefined) return true;
  if (text === '')
    return event.kind === 'errored' || check !== undefined || result !== undefined || !body.includes('```');
  return holds(fencedPart(body), text);
}

/** Words of another process are handed to a model as data, behind a fence. */
function fencedPart(body: string): string {
  const at = body.indexOf('```');
  return at < 0 ? '' : body.slice(at);
}

const comparedCharsMax = 1_500;

/** Colours, and characters that are drawn as nothing or steer: left out of what a model is handed. */
const leftOut =
  /\p{Cc}\[[0-?]*[ -/]*[@-~]|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800\uFFFD]/u;

/** Every piece of the text that is shown as it is. */
function holds(body: string, text: string): boolean {
  const pieces = text.slice(0, comparedCharsMax).split(leftOut);
  return pieces.every((piece) => body.includes(piece));
}

/** The first plain words of the text, which no quoting changes. */
function holdsStart(body: string, text: string): boolean {
  const start = /^[\p{L}\p{N} .,;:!?'()_-]{0,150}/u.exec(text)?.[0] ?? '';
  return body.includes(start.trimEnd());
}
