/**
 * One keyboard before the approvals of a tree: what is typed goes to the approval that is shown, or on as a
 * text.
 */
import type { Readable } from 'node:stream';
import { monotonicMs } from '../../std/clock.ts';
import type { LiveEvent } from '../../client/pod-stream.ts';
import type { ApprovalDesk, Typed } from './approval-desk.ts';
import { Typing } from './typing.ts';

export type TypedAnswer = Extract<Typed, { kind: 'answer' }>;

export interface ApprovalInputOptions {
  readonly stdin: Readable;
  readonly desk: ApprovalDesk;
  readonly echo: (text: string) => void;
  readonly say: (text: string) => void;
  /** Brings the answer to the pod; must not reject. */
  readonly answer: (typed: TypedAnswer) => Promise<void>;
  readonly onText: (line: string) => void;
  readonly onEnd?: () => void;
  /** As `Typing` has it. */
  readonly editsLines: boolean;
}

export class ApprovalInput {
  readonly #options: ApprovalInputOptions;
  readonly #typing: Typing;

  constructor(options: ApprovalInputOptions) {
    this.#options = options;
    const { stdin, echo, onEnd, editsLines } = options;
    this.#typing = new Typing({
      stdin,
      echo,
      editsLines,
      onContinue: () => {
        const text = options.desk.again(monotonicMs());
        if (text !== null) options.say(text);
      },
      onResize: () => {
        const text = options.desk.resized(monotonicMs());
        if (text !== null) options.say(text);
      },
      onLine: (line) => this.#act(options.desk.typed(line, monotonicMs()), line),
      onKey: (key) => this.#act(options.desk.key(key, monotonicMs()), null),
      ...(onEnd === undefined ? {} : { onEnd }),
    });
    this.#typing.keys(options.desk.takesKeys);
  }

  event(event: LiveEvent): void {
    const text = this.#options.desk.take(event, monotonicMs());
    if (text !== null) this.#options.say(text);
    this.#typing.keys(this.#options.desk.takesKeys);
  }

  close(): void {
    this.#typing.close();
  }

  /** False: it is nothing to an approval. */
  #act(typed: Typed, line: string | null): boolean {
    const { desk, say, answer, onText } = this.#options;
    switch (typed.kind) {
      case 'other':
        if (line !== null) onText(line);
        return false;
      case 'late':
      case 'page':
        say(typed.text);
        return true;
      case 'text':
        this.#typing.ask('> ', (text) => text !== null && text !== '' && onText(text));
        return true;
      case 'reason':
        this.#typing.ask('No, because (Enter sends it, Esc goes back): ', (reason) => {
          if (reason !== null) this.#act(desk.refused(typed.approval, reason), null);
        });
        return true;
      case 'rule':
        this.#typing.ask(
          'By the rule (edit it; Enter goes on, Esc goes back): ',
          (text) => {
            if (text !== null) this.#act(desk.ruled(typed.approval, text), null);
          },
          typed.text,
        );
        return true;
      case 'ruleTyped': {
        const { approval, text, meaning } = typed;
        say(meaning);
        const choice =
          'Enter: for this pod and those that it starts; s: for this project too, saved; Esc: back: ';
        this.#typing.ask(choice, (word) => {
          if (word !== null) this.#act(desk.ruleChosen(approval, text, word), null);
        });
        return true;
      }
      case 'answer':
        void answer(typed).finally(() => this.#typing.keys(desk.takesKeys));
        return true;
    }
  }
}
