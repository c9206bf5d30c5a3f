/**
 * Whether an entry has the fields that the oracle reads. A line with a right checksum may still come from
 * another program or a broken one; what does not fit is told and passed over, so that the checks behind it
 * need not doubt a field. Plain functions: each entry of a log of hundreds of megabytes passes here.
 */
import type { SentPodEvent } from '../../protocol/pod-event.ts';
import type { Entry, EntryBody } from '../../session/facts/entries.ts';

type Test = (value: unknown) => boolean;

const isText: Test = (value) => typeof value === 'string';
const isFlag: Test = (value) => typeof value === 'boolean';
const isNumber: Test = (value) => typeof value === 'number';
const isCount: Test = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const names: Test = listOf(isText);

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf(test: Test): Test {
  return (value) => Array.isArray(value) && value.every(test);
}

function optional(test: Test): Test {
  return (value) => value === undefined || test(value);
}

function nullable(test: Test): Test {
  return (value) => value === null || test(value);
}

function oneOf(...values: readonly string[]): Test {
  return (value) => typeof value === 'string' && values.includes(value);
}

/** Other fields may be there. */
function fields(tests: Readonly<Record<string, Test>>): Test {
  const list = Object.entries(tests).map(([field, test]) => ({ field, test }));
  return (value) => isRecord(value) && list.every(({ field, test }) => test(value[field]));
}

/** By the text in one field; what another version writes there is read by nothing here. */
function byField(field: string, cases: Readonly<Record<string, Test>>): Test {
  const tests = new Map(Object.entries(cases));
  return (value) => {
    const kind = isRecord(value) ? value[field] : undefined;
    return typeof kind === 'string' && (tests.get(kind)?.(value) ?? true);
  };
}

const ref = { name: isText, instance: isText };
const isRef = fields(ref);
const isIdentity = fields({ ...ref, incarnation: isCount });

const isSource = fields({ kind: isText });
const isUsage = fields({ inputTokens: isNumber, outputTokens: isNumber, cost: optional(nullable(isNumber)) });

const isLease = fields({ granted: isCount, returned: isCount });
/** By unit. */
const leases = { nanoUsd: optional(isLease), tokens: optional(isLease) };
const isTotal = fields({ granted: isCount, returned: isCount, used: isCount });
const isTotals = fields({ nanoUsd: optional(isTotal), tokens: optional(isTotal) });
const amounts = { nanoUsd: optional(isCount), tokens: optional(isCount) };

/** What goes with finished work. */
const evidence = {
  check: optional(fields({ passed: isFlag, exitCode: nullable(isNumber), tail: isText })),
  result: optional(fields({ fits: isFlag })),
  worktree: optional(fields({ branch: isText, fetched: isFlag })),
};

const isEvent = fields({ kind: isText, budget: optional(isTotals), ...evidence });

/** As a receiver noted it: what it could not read it left out. */
const isReceivedEvent = fields({
  kind: isText,
  outcome: optional(isText),
  turn: optional(isText),
  settled: optional(isFlag),
  restored: optional(isFlag),
  assignments: optional(names),
  outstanding: optional(names),
  text: optional(isText),
  unread: optional(names),
  error: optional(fields({ category: isText, message: isText })),
  ...evidence,
  budget: optional(isTotals),
});

const report = {
  turn: isText,
  assignments: names,
  outstanding: names,
  settled: isFlag,
  text: isText,
  textChars: isNumber,
  usage: isUsage,
  durationMs: isNumber,
};

const isKnownReport = fields({ kind: oneOf('turnEnded', 'errored', 'shutDown') });
const isReadable = byField('kind', {
  turnEnded: fields({ ...report, outcome: isText }),
  errored: fields({ ...report, error: fields({ category: isText, message: isText }) }),
  shutDown: fields({ assignments: names, notStarted: names, outstanding: names }),
});

/** A pod's word about its work, with all that it is judged by: another version's may have other fields. */
export function isReport(event: SentPodEvent): event is Exclude<SentPodEvent, { kind: 'scopeSubDelegated' }> {
  return isKnownReport(event) && isReadable(event);
}

const isItem = byField('kind', {
  podEvent: fields({
    from: isIdentity,
    seq: nullable(isCount),
    event: isReceivedEvent,
    body: isText,
  }),
  notice: fields({ submission: isText, body: isText }),
  assignment: fields({ assignment: isText, body: isText }),
  command: fields({ command: isText, body: isText }),
  unmet: fields({ of: isText, body: isText }),
});

const call = { turn: isText, step: isCount, call: isText, tool: isText };

