/**
 * For `podkin doctor`: what the registry of the home says about who may write where, and claims whose owners
 * are gone.
 */
import { lstatSync } from 'node:fs';
import { ClaimOwners } from '../../pod/claim-owners.ts';
import { counts } from '../../scope/ownership/claims.ts';
import { Registry } from '../../scope/ownership/registry.ts';
import type { Home } from '../../session/home/home.ts';
import type { Finding } from './finding.ts';

/** Nothing where no pod has written a claim yet. */
export async function scopeFindings(home: Home): Promise<Finding[]> {
  const check = 'scopes';
  const registry = new Registry(home);
  // Also a link that leads nowhere.
  if (lstatSync(registry.path, { throwIfNoEntry: false }) === undefined) return [];
  const claims = registry.read();
  if (claims === null) {
    const text = `${registry.path} cannot be read: children write nothing until it is put back`;
    const fix = 'leave it to the living pods, which set it aside and write it anew within moments';
    return [{ check, level: 'warning', text, fix }];
  }
  const statusOf = await new ClaimOwners(home).ask(claims);
  const living = claims.filter((claim) => counts(claim, statusOf));
  const held = living
    .filter(({ exclusive }) => exclusive)
    .map((claim) => {
      const where =
        statusOf(claim) === 'unknown' ? ' (in another container; whether it runs is not known)' : '';
      return `${claim.owner.name}${where}: ${claim.write.join(', ')}`;
    });
  const gone = claims.length - living.length;
  const rest = gone === 0 ? '' : `; ${gone} of pods that are gone count for nothing`;
  const text = `${held.length === 0 ? 'nothing is held by one pod alone' : `held alone by ${held.join('; ')}`}${rest}`;
  return [{ check, level: 'ok', text, fix: null }];
}
