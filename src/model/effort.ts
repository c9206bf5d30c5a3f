/**
 * How much a model is to think before it answers, in the words of each provider. Pure. What is not known to
 * take it is sent nothing: a request that is refused for it would be a pod that cannot work.
 */
import type { SharedV3ProviderOptions } from '@ai-sdk/provider';
import type { Effort } from './port.ts';
import type { Dialect } from './prompt.ts';

export interface EffortOptions {
  readonly options: SharedV3ProviderOptions;
  /** The longest answer without what is thought, where it was bounded. */
  readonly outputTokens: number | undefined;
}

/**
 * Null: this model takes none. `outputTokens`: the longest answer with what is thought, where it is bounded.
 */
export function effortOptions(
  { dialect, model, outputTokens }: { dialect: Dialect; model: string; outputTokens: number | undefined },
  effort: Effort,
): EffortOptions | null {
  const same = (options: SharedV3ProviderOptions) => ({ options, outputTokens });
  switch (dialect) {
    case 'anthropic':
      return claudeOptions(model, effort, outputTokens);
    case 'openai':
      return /^o\d|^gpt-(?:[5-9]|\d\d)(?!\S*-chat)/.test(model)
        ? same({ openai: { reasoningEffort: effort } })
        : null;
    case 'google':
      return geminiOptions(model, effort, same);
    case 'compatible':
      return same({ 'openai-compatible': { reasoningEffort: effort } });
    case 'plain':
      return null;
  }
}

/** Tokens to think in, for models that are told a number. Anthropic takes no fewer than a thousand. */
const claudeBudgets: Record<Effort, number> = { low: 4_000, medium: 12_000, high: 24_000 };
const claudeBudgetMin = 1_024;
const geminiBudgets: Record<Effort, number> = { low: 2_048, medium: 8_192, high: 24_576 };

/** Claude 3.7 to 4.5 are told a number of tokens, all behind them a level. */
function claudeOptions(
  model: string,
  effort: Effort,
  outputTokens: number | undefined,
): EffortOptions | null {
  if (!model.startsWith('claude-') || /^claude-(?:instant|[12]|3-(?:opus|sonnet|haiku|5))/.test(model))
    return null;
  const isBudgeted = /^claude-(?:3-7-|(?:opus|sonnet|haiku)-4(?:-[0-5])?(?:$|-\d{8}|-latest|-preview))/.test(
    model,
  );
  if (!isBudgeted)
    return { options: { anthropic: { thinking: { type: 'adaptive' }, effort } }, outputTokens };
  const wanted = claudeBudgets[effort];
  const budgetTokens = outputTokens === undefined ? wanted : Math.min(wanted, Math.floor(outputTokens / 2));
  if (budgetTokens < claudeBudgetMin) return null;
  return {
    options: { anthropic: { thinking: { type: 'enabled', budgetTokens } } },
    // The package adds the one to the other.
    outputTokens: outputTokens === undefined ? undefined : outputTokens - budgetTokens,
  };
}

function geminiOptions(
  model: string,
  effort: Effort,
  same: (options: SharedV3ProviderOptions) => EffortOptions,
): EffortOptions | null {
  if (model.startsWith('gemini-2.5'))
    return same({ google: { thinkingConfig: { thinkingBudget: geminiBudgets[effort] } } });
  if (!/^gemini-(?:[3-9]|\d\d)/.test(model)) return null;
  // The first of them knows only two.
  const thinkingLevel = model.startsWith('gemini-3-pro') && effort === 'medium' ? 'high' : effort;
  return same({ google: { thinkingConfig: { thinkingLevel } } });
}

export function effortLeftOut(name: string, effort: Effort, why: string): string {
  return `effort = ${effort} is left out: ${name} ${why}. The model thinks as much as it does by itself.`;
}
