/**
 * What a parent may ask of `podkin host`, the process of another machine that starts pods there and can look
 * after them. Every field is bounded: what comes over it is from another machine.
 */
import * as z from 'zod';
import { once } from '../std/once.ts';
import { instanceId, podName } from './names.ts';
import { pathScopeSchema } from './pod-event.ts';

const textsMax = 1_024;
const texts = once(() => z.array(z.string().max(4_096)).max(textsMax));
const ref = once(() => z.object({ name: podName(), instance: instanceId() }));
const nothing = once(() => z.object({}));
const ofPod = once(() => z.object({ instance: instanceId(), name: podName(), root: instanceId() }));
export type PodThere = z.infer<ReturnType<typeof ofPod>>;

/** A remote child's part of a log goes in pieces of so many bytes. */
export const logPieceBytes = 256 * 1024;
/** Of what is held already, so much is compared. */
export const comparedBytes = 4_096;

const rules = once(() => z.object({ allow: texts(), ask: texts(), deny: texts() }));

/** Neither keys nor variables, base URLs or configuration: those are the host's own. */
export const childRequest = once(() =>
  z.strictObject({
    name: podName(),
    instance: instanceId(),
    parent: ref(),
    root: ref(),
    depth: z.int().min(1).max(1_000),
    model: z.string().min(1).max(1_024),
    instructions: z.string().max(262_144).nullable(),
    mode: z.string().max(64),
    rules: rules(),
    headless: z.boolean(),
    /** From the host's directory. */
    write: texts(),
    limits: z.record(z.string(), z.number().nullable()),
    budget: z.json().optional(),
    effort: z.string().max(64).optional(),
    demands: z.json().optional(),
    token: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  }),
);
export type ChildRequest = z.infer<ReturnType<typeof childRequest>>;

const logAnswer = once(() =>
  z.object({
    /** What is held already is not how the log begins: it is read anew from its first byte. */
    reset: z.boolean(),
    /** Base64. */
    piece: z.string().max(2 * logPieceBytes),
    /** Bytes of the whole log. */
    size: z.int().min(0),
  }),
);

export const hostMethods = {
  hello: {
    params: once(() => z.object({ protocol: z.int(), podkin: z.string().max(64) })),
    result: once(() =>
      z.object({ protocol: z.int(), podkin: z.string().max(64), id: z.uuid(), socket: z.string().max(512) }),
    ),
  },
  make: {
    params: childRequest,
    result: once(() =>
      z.object({ cwd: z.string().max(4_096), model: z.string().max(1_024), scope: pathScopeSchema() }),
    ),
  },
  start: {
    params: once(() =>
      ofPod().extend({ most: z.string().max(64), ask: texts(), deny: texts(), spawnMs: z.int().min(1) }),
    ),
    result: nothing,
  },
  /** `dead`: until `release`, or the end of the connection, nobody can start it there. */
  check: {
    params: ofPod,
    result: once(() =>
      z.object({ status: z.enum(['alive', 'dead', 'gone', 'unknown']), errors: z.string().max(16_384) }),
    ),
  },
  release: { params: ofPod, result: nothing },
  log: {
    params: once(() =>
      ofPod().extend({ from: z.int().min(0), sum: z.string().max(64), isLast: z.boolean().optional() }),
    ),
    result: logAnswer,
  },
  stop: {
    params: once(() =>
      ofPod().extend({
        cascade: z.boolean(),
        graceMs: z.int().min(0).max(600_000),
        reason: z.string().max(1_024),
        parent: instanceId(),
      }),
    ),
    result: once(() =>
      z.object({
        kind: z.enum(['wasGone', 'ended', 'refused', 'stillThere']),
        by: z.enum(['asked', 'SIGTERM', 'SIGKILL']).nullable(),
        message: z.string().max(8_192),
        below: texts(),
      }),
    ),
  },
  discard: { params: once(() => ofPod().extend({ parent: instanceId() })), result: nothing },
  /**
   * Where the two sockets of a link are there; with `clears` whatever is left at the parent's is taken
   * away.
   */
  carry: {
    params: once(() => ofPod().extend({ parent: instanceId(), clears: z.boolean() })),
    result: once(() => z.object({ child: z.string().max(512), parent: z.string().max(512) })),
  },
} as const;

export type HostMethod = keyof typeof hostMethods;
export type HostParams<M extends HostMethod> = z.infer<ReturnType<(typeof hostMethods)[M]['params']>>;
export type HostResult<M extends HostMethod> = z.infer<ReturnType<(typeof hostMethods)[M]['result']>>;
