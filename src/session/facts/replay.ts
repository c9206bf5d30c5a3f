/**
 * The fold from entries to facts. Deterministic and free of I/O; changes `facts` in place because a log may
 * hold a hundred thousand entries.
 *
 * Invariants
 * - R1 `applyEntry` never fails on a well-formed entry, whatever came before it: what it does not understand
 *   it passes over.
 * - R2 Dedupe memory is one number a sender, never a list of identities.
 * - R3 An item is in exactly one of: buffer (received), unseen (consumed), neither (final).
 */
import type { Usage } from '../../protocol/pod-event.ts';
import type { Entry, EntryBody, InputReceivedEntry, ToolResultEntry } from './entries.ts';
import { applyApproval } from './replay-approvals.ts';
import {
  applyCompaction,
  applyCompactionFailed,
  applyContextRefused,
  applyImagesRefused,
  applyReasoningRefused,
  applyTools,
  applyItemCut,
  forgetInstructed,
  noteFile,
  noteInstructed,
  noteMeasured,
  noteReport,
} from './replay-context.ts';
import { engineAnswered, engineBegun, enginePrompted } from './engine-entries.ts';
import type { UnmetItem } from './demand-entries.ts';
import { applyBudget } from './replay-budget.ts';
import { applyCommandEnded, applyCommandStarted } from './replay-commands.ts';
import {
  applyAssignment,
  applyChild,
  applyReceipt,
  applyScope,
  applyScopeWait,
  forgetDelivered,
  rememberOrigin,
  waitForWord,
} from './replay-children.ts';
import { applyHookDone, noteHooks, noteReceived } from './hook-facts.ts';
import { beginMailbox, keptOutside, ofMailbox } from './replay-mailbox.ts';
import { applyOwned, applySet, applyToolsOffered } from './replay-set.ts';
import { ofTurns } from './replay-turns.ts';
import { sameItem, reportsEndOf } from './item-content.ts';
import { joined } from './restrictions.ts';
import { textOf } from './transcript.ts';
import { type Facts, addUsage, closesAssignments, emptyFacts } from './facts.ts';

export function replay(entries: Iterable<Entry>): Facts {
  const facts = emptyFacts();
  for (const entry of entries) applyEntry(facts, entry);
  return facts;
}

type Appliers = {
  [T in EntryBody['type']]: (facts: Facts, entry: Entry<Extract<EntryBody, { type: T }>>) => void;
};

export function applyEntry(facts: Facts, entry: Entry): void {
  facts.lastSeq = entry.seq;
  facts.lastTime = entry.time;
  applyBudget(facts.budget, entry);
  if (!Object.hasOwn(appliers, entry.type)) return;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the applier of an entry's own type takes that entry
  (appliers[entry.type] as (facts: Facts, entry: Entry) => void)(facts, entry);
}

