import * as z from 'zod';
import { once } from '../std/once.ts';

/** Chosen by the spawner or a person; unique in its tree, a root's in the home (docs/delivery.md §2). */
export const podNamePattern = /^[a-z0-9][a-z0-9-]{0,62}$/;
export const podName = once(() =>
  z
    .string()
    .regex(podNamePattern, 'a pod name is 1 to 63 of a-z, 0-9 and "-", starting with a letter or digit'),
);

/** UUIDv7, minted when a pod is created, kept over restores, never reused. */
export const instanceId = once(() => z.uuid());

/** +1 each time a process opens the session log for writing. */
export const incarnationNumber = once(() => z.int().min(1));

/** One incarnation of one pod. */
export const podIdentity = once(() =>
  z.object({
    name: podName(),
    instance: instanceId(),
    incarnation: incarnationNumber(),
  }),
);
export type PodIdentity = z.infer<ReturnType<typeof podIdentity>>;

/**
 * A submission is one run or notice handed to a pod; for a run that a parent gives a child it is also the
 * assignment's id.
 */
export const submissionId = once(() => z.string().min(1).max(128));
