/**
 * What the terminal gets beside frames: its title, and a signal where a person is wanted. Pure. Neither holds
 * a word of a model's: counts and our own texts only.
 */
import type { TreeModel } from '../model/shape.ts';

const idleMs = 10_000;

export function titleOf({ rows, questions }: TreeModel): string {
  const running = rows.filter(({ status }) => status === 'running').length;
  const waits = questions.length === 0 ? '' : ` ? ${questions.length}`;
  return `podkin${waits}${running === 0 ? '' : ` ▶ ${running}`}`;
}

export interface Attending {
  /** The terminal has said that it has the focus; null: it has said nothing. */
  readonly isFocused: boolean | null;
  readonly sinceKeyMs: number;
}

/** What one bell is rung for, in words for a notice; null: for nothing. */
export function noticeFor(before: TreeModel, after: TreeModel, at: Attending): string | null {
  const known = new Set(before.questions.map(({ approval }) => approval.request));
  const opened = after.questions.filter(({ approval }) => !known.has(approval.request));
  const isAway = at.isFocused === false || at.sinceKeyMs > idleMs;
  if (opened.length > 0 && isAway) return 'podkin: a pod waits for your answer';
  const worked = new Set(before.rows.filter(isRootAtWork).map(({ instance }) => instance));
  const settled = after.rows.some((row) => worked.has(row.instance) && row.settled);
  return settled ? 'podkin: a tree has settled' : null;
}

function isRootAtWork({ parent, settled }: TreeModel['rows'][number]): boolean {
  return parent === null && !settled;
}

const beep = '\u0007';
/** Terminals that show a notice for OSC 9; others may take it for something else (progress, or text). */
const noticing: ReadonlySet<string> = new Set(['iTerm.app', 'WezTerm', 'ghostty']);

export function noticeBytes(text: string, environment: NodeJS.ProcessEnv): string {
  return noticing.has(environment['TERM_PROGRAM'] ?? '') ? `\u001B]9;${text}${beep}` : beep;
}

/** Of our own words alone: nothing of it needs to be cleaned. */
export function titleBytes(title: string): string {
  return `\u001B]0;${title}${beep}`;
}
