/** What one row of the tree says: its mark, what its pod does, since when. Pure. */
import { clean } from '../text.ts';
import type { Style } from '../line.ts';
import type { TreeRow } from '../model/shape.ts';
import { bold, dim, green, red, yellow } from './spans.ts';

export interface Mark {
  readonly text: string;
  readonly style: Style;
}

/** Each is one cell, and is said in words as well. */
export function markOf(row: TreeRow): Mark {
  if (row.questions > 0) return { text: '?', style: { ...yellow, ...bold } };
  if (hasTrouble(row)) return { text: '✗', style: red };
  switch (row.status) {
    case 'running':
      return { text: '▶', style: green };
    case 'paused':
      return { text: '⏸', style: yellow };
    case 'stopping':
      return { text: '■', style: yellow };
    case 'stopped':
      return row.outcome?.startsWith('finished') === true ? done : { text: '■', style: dim };
    case 'idle':
    case 'dead':
    case 'unreachable':
      break;
  }
  if (row.attention !== null) return { text: '!', style: yellow };
  if (!row.settled) return { text: '◦', style: green };
  return row.outcome?.startsWith('finished') === true ? done : { text: '·', style: dim };
}

export const done: Mark = { text: '✓', style: green };

function hasTrouble({ status, hasFailed }: TreeRow): boolean {
  return hasFailed || status === 'dead' || status === 'unreachable';
}

/** A word of `status.attention` as a person would say it; one that is not here is shown as it is. */
const attentionWords: Readonly<Record<string, string>> = {
  approval: 'waits for your answer',
  held: 'held: a person has to resume it',
  budget: 'its budget is used up',
  spending: 'spends more than is usual',
  storage: 'its disk is full',
  orphan: 'its parent was removed',
  refused: 'its parent refuses it',
  childRefused: 'it refuses a child',
  parentDown: 'its parent is not running',
  parentGone: 'its parent is gone',
  folderGone: 'its folder is gone',
  logUnreadable: 'its log cannot be read',
  setAside: 'files of yours were set aside',
  elsewhere: 'it runs on another machine',
};

/** In words, without for how long. */
export function doingOf(row: TreeRow): { readonly text: string; readonly style: Style | undefined } {
  const { activity, attention, outcome, status } = row;
  if (row.questions > 0) {
    const what = activity === null ? attentionWords['approval'] : `asks: ${clean(activity.text)}`;
    return { text: what ?? '', style: yellow };
  }
  if (status === 'dead' || status === 'unreachable') {
    return { text: endWords(outcome, status), style: red };
  }
  if (status === 'running' && activity !== null) {
    const plan = typeof row.plan === 'string' ? `${clean(row.plan)} · ` : '';
    return { text: `${plan}${clean(activity.text)}`, style: undefined };
  }
  if (row.hasFailed) return { text: endWords(outcome, 'failed'), style: red };
  if (status === 'paused' || status === 'stopping') return { text: status, style: yellow };
  if (attention !== null) {
    const words = Object.hasOwn(attentionWords, attention) ? attentionWords[attention] : undefined;
    return { text: words ?? clean(attention), style: yellow };
  }
  if (activity !== null) return { text: clean(activity.text), style: dim };
  if (outcome !== null) return { text: outcomeText(outcome), style: dim };
  return { text: status, style: dim };
}

/** `died: SIGKILL` in a narrow column: what is behind the colon. */
export function shortEnd(row: TreeRow): string {
  const words = endWords(row.outcome, row.status);
  const [, ...rest] = words.split(': ');
  return rest.length === 0 ? words : rest.join(': ');
}

function endWords(outcome: string | null, status: string): string {
  return outcome === null ? (status === 'dead' ? 'died' : status) : outcomeText(outcome);
}

function outcomeText(outcome: string): string {
  const [word = '', ...why] = clean(outcome).split(': ');
  const known = Object.hasOwn(outcomeWords, word) ? outcomeWords[word] : word;
  return [known ?? word, ...why].join(': ');
}

const outcomeWords: Readonly<Record<string, string>> = {
  errored: 'failed',
  limitReached: 'reached a limit',
};

/** When that began (ISO): what it does, else its state. */
export function sinceOf(row: TreeRow): string | null {
  return row.activity !== null && !row.hasFailed ? row.activity.since : row.since;
}
