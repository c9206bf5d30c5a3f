/**
 * The one table of what a client may ask of a pod. Types, validation, the typed client, the handlers' table
 * and docs/protocol.md derive from it; a method without a handler does not compile.
 */
import * as z from 'zod';
import { once } from '../std/once.ts';
import { approveParams, approveResult, closedApprovalSchema, approvalRequestSchema } from './approval.ts';
import { boundSchema, budgetView, leaseReportsSchema, leasesSchema } from './budget.ts';
import { compactionTime } from './compaction.ts';
import { completeParams, completeResult } from './complete.ts';
import { inboxParams, inboxResult, outsideCallParams, outsideCallResult } from './mailbox.ts';
import { traceparent } from './traceparent.ts';
import { incarnationNumber, instanceId, podIdentity, podName, submissionId } from './names.ts';
import { type SentPodEvent, pathScopeSchema, sentPodEvent } from './pod-event.ts';
import { namedFiles, runInput } from './run-input.ts';
import { readSentEvent } from './read-event.ts';
import { setParams, setResult } from './set.ts';
import { ownerMethods } from './own-tools.ts';
import { podStatus, statusResult } from './status-result.ts';
import { reportTreeParams, treeParams, treeResult, watcherId } from './tree.ts';

const nothing = once(() => z.object({}));
/** The sender of a method that only a parent may use; `token` is the link token made at spawn. */
const fromParent = once(() => z.object({ instance: instanceId(), token: z.string() }));
const statusOnly = once(() => z.object({ status: podStatus() }));
const assignmentIds = once(() => z.array(submissionId()));

export const deliverySchema = once(() =>
  z.object({
    from: z.string(),
    to: z.string(),
    /** The event's number at its sender; null for `died`, which the receiver wrote. */
    seq: z.int().nullable(),
    kind: z.string(),
    state: z.enum(['committed', 'sent', 'received', 'consumed', 'seen', 'waiting', 'refused', 'discarded']),
    attempts: z.int(),
    reason: z.string().nullable(),
    committedAt: z.string().nullable(),
    sentAt: z.string().nullable(),
    receivedAt: z.string().nullable(),
    consumedAt: z.string().nullable(),
    seenAt: z.string().nullable(),
  }),
);
export type Delivery = z.infer<ReturnType<typeof deliverySchema>>;

