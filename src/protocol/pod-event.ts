import * as z from 'zod';
import { traceparent } from './traceparent.ts';
import { once } from '../std/once.ts';
import { leaseReportsSchema } from './budget.ts';
import { instanceId, podName } from './names.ts';

/** Tokens as the provider counted them; cost in US dollars, null where the price is not known. */
export const usageSchema = once(() =>
  z.object({
    inputTokens: z.int().min(0),
    outputTokens: z.int().min(0),
    cost: z.number().min(0).nullable(),
  }),
);
export type Usage = z.infer<ReturnType<typeof usageSchema>>;

/**
 * What may be touched: absolute paths, each meaning the whole tree below it, or with `/*` at its end what
 * lies directly in it. `write` implies `read`; a deny caps below its right.
 */
export const pathScopeSchema = once(() =>
  z.object({
    read: z.array(z.string()).readonly(),
    write: z.array(z.string()).readonly(),
    deny: z
      .array(z.object({ path: z.string(), right: z.enum(['read', 'write']) }))
      .readonly()
      .exactOptional(),
  }),
);

/** Bounds of what a child may say, so that a notice of it always fits into one line of the parent's log. */
export const eventBounds = { textCharsMax: 65_536, nameCharsMax: 256, namesMax: 5_000 } as const;
const jsonValue = once(() => z.json());
const text = once(() => z.string().max(eventBounds.textCharsMax));
const name = once(() => z.string().max(eventBounds.nameCharsMax));
const names = once(() => z.array(name()).max(eventBounds.namesMax));

/** Written by the receiver only: names of fields that it could not read and took at their neutral values. */
const unread = once(() => z.array(name()).max(64).optional());

/** What the sender holds of its receiver's budget, as of this event; of a pod under no bound nothing. */
const budget = once(() => leaseReportsSchema().optional());

export const switchedReport = once(() => z.object({ model: name(), from: name(), why: text() }));

const turnReport = once(() => ({
  turn: name(),
  /** Every assignment that this report closes, or (not settled, paused) that it tells about. */
  assignments: names(),
  /** Who caused the ending, where somebody did. */
  by: z.enum(['person', 'parent']).optional(),
  /** Names of own children that still work. */
  outstanding: names(),
  /** True when nothing of the pod or below it is outstanding. */
  settled: z.boolean(),
  /** The first characters of the final text; `textChars` is the length of the whole. */
  text: text(),
  textChars: z.int().min(0),
  usage: usageSchema(),
  /** The model that has answered in the place of `from`, and what was said of why. */
  switched: switchedReport().optional(),
  durationMs: z.number().min(0),
  hops: z.int().min(0),
  /** The span of the turn, where it is traced. */
  trace: traceparent(),
  /** Of a pod that works in a clone of its own. */
  worktree: worktreeReport().optional(),
  budget: budget(),
  unread: unread(),
}));

/** `tail`: the end of what it wrote; `why`: it has no exit code because of that. */
export const checkReport = once(() =>
  z.object({
    passed: z.boolean(),
    exitCode: z.int().nullable(),
    tail: text(),
    why: z.enum(['timedOut', 'notRun']).optional(),
  }),
);

export const resultReport = once(() =>
  z.discriminatedUnion('fits', [
    z.object({ fits: z.literal(true), data: jsonValue() }),
    z.object({ fits: z.literal(false), problem: text() }),
  ]),
);

/**
 * What a child that works in a clone of its own leaves there, and what of it is in its parent's repository.
 */
