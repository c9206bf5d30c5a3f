/** What `status` answers: the state of a pod. */
import * as z from 'zod';
import { once } from '../std/once.ts';
import { budgetView } from './budget.ts';
import { incarnationNumber, instanceId, podName, submissionId } from './names.ts';
import { usageSchema } from './pod-event.ts';

export const podStatus = once(() => z.enum(['idle', 'running', 'paused', 'stopping']));
export type PodStatus = z.infer<ReturnType<typeof podStatus>>;

/** What a pod waits for: `until` where that is known, `reason` in words. */
const waitingFor = once(() =>
  z.object({
    kind: z.enum(['provider', 'approval', 'children', 'storage', 'scope', 'budget', 'limit']),
    since: z.string(),
    until: z.string().nullable(),
    reason: z.string(),
  }),
);
export type Waiting = z.infer<ReturnType<typeof waitingFor>>;

/** How much of a queue is shown; `pending.queued` counts all of it. */
export const queueBounds = { runsMax: 50, textCharsMax: 500 } as const;

/** A run that waits for its turn; `text` is its beginning. */
const queuedRun = once(() =>
  z.object({
    submission: submissionId(),
    /** `you` for a person, else the name of the pod. */
    from: z.string(),
    text: z.string(),
    textChars: z.int(),
    images: z.int(),
    /** A run of the parent is not dropped. */
    droppable: z.boolean(),
  }),
);

export const statusResult = once(() =>
  z.object({
    name: podName(),
    /** `root/child/leaf`; older pods leave it out. */
    path: z.string().optional(),
    instance: instanceId(),
    incarnation: incarnationNumber(),
    status: podStatus(),
    pid: z.int(),
    parent: z.object({ name: podName(), instance: instanceId() }).nullable(),
    children: z.array(z.object({ name: podName(), instance: instanceId(), status: z.string() })),
    /**
     * Events and notices that wait: received and not consumed, consumed and not seen, emitted and not
     * acknowledged, runs in the queue.
     */
    pending: z.object({ received: z.int(), unseen: z.int(), outgoing: z.int(), queued: z.int() }),
    /** The first of those in the queue; older pods leave it out. */
    queue: z.array(queuedRun()).optional(),
    /** The newest entry of the log; older pods leave it out. */
    lastSeq: z.int().optional(),
    /** How many observe it, connections of one `watcher` once; older pods leave it out. */
    watching: z.int().optional(),
    /** The path of its session log, where it runs. Older pods leave it out. */
    log: z.string().optional(),
    /** True when nothing of this pod, and nothing that it handed down, is outstanding. */
    settled: z.boolean(),
    model: z.string(),
    /** What holds now; older pods leave them out. `effort` is null where the model decides. */
    permissionMode: z.string().optional(),
    effort: z.string().nullable().optional(),
    usage: usageSchema(),
    turns: z.int(),
    startedAt: z.string(),
    lastActivityAt: z.string(),
    /** The last turn's end, null before the first. */
    lastTurn: z.object({ turn: z.string(), outcome: z.string(), reason: z.string().nullable() }).nullable(),
    /**
     * Why a person should look: `approval` (an approval is pending), `held`, `budget`, `spending`, `storage`,
     * `orphan` (its parent was removed), `refused` (its parent refuses it for good), `childRefused` (it
     * refuses a child), `parentDown` …; null when all is well.
     */
    attention: z.string().nullable(),
    waiting: waitingFor().nullable().default(null),
    /** The calls that have no result yet, the first in words; null where there are none. */
    activity: z.object({ text: z.string(), since: z.string() }).nullable().default(null),
    /** `2/5 writing tests`: how far its list is; null where it has none. Older pods leave it out. */
    plan: z.string().nullable().optional(),
    /** That run in the background; `text`: its beginning. Older pods leave them out. */
    commands: z.array(z.object({ name: z.string(), text: z.string(), since: z.string() })).optional(),
    /** The parent has refused this pod for good: nothing outgoing is sent any more in this incarnation. */
    refusal: z.object({ code: z.string(), reason: z.string(), since: z.string() }).nullable().default(null),
    /**
     * What holds this pod's shells, as its self-test found out: `unknown` until a first command wants to run.
     */
    sandbox: z.enum(['unknown', 'working', 'absent', 'blocked', 'leaky']),
    /**
     * Tokens of the last request with its answer, and how many a request may hold; null before the first, and
     * where the provider does not count.
     */
    context: z.object({ tokens: z.int(), window: z.int() }).nullable().default(null),
    /** Null where nothing bounds it. */
    budget: budgetView().nullable().default(null),
    /** How often the wake rule was rescued by its watchdog: 0 unless there is a bug. */
    watchdogRescues: z.int(),
  }),
);
export type StatusResult = z.infer<ReturnType<typeof statusResult>>;
