/** What a host outside asks of its mailbox (`podkin mcp`): the pods below it, and what they have reported. */
import * as z from 'zod';
import { once } from '../std/once.ts';
import { instanceId, podName } from './names.ts';

export const mailboxBounds = {
  /** Reports that are out and not acknowledged; further ones wait until some are. */
  outMax: 50,
  acknowledgedMax: 1_000,
  identityCharsMax: 300,
  requestCharsMax: 200,
  labelCharsMax: 200,
} as const;

const outsideTools = ['spawn', 'send', 'stop', 'read', 'list'] as const;

export const outsideCallParams = once(() =>
  z.object({
    tool: z.enum(outsideTools),
    /** As the tool for models takes it; of `read` also `cursor`. */
    input: z.record(z.string(), z.json()).default({}),
    request: z.string().min(1).max(mailboxBounds.requestCharsMax).optional(),
    label: z.string().min(1).max(mailboxBounds.labelCharsMax).optional(),
    from: z.unknown().optional(),
  }),
);

export const outsideCallResult = once(() =>
  z.object({
    text: z.string(),
    isError: z.boolean(),
    /** Of `read`: where the next one begins. */
    cursor: z.string().optional(),
  }),
);

export const inboxParams = once(() =>
  z.object({
    ack: z
      .array(z.string().min(1).max(mailboxBounds.identityCharsMax))
      .max(mailboxBounds.acknowledgedMax)
      .default([]),
    from: z.unknown().optional(),
  }),
);

export const inboxReport = once(() =>
  z.object({
    /** What `ack` takes. */
    id: z.string(),
    /** Who reports, null for a notice of a person; `seq` is the event's number, null where it has none. */
    instance: instanceId().nullable(),
    seq: z.int().nullable(),
    pod: podName().nullable(),
    label: z.string().nullable(),
    /** `turnEnded`, `errored`, `died` …, `notice`, `notStarted`. */
    kind: z.string(),
    outcome: z.string().nullable(),
    /** When it was handed out first. */
    at: z.string(),
    text: z.string(),
  }),
);
export type InboxReport = z.infer<ReturnType<typeof inboxReport>>;

export const inboxResult = once(() =>
  z.object({
    reports: z.array(inboxReport()),
    /** Received, and not handed out before some of the others are acknowledged. */
    waiting: z.int(),
    /** Of `ack`: not out; acknowledged before, or never handed out. */
    notOut: z.array(z.string()),
    /** Names of pods whose report is still to come. */
    working: z.array(podName()),
  }),
);
