/** Where the facts of a child begin. */
import type { ChildFacts } from './facts.ts';

/** A child of which nothing but its name is known yet. */
export function newChild(name: string, instance: string): ChildFacts {
  return {
    name,
    instance,
    state: 'reserved',
    tokenHash: '',
    scope: null,
    holds: null,
    isToWait: false,
    waitsSince: null,
    own: [],
    task: '',
    call: null,
    incarnation: 0,
    process: null,
    host: null,
    begun: false,
    received: 0,
    terminal: 0,
    terminalKind: null,
    stopReported: 0,
    unreachable: false,
    refused: null,
    outstanding: [],
    lastReportAt: null,
  };
}
