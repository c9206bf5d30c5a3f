/**
 * The approvals of a tree while `podkin run` watches it: shown as they come; where stdin is a terminal,
 * answered by a key.
 */
import { thrownText } from '../../std/thrown-text.ts';
import { monotonicMs } from '../../std/clock.ts';
import type { Client } from '../../transport/client.ts';
import { answerApproval } from './answer-approval.ts';
import { type CommandContext, screenOf } from '../invocation/context.ts';
import type { LiveEvent } from '../../client/pod-stream.ts';
import { ApprovalDesk } from './approval-desk.ts';
import { ruleSaver } from './save-rule.ts';
import { ApprovalInput, type TypedAnswer } from './approval-input.ts';

export interface RunApprovalsOptions {
  readonly keyboard: boolean;
  /** Nobody can be asked: what this tree asks is denied as it comes, whoever had it started. */
  readonly headless: boolean;
  /** The connection to the root, which hears of every approval below it; null while there is none. */
  client(): Client | null;
  /** A line that answers nothing. Must not reject. */
  obey(line: string): Promise<void>;
  /** A block of lines for the person. */
  say(text: string): void;
}

export class RunApprovals {
  readonly #context: CommandContext;
  readonly #options: RunApprovalsOptions;
  readonly #desk: ApprovalDesk;
  #input: ApprovalInput | null = null;

  constructor(context: CommandContext, options: RunApprovalsOptions) {
    this.#context = context;
    this.#options = options;
    this.#desk = new ApprovalDesk({
      color: context.color,
      keyboard: options.keyboard ? 'keys' : 'none',
      texts: false,
      screen: () => screenOf(context),
    });
  }

  /** An event of the root. */
  event(event: LiveEvent): void {
    if (this.#options.headless) return this.#refuse(event);
    if (this.#input !== null) return this.#input.event(event);
    const text = this.#desk.take(event, monotonicMs());
    if (text === null) return;
    this.#options.say(text);
    this.#listen();
  }

  #refuse(event: LiveEvent): void {
    if (event.type !== 'approvalRequested') return;
    const { request } = event;
    // Not taken: somebody has answered it, or it is shown again with the next connection.
    this.#options
      .client()
      ?.call('approve', { request, decision: 'deny', unasked: true })
      .catch(() => undefined);
  }

  /** Stdin is let go: an open one would keep this process alive. */
  close(): void {
    this.#input?.close();
  }

  /**
   * Only from the first approval on: what is typed before it belongs to whatever runs next in this terminal.
   */
  #listen(): void {
    if (!this.#options.keyboard) return;
    const { stdin, stderr } = this.#context;
    this.#input = new ApprovalInput({
      stdin,
      desk: this.#desk,
      editsLines: false,
      echo: (text) => stderr.styled(text),
      say: (text) => this.#options.say(text),
      answer: (typed) => this.#answer(typed),
      onText: (line) => {
        if (line.trim() !== '') void this.#options.obey(line);
      },
    });
  }

  async #answer(typed: TypedAnswer): Promise<void> {
    const client = this.#options.client();
    try {
      if (client === null) throw new Error('not connected at the moment; type it again');
      this.#options.say(await answerApproval(client, this.#desk, { typed, save: ruleSaver(this.#context) }));
    } catch (error) {
      this.#desk.settled(typed.approval.request, monotonicMs(), { open: true });
      this.#options.say(thrownText(error));
    }
  }
}
