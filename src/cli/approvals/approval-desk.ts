/**
 * Approvals to a person as they come and go before one keyboard: one is shown at a time, and an answer goes
 * to the one that was shown. Pure.
 *
 * Invariants
 * - K2 A key that was typed before the approval on the screen could be read answers nothing, and neither does
 * one in the midst of other typing.
 * - K4 A yes is taken only where all of the call has been shown; a no at any time.
 */
import { basename } from 'node:path';
import type { ApprovalDecision } from '../../session/facts/approval-entries.ts';
import type { LiveEvent } from '../../client/pod-stream.ts';
import { suggestedRule } from '../../scope/permissions/suggested-rule.ts';
import { visible } from '../format/printable.ts';
import { paint } from '../format/table.ts';
import { type AskedApproval, type ApprovalPage, approvalPages } from './approval-text.ts';
import { offeredText, ruleHint, writeHint } from './ruled-text.ts';

export type Typed =
  /** No answer: an ordinary line. */
  | { readonly kind: 'other' }
  | {
      readonly kind: 'answer';
      readonly approval: AskedApproval;
      readonly decision: ApprovalDecision;
      readonly reason?: string;
      /** A yes by this rule; `save`: for later runs in the project too. */
      readonly rule?: { readonly text: string; readonly save: boolean };
      /** A yes, and this path may be written from then on. */
      readonly write?: string;
    }
  /** It was meant for an approval that is not on the screen any more, or may not be answered so. */
  | { readonly kind: 'late'; readonly text: string }
  /** The next page of the approval. */
  | { readonly kind: 'page'; readonly text: string }
  /** No, and the next line says why. */
  | { readonly kind: 'reason'; readonly approval: AskedApproval }
  /** The next line is a rule, and begins as this one; then it is said what it allows. */
  | { readonly kind: 'rule'; readonly approval: AskedApproval; readonly text: string }
  /** The rule has been typed: the next line says for how long it holds. */
  | {
      readonly kind: 'ruleTyped';
      readonly approval: AskedApproval;
      readonly text: string;
      readonly meaning: string;
    }
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
 * How long an approval stands on the screen before a key is taken to be meant for it, and how long one is
 * still taken to be meant for what has gone.
 */
const readMs = 1_000;
/** After a key that is none, who types on is writing something. */
const pauseMs = 700;

