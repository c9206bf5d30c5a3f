/** Defects of who may write where: the waits for paths, and the registry. */
import type { Defect } from './defect.ts';

const delegation = 'src/scope/ownership/delegation.ts';
const waits = 'src/scope/ownership/waits.ts';
const shell = 'src/pod/children/scope-waits.ts';

const delegations = 'test/unit/scope/delegation.test.ts';
const queues = 'test/unit/scope/waits.test.ts';
const steps = 'test/unit/pod/children/scope-waits.test.ts';
const begins = 'test/unit/pod/machine/scope-wait.test.ts';

export const ofTheWaits: readonly Defect[] = [
  {
    id: 'waiter-begins',
    breaks: 'a pod that waits for its paths begins the run that waits with it',
    file: 'src/pod/machine/state.ts',
    find: 'if (facts.turn !== null || facts.scopeWait !== null) return;',
    replace: 'if (facts.turn !== null) return;',
    test: begins,
    guarantee: 'scope.wait-begins-nothing',
  },
  {
    id: 'start-without-word',
    breaks: 'a restored child that was to wait begins before its parent has said that its paths are free',
    file: 'src/session/facts/replay.ts',
    find: '    waitForWord(facts, entry.time);\n',
    replace: '',
    test: begins,
    guarantee: 'scope.wait-begins-nothing',
  },
  {
    id: 'waiter-passes',
    breaks: 'one that waits passes those by that came first',
    file: waits,
    find: 'const earlier = waits.filter((other) => isBefore(other, wait) && counts(other, statusOf));',
    replace: 'const earlier: Wait[] = [];',
    test: queues,
    guarantee: 'scope.wait-blockers',
  },
  {
    id: 'absent-parent-blocks',
    breaks: 'a wait of which the giver has died keeps others from the path',
    file: waits,
    find: 'isBefore(other, wait) && counts(other, statusOf)',
    replace: 'isBefore(other, wait)',
    test: queues,
    guarantee: 'scope.wait-blockers',
  },
  {
    id: 'wait-outlives',
    breaks: 'the wait of a child that has died stays in the queue',
    file: delegation,
    find: 'return [...reclaim(child, reason), ...waitOver(child, reason)];',
    replace: 'return reclaim(child, reason);',
    test: delegations,
    guarantee: 'scope.wait-log',
  },
  {
    id: 'waiter-regranted',
    breaks:
      'a child that was to wait holds again what is free as soon as it is back, ahead of those who waited on',
    file: delegation,
    find: 'return child.isToWait ? [beginsToWait(child)] : grant(facts, child);',
    replace: 'return grant(facts, child);',
    test: delegations,
    guarantee: 'scope.wait-restored',
  },
  {
    id: 'cancelled-wait-stays',
    breaks: 'a cancel of all the work of one that waits leaves it in the queue',
    file: delegation,
    find: 'return isCancelled(event) && incarnation === child.incarnation ? waitOver(child, waitGivenUp) : [];',
    replace: 'return [];',
    test: delegations,
    guarantee: 'scope.wait-log',
  },
  {
    id: 'late-news',
    breaks: 'a child that waits does not hear that its wait is over',
    file: shell,
    find: '    this.#renew(instance);\n',
    replace: '',
    test: steps,
    guarantee: 'scope.wait-seen',
  },
  {
    id: 'writers-passed',
    breaks: 'a child begins while a command of another pod still writes in its paths',
    file: shell,
    find: 'const why = writers.length > 0 ? writersText',
    replace: 'const why = writers.length > 99 ? writersText',
    test: steps,
    guarantee: 'scope.wait-steps',
  },
  {
    id: 'clone-not-given-again',
    breaks: 'a restored child may not write in the clone that was made for it',
    file: delegation,
    find: 'own.includes(path)',
    replace: 'own.length > path.length',
    test: delegations,
    guarantee: 'worktree.scope',
  },
  {
    id: 'lost-registry-of-nobody',
    breaks: 'a registry that is damaged or missing is taken for one in which nobody holds anything',
    file: 'src/scope/ownership/registry.ts',
    find: 'damaged || missing ? await this.#fromLogs() : before.claims',
    replace: 'before.claims',
    test: 'test/unit/scope/registry.test.ts',
    guarantee: 'scope.registry-lost',
  },
  {
    id: 'tries-over-kinds',
    breaks: 'the tries of another failure count towards the few that a cut answer has',
    file: 'src/worker/retry.ts',
    find: 'const left = Math.max(0, error.triesMax - this.#failedAs(error));',
    replace: 'const left = Math.max(0, error.triesMax - this.sent);',
    test: 'test/unit/worker/ask.test.ts',
    guarantee: 'ask.tries-by-kind',
  },
];
