/**
 * For `podkin doctor`: what the registry of the home says about who may write where, claims whose owners are
 * gone, whether it was damaged, and paths that two running pods hold.
 */
import { ClaimOwners } from '../../pod/claim-owners.ts';
import { counts } from '../../scope/ownership/claims.ts';
import { Registry } from '../../scope/ownership/registry.ts';
import type { Home } from '../../session/home/home.ts';
import { registryTrouble } from '../inspect/registry-trouble.ts';
import type { Finding } from './finding.ts';

const check = 'scopes';

export async function scopeFindings(home: Home): Promise<Finding[]> {
  const trouble = await registryTrouble(home);
  const warnings = trouble.map(({ text, fix }): Finding => ({ check, level: 'warning', text, fix }));
  return [...(await heldNow(home)), ...warnings];
}

/** Nothing where no pod has written a claim yet, or nothing can be read. */
async function heldNow(home: Home): Promise<Finding[]> {
  const registry = new Registry(home);
  if (registry.state() !== 'whole') return [];
  const claims = registry.claims();
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
