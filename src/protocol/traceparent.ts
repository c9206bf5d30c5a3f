/** The place of a span as W3C Trace Context writes it: `00-TRACE-SPAN-FLAGS`. */
import * as z from 'zod';
import { once } from '../std/once.ts';

const pattern = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

export function isTraceparent(value: unknown): value is string {
  return typeof value === 'string' && pattern.test(value);
}

const strictly = once(() => z.string().regex(pattern));

/** What is none is passed over: it refuses nothing. */
export const traceparent = once(() => strictly().optional().catch(undefined));
