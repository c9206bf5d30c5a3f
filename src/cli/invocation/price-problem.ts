/** A limit of the cost that cannot hold. */
import { join } from 'node:path';
import { unpricedText } from '../../session/settings/unpriced-text.ts';
import { visible } from '../format/printable.ts';
import type { CommandContext } from './context.ts';

export function priceProblem({ home }: Pick<CommandContext, 'home'>, name: string): string {
  const file = join(home.config, 'config.toml');
  return `${unpricedText(visible(name), { limit: '--max-cost (limits.cost)', file })}, or leave the limit out`;
}
