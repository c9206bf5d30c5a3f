/**
 * What comes in from outside, each as one function over the core: check, commit, evaluate. Refusals are
 * `WireError`s; an input whose commit failed has changed nothing. The caller awaits the log's sync before it
 * answers what must be durable.
 */
import { thrownText } from '../../std/thrown-text.ts';
import type { ImageRef } from '../../std/image.ts';
import { WireError } from '../../protocol/errors.ts';
import type { Params } from '../../protocol/methods.ts';
import { lessened } from '../../protocol/read-event.ts';
import type { EntryBody, InputSource } from '../../session/facts/entries.ts';
import type { ChildFacts } from '../../session/facts/facts.ts';
import { inputTextProblem } from '../../session/log/input-bound.ts';
import { EntryTooLong } from '../../session/log/line.ts';
import { begunAssignments, emitted } from '../../delivery/emit.ts';
import { type InboundEvent, endsBefore, receive, reconcile } from '../../delivery/inbox.ts';
import { regrant } from '../../scope/ownership/delegation.ts';
import { settledView } from '../../delivery/settled.ts';
import { reported } from './budget.ts';
import { type Core, controlEntry, noteStorageProblem, statusOf } from './core.ts';
import { closedApprovals } from './approval-facts.ts';
import { cancelledWaiting, isWaitingForScope } from './scope-wait.ts';
import { evaluate } from './state.ts';
import { cancelBelow } from './turn-time.ts';

export interface RunInput {
  text: string;
  images?: ImageRef[];
  submission: string;
  from: InputSource;
  ifBusy: 'queue' | 'reject';
  hops: number;
  trace?: string | undefined;
}

export function onRun(core: Core, input: RunInput): 'started' | 'queued' {
  const { facts, live } = core;
  const { submission, from, text, images } = input;
  if (!facts.submissions.has(submission)) {
    refuseStopping(core);
    refuseTooLong(text);
    const isBusy = live.mode !== 'idle' || facts.paused || facts.queue.length > 0;
    if (input.ifBusy === 'reject' && (isBusy || facts.scopeWait !== null)) {
      throw new WireError(
        'busy',
        `The pod is ${isWaitingForScope(core) ? 'waiting for its paths' : statusOf(core)}; send the run without ifBusy "reject" to queue it.`,
      );
    }
    // A person's word starts a new chain, whatever it carries.
    const hops = from.kind === 'person' ? 0 : input.hops;
    const said = { text, ...(images && { images }), hops, ...(input.trace && { trace: input.trace }) };
    commitInput(core, [{ type: 'inputReceived', submission, kind: 'run', wake: true, from, ...said }]);
    evaluate(core, { urgent: true });
  }
  return facts.queue.some((run) => run.submission === submission) ? 'queued' : 'started';
}

export interface NoticeInput {
  text: string;
  images?: ImageRef[];
  submission: string;
  from: InputSource;
  wake: boolean;
  hops: number;
}

/** Taken in every state: while stopping it waits on disk for the next start. */
export function onNotice(core: Core, input: NoticeInput): void {
  const { text, images, submission, from, wake, hops } = input;
  if (core.facts.submissions.has(submission)) return;
  refuseStopped(core);
  const said = { text, ...(images && { images }), hops };
  commitInput(core, [{ type: 'inputReceived', submission, kind: 'notice', wake, from, ...said }]);
  evaluate(core, { urgent: false });
}

/** `assignments`: what a parent means; a turn that works for something else is left alone. */
export function onCancel(core: Core, by: 'person' | 'parent', assignments?: readonly string[]): void {
  const { facts, live, ports } = core;
  refuseStopping(core);
  const isTurnMeant = assignments === undefined || concerns(core, assignments);
  if (isWaitingForScope(core) && cancelWaiting(core, by, { assignments, isTurnMeant })) return;
  if (!isTurnMeant) return;
  const given = [...facts.assignments.values()];
  if (live.mode === 'running') {
    live.control = { kind: 'cancel', by };
    cancelBelow(core);
    ports.perform({ type: 'controlTurn' });
    return;
  }
  const began = facts.resumable !== null;
  if (!began && given.length === 0) {
    throw new WireError(
      'notRunning',
      'The pod has nothing to cancel: it is not running and waits for no child.',
    );
  }
  cancelStoppedTurn(core, by);
  ports.perform({ type: 'cancelChildren', assignments: given.map((open) => open.assignment) });
  evaluate(core, { urgent: true });
}