const appliers: Appliers = {
  session(facts, entry) {
    facts.session = entry;
    beginMailbox(facts, entry);
  },
  started(facts, entry) {
    if (facts.started !== null && !facts.stopped) noteDeath(facts, entry.time);
    facts.incarnation = entry.incarnation;
    facts.started = entry;
    if (entry.restrictions) facts.restrictions = joined(facts.restrictions, entry.restrictions);
    facts.stopped = false;
    facts.refusal = null;
    waitForWord(facts, entry.time);
    // A new incarnation may try again what failed for good in the last one.
    if (facts.held?.why === 'failed') facts.held = null;
  },
  stopped(facts) {
    facts.stopped = true;
    giveUpWork(facts);
  },
  inputReceived: applyInput,
  inputDropped(facts, entry) {
    facts.queue = facts.queue.filter((run) => run.submission !== entry.submission);
  },
  userMessage(facts, entry) {
    facts.queue = facts.queue.filter((run) => run.submission !== entry.submission);
    if (entry.from.kind === 'parent' && facts.ownAssignments.has(entry.submission)) {
      facts.ownAssignments.set(entry.submission, 'begun');
    }
    facts.lastText = '';
    facts.history.push(entry);
  },
  ...ofTurns,
  assistantMessage(facts, entry) {
    const text = textOf(entry);
    if (text !== '') facts.lastText = text;
    if (facts.turn !== null) facts.turn.answeredBy = entry.model;
    facts.history.push(entry);
  },
  toolCall(facts, entry) {
    facts.history.push(entry);
    facts.turn?.dangling.set(entry.call, entry);
  },
  toolResult: applyToolResult,
  systemItem(facts, entry) {
    facts.lastText = '';
    if (!keptOutside(facts, entry)) facts.history.push(entry);
    noteReport(facts, entry);
    const { item } = entry;
    if (item.kind === 'unmet') {
      noteUnmet(facts, item);
      return;
    }
    const sender = item.kind === 'podEvent' ? facts.children.get(item.from.instance) : undefined;
    // It was received, also where the line of its receipt is damaged.
    if (sender !== undefined && 'seq' in item) sender.received = Math.max(sender.received, item.seq ?? 0);
    const index = facts.notifyBuffer.findIndex(({ content }) => sameItem(content, item));
    const buffered = index < 0 ? undefined : facts.notifyBuffer.splice(index, 1)[0];
    facts.unseen.push({
      entrySeq: entry.seq,
      receivedAt: buffered?.receivedAt ?? null,
      wakes: buffered?.wakes ?? false,
      hops: buffered?.hops ?? 0,
      deathsAt: buffered?.deathsAt ?? [],
    });
  },
  stepCompleted(facts, entry) {
    facts.seenThrough = Math.max(facts.seenThrough, entry.seenThrough);
    facts.unseen = facts.unseen.filter((item) => item.entrySeq > entry.seenThrough);
    if (facts.turn !== null) facts.turn.steps = entry.step;
    facts.engine = engineAnswered(facts.engine, entry);
    applyUsage(facts, entry);
    noteMeasured(facts, entry);
  },
  requestFailed: applyUsage,
  repositoryMade: ({ repositories }, { path, place }) => void repositories.set(path, place),
  toolsOffered: applyToolsOffered,
  owned: applyOwned,
  assignment: applyAssignment,
  commandStarted: applyCommandStarted,
  commandEnded: applyCommandEnded,
  alert(facts, entry) {
    if (entry.quarantines !== undefined) facts.quarantined.add(entry.quarantines);
    if (entry.code === 'wakeBudget') facts.overBudgetAt ??= entry.time;
    if (entry.code === 'contextUnknown') facts.context.isWindowReported = true;
    if (entry.code === 'usageDoubted') facts.context.isUsageDoubted = true;
    if (entry.switched !== undefined) facts.switched = entry.switched;
    const refused = facts.children.get(entry.refuses?.child.instance ?? '');
    if (refused !== undefined) refused.refused = entry.refuses?.code ?? null;
    if (entry.refusal !== undefined)
      facts.refusal = { code: entry.refusal, text: entry.text, at: entry.time };
  },
  podEventEmitted(facts, entry) {
    const { event, eventSeq, incarnation } = entry;
    facts.outbox.emitted = eventSeq;
    facts.outbox.pending.set(eventSeq, { event, incarnation, committedAt: entry.time });
    if (event.kind === 'scopeSubDelegated') rememberOrigin(facts, event.origin);
    // It stands also where the process died before its last line: the parent has closed what this incarnation
    // was doing.
    if (event.kind === 'shutDown') giveUpWork(facts);
    if (!('assignments' in event) || !closesAssignments(event)) return;
    const closed =
      event.kind === 'shutDown' ? [...event.assignments, ...event.notStarted] : event.assignments;
    for (const assignment of closed) {
      if (facts.ownAssignments.delete(assignment)) facts.closedAssignments.set(assignment, eventSeq);
    }
  },
  podEventAcked(facts, entry) {
    facts.outbox.acked = Math.max(facts.outbox.acked, entry.through);
    facts.refusal = null;
    forgetDelivered(facts, entry.through);
  },
  discarded(facts, entry) {
    forgetDelivered(facts, entry.through);
  },
  podEventReceived(facts, entry) {
    applyReceipt(facts, entry);
    noteReceived(facts, entry);
  },
  approval: applyApproval,
  child: applyChild,
  scope: applyScope,
  scopeWait: applyScopeWait,
  pruned(facts, { through, after }) {
    const { context } = facts;
    context.prunedThrough = Math.max(context.prunedThrough, through);
    context.estimated = after;
    forgetInstructed(facts, through);
  },
  compaction(facts, entry) {
    applyCompaction(facts, entry);
    applyUsage(facts, entry);
  },
  compactionFailed(facts, entry) {
    applyCompactionFailed(facts, entry);
    applyUsage(facts, entry);
  },
  compactionAsked({ context }, { seq, instructions }) {
    context.asked = { seq, instructions };
  },
  itemCut: applyItemCut,
  contextRefused: applyContextRefused,
  imagesRefused: applyImagesRefused,
  reasoningRefused: applyReasoningRefused,
  systemPrompt({ context }, { text }) {
    context.system = text;
  },
  tools: applyTools,
  set(facts, entry) {
    applySet(facts, entry);
    noteHooks(facts);
  },
  hookDone: applyHookDone,
  traced: (facts, { turn, span, parent }) => void (facts.trace = { turn, span, parent }),
  engine: (facts, entry) => void (facts.engine = engineBegun(facts.engine, entry)),
  enginePrompt: (facts, entry) => void (facts.engine = enginePrompted(facts.engine, entry)),
  ...ofMailbox,
  budgetBound: inBudget,
  budgetReserved: inBudget,
  budgetLease: inBudget,
  budgetLent: inBudget,
};