export const methods = {
  hello: {
    who: 'anyone',
    doc: 'Says who is there. Optional for one-off clients; without it protocol 1 is meant.',
    params: once(() =>
      z.object({
        protocol: z.int(),
        client: z.object({ name: z.string(), version: z.string() }).optional(),
      }),
    ),
    result: once(() =>
      z.object({ protocol: z.int(), pod: podIdentity().extend({ status: podStatus() }), pid: z.int() }),
    ),
  },
  status: {
    who: 'anyone',
    doc: 'The state of the pod; never costs more with a longer history.',
    params: nothing,
    result: statusResult,
  },
  subscribe: {
    who: 'observer',
    doc: 'Makes this connection an observer: the answer is a header, then the history from the log, then live events, without gap or overlap. `since` resumes behind an entry seq; where it does not fit this log the header says `reset`. With `last` a history that would begin at the beginning begins with the last so many entries: that costs the same at any age. Connections with the same `watcher` count as one in `watching`.',
    params: once(() =>
      z.object({
        since: z.object({ instance: instanceId(), seq: z.int().min(0) }).optional(),
        deltas: z.boolean().default(true),
        last: z.int().min(0).optional(),
        watcher: watcherId().optional(),
      }),
    ),
    result: once(() =>
      z.object({
        cursor: z.object({ instance: instanceId(), seq: z.int() }),
        reset: z.boolean(),
        status: podStatus(),
        greeting: z.object({
          name: podName(),
          cwd: z.string(),
          model: z.string(),
          scope: pathScopeSchema(),
          tools: z.array(z.string()),
        }),
      }),
    ),
  },
  entries: {
    who: 'anyone',
    doc: 'Entries of the log in order: the last `limit` of those with a seq below `before`, or of all. An answer holds at most 1 MiB of them, but one in any case; `before` of the answer asks for those before it, null where there are none. Costs the same at any age.',
    params: once(() =>
      z.object({
        before: z.int().min(1).optional(),
        limit: z.int().min(1).max(1_000).default(100),
      }),
    ),
    result: once(() =>
      z.object({
        entries: z.array(z.looseObject({ seq: z.int(), time: z.string(), type: z.string() })),
        before: z.int().nullable(),
      }),
    ),
  },
  unsubscribe: {
    who: 'observer',
    doc: 'Ends the stream; the connection lives on.',
    params: nothing,
    result: nothing,
  },
  run: {
    who: 'person, parent',
    doc: 'Hands the pod an input; answered when it is on disk. `submission` makes a repeat harmless. With `from` it is an assignment by the parent, without it a person speaks, and `files` names what is added as Read gives it. An image (PNG, JPEG, GIF, WebP) is base64 in `data`.',
    params: once(() =>
      z.object({
        input: runInput(),
        ifBusy: z.enum(['queue', 'reject']).default('queue'),
        files: namedFiles(),
        submission: submissionId().optional(),
        from: fromParent().optional(),
        root: z.string().optional(),
        hops: z.int().min(0).optional(),
        // The span in which it is given, as W3C traceparent; what is none is passed over.
        trace: traceparent(),
        // A parent's: the newest link that it knows of. A run that was written before a later link is refused
        // (`regressed`): that link has told that it never came.
        link: z.int().optional(),
      }),
    ),
    result: once(() => z.object({ submission: submissionId(), accepted: z.enum(['started', 'queued']) })),
  },
  notify: {
    who: 'anyone',
    doc: "Leaves a notice for the pod's model; answered when it is on disk. With `wake: false` it waits for the next turn and counts for nothing. Of a person's `files` images are added.",
    params: once(() =>
      z.object({
        message: z.string().min(1),
        files: namedFiles(),
        wake: z.boolean().default(true),
        submission: submissionId().optional(),
        from: z.object({ name: podName() }).optional(),
        hops: z.int().min(0).optional(),
      }),
    ),
    result: once(() => z.object({ submission: submissionId() })),
  },
  cancel: {
    who: 'person, parent',
    doc: "Ends the running turn as `cancelled`, and the turns of the descendants that work for it. Queued runs stay. A parent names itself in `from` and may name the assignment that it means; another one's turn is then left alone.",
    params: once(() => z.object({ from: fromParent().optional(), assignments: assignmentIds().optional() })),
    result: statusOnly,
  },
  pause: {
    who: 'person, parent',
    doc: 'Stops before the next request; the turn ends as `paused`. Nothing is dropped.',
    params: once(() => z.object({ from: fromParent().optional() })),
    result: statusOnly,
  },
  resume: {
    who: 'person, parent',
    doc: 'Goes on where `pause` stopped.',
    params: once(() => z.object({ from: fromParent().optional() })),
    result: statusOnly,
  },
  drop: {
    who: 'person',
    doc: 'Takes a run of a person out of the queue, before it has begun; answered when it is on disk. A run of the parent is `forbidden`: that one is told what became of it. One that is not in the queue is `forbidden` too: it has begun, or was dropped before.',
    params: once(() => z.object({ submission: submissionId(), from: z.unknown().optional() })),
    result: once(() => z.object({ submission: submissionId(), status: podStatus() })),
  },
  compact: {
    who: 'person',
    doc: "Has the pod's history summed up: at once (`now`), before the next request of the turn that is running (`nextRequest`), or once a paused pod goes on (`whenResumed`); answered when it is on disk that it was asked for, with that entry's `seq`. The `compaction` or the `compactionFailed` with `why: asked` behind it says what came of it. `instructions`: what the summary is to heed.",
    params: once(() => z.object({ instructions: z.string().min(1).max(10_000).optional() })),
    result: once(() => z.object({ status: podStatus(), when: compactionTime(), seq: z.int() })),
  },
  shutdown: {
    who: 'person, parent',
    doc: 'Asks the pod (with `cascade` its descendants first) to end. Answered when accepted; the exit follows.',
    params: once(() =>
      z.object({
        cascade: z.boolean().default(true),
        graceMs: z.int().min(0).max(600_000).optional(),
        reason: z.string().optional(),
        from: fromParent().optional(),
      }),
    ),
    result: nothing,
  },
  readOutput: {
    who: 'person, parent',
    doc: "The pod's texts from `since` on. The cursor is opaque and stays valid over restarts; what does not fit `maxChars` is what the next cursor begins with.",
    params: once(() =>
      z.object({
        since: z.string().optional(),
        maxChars: z.int().min(1).max(1_000_000).default(20_000),
      }),
    ),
    result: once(() =>
      z.object({
        text: z.string(),
        cursor: z.string(),
        status: podStatus(),
        truncated: z.boolean(),
        /**
         * The turn whose final text this answer covers to its end, if any; for the parent's "already read"
         * (delivery §5).
         */
        coversTurn: z.string().nullable(),
        /** As in `status`; left out where there is none. */
        plan: z.string().max(300).optional(),
      }),
    ),
  },
  deliveries: {
    who: 'anyone',
    doc: 'The state of each event that this pod sent or received. With `pendingOnly` those alone that its parent has not acknowledged or its own model has not read: that costs the same whatever the length of the history. With `tree` also those of the pods below it that answer, each event once.',
    params: once(() =>
      z.object({
        direction: z.enum(['in', 'out']).optional(),
        pendingOnly: z.boolean().default(false),
        tree: z.boolean().default(false),
      }),
    ),
    result: once(() => z.array(deliverySchema())),
  },
  link: {
    who: 'child',
    doc: 'A child makes this connection its link. The answer is the highest event seq that the parent holds on disk; the child sends what is above.',
    params: once(() =>
      z.object({
        child: podIdentity().extend({ pid: z.int(), startTime: z.string(), bootId: z.string().optional() }),
        token: z.string(),
        protocol: z.int(),
        assignments: z.object({ open: assignmentIds(), closed: assignmentIds() }),
        /** The highest event seq that this child ever committed: the parent tells a regressed log by it. */
        emitted: z.int().min(0).optional(),
        /**
         * The highest that it holds for acknowledged: a parent that holds less has lost receipts, and reads
         * the child's log.
         */
        acked: z.int().min(0).optional(),
        /** Of its part of the parent's budget. */
        budget: leaseReportsSchema().optional(),
      }),
    ),
    result: once(() =>
      z.object({
        received: z.int().min(0),
        assignments: assignmentIds(),
        scope: pathScopeSchema().nullable(),
        /** It begins nothing yet: a path of it is another's, as `reason` says. */
        waits: z.object({ since: z.string(), reason: z.string() }).optional(),
        /** Numbers the links of this child at this parent, over restarts too. */
        link: z.int().optional(),
        /** What the child holds, as the parent knows it; nothing where neither is under a bound. */
        budget: leasesSchema().optional(),
        /** The parent's permission mode: no child is freer. */
        mode: z.string().optional(),
      }),
    ),
  },
  podEvent: {
    who: 'linked child',
    doc: 'One event of a linked child. `accepted` means on disk at the parent; a gap is refused with what the parent holds. A field that cannot be read is taken at its neutral value and named in `unread`; it refuses nothing.',
    params: once(() =>
      z.object({
        from: z.object({ instance: instanceId(), incarnation: incarnationNumber() }),
        seq: z.int().min(1),
        // No outcome is refused for its details: a sender's fields are read one by one.
        event: z.preprocess((value: SentPodEvent): unknown => readSentEvent(value) ?? value, sentPodEvent()),
      }),
    ),
    result: once(() => z.object({ outcome: z.enum(['accepted', 'duplicate']), received: z.int() })),
  },
  lease: {
    who: 'linked child',
    doc: "What a child says of its part of the parent's budget, and wants of it. The answer is what it holds then, on disk at the parent; with `urgent` it may take seconds, until there is enough.",
    params: once(() => z.object({ budget: leaseReportsSchema(), urgent: z.boolean().default(false) })),
    result: once(() => z.object({ budget: leasesSchema() })),
  },
  reclaim: {
    who: 'parent',
    doc: 'The parent wants back what this pod does not need now; what it returns is on disk here.',
    params: once(() => z.object({ from: fromParent() })),
    result: once(() => z.object({ budget: leaseReportsSchema() })),
  },
  budget: {
    who: 'person',
    doc: "What this pod may spend and has spent. With `usd` or `tokens` the bound of its tree is set anew, null for none: a root's only; answered when it is on disk.",
    params: boundSchema,
    result: budgetView,
  },
  set: {
    who: 'person',
    doc: 'What the pod works with from its next request and its next call on; answered when it is on disk, and as it is where nothing is given. `model`: with those asked in its place, or one alone; `models`: what a person says of them, as `[models]` of a configuration; `mode`: a permission mode, never above that of its parent (`forbidden`); `effort`: low, medium or high. Living pods below that are freer than a new mode take it over; `unheard` names those that have not said so: they hear it when they link.',
    params: setParams,
    result: setResult,
  },
  narrow: {
    who: 'parent',
    doc: 'The parent has no more than this permission mode left: whoever is freer takes it over, and so do those below. `unheard` as of `set`, within the time that is given.',
    params: once(() =>
      z.object({
        from: fromParent(),
        mode: z.string().max(64),
        withinMs: z.int().min(0).max(60_000).default(5_000),
      }),
    ),
    result: once(() => z.object({ mode: z.string(), unheard: z.array(podName()) })),
  },
  outside: {
    who: 'person',
    doc: 'Of a mailbox alone (`podkin mcp`): what a host outside wants done with the pods below it; answered when the answer is on disk. Given again with the same `request` nothing is done twice, and the answer is the same; what has failed may be given again.',
    params: outsideCallParams,
    result: outsideCallResult,
  },
  inbox: {
    who: 'person',
    doc: 'Of a mailbox alone: first what is acknowledged by `ack` (it is seen, for ever), then the reports that are out: those handed out before and not acknowledged, under the same ids, and new ones up to 50 in all. Answered when all of that is on disk.',
    params: inboxParams,
    result: inboxResult,
  },
  openApprovals: {
    who: 'linked child',
    doc: 'The approval requests that are open at this child and below it: always all of them. `closed` names those that have just been answered or closed. The parent shows both to its observers and passes them on to its own parent.',
    params: once(() =>
      z.object({
        open: z.array(approvalRequestSchema()).max(1_000),
        closed: z.array(closedApprovalSchema()).max(1_000),
      }),
    ),
    result: nothing,
  },
  tree: {
    who: 'observer',
    doc: 'This pod and all below it, as far as it knows of them. With `watch` this connection is sent `treeChanged` from then on, at most twice a second, until it closes; a call without `watch` ends that. What has only begun to be watched here is asked from the pods below: they come as `treeChanged`.',
    params: treeParams,
    result: treeResult,
  },
  reportTree: {
    who: 'linked child',
    doc: 'What a child says of itself and of those below it, each pod whole; for as long as its parent has sent it `watchTree` with `wanted`. Nothing is taken of a pod that is not below it.',
    params: reportTreeParams,
    result: nothing,
  },
  complete: {
    who: 'person',
    doc: 'What a text that is being typed may go on with: behind `@` files and folders as Read would find them from the working directory, and pods of this tree. Links are not followed.',
    params: completeParams,
    result: completeResult,
  },
  approve: {
    who: 'person',
    doc: 'Answers an open approval request of this pod or of one below it; answered when it is on disk. `allowAlways` holds for the same call of that pod from then on: the same command of a shell, of any other tool the same input leading to the same place. With `rule`, a yes to what that rule lets run, by this pod and those that it starts from then on: a rule for `Bash` that lets this very command run; the answer repeats it. With `write`, a yes that makes the path in `offers` of the approval a write root of that pod. A rule that is not such a one, and a path that was not offered or that another pod holds, are `forbidden`. With `content`, what a person fills in of an approval that has a `form`; one that does not fit is `forbidden`. With `unasked`, a deny of whoever has the work done without a person (`run -p`), which is no answer of a person; the model reads its `reason`. An approval that was answered before is `forbidden`, one that nobody here makes `unknownPod`. No pod may answer: neither with `from` nor over a link.',
    params: approveParams,
    result: approveResult,
  },
  ...ownerMethods,
  ping: { who: 'linked child', doc: 'Shows that both ends live.', params: nothing, result: nothing },
} as const satisfies Record<string, MethodSpec>;

export interface MethodSpec {
  readonly who: string;
  readonly doc: string;
  readonly params: () => z.ZodType;
  readonly result: () => z.ZodType;
}

export type MethodName = keyof typeof methods;
/** What a caller writes: fields with a default may be left out. */
export type ParamsIn<M extends MethodName> = z.input<ReturnType<(typeof methods)[M]['params']>>;
/** What a handler reads: defaults filled in. */
export type Params<M extends MethodName> = z.output<ReturnType<(typeof methods)[M]['params']>>;
export type Result<M extends MethodName> = z.output<ReturnType<(typeof methods)[M]['result']>>;
