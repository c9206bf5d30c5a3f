/** Damages to what logs say of a budget, each with what `verify` must find. */
import type { Entry } from '../../src/session/facts/entries.ts';
import { type Damage, type Logs, edit, indexOf, leaveOut } from './damages.ts';

const report = ({ kid }: Logs): number =>
  indexOf(kid, 'podEventEmitted', { fits: ({ event }) => event.kind === 'turnEnded' });

/** The newest of its lease, or of what a child holds: with its amounts. */
const leaseAt = (log: readonly Entry[], type: 'budgetLease' | 'budgetLent', at = -1) => {
  const index = indexOf(log, type, { at });
  const entry = log[index];
  if (entry?.type !== 'budgetLease' && entry?.type !== 'budgetLent') throw new Error('no lease');
  return { index, lease: entry.nanoUsd ?? { granted: 0, returned: 0 } };
};

export const budgetDamages: [string, Damage, RegExp][] = [
  [
    'a reservation is deleted',
    (logs) => leaveOut(logs.root, indexOf(logs.root, 'budgetReserved')),
    /^B1 root: .* nothing had been reserved for it/,
  ],
  [
    'a reservation is made of what is not held',
    (logs) => edit(logs.root, indexOf(logs.root, 'budgetReserved', { at: -1 }), { nanoUsd: 2e12 }),
    /^B1 root: 2000 USD are reserved/,
  ],
  [
    'a grant is deleted at the giver',
    (logs) => {
      const { length } = logs.root.filter(({ type }) => type === 'budgetLent');
      for (let left = length; left > 0; left -= 1) leaveOut(logs.root, indexOf(logs.root, 'budgetLent'));
    },
    /^B2 root: of the budget of "kid" it has granted 0 USD/,
  ],
  [
    'a grant is doubled at its holder',
    (logs) => {
      const { index, lease } = leaseAt(logs.kid, 'budgetLease');
      edit(logs.kid, index, { nanoUsd: { ...lease, granted: 2 * lease.granted } });
    },
    /^B2 root: .* and that pod holds/,
  ],
  [
    'what a dead child had used is counted as unused',
    (logs) => {
      const { index, lease } = leaseAt(logs.root, 'budgetLent');
      edit(logs.root, index, { nanoUsd: { ...lease, returned: lease.granted } });
    },
    /^B2 root: .* counts 0 USD as used/,
  ],
  [
    'a report says that less was used',
    (logs) => {
      const entry = logs.kid[report(logs)];
      if (entry?.type !== 'podEventEmitted') throw new Error('no event');
      const totals = { ...entry.event.budget?.nanoUsd, used: 1 };
      edit(logs.kid, report(logs), { event: { ...entry.event, budget: { nanoUsd: totals } } });
    },
    /^B2 kid: event 1 .* says of nanoUsd/,
  ],
];
