/**
 * Questions to a person as they come and go before one keyboard: one is shown at a time, and an answer goes
 * to the one that was shown. Pure.
 *
 * Invariants
 * - K2 A key that was typed before the question on the screen could be read answers nothing, and neither does
 * one in the midst of other typing.
 * - K4 A yes is taken only where all of the call has been shown; a no at any time.
 */
import type { ApprovalDecision } from '../../session/facts/approval-entries.ts';
import type { LiveEvent } from '../../client/pod-stream.ts';
import { visible } from '../format/printable.ts';
import { paint } from '../format/table.ts';
import { type AskedQuestion, type QuestionPage, questionPages } from './question-text.ts';

export type Typed =
  /** No answer: an ordinary line. */
  | { readonly kind: 'other' }
  | {
      readonly kind: 'answer';
      readonly question: AskedQuestion;
      readonly decision: ApprovalDecision;
      readonly reason?: string;
    }
  /** It was meant for a question that is not on the screen any more, or may not be answered so. */
  | { readonly kind: 'late'; readonly text: string }
  /** The next page of the question. */
  | { readonly kind: 'page'; readonly text: string }
  /** No, and the next line says why. */
  | { readonly kind: 'reason'; readonly question: AskedQuestion }
  /** The next line is a text for the pod. */
  | { readonly kind: 'text' };

export interface DeskStyle {
  readonly color: boolean;
  /** Somebody can type single keys, or lines, or nothing: then the command that answers is named. */
  readonly keyboard: 'keys' | 'lines' | 'none';
  /** What is typed can be a text for the pod too. */
  readonly texts: boolean;
  /** As it is at this moment. */
  readonly screen: () => { readonly columns: number; readonly rows: number };
}

/**
 * How long a question stands on the screen before a key is taken to be meant for it, and how long one is
 * still taken to be meant for what has gone.
 */
const readMs = 1_000;
/** After a key that is none, who types on is writing something. */
const pauseMs = 700;

const words: Readonly<Record<string, ApprovalDecision>> = {
  y: 'allow',
  yes: 'allow',
  n: 'deny',
  no: 'deny',
  a: 'allowAlways',
  always: 'allowAlways',
};

export class ApprovalDesk {
  readonly #style: DeskStyle;
  /** In the order of asking; the first is the one that is shown. */
  readonly #open = new Map<string, AskedQuestion>();
  /** Answered from here; the pod has not said yet that it is so. */
  readonly #answering = new Set<string>();
  /** When what is on the screen last changed. */
  #changedAtMs = Number.NEGATIVE_INFINITY;
  /** When something was typed that is no answer. */
  #otherAtMs = Number.NEGATIVE_INFINITY;
  /** Of the question that is shown: its pages, as the screen was then, and which of them. */
  #pages: readonly QuestionPage[] = [];
  #page = 0;
  #columns = 0;

  constructor(style: DeskStyle) {
    this.#style = style;
  }

  /** A question is shown that single keys answer. */
  get takesKeys(): boolean {
    return this.#open.size > 0 && this.#style.keyboard === 'keys';
  }

  /** What is to be shown now, or null. */
  take(event: LiveEvent, nowMs: number): string | null {
    if (event.type === 'approvalRequested') return this.#asked(event, nowMs);
    if (event.type === 'approvalAnswered') return this.#gone(event, nowMs);
    if (event.type !== 'entry' || event.entry.type !== 'approval') return null;
    return event.entry.state === 'answered' ? this.#gone(event.entry, nowMs) : null;
  }

  /** A whole line: an answer where it is one word alone, or a no with its reason (`n, use pnpm`). */
  typed(line: string, nowMs: number): Typed {
    const because = this.#open.size > 0 ? /^\s*(?:n|no)\s*[,:]\s*(\S.*)$/i.exec(line)?.[1] : undefined;
    const word = line.trim().toLowerCase();
    const decision = because !== undefined ? 'deny' : Object.hasOwn(words, word) ? words[word] : undefined;
    if (decision === undefined) return { kind: 'other' };
    // Its first letter would have answered by itself: it was begun before the question came.
    if (this.takesKeys)
      return {
        kind: 'late',
        text: 'Nothing was answered: press the key alone, with nothing typed before it.',
      };
    return this.#answer(decision, nowMs, because);
  }

