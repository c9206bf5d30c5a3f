/**
 * The worker of a simulated pod: asks a model that the script plays, runs its tool calls, and hands the end back to the machine, in the order of
 * commits and syncs that `src/worker` and `src/pod/turn/runner.ts` keep.
 */
import type { Core } from '../../src/pod/machine/core.ts';
import { onNotice, onRun } from '../../src/pod/machine/inputs.ts';
import type { TurnEnd } from '../../src/pod/machine/reports.ts';
import { abandonTurn, endTurn, preLlmRequest } from '../../src/pod/machine/state.ts';
import { WireError } from '../../src/protocol/errors.ts';
import type { EntryBody, ToolResultEntry } from '../../src/session/facts/entries.ts';
import { endsWithAnswer } from '../../src/worker/context.ts';
import type { ScriptedCall } from './script.ts';
import type { SimProcess } from './process.ts';
import { runTool } from './tools.ts';

export interface Running {
  readonly turn: string;
  readonly resumed: boolean;
  readonly startedMs: number;
  aborted: boolean;
  ended: boolean;
  /** Called when it is aborted. */
  onAbort: (() => void) | null;
}

type Result =
  | { kind: 'finished' | 'paused' | 'cancelled' }
  | { kind: 'limitReached'; reason: string }
  | { kind: 'errored'; category: string }
  | { kind: 'abandoned' };

const usage = { inputTokens: 1, outputTokens: 1, cost: 0 };
const abortGraceMs = 1_000;

interface ParentsRun {
  assignment: string;
  text: string;
  hops: number;
  /** Of the newest link that the parent knew when it sent the run. */
  link: number;
  answer: (refusal?: string) => void;
}

export class TurnSide {
  readonly #process: SimProcess;
  running: Running | null = null;
  #stopWatchers: (() => void)[] = [];

  constructor(process: SimProcess) {
    this.#process = process;
  }

  // What comes in over one-off connections

  takeRun(run: ParentsRun): void {
    const { parentSide } = this.#process;
    if (parentSide === null) return this.#accept(run);
    parentSide.whenJudged(run.link, (overtaken) => {
      if (overtaken) run.answer('regressed');
      else this.#accept(run);
    });
  }

