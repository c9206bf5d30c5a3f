/** `podkin budget`: what a tree may spend and has spent, and a new bound for it. */
import { usdMax } from '../../protocol/limits.ts';
import type { Result } from '../../protocol/methods.ts';
import { askPod } from '../../client/ask-pod.ts';
import { PodNotRunning } from '../../client/errors.ts';
import { type FoundPod, findPod } from '../../client/find-pod.ts';
import { budgetView } from '../../session/facts/budget-view.ts';
import { foldLog } from '../../session/log/fold-log.ts';
import type { CommandContext } from '../invocation/context.ts';
import { CommandFailed, exitStatus } from '../invocation/context.ts';

export interface BudgetOptions {
  /** US dollars, or `none`; nothing: it is only shown. */
  readonly amount: string | undefined;
  /** The same in tokens. */
  readonly tokens: string | undefined;
  readonly json: boolean;
}

type Budget = Result<'budget'>;

export async function budgetCommand(
  context: CommandContext,
  called: string,
  options: BudgetOptions,
): Promise<number> {
  const usd = boundOf(
    options.amount,
    `AMOUNT is US dollars, more than 0 and at most ${usdMax}, or "none"`,
    (number) => number <= usdMax,
  );
  const tokens = boundOf(
    options.tokens,
    `--tokens is a whole number from 1 to ${Number.MAX_SAFE_INTEGER}, or "none"`,
    Number.isSafeInteger,
  );
  const pod = findPod(context.home, called);
  const { name } = pod;
  const bound = { ...(usd === undefined ? {} : { usd }), ...(tokens === undefined ? {} : { tokens }) };
  const isShown = usd === undefined && tokens === undefined;
  const budget = isShown ? await shown(pod) : await askPod(pod, 'budget', bound);
  context.stdout.write(options.json ? `${JSON.stringify({ name, ...budget })}\n` : textOf(name, budget));
  return exitStatus.done;
}

/** Of a pod that is not running its log says it. */
async function shown(pod: FoundPod): Promise<Budget> {
  try {
    return await askPod(pod, 'budget', {});
  } catch (error) {
    if (!(error instanceof PodNotRunning)) throw error;
    return budgetView((await foldLog(pod.folder.log)).budget);
  }
}

/** Null where there is to be none any more. */
function boundOf(
  text: string | undefined,
  rule: string,
  fits: (number: number) => boolean,
): number | null | undefined {
  if (text === undefined) return undefined;
  if (text === 'none') return null;
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (number > 0 && fits(number)) return number;
  throw new CommandFailed(exitStatus.usage, `${JSON.stringify(text)} is no bound: ${rule}`);
}

function textOf(name: string, { usd, tokens }: Budget): string {
  const lines = [
    ...(usd === null ? [] : [lineOf(usd, (amount) => `$${amount.toFixed(4)}`)]),
    ...(tokens === null ? [] : [lineOf(tokens, (amount) => `${amount} tokens`)]),
  ];
  return lines.length === 0
    ? `${name}: nothing bounds what it spends\n`
    : lines.map((line) => `${name}: ${line}\n`).join('');
}

function lineOf(share: NonNullable<Budget['usd']>, shown: (amount: number) => string): string {
  const { bound, spent, reserved, held, lent, cap } = share;
  const whole = bound === null ? "a part of its parent's" : `${shown(bound)} for its tree`;
  const parts = [
    `${shown(spent + reserved)} used by itself`,
    `${shown(lent)} with its children`,
    `${shown(Math.max(0, held))} left`,
    ...(cap === null ? [] : [`${shown(cap)} at most`]),
  ];
  return `${whole}: ${parts.join(', ')}`;
}
