/**
 * The loop of the screen: what is typed becomes actions, actions change the state and have effects, what
 * changes is drawn, and while nothing changes nothing is done.
 *
 * Invariants
 * - S2 Whatever ends the loop, the terminal is given back, and what was typed and not sent is printed.
 * - S3 Nothing here ends a pod by itself: what a person wants of the tree is done by a command, or told.
 */
import type { LiveEvent } from '../client/pod-stream.ts';
import { monotonicMs } from '../std/clock.ts';
import { type Deferred, deferred } from '../std/deferred.ts';
import { type Acted, type Known, withConfirmDrawn } from './actions.ts';
import { unanswered, withDrawn } from './answering.ts';
import { Composer } from './input/composer.ts';
import { Decoder } from './input/decode.ts';
import type { Typed } from './input/key.ts';
import { keyed } from './input/keyed.ts';
import { carryOut, type PodEffect } from './loop/effects.ts';
import { keptFile, lastLines } from './loop/last-lines.ts';
import { Others } from './loop/others.ts';
import { type HandOut, handOut } from './loop/hand-out.ts';
import { Painter } from './loop/painter.ts';
import type { HeardPod, OpenScreen, ScreenEnd, ScreenParts } from './loop/parts.ts';
import { noticeBytes, noticeFor, titleBytes, titleOf } from './loop/signs.ts';
import { Settling, type Unsettled } from './loop/settling.ts';
import type { TreeModel } from './model/shape.ts';
import type { Watching } from './ports.ts';
import type { Size } from './line.ts';
import { type Effect, firstState, type ScreenState } from './state.ts';
import { clean, cleanLines, widthOf } from './text.ts';
import { inputColumns } from './views/input.ts';

/** Asked for at once, where somebody has scrolled to the first that is here. */
const olderEntries = 200;
const whatDone = 'done; Enter sends it on, Ctrl+C ends';

export class Screen implements OpenScreen {
  readonly #parts: ScreenParts;
  readonly #watching: Watching;
  readonly #composer: Composer;
  readonly #decoder: Decoder;
  readonly #painter: Painter;
  readonly #others = new Others();
  readonly #settling = new Settling();
  readonly #end: Deferred<ScreenEnd> = deferred();
  #state: ScreenState;
  #tree: TreeModel;
  #isWindowFocused: boolean | null = null;
  #keyAtMs = monotonicMs();
  #title = '';
  #isClosed = false;
  /** Of the pod that this screen is for, in this absence. */
  #hasSaidDied = false;

