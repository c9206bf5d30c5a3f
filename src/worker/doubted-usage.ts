/** That a provider counts what no request comes to: a person is told once, since it goes on doing so. */
import type { RequestUsage } from '../model/port.ts';
import type { EntryBody } from '../session/facts/entries.ts';
import type { TurnPorts } from './turn-ports.ts';

/** None where it was told before, or where there is nothing to tell. */
export function doubtedEntries(
  { context }: Pick<TurnPorts, 'context'>,
  model: string,
  { said }: RequestUsage,
): EntryBody[] {
  if (said === undefined || context?.facts.context.isUsageDoubted === true) return [];
  const { inputTokens, outputTokens } = said;
  const text = `${model} counted ${inputTokens} tokens in and ${outputTokens} out for one request, which none comes to: such counts are estimated instead, for the cost and the budget too. What stands between podkin and the model may count wrongly.`;
  return [{ type: 'alert', level: 'warning', code: 'usageDoubted', text }];
}
