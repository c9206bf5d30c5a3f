/** Blindings of `podkin verify`. */
import type { Defect } from './defect.ts';

const links = 'src/delivery/verify/links.ts';
const events = 'test/unit/delivery/verify-events.test.ts';

export const ofTheOracle: readonly Defect[] = [
  {
    id: 'verify-early-deaths',
    breaks: 'verify does not see a death that was told before the last words',
    file: links,
    find: "if (death.event.kind !== 'died') continue;",
    replace: "if (death.event.kind !== 'shutDown') continue;",
    test: events,
    guarantee: 'verify.death-last',
  },
  {
    id: 'verify-unseen-at-rest',
    breaks: 'verify does not see an item that a pod at rest has never read',
    file: 'src/delivery/verify/turns.ts',
    find: 'if (!this.#idle) return;\n    for (const item of this.#unseen) {',
    replace: 'if (!this.#idle || this.#unseen.length > 0) return;\n    for (const item of this.#unseen) {',
    test: 'test/unit/delivery/verify-lives.test.ts',
    guarantee: 'verify.unseen-at-rest',
  },
  {
    id: 'verify-life-of-receipt',
    breaks: 'verify does not compare the incarnation of a receipt',
    file: links,
    find: '} else if (incarnation !== sent.incarnation) {',
    replace: '} else if (incarnation < 0) {',
    test: 'test/unit/delivery/verify-lives.test.ts',
    guarantee: 'verify.changed-event',
  },
  {
    id: 'verify-untold-ends',
    breaks: 'verify does not miss the end of an incarnation that a later one has followed',
    file: links,
    find: 'holesIn(sender?.terminals.keys() ?? [], linked - 1)',
    replace: 'holesIn(sender?.terminals.keys() ?? [], linked - 2)',
    test: 'test/unit/delivery/verify-lives.test.ts',
    guarantee: 'verify.untold-end',
  },
  {
    id: 'verify-removed-child',
    breaks: 'verify does not miss events of a child that was removed as delivered',
    file: links,
    find: 'return tombstone.discarded ? tombstone.acked : tombstone.emitted;',
    replace: 'return tombstone.acked;',
    test: events,
    guarantee: 'verify.removed-child',
  },
  {
    id: 'verify-given-up-missed',
    breaks: 'verify reports as lost what a person has given up with a child',
    file: links,
    find: 'return tombstone.discarded ? tombstone.acked : tombstone.emitted;',
    replace: 'return tombstone.emitted;',
    test: events,
    guarantee: 'verify.removed-child',
  },
  {
    id: 'verify-scope-kept',
    breaks: 'verify does not see a scope that an ended child keeps',
    file: 'src/delivery/verify/scope.ts',
    find: 'if (begun === 0 || ended < begun) continue;',
    replace: 'if (begun === 0 || ended <= begun) continue;',
    test: 'test/unit/delivery/verify-scope.test.ts',
    guarantee: 'verify.scope',
  },
  {
    id: 'verify-overtaking-items',
    breaks: 'verify does not see items that overtake each other',
    file: 'src/delivery/verify/inbox.ts',
    find: 'if (receipt.entrySeq < through) {',
    replace: 'if (receipt.entrySeq < 0) {',
    test: events,
    guarantee: 'verify.items-in-order',
  },
];