  /** One key, with nothing typed before it. */
  key(key: string, nowMs: number): Typed {
    const question = this.#first();
    const known =
      question !== undefined && (/^[ynar ]$/i.test(key) || (this.#style.texts && /^t$/i.test(key)));
    if (!known) {
      this.#otherAtMs = nowMs;
      return { kind: 'other' };
    }
    if (nowMs - this.#otherAtMs < pauseMs) {
      this.#otherAtMs = nowMs;
      return { kind: 'other' };
    }
    const word = key.toLowerCase();
    if (word === 't') return { kind: 'text' };
    if (word === ' ') return this.#nextPage(nowMs);
    const early = this.#refusal(question, nowMs);
    if (early !== null) return early;
    if (word === 'r') return { kind: 'reason', question };
    const decision = words[word];
    return decision === undefined ? { kind: 'other' } : this.#answer(decision, nowMs);
  }

  /** The reason for a no to `question` has been typed. */
  refused(question: AskedQuestion, reason: string): Typed {
    const { request, pod } = question;
    if (!this.#open.has(request) || this.#answering.has(request)) {
      return { kind: 'late', text: `The question of ${pod} does not wait any more; nothing was sent.` };
    }
    this.#answering.add(request);
    return { kind: 'answer', question, decision: 'deny', ...(reason.trim() === '' ? {} : { reason }) };
  }

  #answer(decision: ApprovalDecision, nowMs: number, reason?: string): Typed {
    const question = this.#first();
    if (question === undefined) {
      return nowMs - this.#changedAtMs < readMs
        ? { kind: 'late', text: 'No approval is pending any more; nothing was sent.' }
        : { kind: 'other' };
    }
    const early = this.#refusal(question, nowMs);
    if (early !== null) return early;
    if (decision !== 'deny' && this.#pages[this.#page]?.isWhole !== true) {
      const text = `Nothing was answered: there is no yes to what has not been shown. ${this.#keys(question)}`;
      return { kind: 'late', text };
    }
    this.#answering.add(question.request);
    return { kind: 'answer', question, decision, ...(reason === undefined ? {} : { reason }) };
  }

  /** Why no key counts at this moment. */
  #refusal(question: AskedQuestion, nowMs: number): Extract<Typed, { kind: 'late' }> | null {
    if (this.#answering.has(question.request)) return { kind: 'late', text: 'The answer is on its way.' };
    if (nowMs - this.#changedAtMs < readMs) {
      const text = `Nothing was answered: the question of ${question.pod} has only just come up. Read it, and type it again.`;
      return { kind: 'late', text };
    }
    if (this.#style.screen().columns >= this.#columns) return null;
    // The terminal has broken the rows anew, without the bar.
    const text = `Nothing was answered: the window has become narrower.\n${this.#shown(question, nowMs)}`;
    return { kind: 'late', text };
  }

  #nextPage(nowMs: number): Typed {
    const question = this.#first();
    if (question === undefined || this.#page + 1 >= this.#pages.length) {
      return { kind: 'late', text: 'There is no more of it.' };
    }
    this.#page += 1;
    this.#changedAtMs = nowMs;
    return { kind: 'page', text: this.#pageText(question) };
  }

  /**
   * What was shown may have gone from the screen: the question, or null. It has to be read again before a key
   * counts.
   */
  again(nowMs: number): string | null {
    const question = this.#first();
    return question === undefined ? null : this.#shown(question, nowMs);
  }

  /** The window has another size: the question as it is now broken, or null where it is as it was. */
  resized(nowMs: number): string | null {
    return this.#style.screen().columns === this.#columns ? null : this.again(nowMs);
  }

  /**
   * An answer from here has arrived, or could not: the next question to show, or null. `open`: this one waits
   * still.
   */
  settled(request: string, nowMs: number, options: { open: boolean } = { open: false }): string | null {
    this.#answering.delete(request);
    return options.open ? null : this.#remove(request, nowMs);
  }

  #asked(event: Extract<LiveEvent, { type: 'approvalRequested' }>, nowMs: number): string | null {
    const { request, pod, tool, summary, why } = event;
    if (this.#open.has(request)) return null;
    const question = { request, pod: pod.name, tool, summary, why };
    this.#open.set(request, question);
    if (this.#open.size > 1 && this.#style.keyboard !== 'none')
      return `One more question waits, from ${question.pod}.`;
    return this.#shown(question, nowMs);
  }

  #gone(closed: { request: string; decision: string; by: string }, nowMs: number): string | null {
    const { request } = closed;
    const how = closed.by === 'person' ? closed.decision : closed.by;
    const question = this.#open.get(request);
    if (question === undefined) return null;
    const next = this.#remove(request, nowMs);
    if (this.#answering.has(request)) return next;
    const text = `The question of ${question.pod} is closed (${visible(how)}).`;
    return next === null ? text : `${text}\n${next}`;
  }

  #remove(request: string, nowMs: number): string | null {
    const wasShown = this.#first()?.request === request;
    this.#open.delete(request);
    if (!wasShown) return null;
    this.#changedAtMs = nowMs;
    const next = this.#first();
    return next === undefined || this.#style.keyboard === 'none' ? null : this.#shown(next, nowMs);
  }

  #first(): AskedQuestion | undefined {
    return this.#open.values().next().value;
  }

  #shown(question: AskedQuestion, nowMs: number): string {
    const { color, keyboard, screen } = this.#style;
    const { columns, rows } = screen();
    this.#pages = questionPages(question, { color, columns, rows: keyboard === 'keys' ? rows : null });
    this.#page = 0;
    this.#columns = columns;
    this.#changedAtMs = nowMs;
    return this.#pageText(question);
  }

  #pageText(question: AskedQuestion): string {
    const keys = paint(this.#keys(question), 'bold', this.#style.color);
    return `${this.#pages[this.#page]?.text ?? ''}\n  ${keys}`;
  }

  #keys({ request }: AskedQuestion): string {
    const { keyboard, texts } = this.#style;
    const page = this.#pages[this.#page];
    const whole = page?.isWhole === true;
    const elsewhere = `"podkin approvals --full" shows all of it, then: podkin approve ${request} --full (or --deny)`;
    if (keyboard === 'none') return whole ? `podkin approve ${request} [--deny]` : elsewhere;
    if (keyboard === 'lines') {
      return whole
        ? 'y: yes, n: no, a: always for this very call; "n, REASON": no, and why'
        : `n: no; ${elsewhere}`;
    }
    const no = `n: no, r: no, and why${texts ? ', t: a text for the pod' : ''}`;
    if (whole) return `y: yes, ${no}, a: always for this very call`;
    return page?.isLast === true ? `${no}; ${elsewhere}` : `space: read on; ${no}`;
  }
}