/** `applyBudget` has it: it looks at entries of other kinds too. */
function inBudget(): void {}

/**
 * It is about this turn alone, which no longer finishes without a further answer: nothing of it is left
 * behind.
 */
function noteUnmet({ turn }: Facts, { of }: UnmetItem): void {
  if (turn !== null) turn.unmet = { ...turn.unmet, [of]: turn.unmet[of] + 1 };
}

/** A pod that ends in order resumes nothing; what its parent had given it is told as not done. */
function giveUpWork(facts: Facts): void {
  // Nobody is told of a root's: a person may want it all the same.
  if (facts.session?.parent === null) facts.cut = facts.resumable ?? facts.cut;
  facts.resumable = null;
  facts.context.asked = null;
  facts.approvals.clear();
  facts.queue = facts.queue.filter((run) => run.from.kind !== 'parent');
}

function applyInput(facts: Facts, entry: Entry<InputReceivedEntry>): void {
  const { submission, from, text, hops, trace } = entry;
  const images = entry.images === undefined ? {} : { images: entry.images };
  facts.submissions.add(submission);
  switch (entry.kind) {
    case 'run':
      facts.queue.push({
        submission,
        from,
        text,
        hops,
        ...images,
        ...(trace === undefined ? {} : { trace }),
      });
      if (from.kind === 'parent') facts.ownAssignments.set(submission, 'queued');
      facts.held = null;
      return;
    case 'notice': {
      const content = { kind: 'notice' as const, submission, from, text, ...images };
      facts.notifyBuffer.push({
        entrySeq: entry.seq,
        wakes: entry.wake,
        hops,
        receivedAt: entry.time,
        deathsAt: [],
        content,
      });
      if (entry.wake) facts.held = null;
      return;
    }
    case 'pause':
      facts.paused = true;
      return;
    case 'resume':
      facts.resumable ??= facts.cut;
      facts.cut = null;
      facts.paused = false;
      facts.held = null;
      return;
    case 'cancel':
      // What the cancelled work had taken in waits for a new input; what came while it stood still does not.
      if (facts.resumable !== null && facts.unseen.length > 0) {
        facts.held = { why: 'cancelled', through: entry.seq, before: 0 };
      }
      facts.resumable = null;
      facts.context.asked = null;
      facts.cut = null;
      facts.approvals.clear();
      facts.paused = false;
  }
}

function applyUsage(facts: Facts, { usage }: { usage: Usage }): void {
  facts.usage = addUsage(facts.usage, usage);
  if (facts.turn !== null) facts.turn.usage = addUsage(facts.turn.usage, usage);
}

function applyToolResult(facts: Facts, entry: Entry<ToolResultEntry>): void {
  facts.history.push(entry);
  noteFile(facts, entry);
  noteInstructed(facts, entry);
  facts.turn?.dangling.delete(entry.call);
  const { stopped, readOutput, plan } = entry;
  if (plan !== undefined) facts.plan = plan;
  if (stopped !== undefined) {
    const child = facts.children.get(stopped.instance);
    if (child !== undefined) child.stopReported = Math.max(child.stopReported, stopped.incarnation);
    // The result said it: what had arrived about that end meanwhile is final (delivery §3).
    facts.notifyBuffer = facts.notifyBuffer.filter((item) => !reportsEndOf(item.content, stopped));
  }
  if (readOutput !== undefined) {
    facts.readCursors.set(readOutput.instance, readOutput.cursor);
    if (readOutput.coversTurn !== null) facts.readTurns.set(readOutput.coversTurn, entry.seq);
  }
}

/** The last incarnation ended in the middle of a turn: whatever it had in hand may be what ended it. */
function noteDeath(facts: Facts, at: string): void {
  if (facts.turn === null) return;
  for (const item of facts.unseen) item.deathsAt.push(at);
  if (facts.turn.steps === 0) for (const item of facts.notifyBuffer) item.deathsAt.push(at);
}
