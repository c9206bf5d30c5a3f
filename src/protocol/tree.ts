/**
 * A pod of a tree as pods and observers are told of it: always the whole of it, so that a lost word is made
 * good by the next. Words are cut where they are made; what is longer was not said by podkin.
 */
import * as z from 'zod';
import { once } from '../std/once.ts';
import { instanceId, podName } from './names.ts';

/** `rowsMax`: in one message, and of one child; who has more says how many are left out. */
export const treeBounds = { rowsMax: 1_000, wordsMax: 300, pathMax: 4_096, depthMax: 64 } as const;

const words = once(() => z.string().max(treeBounds.wordsMax));
const amount = once(() => z.int().min(0));

/** `stopped`: ended in order. `dead`: otherwise. `unreachable`: nobody here knows whether it runs. */
const shownStatus = once(() =>
  z.enum(['idle', 'running', 'paused', 'stopping', 'stopped', 'dead', 'unreachable']),
);

/** What a pod is at; `since` is ISO. */
export const activityKind = once(() => z.enum(['request', 'tool', 'retry', 'wait']));

/** What a pod says of itself, or its parent of one that does not. */
const podState = once(() => ({
  status: shownStatus(),
  /** Nothing of it, and nothing that it handed down, is outstanding. */
  settled: z.boolean(),
  /** Null where it does nothing. */
  activity: z.object({ kind: activityKind(), text: words(), since: words() }).nullable(),
  /** As in `status`; older pods leave it out. */
  plan: words().nullable().optional(),
  /** A word of `status.attention`; null when all is well. */
  attention: words().nullable(),
  /** How its last turn ended (`finished`, `errored: …`), or its process (`died: SIGKILL`); null before. */
  outcome: words().nullable(),
  /** It died, or its last turn failed or reached a limit. */
  hasFailed: z.boolean(),
  model: words(),
  /** What it has used itself; null where that is not known here: it has ended, and its log says it. */
  own: z.object({ tokens: amount(), cost: z.number().min(0).nullable() }).nullable(),
  context: z.object({ tokens: amount(), window: amount() }).nullable(),
  pendingIn: amount(),
  pendingOut: amount(),
  /** When its status or outcome last changed; null where that is not known. */
  since: words().nullable(),
}));

/** As a child reports it: where it is in the tree, its parent finds out. */
export const reportedPod = once(() =>
  z.object({ instance: instanceId(), parent: instanceId(), name: podName(), ...podState() }),
);
export type ReportedPod = z.infer<ReturnType<typeof reportedPod>>;

export const treePod = once(() =>
  z.object({
    instance: instanceId(),
    /** Null for a root. */
    parent: instanceId().nullable(),
    name: podName(),
    /** `root/child/leaf`. */
    path: z.string().max(treeBounds.pathMax),
    /** 0 for a root. */
    depth: amount(),
    ...podState(),
  }),
);
export type TreePod = z.infer<ReturnType<typeof treePod>>;

/** Who watches, chosen by them: connections of one terminal count as one. */
export const watcherId = once(() => z.string().min(1).max(64));

export const treeParams = once(() =>
  z.object({ watch: z.boolean().default(false), watcher: watcherId().optional() }),
);
export const treeResult = once(() =>
  z.object({
    /** The pod that was asked first; every other one behind its parent. */
    rows: z.array(treePod()),
    /** Pods that did not fit. */
    omitted: amount(),
    /** How many watch the pod that was asked. */
    watching: amount(),
  }),
);
export const treeChange = once(() =>
  z.object({ rows: z.array(treePod()), gone: z.array(instanceId()), watching: amount() }),
);

export const reportTreeParams = once(() =>
  z.object({
    /** These rows are all that there are; otherwise those that have changed. */
    all: z.boolean(),
    rows: z.array(reportedPod()).max(treeBounds.rowsMax),
    gone: z.array(instanceId()).max(treeBounds.rowsMax),
  }),
);
