/**
 * Runs the turn that the machine has started: gives the engine its ports and hands its result back as an
 * input.
 */
import { thrownText } from '../../std/thrown-text.ts';
import type { WorktreeReport } from '../../protocol/pod-event.ts';
import { abortOfMany } from '../../std/abort-of-many.ts';
import { quarantineBody } from '../../delivery/notice.ts';
import type { Model, RequestUsage } from '../../model/port.ts';
import { programsWith } from '../../scope/sandbox/own-programs.ts';
import { modelListOf } from '../../session/settings/model-list.ts';
import { sandboxSettingsOf } from '../../session/settings/settings.ts';
import type { Sandbox } from '../../scope/sandbox/sandbox.ts';
import { transcriptOf } from '../../session/facts/transcript.ts';
import type { Amounts } from '../../session/facts/budget-entries.ts';
import { isGoverned, nanoUsd } from '../../session/facts/replay-budget.ts';
import { newFileViews } from '../../tools/file-views.ts';
import { commandMark } from '../../tools/marked-processes.ts';
import type { CommandsInBackground, FileViews, Tool, ToolContext } from '../../tools/tool.ts';
import type { Engine, Interceptor, TurnBudget, TurnPorts, TurnResult } from '../../worker/turn-ports.ts';
import type { ApprovalGate } from '../approvals/gate.ts';
import type { BudgetDesk } from '../budget/desk.ts';
import { costLimit } from '../machine/budget.ts';
import { onRepositoryMade } from '../machine/own-repositories.ts';
import type { Pod } from '../pod.ts';
import type { TurnEnd } from '../machine/reports.ts';
import { windowOfPod } from '../machine/context-view.ts';
import { noCompaction, problemOf } from './compaction-result.ts';
import { PodMcp } from './pod-mcp.ts';
import { PodSkills } from './pod-skills.ts';
import type { ProjectContext } from './project-context.ts';
import { demandsGuidance } from '../machine/evidence.ts';
import type { Evidence } from '../../session/facts/demand-entries.ts';
import { demandsOf } from '../../session/settings/demands.ts';
import { EvidenceDesk } from './evidence.ts';
import type { TurnTrace } from './turn-trace.ts';
import { RequestWatch } from './request-watch.ts';
import { Rests } from './rests.ts';
import { SurroundingsReader } from './surroundings.ts';
import { imagesOfPod } from './pod-images.ts';
import { endCompaction } from '../machine/compaction-inputs.ts';
import { abandonTurn, endTurn, preLlmRequest } from '../machine/state.ts';

export interface TurnRunnerOptions {
  engine: Engine;
  tools: readonly Tool[];
  /** Made once and kept; a failure is tried again with the next turn. */
  /** By its name: the pod's own, or another of its list. */
  makeModel(name: string): Promise<Model>;
  /** What the tools say of work with them. */
  guidance: readonly string[];
  /** Whom every call passes, in this order. */
  interceptors: readonly Interceptor[];
  approvals: ApprovalGate;
  project: ProjectContext;
  sandbox: Sandbox;
  commands: CommandsInBackground;
  trace: TurnTrace | null;
  budget: BudgetDesk;
}

/** A disk that does not answer holds up no input for longer. */
const inputFilesMs = 10_000;

export class TurnRunner {
  readonly #pod: Pod;
  readonly #options: TurnRunnerOptions;
  readonly #requests: RequestWatch;
  readonly #evidence: EvidenceDesk;
  readonly #surroundings: SurroundingsReader;
  readonly #skills: PodSkills;
  readonly #mcp: PodMcp;
  /** What is started in a turn and outlasts it. */
  readonly #lasting = new AbortController();
  readonly #fileViews: FileViews = newFileViews();
  readonly #models = new Map<string, Promise<Model>>();
  readonly #rests: Rests;
  #abort: AbortController | null = null;
  #running: Promise<void> = Promise.resolve();
  /** Ends the back-off that the turn is in, if it is in one. */
  #endWait: () => void = () => undefined;

