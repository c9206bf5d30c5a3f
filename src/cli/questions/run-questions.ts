/** The questions of a tree while `podkin run` watches it: shown as they come; where stdin is a terminal, answered by a key and Enter. */
import { monotonicMs } from '../../std/clock.ts';
import { createInterface, type Interface } from 'node:readline';
import type { Client } from '../../transport/client.ts';
import { answerQuestion } from './answer-question.ts';
import type { CommandContext } from '../invocation/context.ts';
import type { LiveEvent } from '../pods/pod-stream.ts';
import { QuestionDesk } from './question-desk.ts';

export interface RunQuestionsOptions {
  readonly keyboard: boolean;
  /** The connection to the root, which hears of every question below it; null while there is none. */
  client(): Client | null;
  /** A block of lines for the person. */
  tell(text: string): void;
}

export class RunQuestions {
  readonly #context: CommandContext;
  readonly #options: RunQuestionsOptions;
  readonly #desk: QuestionDesk;
  #lines: Interface | null = null;

  constructor(context: CommandContext, options: RunQuestionsOptions) {
    this.#context = context;
    this.#options = options;
    this.#desk = new QuestionDesk({ color: context.color, keyboard: options.keyboard });
  }

  /** An event of the root. */
  event(event: LiveEvent): void {
    const text = this.#desk.take(event, monotonicMs());
    if (text === null) return;
    this.#listen();
    this.#options.tell(text);
  }

  /** Stdin is let go: an open one would keep this process alive. */
  close(): void {
    if (this.#lines === null) return;
    this.#lines.close();
    this.#context.stdin.destroy();
  }

  /** Only from the first question on: what is typed before it belongs to whatever runs next in this terminal. */
  #listen(): void {
    if (!this.#options.keyboard || this.#lines !== null) return;
    this.#lines = createInterface({ input: this.#context.stdin });
    this.#lines.on('line', (line) => void this.#read(line));
  }

  async #read(line: string): Promise<void> {
    const typed = this.#desk.typed(line, monotonicMs());
    if (typed.kind === 'late') return this.#options.tell(typed.text);
    if (typed.kind === 'other') {
      if (line.trim() !== '')
        this.#options.tell('y, n or a answers a question; to send it a text use "podkin send".');
      return;
    }
    const client = this.#options.client();
    try {
      if (client === null) throw new Error('not connected at the moment; type it again');
      this.#options.tell(await answerQuestion(client, this.#desk, typed));
    } catch (error) {
      this.#desk.settled(typed.question.request, monotonicMs(), { open: true });
      this.#options.tell(error instanceof Error ? error.message : String(error));
    }
  }
}
