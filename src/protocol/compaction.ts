/** When a compaction that was asked for is made. */
import * as z from 'zod';
import { once } from '../std/once.ts';

/** It has begun; before the next request of the running turn; once the pod goes on. */
export const compactionTime = once(() => z.enum(['now', 'nextRequest', 'whenResumed']));
export type CompactionTime = z.output<ReturnType<typeof compactionTime>>;