export const worktreeReport = once(() =>
  z.object({
    /** As it is called in the repository; where it is not there, as in the clone. */
    branch: name(),
    /** Its commits are on `branch` in the repository. */
    fetched: z.boolean(),
    /** The commit that the clone began at. */
    base: name(),
    /** The clone. */
    folder: text(),
    /** Absent where that could not be found out. */
    commits: z.int().min(0).optional(),
    files: z.int().min(0).optional(),
    added: z.int().min(0).optional(),
    deleted: z.int().min(0).optional(),
    /** Files and folders with changes that are in no commit. */
    uncommitted: z.int().min(0).optional(),
    /** Files that a `.gitignore` covers, beyond what tools make anew. */
    ignored: z.int().min(0).optional(),
    /** Commits of other branches of the clone, which are not in the repository. */
    others: z.int().min(0).optional(),
    /** Why nothing was fetched, where there may have been something. */
    why: z.enum(['missing', 'noBranch', 'notInScope', 'timedOut', 'failed']).optional(),
    /** Words of git or the system. */
    problem: text().optional(),
  }),
);
export type WorktreeReport = z.infer<ReturnType<typeof worktreeReport>>;

export const turnEndedEvent = once(() =>
  z.object({
    kind: z.literal('turnEnded'),
    outcome: z.enum(['finished', 'limitReached', 'paused', 'cancelled']),
    /** Which limit, for `limitReached`. */
    reason: text().optional(),
    /** What was asked for with the work: the command that podkin ran behind the last answer. */
    check: checkReport().optional(),
    /** The last answer as data, or why it is none. */
    result: resultReport().optional(),
    ...turnReport(),
  }),
);

const erroredEvent = once(() =>
  z.object({
    kind: z.literal('errored'),
    error: z.object({ category: name(), message: text() }),
    ...turnReport(),
  }),
);

const shutDownEvent = once(() =>
  z.object({
    kind: z.literal('shutDown'),
    reason: text().optional(),
    by: z.enum(['person', 'parent', 'signal']).optional(),
    /** Open assignments whose turn had begun, and those that never began. */
    assignments: names(),
    notStarted: names(),
    outstanding: names(),
    /** Of a pod that works in a clone of its own, where there is something in it. */
    worktree: worktreeReport().optional(),
    budget: budget(),
    unread: unread(),
  }),
);

const scopeSubDelegatedEvent = once(() =>
  z.object({
    kind: z.literal('scopeSubDelegated'),
    /** The pod that received the scope, and the one that gave it. */
    to: z.object({ name: podName(), instance: instanceId() }),
    by: z.object({ name: podName(), instance: instanceId() }),
    scope: pathScopeSchema(),
    /**
     * The event as its first sender numbered it: re-emission up the tree keeps it, receivers dedupe on it.
     */
    origin: z.object({ instance: instanceId(), seq: z.int().min(1) }),
    budget: budget(),
    unread: unread(),
  }),
);

/** Written by the parent's side only (delivery §6); never accepted from the wire. */
const diedEvent = once(() =>
  z.object({
    kind: z.literal('died'),
    exitCode: z.int().optional(),
    signal: z.string().optional(),
    reason: z.string().optional(),
    stderrTail: z.string().optional(),
    lastActivityAt: z.string().optional(),
    assignments: z.array(z.string()),
    outstanding: z.array(z.string()),
    /** A later incarnation had already linked when this was written. */
    restored: z.boolean(),
  }),
);

/** Written by the parent's side only: once per episode, closes nothing. */
const unreachableEvent = once(() => z.object({ kind: z.literal('unreachable'), sinceMs: z.number() }));

/** What a child may send. */
export const sentPodEvent = once(() =>
  z.discriminatedUnion('kind', [turnEndedEvent(), erroredEvent(), shutDownEvent(), scopeSubDelegatedEvent()]),
);
export const podEventSchema = once(() =>
  z.discriminatedUnion('kind', [
    turnEndedEvent(),
    erroredEvent(),
    shutDownEvent(),
    scopeSubDelegatedEvent(),
    diedEvent(),
    unreachableEvent(),
  ]),
);
export type SentPodEvent = z.infer<ReturnType<typeof sentPodEvent>>;
export type PodEvent = z.infer<ReturnType<typeof podEventSchema>>;
export type PodEventKind = PodEvent['kind'];
