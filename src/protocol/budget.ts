/** What pods say to each other of a budget: running totals, in billionths of a US dollar and in tokens. */
import * as z from 'zod';
import { once } from '../std/once.ts';
import { usdMax } from './limits.ts';

const amount = once(() => z.int().min(0));

/** Of a child's lease: what it was granted and has returned, through all lives. */
const lease = once(() => z.object({ granted: amount(), returned: amount() }));
export const leasesSchema = once(() => z.object({ nanoUsd: lease().optional(), tokens: lease().optional() }));

/** The same by the child, and what it and those below it have used of it. */
const leaseReport = once(() =>
  lease().extend({
    used: amount(),
    /** To be granted, less what is returned, until it is this much. */
    wants: amount().optional(),
  }),
);
export const leaseReportsSchema = once(() =>
  z.object({ nanoUsd: leaseReport().optional(), tokens: leaseReport().optional() }),
);

/** What a person wants the bound of a tree to be; null: none. */
export const boundSchema = once(() =>
  z.object({
    usd: z.number().positive().max(usdMax).nullable().optional(),
    tokens: z.int().min(1).nullable().optional(),
    from: z.unknown().optional(),
  }),
);

/** A budget as a person reads it, in one unit: US dollars or tokens. */
const share = once(() =>
  z.object({
    /** Of the tree; null where this pod holds of its parent's. */
    bound: z.number().nullable(),
    /** By this pod. */
    spent: z.number(),
    /** For its request under way. */
    reserved: z.number(),
    /** Left to it. */
    held: z.number(),
    /** Of its children and those below them: used or held there. */
    lent: z.number(),
    /** What it may draw in all; null where that is not capped. */
    cap: z.number().nullable(),
  }),
);
export const budgetView = once(() => z.object({ usd: share().nullable(), tokens: share().nullable() }));
