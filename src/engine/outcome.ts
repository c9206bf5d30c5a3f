/** What the end of a prompt comes to. Pure. */
import type { TurnResult } from '../worker/turn-ports.ts';
import type { PromptEnd } from './updates.ts';

export interface Worked {
  /** As in `acp/NAME`, for people. */
  readonly name: string;
  /** What it has said in the end. */
  readonly text: string;
  readonly hasCalls: boolean;
  readonly isAwaited: boolean;
  /** Whether it ends a turn that has failed so: a guess. */
  isFailure(text: string): boolean;
}

/** That it says `end_turn` is no success: several agents end failed turns with it. */
export function resultOf({ stopReason }: PromptEnd, worked: Worked): TurnResult {
  const { name, text } = worked;
  switch (stopReason) {
    case 'cancelled':
      return errored('agentCancelled', `${name} cancelled the turn by itself. Ask again.`);
    case 'refusal':
      return errored('contentFilter', `${name} refused to go on. ${lastWords(text)}`);
    case 'max_tokens':
      return { kind: 'limitReached', reason: 'outputTokens' };
    case 'max_turn_requests':
      return { kind: 'limitReached', reason: 'steps' };
    case '':
      return errored('protocol', `${name} ended its turn without saying how.`);
    default:
  }
  if (worked.isFailure(text)) return errored('provider', `${name} ended its turn with: ${lastWords(text)}`);
  if (text.trim() !== '' || worked.hasCalls) return { kind: 'finished' };
  if (!worked.isAwaited && stopReason === 'end_turn') return { kind: 'finished' };
  return errored(
    'emptyAnswer',
    `${name} ended its turn without a text and without a call, as some agents do when their provider fails. See "podkin doctor --engine ${name.slice(name.indexOf('/') + 1)}".`,
  );
}

function errored(category: string, message: string): TurnResult {
  return { kind: 'errored', category, message: message.trim() };
}

function lastWords(text: string): string {
  const said = text.trim().slice(-500).toWellFormed();
  return said === '' ? 'It said nothing.' : said;
}
