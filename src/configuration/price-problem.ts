/** A limit of the cost that cannot hold. */
import { join } from 'node:path';
import { unpricedText } from '../session/settings/unpriced-text.ts';
import type { Home } from '../session/home/places.ts';

export function priceProblem({ home }: { readonly home: Home }, name: string): string {
  const file = join(home.config, 'config.toml');
  return `${unpricedText(name, { limit: '--max-cost (limits.cost)', file })}, or leave the limit out`;
}
