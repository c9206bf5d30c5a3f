/** What comes of a hook's end: for the call that it was to judge, for the log, and for the person. Pure. */
import type { HookDoneEntry } from '../../session/facts/hook-entries.ts';
import { type Hook, hookName } from '../../session/facts/hooks.ts';
import { sequence, unseen } from '../../std/characters.ts';
import type { CallVerdict } from '../../worker/turn-ports.ts';
import type { HookRan } from '../host.ts';

/** With it a `preToolUse` hook says no. */
const blocks = 2;

/**
 * Of one hook before a call.
 *
 * Invariants
 * - J1 Nothing that a hook does allows a call: `allowed` leaves the decision to who comes behind it.
 * - J2 Only exit 0, or a failure that the person has said to be harmless, is no obstacle.
 */
export function verdictOf(hook: Hook, ran: HookRan): CallVerdict {
  if (ran.kind === 'aborted') return { kind: 'closed' };
  if (ran.kind === 'exited' && ran.code === 0) return { kind: 'allowed' };
  if (ran.kind === 'exited' && ran.code === blocks) {
    const reason = quoted(ran.errors);
    const says = reason === '' ? 'It gives no reason.' : `It says: ${reason}`;
    return { kind: 'denied', text: `Denied: a hook of the person's blocks this call. ${says}` };
  }
  switch (hook.onFailure) {
    case 'allow':
      return { kind: 'allowed' };
    case 'deny': {
      const text = `Denied: a hook of the person's that judges such calls failed (${endOf(ran)}), and without its word this call does not run. Do it another way, or say what keeps you from it.`;
      return { kind: 'denied', text };
    }
    case 'ask':
      return { kind: 'ask', why: `the ${hookName(hook)} failed: ${endOf(ran)}` };
  }
}

/** Null where nothing is to be said of it: it has done what it should, or its own word is its answer. */
export function failureText(hook: Hook, ran: HookRan): string | null {
  if (ran.kind === 'aborted' || (ran.kind === 'exited' && ran.code === 0)) return null;
  if (hook.event === 'preToolUse' && ran.kind === 'exited' && ran.code === blocks) return null;
  const errors = 'errors' in ran ? quoted(ran.errors) : '';
  return `The ${hookName(hook)} failed: ${endOf(ran)}.${errors === '' ? '' : ` It says: ${errors}`}`;
}

/** For `hookDone`. */
export function exitOf(ran: Exclude<HookRan, { kind: 'aborted' }>): Pick<HookDoneEntry, 'exit' | 'why'> {
  return ran.kind === 'exited' ? { exit: ran.code } : { exit: null, why: endOf(ran) };
}

function endOf(ran: Exclude<HookRan, { kind: 'aborted' }>): string {
  switch (ran.kind) {
    case 'exited':
      return `it ended with ${ran.code}`;
    case 'signalled':
      return `it was ended by ${ran.signal}`;
    case 'timedOut':
      return 'it did not end in its time';
    case 'flooded':
      return 'it wrote without an end';
    case 'notStarted':
      return `it could not be started: ${clean(ran.why)}`;
  }
}

const quotedChars = 1_000;

/** What it wrote for people: without what steers a terminal, and no longer than this. */
function quoted(text: string): string {
  const whole = clean(text);
  return whole.length > quotedChars ? `${whole.slice(0, quotedChars).toWellFormed()} …` : whole;
}

function clean(text: string): string {
  return text.replaceAll(sequence, '').replaceAll(unseen, '').replaceAll(/\s+/g, ' ').trim();
}