/** False where there is nothing of it. */
function cancelWaiting(
  core: Core,
  by: 'person' | 'parent',
  meant: Parameters<typeof cancelledWaiting>[2],
): boolean {
  const bodies = cancelledWaiting(core, by, meant);
  if (bodies.length === 0) return false;
  const given = [...core.facts.assignments.values()];
  commitInput(core, bodies);
  const { ports } = core;
  if (bodies.some(({ type }) => type === 'podEventEmitted')) ports.perform({ type: 'emitted' });
  if (meant.isTurnMeant && given.length > 0)
    ports.perform({ type: 'cancelChildren', assignments: given.map((open) => open.assignment) });
  ports.perform({ type: 'statusChanged' });
  evaluate(core, { urgent: true });
  return true;
}

function concerns(core: Core, assignments: readonly string[]): boolean {
  const submissions = core.facts.turn?.submissions ?? core.facts.resumable?.submissions ?? [];
  const mine = new Set([...submissions, ...begunAssignments(core.facts)]);
  return assignments.some((id) => mine.has(id));
}

/** A paused or interrupted turn, if there is one, ends here, without having run again. */
export function cancelStoppedTurn(core: Core, by: 'person' | 'parent'): void {
  const { facts, ports } = core;
  if (facts.resumable === null) return;
  const submission = ports.newId();
  const assignments = begunAssignments(facts);
  const view = settledView(facts, { holding: true });
  const report = emitted(facts, {
    kind: 'turnEnded',
    outcome: 'cancelled',
    by,
    turn: facts.lastTurn?.turn ?? submission,
    assignments,
    outstanding: view.outstanding,
    settled: view.outstanding.length === 0 && facts.queue.length === 0,
    text: '',
    textChars: 0,
    usage: { inputTokens: 0, outputTokens: 0, cost: 0 },
    durationMs: 0,
    hops: facts.resumable?.hops ?? 0,
  });
  commitInput(core, [
    controlEntry(submission, 'cancel'),
    ...closedApprovals(facts, 'cancel'),
    ...(assignments.length > 0 ? [report] : []),
  ]);
  if (assignments.length > 0) ports.perform({ type: 'emitted' });
  ports.perform({ type: 'statusChanged' });
}

export function onPause(core: Core, by: 'person' | 'parent'): void {
  const { facts, live, ports } = core;
  refuseStopping(core);
  if (facts.paused) return;
  if (live.mode === 'running') {
    if (live.control === null) live.control = { kind: 'pause', by };
    else if (live.control.kind === 'limit') live.control = { ...live.control, pauses: true };
    ports.perform({ type: 'controlTurn' });
    return;
  }
  commitInput(core, [controlEntry(ports.newId(), 'pause')]);
  ports.perform({ type: 'statusChanged' });
}

export function onResume(core: Core): void {
  const { facts, live, ports } = core;
  refuseStopping(core);
  if (live.control?.kind === 'pause') {
    live.control = null;
    return;
  }
  if (live.control?.kind === 'limit' && live.control.pauses) {
    live.control = { ...live.control, pauses: false };
    return;
  }
  if (!facts.paused && facts.held === null && facts.cut === null) {
    throw new WireError('notPaused', `The pod is ${statusOf(core)}; there is nothing to resume.`);
  }
  commitInput(core, [controlEntry(ports.newId(), 'resume')]);
  ports.perform({ type: 'statusChanged' });
  evaluate(core, { urgent: true });
}

const reasonCharsMax = 500;

/** From here on nothing starts; what is told to this pod is still taken in. */
export function onShutdown(core: Core, by: 'person' | 'parent' | 'signal', reason: string): void {
  const { live, ports } = core;
  if (live.mode === 'stopping') return;
  live.mode = 'stopping';
  live.stopReason = { reason: reason.slice(0, reasonCharsMax).toWellFormed(), by };
  ports.perform({ type: 'statusChanged' });
  ports.perform({ type: 'stop' });
}

/**
 * P1–P5 for an event over the link or from a dead child's log. Throws `unknownChild`, `gap`, `storageFailed`.
 */