const isApproval = byField('state', {
  asked: fields({
    request: isText,
    call: isText,
    tool: isText,
    summary: isText,
    always: fields({ tool: isText, exact: nullable(isText) }),
  }),
  answered: fields({
    request: isText,
    decision: oneOf('allow', 'deny', 'allowAlways'),
    by: isText,
    call: optional(isText),
  }),
  taken: fields({ request: isText, call: isText }),
});

/** Types that are not here are read by nothing. */
const shapes: { readonly [T in EntryBody['type']]?: Test } = {
  // What a pod is, and what it accepted.
  session: fields({
    ...ref,
    schema: isCount,
    parent: nullable(isRef),
    depth: isCount,
    permissionMode: isText,
    settings: isRecord,
  }),
  set: fields({ permissionMode: optional(isText) }),
  started: fields({ incarnation: isCount, pid: isCount, startTime: isText, bootId: isText }),
  stopped: fields({ incarnation: isCount }),
  inputReceived: fields({ submission: isText, kind: isText, wake: isFlag, from: isSource, text: isText }),
  inputDropped: fields({ submission: isText, reason: isText }),
  // What it did in its turns.
  userMessage: fields({ turn: isText, submission: isText, from: isSource, text: isText }),
  turnStarted: fields({ turn: isText, kind: isText, submissions: names }),
  assistantMessage: fields({
    turn: isText,
    step: isCount,
    parts: listOf(byField('type', { text: fields({ text: isText }) })),
  }),
  toolCall: fields(call),
  toolResult: fields({
    ...call,
    isError: isFlag,
    denied: optional(isFlag),
    interrupted: optional(isFlag),
    stopped: optional(fields({ instance: isText, incarnation: isCount })),
    readOutput: optional(fields({ instance: isText, coversTurn: nullable(isText) })),
  }),
  systemItem: fields({ turn: isText, item: isItem }),
  stepCompleted: fields({ turn: isText, step: isCount, seenThrough: isCount, usage: isUsage }),
  requestFailed: fields({ turn: isText, step: isCount, usage: isUsage }),
  turnEnded: fields({ turn: isText, outcome: isText, settled: isFlag, outstanding: names, usage: isUsage }),
  turnTime: fields({ turn: isText, usedMs: isCount }),
  interrupted: fields({ turn: nullable(isText) }),
  approval: fields({ state: oneOf('asked', 'answered', 'taken') }),
  commandStarted: fields({ command: isText }),
  commandEnded: fields({ command: isText, reads: isFlag, wakes: isFlag, tail: isText }),
  // What passes between pods.
  assignment: fields({
    assignment: isText,
    child: isRef,
    state: oneOf('open', 'closed'),
    text: isText,
    tell: optional(isFlag),
  }),
  podEventEmitted: fields({ eventSeq: isCount, incarnation: isCount, event: isEvent }),
  podEventAcked: fields({ through: isCount }),
  podEventReceived: fields({
    from: isIdentity,
    eventSeq: nullable(isCount),
    event: isReceivedEvent,
    reads: isFlag,
    wakes: isFlag,
    closes: names,
    readAt: optional(isCount),
  }),
  child: fields({ child: isRef, state: isText, incarnation: optional(isCount), call: optional(isText) }),
  scope: fields({
    change: oneOf('delegated', 'reclaimed', 'granted'),
    child: optional(isRef),
    scope: fields({ write: names }),
  }),
  scopeWait: fields({ state: oneOf('waits', 'over'), child: optional(isRef) }),
  alert: fields({
    refusal: optional(isText),
    refuses: optional(fields({ child: isRef, code: isText })),
  }),
  // What it may spend.
  budgetBound: fields({ nanoUsd: optional(nullable(isCount)), tokens: optional(nullable(isCount)) }),
  budgetReserved: fields({ turn: isText, step: isCount, ...amounts, adds: optional(isFlag) }),
  budgetLease: fields({ ...leases, confirmed: optional(isFlag) }),
  budgetLent: fields({ ...leases, child: isRef, cap: optional(fields(amounts)) }),
  compaction: fields({ usage: isUsage }),
  compactionFailed: fields({ usage: isUsage }),
  discarded: fields({ through: isCount }),
  // Of a mailbox, for the host outside.
  outsideCall: fields({ state: oneOf('begun', 'done', 'failed'), request: isText, digest: optional(isText) }),
  itemsSeen: fields({ items: listOf(isCount) }),
};
const tests = new Map<string, Test>(Object.entries(shapes));

/** True for types that nothing here reads. */
export function fits(entry: Entry): boolean {
  if (tests.get(entry.type)?.(entry) === false) return false;
  return entry.type !== 'approval' || isApproval(entry);
}

/** The part of a tombstone that the oracle reads. */
export const isTombstone: Test = fields({
  name: isText,
  instance: isText,
  received: (value) => isRecord(value) && Object.values(value).every(isCount),
  emitted: isCount,
  acked: isCount,
  discarded: isFlag,
});
