/**
 * Runs the hooks of a pod. Those of a call are waited for where the call passes (an interceptor); those of an
 * entry run behind its sync, one after the other for each hook, and what the log says to be due is run until
 * the log says that it was.
 *
 * Invariants
 * - L1 No hook hears of what is not on disk.
 * - L2 A hook that is due leaves the list by its `hookDone` alone: a process that ends before it is committed
 *   runs the hook again.
 * - L3 What a hook does changes nothing of the pod but the verdict on a call.
 */
import type { Entry, EntryBody } from '../../session/facts/entries.ts';
import type { DueHook } from '../../session/facts/hook-entries.ts';
import { type Hook, type HookEvent, hooksIn, isMeant } from '../../session/facts/hooks.ts';
import { readEntries } from '../../session/log/read-log.ts';
import { abortOfMany } from '../../std/abort-of-many.ts';
import type { ToolAnswer } from '../../tools/tool.ts';
import type { CallRequest, CallVerdict, Interceptor } from '../../worker/turn-ports.ts';
import type { HookRan } from '../host.ts';
import type { Pod } from '../pod.ts';
import { exitOf, failureText, verdictOf } from './judge.ts';
import {
  type HookWords,
  payloadOf,
  wordsOfCall,
  wordsOfQuestion,
  wordsOfReceipt,
  wordsOfResult,
  wordsOfTurn,
} from './payload.ts';

/** What one run hears. */
interface HookNews {
  readonly words: HookWords;
  readonly time: string;
  /** Of the entry that it is about. */
  readonly seq?: number;
}

/** Told once at most: more of them than this wait for a hook that does not keep up, and no more. */
const waitingMax = 100;
/** What could not be started is tried again after these times, and then given up. */
const startDelaysMs = [1_000, 5_000] as const;
const storageRetryMs = 1_000;

export class HookDesk implements Interceptor {
  readonly #pod: Pod;
  readonly #entryAt: (seq: number) => Promise<Entry | null>;
  /** Told once at most, by hook. */
  readonly #waiting = new Map<string, HookNews[]>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #calls = new Set<AbortController>();
  readonly #end = abortOfMany();
  /** The newest failure of each that was reported: the same one again is no news. */
  readonly #reported = new Map<string, string>();
  #runs = 0;

  /** `entryAt`: of the log, by its number; null where it cannot be read. */
  constructor(pod: Pod, entryAt: (seq: number) => Promise<Entry | null> = (seq) => entryOf(pod, seq)) {
    this.#pod = pod;
    this.#entryAt = entryAt;
  }

  /** Once, when the pod listens. */
  start(): void {
    const { incarnation } = this.#pod.facts;
    this.#tell('sessionStart', incarnation > 1 ? 'restored' : 'new', { incarnation });
    this.#pump();
  }