  constructor(parts: ScreenParts) {
    const { terminal, keymap } = parts;
    this.#parts = parts;
    this.#state = firstState(parts.first);
    this.#watching = parts.watch(() => this.#onNews());
    this.#tree = this.#watching.tree;
    this.#composer = new Composer({
      past: parts.past,
      pods: () => this.#watching.tree.rows.map(({ name }) => name),
      complete: (text) => this.#complete(text),
      onChange: () => this.#painter.want('key'),
      widthOf,
    });
    this.#decoder = new Decoder({
      onTyped: (typed) => typed.forEach((one) => this.#onTyped(one)),
      keymap,
      nowMs: monotonicMs,
    });
    this.#painter = new Painter({
      terminal,
      environment: parts.environment,
      view: () => ({
        tree: this.#watching.tree,
        pod: this.#watching.pod,
        state: this.#state,
        input: this.#composer.view(roomOf(terminal.size)),
        keymap,
        hasKitty: this.#decoder.hasKitty,
        folder: parts.folder,
      }),
      others: () => this.#others.spoken(),
      onDrawn: ({ hasPrinted, question, state, isAtTop }) => {
        if (hasPrinted) this.#others.printed();
        if (isAtTop && state.scroll !== null) this.#watching.older(olderEntries);
        const nowMs = monotonicMs();
        this.#state = withConfirmDrawn(withDrawn(state, question, nowMs), nowMs);
      },
    });
  }

  get ended(): Promise<ScreenEnd> {
    return this.#end.promise;
  }

  get hasSent(): boolean {
    return this.#settling.hasSent;
  }

  open(): void {
    this.#parts.terminal.open({
      onInput: (bytes) => this.#decoder.feed(bytes),
      onResize: () => this.#painter.take(),
      onDrain: () => this.#painter.drained(),
      onBack: () => this.#taken(),
      onGiveBack: () => this.#painter.givenBack(),
      onLost: () => this.#finish('lost'),
    });
    // Of a tree that is only being made nothing is there yet.
    if (!this.#parts.first.ownsTree) this.#show();
    this.#painter.want('state');
  }

  begun(): void {
    this.#show();
  }

  heard(pod: HeardPod, event: LiveEvent): void {
    if (this.#isClosed) return;
    if (pod.knownThrough > 0) this.#painter.skip(pod.instance, pod.knownThrough);
    if (this.#others.take(pod, event)) this.#painter.want('output');
  }

  say(text: string, how: { readonly isError: boolean } = { isError: false }): void {
    if (this.#isClosed) return;
    const lines = cleanLines(text);
    this.#state = { ...this.#state, message: null };
    if (lines.length === 1)
      this.#state = { ...this.#state, message: { text: clean(lines[0] ?? ''), ...how } };
    else if (this.#state.mode === 'inline') this.#painter.print(lines.map((one) => [{ text: one }]));
    else {
      const overlay = { kind: 'text' as const, title: 'podkin', text, scroll: 0 };
      this.#state = { ...this.#state, overlay };
    }
    this.#painter.want('state');
  }

  async settled({ stays }: { readonly stays: boolean }): Promise<boolean> {
    if (this.#isClosed) return false;
    return await this.#settling.ask(stays, this.#unsettled, () => this.#note(whatDone));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#settling.end();
    const { terminal, pod, first, past, commands } = this.#parts;
    const typed = this.#composer.text;
    const unsent = [...this.#watching.unsent, ...(typed.trim() === '' ? [] : [typed])];
    const left = await Promise.race([this.#end.promise, Promise.resolve(null)]);
    const typedHere = { unsent, file: keptFile(unsent, commands.keepCopy) };
    const last = lastLines(this.#watching.tree, { pod, ownsTree: first.ownsTree, end: left, ...typedHere });
    await terminal.answered();
    this.#painter.close(last);
    terminal.close();
    this.#decoder.close();
    await Promise.all([past.written(), this.#watching.close()]);
    this.#end.resolve('left');
  }

  #finish(end: ScreenEnd): void {
    this.#settling.end();
    this.#end.resolve(end);
  }

  get #known(): Omit<Known, 'inputIsEmpty'> {
    return {
      tree: this.#watching.tree,
      pod: this.#watching.pod,
      nowMs: monotonicMs(),
      rows: this.#parts.terminal.size.rows,
    };
  }

  /** What was on it was out of sight: a question has to be read again. */
  #taken(): void {
    const { confirm } = this.#state;
    this.#state = {
      ...this.#state,
      drawn: null,
      confirm: confirm === null ? null : { ...confirm, sinceMs: null },
    };
    this.#painter.take();
  }

  #onTyped(typed: Typed): void {
    if (this.#isClosed || typed.kind === 'reply') return;
    if (typed.kind === 'window') {
      this.#isWindowFocused = typed.isFocused;
      return;
    }
    this.#keyAtMs = monotonicMs();
    const before = this.#state;
    // What is typed there is printed.
    const ends = before.message?.text === whatDone && typed.kind === 'key' && typed.name === 'ctrl+c';
    if (ends) return this.#settling.end();
    const done = keyed(typed, before, {
      composer: this.#composer,
      keymap: this.#parts.keymap,
      hasKitty: this.#decoder.hasKitty,
      known: this.#known,
    });
    // What only typed shows no more than that.
    if (done.state === before && done.effects.length === 0) this.#painter.want('key');
    else this.#apply(done);
    this.#judgeSettled();
  }

  async #complete(text: string) {
    const { offered } = await import('./loop/file-candidates.ts');
    return await offered(text, this.#state.shown, { folder: this.#parts.folder, watching: this.#watching });
  }

  #apply({ state, effects }: Acted): void {
    const before = this.#state;
    this.#state = state;
    if (before.shown !== state.shown) this.#show();
    const isOnDeliveries = state.overlay?.kind === 'deliveries';
    if (isOnDeliveries !== (before.overlay?.kind === 'deliveries'))
      this.#watching.wantDeliveries(isOnDeliveries);
    for (const effect of effects) this.#do(effect);
    this.#painter.want('state');
  }

  #show(): void {
    this.#watching.show(this.#state.shown);
  }

  #do(effect: Effect): void {
    const { terminal, onStop } = this.#parts;
    switch (effect.kind) {
      case 'leave':
        return this.#finish('left');
      case 'stopTree':
      case 'killTree':
        // It has nothing to do any more: then this is its end, and nothing is broken off.
        if (!this.#settling.isAsked) return onStop('SIGINT');
        return this.#settling.end();
      case 'quit':
        return onStop('SIGQUIT');
      case 'repaint':
        return this.#painter.take();
      case 'suspend':
        return terminal.suspend();
      case 'clearInput':
        return this.#composer.clear();
      case 'editor':
        return void this.#handOut({ kind: 'editor' });
      case 'copy':
      case 'pager':
        return void this.#handOut(effect);
      case 'send':
        this.#settling.sent();
        return void this.#carryOut(effect);
      case 'answer':
      case 'rule':
      case 'control':
      case 'set':
      case 'compact':
      case 'drop':
      case 'rules':
        return void this.#carryOut(effect);
    }
  }

  async #carryOut(effect: PodEffect): Promise<void> {
    const { commands } = this.#parts;
    await carryOut(effect, {
      watching: this.#watching,
      commands,
      draft: this.#state.draft,
      say: (text, how) => this.say(text, how),
      ask: (prompt) => this.#apply({ state: { ...this.#state, prompt }, effects: [] }),
      started: (instance) =>
        this.#apply({
          state: { ...this.#state, shown: instance, selected: instance, message: null },
          effects: [],
        }),
      unanswered: (request) => this.#apply({ state: unanswered(this.#state, request), effects: [] }),
      giveBack: (text) => {
        if (this.#composer.isEmpty) this.#composer.set(text);
      },
    });
    this.#painter.want('state');
  }

  async #handOut(effect: HandOut): Promise<void> {
    const { terminal, environment, commands } = this.#parts;
    await handOut(effect, {
      terminal,
      environment,
      commands,
      pod: this.#watching.pod,
      composer: this.#composer,
      say: (text, how) => this.say(text, how),
    });
  }

  #onNews(): void {
    if (this.#isClosed) return;
    this.#signal();
    this.#judgePod();
    this.#judgeSettled();
    this.#painter.want('output');
  }

  #signal(): void {
    const { terminal, environment } = this.#parts;
    const { tree } = this.#watching;
    if (tree === this.#tree) return;
    const sinceKeyMs = monotonicMs() - this.#keyAtMs;
    const notice = noticeFor(this.#tree, tree, { isFocused: this.#isWindowFocused, sinceKeyMs });
    this.#tree = tree;
    const title = titleOf(tree);
    // Apart: the terminal keeps what sets the title, to set it again.
    if (title !== this.#title) terminal.write(titleBytes(title));
    if (notice !== null) terminal.write(noticeBytes(notice, environment));
    this.#title = title;
  }

  /** Of the one pod that this screen is for, where it does not own the tree. */
  #judgePod(): void {
    const { pod, first } = this.#parts;
    if (pod === null || first.ownsTree) return;
    const row = this.#watching.tree.rows.find(({ instance }) => instance === pod.instance);
    if (row?.status === 'stopped') this.#finish('ended');
    const isDead = row?.status === 'dead';
    if (isDead && !this.#hasSaidDied)
      this.say(
        `"${pod.name}" has died. This waits until somebody starts it again: /restore, or podkin restore ${pod.label}`,
      );
    this.#hasSaidDied = isDead;
  }

  get #unsettled(): Unsettled {
    const { unsent, pod } = this.#watching;
    const isSending = unsent.length > 0 || (pod?.sent ?? []).some(({ state }) => state === 'sent');
    return { isSending, isInputEmpty: this.#composer.isEmpty };
  }

  #judgeSettled(): void {
    if (!this.#settling.isAsked) return;
    this.#settling.judge(this.#unsettled, () => this.#note(whatDone));
  }

  /** Until the next key. */
  #note(text: string): void {
    if (this.#state.message?.text === text) return;
    this.#state = { ...this.#state, message: { text, isError: false } };
    this.#painter.want('state');
  }
}

/** Beside its mark; of a low screen at most a third. */
function roomOf({ columns, rows }: Size): { columns: number; rows: number } {
  return { columns: inputColumns(columns), rows: Math.max(1, Math.floor(rows / 3)) };
}
