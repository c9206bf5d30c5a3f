/**
 * An approval to a person as processes tell each other of it. The whole of it stands in the log of the pod
 * that asks.
 */
import * as z from 'zod';
import { once } from '../std/once.ts';
import { formContentSchema, formSchema } from './form.ts';
import { instanceId, podName } from './names.ts';

const approvalDecision = once(() => z.enum(['allow', 'deny', 'allowAlways']));

/** Of the input of one request, as JSON; a longer one is left out, and `inputChars` says how long it is. */
export const inputCharsMax = 64_000;

/** Short enough to be typed. */
const approvalRequestId = once(() => z.string().min(1).max(64));

export const approvalRequestSchema = once(() =>
  z.object({
    request: approvalRequestId(),
    /** The pod that asks. */
    pod: z.object({ name: podName(), instance: instanceId() }),
    tool: z.string().max(256),
    /**
     * What the call is to do, as the model wrote it: to be shown with its control characters made visible.
     */
    summary: z.string().max(8_192),
    why: z.string().max(8_192),
    askedAt: z.string().max(64),
    /** What a yes may open beside it: a path that is read-only for the pod, and that the call is to write. */
    offers: z.object({ write: z.string().max(8_192) }).optional(),
    // Older pods leave these out, and take them away from what they hand up.
    /** The call in the log of the pod that asks. */
    call: z.string().max(256).optional(),
    /** Of that pod: `root/child/leaf`. */
    path: z.string().max(4_096).optional(),
    /** The whole of it, as the model wrote it. Left out where it is too long, or its call is over. */
    input: z.json().optional(),
    inputChars: z.int().min(0).optional(),
    /** What `allowAlways` would mean, in words. */
    always: z.string().max(1_000).optional(),
    /** Of a command: whether a sandbox would hold it. */
    sandbox: z.enum(['inside', 'outside']).optional(),
    /** No call that waits to run: a server that is called asks a person to fill this in. */
    form: formSchema().optional(),
  }),
);
/** An open approval to a person. */
export type ApprovalRequest = z.infer<ReturnType<typeof approvalRequestSchema>>;

/** An approval that is not open any more; `by` is `person` where somebody answered it. */
export const closedApprovalSchema = once(() =>
  z.object({
    request: approvalRequestId(),
    pod: approvalRequestSchema().shape.pod,
    decision: approvalDecision(),
    by: z.string().max(64),
  }),
);
export type ClosedApproval = z.infer<ReturnType<typeof closedApprovalSchema>>;

export const approveParams = once(() =>
  z.object({
    request: approvalRequestId(),
    decision: approvalDecision(),
    reason: z.string().max(10_000).optional(),
    rule: z.string().min(1).max(1_000).optional(),
    write: z.string().min(1).max(8_192).optional(),
    content: formContentSchema().optional(),
    unasked: z.literal(true).optional(),
    from: z.unknown().optional(),
  }),
);
export const approveResult = once(() =>
  z.object({
    request: approvalRequestId(),
    pod: approvalRequestSchema().shape.pod,
    tool: z.string(),
    summary: z.string(),
    decision: approvalDecision(),
    rule: z.string().optional(),
  }),
);