  #accept(run: ParentsRun): void {
    const { pod, world } = this.#process;
    const parent = pod.parent === null ? undefined : world.pods.get(pod.parent);
    const { assignment: submission, text, hops, answer } = run;
    if (parent === undefined) return answer('badToken');
    const from = { kind: 'parent' as const, name: parent.name, instance: parent.instance };
    this.#answering(answer, () => {
      this.#process.input((core) => onRun(core, { text, submission, from, ifBusy: 'queue', hops }));
      this.#process.durable(() => answer());
    });
  }

  takePerson(text: string, answer: (refusal?: string) => void): void {
    const submission = this.#process.world.newId();
    this.#answering(answer, () => {
      this.#process.input((core) =>
        onRun(core, { text, submission, from: { kind: 'person' }, ifBusy: 'queue', hops: 0 }),
      );
      this.#process.durable(() => answer());
    });
  }

  takeNotice(notice: { text: string; wake: boolean }, answer: (refusal?: string) => void): void {
    const submission = this.#process.world.newId();
    this.#answering(answer, () => {
      this.#process.input((core) =>
        onNotice(core, { ...notice, submission, from: { kind: 'pod', name: 'other' }, hops: 0 }),
      );
      this.#process.durable(() => answer());
    });
  }

  /** With an input: somebody controls this pod. Without: the machine says that its control has changed. */
  control(act?: (core: Core) => void, answer: (refusal?: string) => void = () => {}): void {
    if (act !== undefined) {
      this.#answering(answer, () => {
        this.#process.input(act);
        this.#process.durable(() => answer());
      });
      return;
    }
    const { control, mode } = this.#process.core.live;
    if (mode === 'stopping' || control?.kind === 'cancel') this.#abort();
  }

  #answering(answer: (refusal?: string) => void, act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#process.world.hit(`refused.${error.code}`);
      answer(error.code ?? 'unknown');
    }
  }

  // The turn

  start(turn: string): void {
    const running: Running = {
      turn,
      resumed: this.#process.facts.turn?.kind === 'resume',
      startedMs: this.#process.world.clock.nowMs,
      aborted: false,
      ended: false,
      onAbort: null,
    };
    if (this.running !== null) throw new Error('two turns at once');
    this.running = running;
    this.#process.world.hit(`turn.${this.#process.facts.turn?.kind}`);
    // The start must be on disk before anything that follows from it.
    this.#process.durable(() => this.#guarded(running, () => this.#step(running, 1)));
  }

  #abort(): void {
    const running = this.running;
    if (running === null || running.aborted) return;
    running.aborted = true;
    const { onAbort } = running;
    running.onAbort = null;
    onAbort?.();
  }

  stop(then: () => void): void {
    if (this.running === null) return then();
    this.#stopWatchers.push(then);
    this.#abort();
  }

  #control(): 'none' | 'pause' | 'cancel' {
    const { live } = this.#process.core;
    return live.mode === 'stopping' ? 'cancel' : (live.control?.kind ?? 'none');
  }

  /** A disk that refuses ends the turn without a word about its end. */
  #guarded(running: Running, act: () => void): void {
    if (running.ended) return;
    try {
      act();
    } catch (error) {
      if (!(error instanceof Error && error.name === 'StorageFailed')) throw error;
      this.#end(running, { kind: 'abandoned' });
    }
  }

  #step(running: Running, step: number): void {
    const control = this.#control();
    if (control === 'cancel') return this.#end(running, { kind: 'cancelled' });
    if (control === 'pause') return this.#end(running, { kind: 'paused' });
    if (step > this.#process.limits.steps)
      return this.#end(running, { kind: 'limitReached', reason: 'steps' });
    this.#ask(running, step, 1);
  }

  /** Drained before every try. */
  #ask(running: Running, step: number, attempt: number): void {
    const { world, facts } = this.#process;
    this.#process.input((core) => preLlmRequest(core));
    this.#process.durable(() =>
      this.#guarded(running, () => {
        this.#process.point('item.committed');
        const seenThrough = facts.lastSeq;
        if (attempt === 1 && step === 1 && running.resumed && endsWithAnswer(facts.history)) {
          world.hit('turn.lackedOnlyItsEnd');
          return this.#end(running, { kind: 'finished' });
        }
        this.#process.point('request.started');
        if (running.aborted) return this.#end(running, { kind: 'cancelled' });
        running.onAbort = () => this.#cutShort(running, step);
        const asked = attempt;
        this.#process.after(world.script.requestMs(), () => {
          if (running.aborted || running.ended) return;
          running.onAbort = null;
          this.#guarded(running, () => this.#answered(running, { step, attempt: asked, seenThrough }));
        });
      }),
    );
  }

  #cutShort(running: Running, step: number): void {
    this.#guarded(running, () => {
      const parts = [{ type: 'text' as const, text: 'cut' }];
      const { turn } = running;
      const { world } = this.#process;
      if (!world.script.random.chance(0.5)) return this.#end(running, { kind: 'cancelled' });
      world.hit('turn.cutShort');
      const body: EntryBody = { type: 'assistantMessage', turn, step, model: 'sim', parts, partial: true };
      this.#process.commitDurably([body], () => this.#end(running, { kind: 'cancelled' }));
    });
  }

  #answered(running: Running, asked: { step: number; attempt: number; seenThrough: number }): void {
    const { world } = this.#process;
    const answer = world.script.answer(this.#process);
    const { step, attempt, seenThrough } = asked;
    if (answer.kind === 'failed') {
      world.mutation.afterFailedRequest(this.#process, running.turn, step);
      if (!answer.passing || attempt >= this.#process.limits.requestTries) {
        return this.#end(running, { kind: 'errored', category: 'overloaded' });
      }
      world.hit('request.retried');
      this.#process.after(world.script.requestMs(), () => {
        const control = this.#control();
        if (control === 'cancel') return this.#end(running, { kind: 'cancelled' });
        if (control === 'pause') return this.#end(running, { kind: 'paused' });
        this.#guarded(running, () => this.#ask(running, step, attempt + 1));
      });
      return;
    }
    this.#process.point('response.received');
    const { turn } = running;
    const text = `text of step ${step}`;
    const bodies: EntryBody[] = [
      { type: 'assistantMessage', turn, step, model: 'sim', parts: [{ type: 'text', text }] },
      ...answer.calls.map(({ call, tool, input }): EntryBody => ({
        type: 'toolCall',
        turn,
        step,
        call,
        tool,
        input,
      })),
      { type: 'stepCompleted', turn, step, finishReason: answer.finish, usage, seenThrough },
    ];
    world.mutation.beforeResponse(this.#process);
    world.modelSaw(this.#process.pod, seenThrough);
    this.#process.commitDurably(bodies, () =>
      this.#guarded(running, () => {
        this.#process.point('response.committed');
        if (answer.calls.length === 0) {
          if (answer.finish === 'length')
            return this.#end(running, { kind: 'limitReached', reason: 'outputTokens' });
          return this.#end(running, { kind: 'finished' });
        }
        this.#runTools(running, step, answer.calls);
      }),
    );
  }

  #runTools(running: Running, step: number, calls: ScriptedCall[]): void {
    let left = calls.length;
    let over = false;
    const next = (): void => {
      if (over) return;
      over = true;
      running.onAbort = null;
      this.#guarded(running, () => this.#step(running, step + 1));
    };
    running.onAbort = () => this.#process.after(abortGraceMs, next);
    if (running.aborted) running.onAbort();
    for (const call of calls) {
      this.#runOne(running, { step, call }, () => {
        left -= 1;
        if (left === 0) next();
      });
    }
  }

  #runOne(running: Running, asked: { step: number; call: ScriptedCall }, done: () => void): void {
    const { step, call } = asked;
    const { world } = this.#process;
    world.executed(this.#process, call.call);
    this.#guarded(running, () =>
      runTool(this.#process, call, (answer) => {
        // What settles after its turn's end has been closed there; a second result would break the history.
        const { turn } = this.#process.facts;
        if (turn?.turn !== running.turn || !turn.dangling.has(call.call))
          return world.hit('tool.settledTooLate');
        if (running.aborted && answer.isError === true) return done();
        const entry: ToolResultEntry = {
          type: 'toolResult',
          turn: running.turn,
          step,
          call: call.call,
          tool: call.tool,
          text: answer.text,
          isError: answer.isError === true,
          ...(answer.stopped === undefined ? {} : { stopped: answer.stopped }),
          ...(answer.readOutput === undefined ? {} : { readOutput: answer.readOutput }),
        };
        this.#guarded(running, () => this.#process.commitDurably([entry], done));
      }),
    );
  }

  #end(running: Running, result: Result): void {
    if (running.ended) return;
    running.ended = true;
    running.onAbort = null;
    this.#process.point('turn.beforeCommit');
    this.running = null;
    this.#process.world.hit(`turn.ended.${result.kind}`);
    this.#process.world.mutation.endingTurn(this.#process, (core) => {
      if (core.live.mode === 'stopping') return;
      if (result.kind === 'abandoned') abandonTurn(core, 'no space left');
      else endTurn(core, this.#endOf(running, result));
    });
    const watchers = this.#stopWatchers;
    this.#stopWatchers = [];
    for (const then of watchers) then();
  }

  #endOf(running: Running, result: Exclude<Result, { kind: 'abandoned' }>): TurnEnd {
    const by = this.#process.core.live.control?.by;
    const durationMs = Math.round(this.#process.world.clock.nowMs - running.startedMs);
    switch (result.kind) {
      case 'limitReached':
        return { outcome: 'limitReached', reason: result.reason, durationMs };
      case 'errored':
        return { outcome: 'errored', error: { category: result.category, message: 'scripted' }, durationMs };
      case 'finished':
        return { outcome: 'finished', durationMs };
      case 'paused':
      case 'cancelled':
        return { outcome: result.kind, durationMs, ...(by === undefined ? {} : { by }) };
    }
  }
}