/** The same by number: what reads a screen aloud says one sooner than a letter. */
const numbered: Readonly<Record<string, string>> = {
  1: 'y',
  2: 'n',
  3: 'a',
  4: 'r',
  5: 'p',
  6: 'w',
  7: 't',
};

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
  readonly #open = new Map<string, AskedApproval>();
  /** Answered from here; the pod has not said yet that it is so. */
  readonly #answering = new Set<string>();
  /** When what is on the screen last changed. */
  #changedAtMs = Number.NEGATIVE_INFINITY;
  /** When something was typed that is no answer. */
  #otherAtMs = Number.NEGATIVE_INFINITY;
  /** Of the approval that is shown: its pages, as the screen was then, and which of them. */
  #pages: readonly ApprovalPage[] = [];
  #page = 0;
  #columns = 0;

  constructor(style: DeskStyle) {
    this.#style = style;
  }

  /** An approval is shown that single keys answer. */
  get takesKeys(): boolean {
    return this.#open.size > 0 && this.#style.keyboard === 'keys';
  }

  /** What is to be shown now, or null. */
  take(event: LiveEvent, nowMs: number): string | null {
    if (event.type === 'approvalRequested') return this.#asked(event, nowMs);
    if (event.type === 'approvalAnswered') return this.#gone(event, nowMs);
    if (isAnew(event)) this.#open.clear();
    if (event.type !== 'entry' || event.entry.type !== 'approval') return null;
    return event.entry.state === 'answered' ? this.#gone(event.entry, nowMs) : null;
  }

  /** A whole line: an answer where it is one word alone, or a no with its reason (`n, use pnpm`). */
  typed(line: string, nowMs: number): Typed {
    const because = this.#open.size > 0 ? /^\s*(?:n|no)\s*[,:]\s*(\S.*)$/i.exec(line)?.[1] : undefined;
    const word = line.trim().toLowerCase();
    const decision = because !== undefined ? 'deny' : Object.hasOwn(words, word) ? words[word] : undefined;
    if (decision === undefined) return { kind: 'other' };
    // Its first letter would have answered by itself: it was begun before the approval came.
    if (this.takesKeys)
      return {
        kind: 'late',
        text: 'Nothing was answered: press the key alone, with nothing typed before it.',
      };
    return this.#answer(decision, nowMs, because);
  }

  /** One key, with nothing typed before it. */
  key(key: string, nowMs: number): Typed {
    const approval = this.#first();
    const word = numbered[key] ?? key.toLowerCase();
    const known = approval !== undefined && (/^[ynarpw ]$/.test(word) || (this.#style.texts && word === 't'));
    if (!known) {
      this.#otherAtMs = nowMs;
      return { kind: 'other' };
    }
    if (nowMs - this.#otherAtMs < pauseMs) {
      this.#otherAtMs = nowMs;
      return { kind: 'other' };
    }
    if (word === 't') return { kind: 'text' };
    if (word === ' ') return this.#nextPage(nowMs);
    const early = this.#refusal(approval, nowMs);
    if (early !== null) return early;
    if (word === 'r') return { kind: 'reason', approval };
    if (word === 'p') return this.#rule(approval);
    if (word === 'w') return this.#write(approval);
    const decision = words[word];
    return decision === undefined ? { kind: 'other' } : this.#answer(decision, nowMs);
  }

  /** The reason for a no to `approval` has been typed. */
  refused(approval: AskedApproval, reason: string): Typed {
    if (!this.#isWaiting(approval)) return notOpen(approval);
    this.#answering.add(approval.request);
    return { kind: 'answer', approval, decision: 'deny', ...(reason.trim() === '' ? {} : { reason }) };
  }

  #write(approval: AskedApproval): Typed {
    const { offers, request } = approval;
    if (offers === undefined)
      return { kind: 'late', text: 'Nothing was answered: nothing to write is offered.' };
    const hidden = this.#hidden(approval);
    if (hidden !== null) return hidden;
    this.#answering.add(request);
    return { kind: 'answer', approval, decision: 'allow', write: offers.write };
  }

  #rule(approval: AskedApproval): Typed {
    if (approval.tool !== 'Bash') {
      return { kind: 'late', text: 'Nothing was answered: only a shell command is answered by a rule.' };
    }
    const hidden = this.#hidden(approval);
    if (hidden !== null) return hidden;
    const suggested = suggestedRule(approval.summary) ?? exactRule(approval.summary);
    return { kind: 'rule', approval, text: suggested };
  }

  /** A rule for `approval` has been typed. */
  ruled(approval: AskedApproval, text: string): Typed {
    if (!this.#isWaiting(approval)) return notOpen(approval);
    const offered = offeredText(text, approval.summary);
    if ('problem' in offered) return { kind: 'late', text: `Nothing was answered: ${offered.problem}` };
    return { kind: 'ruleTyped', approval, text: text.trim(), meaning: offered.meaning };
  }

  /** How long the rule is to hold has been typed. */
  ruleChosen(approval: AskedApproval, text: string, choice: string): Typed {
    const word = choice.trim().toLowerCase();
    if (!['', 'y', 'yes', 's'].includes(word)) {
      return { kind: 'late', text: 'Nothing was answered: Enter alone or s takes the rule.' };
    }
    if (!this.#isWaiting(approval)) return notOpen(approval);
    this.#answering.add(approval.request);
    return { kind: 'answer', approval, decision: 'allow', rule: { text, save: word === 's' } };
  }

  #isWaiting({ request }: AskedApproval): boolean {
    return this.#open.has(request) && !this.#answering.has(request);
  }

  #answer(decision: ApprovalDecision, nowMs: number, reason?: string): Typed {
    const approval = this.#first();
    if (approval === undefined) {
      return nowMs - this.#changedAtMs < readMs
        ? { kind: 'late', text: 'No approval is pending any more; nothing was sent.' }
        : { kind: 'other' };
    }
    const early = this.#refusal(approval, nowMs);
    if (early !== null) return early;
    const hidden = decision === 'deny' ? null : this.#hidden(approval);
    if (hidden !== null) return hidden;
    this.#answering.add(approval.request);
    return { kind: 'answer', approval, decision, ...(reason === undefined ? {} : { reason }) };
  }

  /** Why there is no yes yet. */
  #hidden(approval: AskedApproval): Typed | null {
    if (this.#pages[this.#page]?.isWhole === true) return null;
    const text = `Nothing was answered: there is no yes to what has not been shown. ${this.#keys(approval)}`;
    return { kind: 'late', text };
  }

  /** Why no key counts at this moment. */
  #refusal(approval: AskedApproval, nowMs: number): Extract<Typed, { kind: 'late' }> | null {
    if (this.#answering.has(approval.request)) return { kind: 'late', text: 'The answer is on its way.' };
    if (nowMs - this.#changedAtMs < readMs) {
      const text = `Nothing was answered: the approval request of ${approval.pod} has only just come up. Read it, and type it again.`;
      return { kind: 'late', text };
    }
    if (this.#style.screen().columns >= this.#columns) return null;
    // The terminal has broken the rows anew, without the bar.
    const text = `Nothing was answered: the window has become narrower.\n${this.#shown(approval, nowMs)}`;
    return { kind: 'late', text };
  }

  #nextPage(nowMs: number): Typed {
    const approval = this.#first();
    if (approval === undefined || this.#page + 1 >= this.#pages.length) {
      return { kind: 'late', text: 'There is no more of it.' };
    }
    this.#page += 1;
    this.#changedAtMs = nowMs;
    return { kind: 'page', text: this.#pageText(approval) };
  }

  /**
   * What was shown may have gone from the screen: the approval, or null. It has to be read again before a key
   * counts.
   */
  again(nowMs: number): string | null {
    const approval = this.#first();
    return approval === undefined ? null : this.#shown(approval, nowMs);
  }

  /** The window has another size: the approval as it is now broken, or null where it is as it was. */
  resized(nowMs: number): string | null {
    return this.#style.screen().columns === this.#columns ? null : this.again(nowMs);
  }

  /**
   * An answer from here has arrived, or could not: the next approval to show, or null. `open`: this one waits
   * still.
   */
  settled(request: string, nowMs: number, options: { open: boolean } = { open: false }): string | null {
    this.#answering.delete(request);
    return options.open ? null : this.#remove(request, nowMs);
  }

  #asked(event: Extract<LiveEvent, { type: 'approvalRequested' }>, nowMs: number): string | null {
    const { request, pod, tool, summary, why, offers } = event;
    if (this.#open.has(request)) return null;
    const approval = { request, pod: pod.name, instance: pod.instance, tool, summary, why, offers };
    this.#open.set(request, approval);
    if (this.#open.size > 1 && this.#style.keyboard !== 'none')
      return `One more approval is pending, from ${approval.pod}.`;
    return this.#shown(approval, nowMs);
  }

  #gone(closed: { request: string; decision: string; by: string }, nowMs: number): string | null {
    const { request } = closed;
    const how = closed.by === 'person' ? closed.decision : closed.by;
    const approval = this.#open.get(request);
    if (approval === undefined) return null;
    const next = this.#remove(request, nowMs);
    if (this.#answering.has(request)) return next;
    const text =
      closed.by === 'unlinked'
        ? `The approval request of ${approval.pod} cannot be answered from here now; it comes again with its pod.`
        : `The approval request of ${approval.pod} is closed (${visible(how)}).`;
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

  #first(): AskedApproval | undefined {
    return this.#open.values().next().value;
  }

  #shown(approval: AskedApproval, nowMs: number): string {
    const { color, keyboard, screen } = this.#style;
    const { columns, rows } = screen();
    this.#pages = approvalPages(approval, { color, columns, rows: keyboard === 'keys' ? rows : null });
    this.#page = 0;
    this.#columns = columns;
    this.#changedAtMs = nowMs;
    return this.#pageText(approval);
  }

  #pageText(approval: AskedApproval): string {
    const keys = paint(this.#keys(approval), 'bold', this.#style.color);
    return `${this.#pages[this.#page]?.text ?? ''}\n  ${keys}`;
  }

  #keys(approval: AskedApproval): string {
    const { request, tool, offers } = approval;
    const { keyboard, texts } = this.#style;
    const page = this.#pages[this.#page];
    const whole = page?.isWhole === true;
    const elsewhere = `"podkin approvals --full" shows all of it, then: podkin approve ${request} --full (or --deny)`;
    if (keyboard === 'none')
      return whole
        ? `podkin approve ${request} [--deny]${ruleHint(approval)}${writeHint(approval)}`
        : elsewhere;
    if (keyboard === 'lines') {
      return whole
        ? 'y: yes, n: no, a: always for this very call; "n, REASON": no, and why'
        : `n: no; ${elsewhere}`;
    }
    const text = texts ? ['7 t: a text for the pod'] : [];
    if (whole)
      return [
        '1 y: yes',
        '2 n: no',
        '3 a: always for this very call',
        '4 r: no, and why',
        ...(tool === 'Bash' ? ['5 p: by a rule'] : []),
        ...(offers === undefined ? [] : [`6 w: yes, and let it write ${visible(basename(offers.write))}`]),
        ...text,
      ].join(', ');
    const no = ['2 n: no', '4 r: no, and why', ...text].join(', ');
    return page?.isLast === true ? `${no}; ${elsewhere}` : `space: read on; ${no}`;
  }
}

function notOpen({ pod }: AskedApproval): Typed {
  return { kind: 'late', text: `The approval request of ${pod} is not open any more; nothing was sent.` };
}

/** Of a command of several lines no rule can be typed in one. */
function exactRule(command: string): string {
  return /[\n\r]/.test(command) ? 'Bash()' : `Bash(${command.trim()})`;
}

/**
 * Behind a gap of the stream, and by a restarted pod, all that is open is said again; that one was closed
 * below it meanwhile is not.
 */
function isAnew(event: LiveEvent): boolean {
  return event.type === 'lagged' || (event.type === 'entry' && event.entry.type === 'started');
}