  constructor(pod: Pod, options: TurnRunnerOptions) {
    this.#pod = pod;
    this.#options = options;
    this.#requests = new RequestWatch(pod);
    const list = () => modelListOf(pod.session, pod.permissions);
    this.#rests = new Rests(list, () => pod.host.clock.wallMs());
    this.#evidence = new EvidenceDesk(pod, {
      tools: options.tools,
      approvals: options.approvals,
      toolContext: (call, signal) => this.#toolContext(call, signal),
    });
    this.#surroundings = new SurroundingsReader(pod);
    this.#skills = new PodSkills(pod);
    this.#mcp = new PodMcp(pod, {
      context: (call) => this.#toolContext(call, this.#lasting.signal),
      ask: (asked, signal) => options.approvals.forms.ask(asked, signal),
    });
  }

  start(turn: string): void {
    this.#abort = abortOfMany();
    this.#running = this.#run(turn, this.#abort);
  }

  /** What a person has asked for, between two turns. */
  compact(): void {
    this.#abort = abortOfMany();
    this.#running = this.#compact(this.#abort);
  }

  /**
   * Something was asked of the running turn: a cancel aborts what is under way, a pause ends a back-off and
   * is read at the next boundary.
   */
  control(): void {
    const { control, mode } = this.#pod.core.live;
    const cancelled = mode === 'stopping' || control?.kind === 'cancel' || control?.kind === 'limit';
    if (cancelled) this.#abort?.abort(new Error('the turn was ended'));
    this.#endWait();
    if (cancelled || control?.kind === 'pause') this.#evidence.control();
    if (cancelled || control?.kind === 'pause')
      this.#options.approvals.control(cancelled ? 'cancel' : 'pause');
  }

  /** Fulfils when no turn runs any more; the machine must not start another. */
  async stop(): Promise<void> {
    this.#abort?.abort(new Error('the pod is stopping'));
    this.#evidence.control();
    this.#options.approvals.control('cancel');
    await this.#running;
    await this.#options.engine.end?.();
    await this.#mcp.end();
  }

  /** What the pod may touch is another now. */
  scopeChanged(): void {
    this.#mcp.scopeChanged();
    const ends = this.#options.engine.scopeChanged?.();
    if (ends !== undefined) this.#pod.claims.leaves(ends);
  }

  /** Behind `stop`: nothing commits in the clone any more. */
  async worktreeAtStop(withinMs: number): Promise<WorktreeReport | null> {
    return await this.#evidence.ofStop(withinMs);
  }

  async #run(turn: string, abort: AbortController): Promise<void> {
    const { clock } = this.#pod.host;
    const startedMs = clock.now();
    const resumed = this.#pod.facts.turn?.kind === 'resume';
    let result: TurnResult;
    let evidence: Evidence = {};
    try {
      // The start must be on disk before anything that follows from it.
      await this.#pod.durable();
      const ports = await this.#ports(turn, abort.signal);
      result = await this.#options.engine.driveTurn(ports, { resumed });
      while (result.kind === 'finished') {
        const made = await this.#evidence.make(turn, abort.signal);
        if (made.kind === 'unmet') {
          const taken = this.#pod.facts.turn?.steps ?? 0;
          result = await this.#options.engine.driveTurn(ports, { resumed: false, taken });
          continue;
        }
        if (made.kind === 'made') ({ evidence } = made);
        else result = { kind: controlOf(this.#pod) === 'pause' ? 'paused' : 'cancelled' };
        break;
      }
      if (this.#isCutShort(result)) evidence = await this.#evidence.ofUnfinished();
    } catch (error) {
      result = { kind: 'abandoned', message: thrownText(error) };
    }
    this.#requests.answerBegun();
    this.#options.budget.noteTurnEnd();
    this.#options.approvals.control('cancel');
    this.#pod.crash('turn.beforeCommit');
    this.#pod.input((core) => {
      if (core.live.mode === 'stopping') return;
      if (result.kind === 'abandoned') abandonTurn(core, result.message);
      else endTurn(core, { ...this.#endOf(result, clock.now() - startedMs), evidence });
    });
    this.#options.approvals.reportClosed();
  }

  /** By a limit or a failure; who pauses or cancels does not wait for more. */
  #isCutShort({ kind }: TurnResult): boolean {
    const isLimit = kind === 'cancelled' && this.#pod.core.live.control?.kind === 'limit';
    return kind === 'errored' || kind === 'limitReached' || isLimit;
  }

  async #compact(abort: AbortController): Promise<void> {
    const { engine, budget } = this.#options;
    let result: TurnResult;
    try {
      await this.#pod.durable();
      const ports = await this.#ports('', abort.signal);
      result = (await engine.compact?.(ports)) ?? noCompaction;
    } catch (error) {
      result = { kind: 'abandoned', message: thrownText(error) };
    }
    this.#requests.answerBegun();
    budget.noteTurnEnd();
    this.#pod.input((core) => {
      if (core.live.mode === 'stopping') return;
      if (result.kind === 'abandoned') abandonTurn(core, result.message);
      else endCompaction(core, problemOf(result));
    });
  }

  #endOf(result: Exclude<TurnResult, { kind: 'abandoned' }>, durationMs: number): TurnEnd {
    const { control } = this.#pod.core.live;
    const by = control === null || control.kind === 'limit' ? undefined : control.by;
    const end = { durationMs: Math.round(durationMs), ...(by === undefined ? {} : { by }) };
    if (result.kind === 'cancelled' && control?.kind === 'limit')
      return { outcome: 'limitReached', reason: control.reason, durationMs: end.durationMs };
    switch (result.kind) {
      case 'limitReached':
        return { outcome: 'limitReached', reason: result.reason, durationMs: end.durationMs };
      case 'errored': {
        const { category, message } = result;
        return { outcome: 'errored', error: { category, message }, durationMs: end.durationMs };
      }
      case 'finished':
        return { outcome: 'finished', durationMs: end.durationMs };
      case 'paused':
      case 'cancelled':
        return { outcome: result.kind, ...end };
    }
  }

  async #ports(turn: string, signal: AbortSignal): Promise<TurnPorts> {
    const pod = this.#pod;
    const { session } = pod;
    const { limits, facts } = pod.core;
    const rests = this.#rests;
    const instructions = await this.#options.project.instructions();
    const skills = await this.#skills.read();
    await this.#mcp.read(signal);
    const demands = demandsGuidance(demandsOf(session.settings));
    const surroundings = await this.#surroundings.now(this.#toolContext('surroundings', signal));
    return {
      turn,
      pod: session.name,
      promptFacts: {
        session,
        project: instructions.files,
        guidance: [...this.#options.guidance, ...demands],
        demands,
        surroundings,
        skills,
      },
      tools: this.#mcp.toolsWith(this.#skills.toolsWith(this.#options.tools)),
      images: imagesOfPod(pod),
      model: () => this.#getModel(rests.current),
      rests,
      context: {
        facts,
        putAside: quarantineBody,
        get window() {
          return windowOfPod({ ...pod.session, model: rests.current });
        },
      },
      preLlmRequest: async () => {
        pod.input((core) => preLlmRequest(core));
        await pod.durable();
        pod.crash('item.committed');
        return { transcript: transcriptOf(facts, quarantineBody), seenThrough: facts.lastSeq };
      },
      commit: (bodies) => pod.commitDurably(bodies),
      isOpen: (call) => facts.turn?.turn === turn && facts.turn.dangling.has(call),
      control: () => controlOf(pod),
      signal,
      limits,
      // Its notices alone begin no turn that owes anybody words.
      isAwaited: () => facts.turn !== null && facts.turn.submissions.length > 0,
      // Of a pod of an older build, which holds nothing of its parent's.
      limitReached: () => {
        const most = isGoverned(facts.budget.nanoUsd) ? null : costLimit(limits.cost, facts.budget);
        return most !== null && facts.usage.cost !== null && facts.usage.cost >= most ? 'cost' : null;
      },
      budget: this.#turnBudget(turn),
      toolContext: (call) => this.#toolContext(call, signal),
      interceptors: [this.#requests, ...this.#options.interceptors],
      show: (event) => pod.show(event),
      crashPoint: (name) => pod.crash(name),
      after: (delayMs, act) => void pod.host.clock.after(delayMs, act),
      random: () => pod.host.chance.random(),
      wait: (delayMs) => this.#wait(delayMs, signal),
    };
  }

  #turnBudget(turn: string): TurnBudget {
    const { budget } = this.#options;
    return {
      admit: ({ estimate, beyond, least }, place) => {
        const size = {
          estimate: amountsIn(estimate),
          ...(beyond === undefined ? {} : { beyond: amountsIn(beyond) }),
          ...(least === undefined ? {} : { least: amountsIn(least) }),
        };
        return budget.admit(size, { turn, ...place });
      },
      get isReserved() {
        return budget.isReserved;
      },
    };
  }

  /** A person has said what is asked from now on: what was found out of models before says nothing of it. */
  modelSet(): void {
    this.#models.clear();
    this.#rests.forget();
    this.#endWait();
  }

  /** There may be enough of the budget now for the request that waits. */
  budgetArrived(): void {
    this.#endWait();
  }

  /** For what a person's input names, with a turn or without. */
  contextOfInput(): ToolContext {
    return this.#toolContext('input', AbortSignal.timeout(inputFilesMs));
  }

  #toolContext(call: string, signal: AbortSignal): ToolContext {
    const pod = this.#pod;
    const { cwd, permissionMode } = pod.session;
    const turn = pod.facts.turn;
    return {
      call,
      hops: turn?.hops ?? 0,
      cwd,
      // As it is when the call begins: a child may have got or returned a part since the last one.
      scope: pod.claims.now(),
      scopeNow: () => pod.claims.now(),
      repositories: {
        made: () => pod.facts.repositories,
        note: (path, place) => pod.input((core) => onRepositoryMade(core, path, place)),
      },
      pod: { name: pod.session.name, instance: pod.session.instance },
      home: pod.home,
      programs: programsWith(pod.host.work.programs, sandboxSettingsOf(pod.session.settings).program),
      permissionMode,
      skillFolders: this.#skills.folders,
      shell: { sandbox: this.#options.sandbox, limits: pod.core.limits },
      signal,
      outputDir: pod.folder.outputs,
      commands: this.#options.commands,
      traceparent: this.#options.trace?.traceparentOf(call),
      fileViews: this.#fileViews,
      alert: (code, text, level = 'warning') => {
        const alert = { type: 'alert', level, code, text } as const;
        if (!pod.tryCommit([alert])) pod.show(alert);
      },
      markCommand: () => {
        pod.host.work.noteOutside(pod.folder);
        return commandMark(pod.session.instance, call);
      },
      noteGroup: (leaderPid) => pod.host.work.noteGroup(pod.folder, leaderPid),
      progress: (text) => pod.show({ type: 'toolProgress', turn: turn?.turn ?? '', call, text }),
    };
  }

  #wait(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        end();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const end = this.#pod.host.clock.after(signal.aborted ? 0 : delayMs, done);
      signal.addEventListener('abort', done, { once: true });
      this.#endWait = done;
    });
  }

  #getModel(name: string): Promise<Model> {
    const known = this.#models.get(name);
    if (known !== undefined) return known;
    const made = this.#options.makeModel(name);
    this.#models.set(name, made);
    made.catch(() => this.#models.delete(name));
    return made;
  }
}

function amountsIn({ inputTokens, outputTokens, cost }: RequestUsage): Amounts {
  return { tokens: inputTokens + outputTokens, ...(cost === null ? {} : { nanoUsd: nanoUsd(cost) }) };
}

function controlOf(pod: Pod): 'none' | 'pause' | 'cancel' {
  if (pod.core.live.mode === 'stopping') return 'cancel';
  const kind = pod.core.live.control?.kind ?? 'none';
  return kind === 'limit' ? 'cancel' : kind;
}
