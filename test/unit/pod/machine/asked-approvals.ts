/** Approvals to a person as entries, for the tables over the pod's machine. */
import type { EntryBody } from '../../../../src/session/facts/entries.ts';

type Of<S extends 'asked' | 'answered' | 'taken'> = Extract<EntryBody, { type: 'approval'; state: S }>;

export function asking(request: string, call: string, fields: Partial<Of<'asked'>> = {}): Of<'asked'> {
  return {
    type: 'approval',
    state: 'asked',
    request,
    turn: 't1',
    step: 1,
    call,
    tool: 'Bash',
    summary: 'ls',
    why: 'it runs a command',
    key: `key of ${request}`,
    always: { tool: 'Bash', exact: 'ls', outside: false },
    ...fields,
  };
}

export function answering(request: string, fields: Partial<Of<'answered'>> = {}): Of<'answered'> {
  return { type: 'approval', state: 'answered', request, decision: 'allow', by: 'person', ...fields };
}

/** What closes an approval that nobody answered. */
export const closedBy = (request: string, by: Of<'answered'>['by']) =>
  answering(request, { decision: 'deny', by });
