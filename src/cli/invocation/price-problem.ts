/** A limit of the cost that cannot hold. */
import { join } from 'node:path';
import { visible } from '../format/printable.ts';
import type { CommandContext } from './context.ts';

export function priceProblem({ home }: Pick<CommandContext, 'home'>, name: string): string {
  return (
    `--max-cost (limits.cost) cannot hold for ${visible(name)}: its price is not known. Say it in ${join(home.config, 'config.toml')}, ` +
    `as [models."${visible(name)}"] with inputPrice and outputPrice in USD per million tokens (0 where it costs nothing), or leave the limit out`
  );
}