  /** Behind each append. */
  committed(bodies: readonly EntryBody[]): void {
    if (this.#hooks().length === 0) return;
    const first = this.#pod.facts.lastSeq - bodies.length + 1;
    for (const [index, body] of bodies.entries()) this.#note(body, first + index);
    if (this.#pod.facts.hooksDue.length > 0) this.#pod.host.clock.soon(() => this.#pump());
  }

  async beforeCall(call: CallRequest): Promise<CallVerdict> {
    const whys: string[] = [];
    for (const hook of this.#meant('preToolUse', call.tool)) {
      const verdict = verdictOf(hook, await this.#ofCall(hook, wordsOfCall(call)));
      if (verdict.kind === 'ask') whys.push(verdict.why);
      else if (verdict.kind !== 'allowed') return verdict;
    }
    return whys.length === 0 ? { kind: 'allowed' } : { kind: 'ask', why: whys.join('; ') };
  }

  async afterCall(call: CallRequest, answer: ToolAnswer): Promise<ToolAnswer> {
    for (const hook of this.#meant('postToolUse', call.tool))
      await this.#ofCall(hook, { ...wordsOfCall(call), ...wordsOfResult(answer) });
    return answer;
  }

  /** The turn was asked to end: nobody waits for its hooks any more. A pause waits for them. */
  control(): void {
    if (this.#isTurnOver()) for (const call of this.#calls) call.abort();
  }

  /** Behind the last word: what runs may end by itself for so long. */
  async stop(reason: string, withinMs: number): Promise<void> {
    this.#tell('sessionEnd', 'stopped', { reason });
    this.#pump();
    if (this.#running.size > 0) await Promise.race([this.#idle(), this.#pause(withinMs)]);
    this.#end.abort();
    await this.#idle();
  }

  #isTurnOver(): boolean {
    const { control, mode } = this.#pod.core.live;
    return mode === 'stopping' || control?.kind === 'cancel' || control?.kind === 'limit';
  }

  async #idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  #hooks(): readonly Hook[] {
    return hooksIn(this.#pod.session.settings);
  }

  #meant(event: HookEvent, subject: string): Hook[] {
    return this.#hooks().filter((hook) => hook.event === event && isMeant(hook, subject));
  }

  #note(body: EntryBody, seq: number): void {
    if (body.type === 'turnEnded') {
      this.#tell('turnEnded', body.outcome, wordsOfTurn(body, this.#pod.facts.lastText), seq);
    } else if (body.type === 'approval' && body.state === 'asked') {
      this.#tell('question', body.tool, wordsOfQuestion(body), seq);
    }
  }

  #tell(event: HookEvent, subject: string, words: HookWords, seq?: number): void {
    const time = this.#pod.host.clock.wallTime();
    for (const hook of this.#meant(event, subject)) {
      const waiting = this.#waiting.get(hook.id) ?? [];
      this.#waiting.set(hook.id, waiting);
      if (waiting.length < waitingMax) waiting.push({ words, time, ...(seq !== undefined && { seq }) });
      else this.#report(hook, `The hook for ${event} does not keep up: it is not run for each one.`);
    }
    this.#pod.host.clock.soon(() => this.#pump());
  }

  /** Each hook works on its own list, and on one thing at a time. */
  #pump(): void {
    if (this.#end.signal.aborted) return;
    for (const hook of this.#hooks()) {
      const hasWork =
        (this.#waiting.get(hook.id)?.length ?? 0) > 0 ||
        this.#pod.facts.hooksDue.some((due) => due.hook === hook.id);
      if (!hasWork || this.#running.has(hook.id)) continue;
      const running = this.#work(hook)
        .catch((error: unknown) => this.#pod.host.self.complain(`a hook: ${String(error)}`))
        .finally(() => this.#running.delete(hook.id));
      this.#running.set(hook.id, running);
    }
  }

  async #work(hook: Hook): Promise<void> {
    const { facts } = this.#pod;
    while (!this.#end.signal.aborted) {
      const news = this.#waiting.get(hook.id)?.shift();
      if (news !== undefined) {
        await this.#pod.durable();
        await this.#run(hook, news, this.#end.signal);
        continue;
      }
      const due = facts.hooksDue.find((one) => one.hook === hook.id);
      if (due === undefined) return;
      await this.#workOff(hook, due);
    }
  }

  /** Until `hookDone` is committed, or the pod ends. */
  async #workOff(hook: Hook, due: DueHook): Promise<void> {
    const pod = this.#pod;
    await pod.durable();
    const news = await this.#newsOf(due.seq);
    const ran =
      news === null
        ? ({ kind: 'notStarted', why: 'what it is about cannot be read in the log' } as const)
        : await this.#started(hook, news);
    if (ran.kind === 'aborted') return;
    pod.crash('hook.ran');
    const identity = { instance: pod.session.instance, seq: due.seq };
    const done: EntryBody = { type: 'hookDone', hook: hook.id, identity, ...exitOf(ran) };
    while (!pod.tryCommit([done])) {
      if (this.#end.signal.aborted) return;
      await this.#pause(storageRetryMs);
    }
  }

  async #started(hook: Hook, news: HookNews): Promise<HookRan> {
    for (const delayMs of startDelaysMs) {
      const ran = await this.#run(hook, news, this.#end.signal);
      if (ran.kind !== 'notStarted') return ran;
      await this.#pause(delayMs);
      if (this.#end.signal.aborted) return { kind: 'aborted' };
    }
    return await this.#run(hook, news, this.#end.signal);
  }

  #pause(delayMs: number): Promise<void> {
    const { signal } = this.#end;
    return new Promise((resolve) => {
      const end = this.#pod.host.clock.after(signal.aborted ? 0 : delayMs, () => {
        signal.removeEventListener('abort', done);
        resolve();
      });
      const done = (): void => {
        end();
        resolve();
      };
      signal.addEventListener('abort', done, { once: true });
    });
  }

  /** Null where the log does not have it any more, or it is damaged. */
  async #newsOf(seq: number): Promise<HookNews | null> {
    const { facts } = this.#pod;
    const entry = await this.#entryAt(seq);
    if (entry?.type === 'podEventReceived') return { words: wordsOfReceipt(entry), time: entry.time, seq };
    if (entry?.type !== 'turnEnded') return null;
    const isLast = facts.lastTurn?.turn === entry.turn && facts.turn === null;
    return { words: wordsOfTurn(entry, isLast ? facts.lastText : null), time: entry.time, seq };
  }

  async #ofCall(hook: Hook, words: HookWords): Promise<HookRan> {
    const abort = new AbortController();
    if (this.#isTurnOver()) return { kind: 'aborted' };
    this.#calls.add(abort);
    try {
      return await this.#run(hook, { words, time: this.#pod.host.clock.wallTime() }, abort.signal);
    } finally {
      this.#calls.delete(abort);
    }
  }

  async #run(hook: Hook, { words, time, seq }: HookNews, signal: AbortSignal): Promise<HookRan> {
    const pod = this.#pod;
    const { session, path } = pod;
    const identity = seq === undefined ? {} : { identity: { instance: session.instance, seq } };
    this.#runs += 1;
    const ran = await pod.host.work.runHook(pod.folder, {
      instance: session.instance,
      call: `hook-${hook.id}-${this.#runs}`,
      command: hook.command,
      folder: hook.folder,
      timeoutMs: hook.timeoutMs,
      input: payloadOf(hook.event, { session, path, time, ...identity }, words),
      signal,
    });
    const failure = failureText(hook, ran);
    if (failure === null) this.#reported.delete(hook.id);
    else this.#report(hook, failure);
    return ran;
  }

  #report(hook: Hook, text: string): void {
    if (this.#reported.get(hook.id) === text) return;
    this.#reported.set(hook.id, text);
    const alert = { type: 'alert', level: 'warning', code: 'hookFailed', text } as const;
    if (!this.#pod.tryCommit([alert])) this.#pod.show(alert);
  }
}

async function entryOf({ log, host }: Pod, seq: number): Promise<Entry | null> {
  const region = { disk: host.logs, from: log.offsetOfSeq(seq), to: log.size };
  for await (const { entry } of readEntries(log.path, region)) {
    if (entry.seq >= seq) return entry.seq === seq ? entry : null;
  }
  return null;
}