export function onPodEvent(
  core: Core,
  message: InboundEvent,
): { outcome: 'accepted' | 'duplicate'; received: number } {
  refuseStopped(core);
  try {
    return takeEvent(core, message);
  } catch (error) {
    if (!(error instanceof WireError) || error.code !== 'tooLarge') throw error;
    return takeEvent(core, { ...message, event: lessened(message.event) });
  }
}

function takeEvent(
  core: Core,
  message: InboundEvent,
): { outcome: 'accepted' | 'duplicate'; received: number } {
  const receipt = receive(core.facts, message, { stopping: core.live.mode === 'stopping' });
  switch (receipt.kind) {
    case 'unknownChild':
      throw new WireError('unknownChild', 'This pod has no such child; nothing was changed.');
    case 'gap':
      throw new WireError('gap', `Send from event ${receipt.received + 1} on.`, {
        received: receipt.received,
      });
    case 'duplicate':
      return { outcome: 'duplicate', received: receipt.received };
    case 'accept':
      commitInput(core, receipt.bodies);
      if (receipt.emits) core.ports.perform({ type: 'emitted' });
      core.ports.perform({ type: 'statusChanged' });
      evaluate(core, { urgent: false });
      return { outcome: 'accepted', received: receipt.received };
  }
}

/**
 * A child's link, after its token was found right and whatever an earlier incarnation left on disk was taken
 * in. `sure`: assignments whose run is being sent, or was answered for by the child since this process began.
 */
export function onLink(core: Core, link: Params<'link'>, sure: ReadonlySet<string>): ChildFacts {
  const { facts } = core;
  const child = facts.children.get(link.child.instance);
  if (child === undefined)
    throw new WireError('unknownChild', 'This pod has no such child; nothing was changed.');
  const { incarnation } = link.child;
  if (incarnation < child.incarnation) {
    throw new WireError('regressed', 'A later incarnation of this pod has linked; this one should end.', {
      incarnation: child.incarnation,
    });
  }
  if (link.emitted !== undefined && link.emitted < child.received) {
    throw new WireError(
      'regressed',
      `This pod's log is older than what its parent holds (${link.emitted} < ${child.received}); restore it as a new instance.`,
      { received: child.received },
    );
  }
  // Every earlier incarnation that has no terminal event here has died (I7); what they had committed was
  // taken in from the log before this.
  const died = endsBefore(facts, child, incarnation);
  commitInput(core, [
    ...died,
    linked(link),
    ...regrant(facts, child, incarnation),
    ...heard(reported(facts.budget, child, link.budget ?? {})),
    ...reconcile(facts, child, link.assignments, sure),
  ]);
  core.ports.perform({ type: 'statusChanged' });
  evaluate(core, { urgent: false });
  return child;
}

function heard(entry: EntryBody | null): EntryBody[] {
  return entry === null ? [] : [entry];
}

function linked(link: Params<'link'>): EntryBody {
  const { name, instance, incarnation, pid, startTime, bootId } = link.child;
  return {
    type: 'child',
    child: { name, instance },
    state: 'linked',
    incarnation,
    pid,
    startTime,
    bootId: bootId ?? '',
  };
}

export function refuseStopping(core: Core): void {
  if (core.live.mode === 'stopping') {
    throw new WireError('stopping', 'The pod is stopping; restore it first.');
  }
}

/** After its last line the log takes nothing more in: the sender keeps it for the next start. */
export function refuseStopped(core: Core): void {
  if (core.facts.stopped)
    throw new WireError('stopping', 'The pod has ended; send it again when it is restored.');
}

function refuseTooLong(text: string): void {
  const problem = inputTextProblem(text);
  if (problem !== null) throw new WireError('tooLarge', problem);
}

/**
 * Commits or refuses with `storageFailed` (`tooLarge` where no disk could hold the line): the sender keeps
 * what it sent.
 */
export function commitInput(core: Core, bodies: EntryBody[]): void {
  if (bodies.length === 0) return;
  try {
    core.ports.commit(bodies);
  } catch (error) {
    if (error instanceof EntryTooLong)
      throw new WireError('tooLarge', `Nothing was taken in: ${error.message}.`);
    const text = thrownText(error);
    noteStorageProblem(core, text);
    throw new WireError(
      'storageFailed',
      `Nothing was taken in: ${text}. Make room or repair the disk and send it again.`,
    );
  }
}
