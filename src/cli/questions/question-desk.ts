/**
 * Questions to a person as they come and go before one keyboard: one is shown at a time, and an answer goes to the one that was shown. Pure.
 *
 * Invariants
 * - K1 Nothing that a pod wrote begins a line of ours: its words stand behind a bar, with their control characters made visible.
 * - K2 A key that was typed before the question on the screen could be read answers nothing.
 */
import type { ApprovalDecision } from '../../session/entries.ts';
import type { LiveEvent } from '../pods/pod-stream.ts';
import { oneLine, visible } from '../words/printable.ts';
import { paint } from '../words/table.ts';

export interface AskedQuestion {
  readonly request: string;
  /** The name of the pod that asks. */
  readonly pod: string;
  readonly tool: string;
  readonly summary: string;
  readonly why: string;
}

export type Typed =
  /** No answer: an ordinary line. */
  | { readonly kind: 'other' }
  | { readonly kind: 'answer'; readonly question: AskedQuestion; readonly decision: ApprovalDecision }
  /** It was meant for a question that is not on the screen any more. */
  | { readonly kind: 'late'; readonly text: string };

/** How long a question stands on the screen before a key is taken to be meant for it, and how long one is still taken to be meant for what has gone. */
const readMs = 1_000;
const summaryLinesMax = 60;

const words: Readonly<Record<string, ApprovalDecision>> = {
  y: 'allow',
  yes: 'allow',
  n: 'deny',
  no: 'deny',
  a: 'allowAlways',
  always: 'allowAlways',
};

export class QuestionDesk {
  readonly #style: { color: boolean; keyboard: boolean };
  /** In the order of asking; the first is the one that is shown. */
  readonly #open = new Map<string, AskedQuestion>();
  /** Answered from here; the pod has not said yet that it is so. */
  readonly #answering = new Set<string>();
  /** When what is on the screen last changed. */
  #changedAtMs = Number.NEGATIVE_INFINITY;

  /** `keyboard`: somebody can type here; otherwise the command that answers is named. */
  constructor(style: { color: boolean; keyboard: boolean }) {
    this.#style = style;
  }

  /** What is to be shown now, or null. */
  take(event: LiveEvent, nowMs: number): string | null {
    if (event.type === 'approvalRequested') return this.#asked(event, nowMs);
    if (event.type === 'approvalAnswered') return this.#gone(event, nowMs);
    if (event.type !== 'entry' || event.entry.type !== 'approval') return null;
    return event.entry.state === 'answered' ? this.#gone(event.entry, nowMs) : null;
  }

  typed(line: string, nowMs: number): Typed {
    const word = line.trim().toLowerCase();
    const decision = Object.hasOwn(words, word) ? words[word] : undefined;
    if (decision === undefined) return { kind: 'other' };
    const question = this.#first();
    const quick = nowMs - this.#changedAtMs < readMs;
    if (question === undefined) {
      return quick
        ? { kind: 'late', text: 'No question waits any more; nothing was sent.' }
        : { kind: 'other' };
    }
    if (this.#answering.has(question.request)) return { kind: 'late', text: 'The answer is on its way.' };
    if (quick) {
      const text = `Nothing was answered: the question of ${question.pod} has only just come up. Read it, and type it again.`;
      return { kind: 'late', text };
    }
    this.#answering.add(question.request);
    return { kind: 'answer', question, decision };
  }

  /** An answer from here has arrived, or could not: the next question to show, or null. `open`: this one waits still. */
  settled(request: string, nowMs: number, options: { open: boolean } = { open: false }): string | null {
    this.#answering.delete(request);
    return options.open ? null : this.#remove(request, nowMs);
  }

  #asked(event: Extract<LiveEvent, { type: 'approvalRequested' }>, nowMs: number): string | null {
    const { request, pod, tool, summary, why } = event;
    if (this.#open.has(request)) return null;
    const question = { request, pod: pod.name, tool, summary, why };
    this.#open.set(request, question);
    if (this.#open.size === 1) this.#changedAtMs = nowMs;
    else if (this.#style.keyboard) return `One more question waits, from ${question.pod}.`;
    return this.#shown(question);
  }

  #gone(closed: { request: string; decision: string; by: string }, nowMs: number): string | null {
    const { request } = closed;
    const how = closed.by === 'person' ? closed.decision : closed.by;
    const question = this.#open.get(request);
    if (question === undefined) return null;
    const next = this.#remove(request, nowMs);
    if (this.#answering.has(request)) return next;
    const told = `The question of ${question.pod} is closed (${visible(how)}).`;
    return next === null ? told : `${told}\n${next}`;
  }

  #remove(request: string, nowMs: number): string | null {
    const wasShown = this.#first()?.request === request;
    this.#open.delete(request);
    if (!wasShown) return null;
    this.#changedAtMs = nowMs;
    const next = this.#first();
    return next === undefined || !this.#style.keyboard ? null : this.#shown(next);
  }

  #first(): AskedQuestion | undefined {
    return this.#open.values().next().value;
  }

  #shown(question: AskedQuestion): string {
    const how = this.#style.keyboard
      ? 'y: yes, n: no, a: always for this call'
      : `podkin approve ${question.request} [--deny]`;
    return `${questionText(question, this.#style)}\n  ${paint(how, 'bold', this.#style.color)}`;
  }
}

/** The question as lines; what the pod wrote stands behind a bar. */
export function questionText(question: AskedQuestion, style: { color: boolean }): string {
  const { pod, tool, summary, why } = question;
  const head = paint(`? ${pod} asks for ${oneLine(visible(tool), 63)}`, 'yellow', style.color);
  const all = summary.split(/\r\n|\r|\n/);
  const lines = all.slice(0, summaryLinesMax).map((line) => `  │ ${visible(line)}`);
  const left = all.length - lines.length;
  const more = left > 0 ? [`  … and ${left} more lines: podkin approvals --json`] : [];
  return [`${head} (${oneLine(visible(why), 400)})`, ...lines, ...more].join('\n');
}
