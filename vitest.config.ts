import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Tests of single parts that start many processes or play thousands of cases, too slow for `npm run check`,
 * and those that must have a process to themselves.
 */
export const slowParts = [
  'test/unit/package/few-descriptors.test.ts',
  'test/unit/package/gone-node.test.ts',
  'test/unit/session/lock-race.test.ts',
  'test/unit/session/lock.test.ts',
  'test/unit/session/lock-strangers.test.ts',
  'test/unit/session/repair.test.ts',
  'test/unit/session/read.test.ts',
  'test/unit/session/process-and-file.test.ts',
  'test/unit/tools/bash.test.ts',
  'test/unit/model/wire.test.ts',
  'test/unit/transport/server.test.ts',
];

/** The longest first, where the ring is alone: a long file that begins late runs alone at the end. */
const longestFirst = [
  'unit/sim/histories.test.ts',
  'unit/sim/histories-too.test.ts',
  'unit/sim/defects.test.ts',
  'spec/bench-smoke.test.ts',
  'spec/chaos-places.test.ts',
  'spec/crash-points.test.ts',
  'spec/names.test.ts',
  'spec/scope-delegation.test.ts',
  'spec/keep.test.ts',
  'spec/commands-lives.test.ts',
  'spec/one-writer-places.test.ts',
  'spec/worktree.test.ts',
  'spec/chaos.test.ts',
  'spec/approvals-command.test.ts',
  'spec/run-continue.test.ts',
  'spec/escape-races.test.ts',
  'spec/callback-table.test.ts',
  'spec/history-methods.test.ts',
  'spec/storage-injection.test.ts',
  'spec/screen-captures.test.ts',
  'spec/wire-adversity.test.ts',
  'spec/budget-tree.test.ts',
  'spec/package.test.ts',
  'spec/checkpoint-misfits.test.ts',
  'spec/compact-command.test.ts',
  'spec/worktree-git.test.ts',
  'spec/commands-pods.test.ts',
  'spec/waiting.test.ts',
  'spec/escape-shell.test.ts',
  'spec/providers-failures.test.ts',
  'spec/engines.test.ts',
  'spec/context-days.test.ts',
  'spec/restore-together.test.ts',
  'spec/providers-rest.test.ts',
  'spec/one-writer.test.ts',
  'spec/approvals-keys.test.ts',
  'spec/commands-run.test.ts',
  'spec/requests.test.ts',
  'spec/scope-wait.test.ts',
  'spec/control-stop.test.ts',
  'spec/mcp-server.test.ts',
  'spec/storage-full.test.ts',
  'spec/restore-table.test.ts',
  'spec/budget-kills.test.ts',
  'spec/images.test.ts',
  'spec/prune.test.ts',
  'spec/others-socket-folder.test.ts',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = longestFirst.findIndex((name) => moduleId.endsWith(`/test/${name}`));
      return at === -1 ? longestFirst.length : at;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

// Three rings, and the campaign, which takes hours: `unit` is pure or single-process and runs in seconds; `sim` plays random histories of simulated pods; `spec` starts real pods from the
// built bin.
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/architecture.test.ts', 'test/requirements.test.ts'],
          exclude: ['test/unit/sim/**', ...slowParts],
          // Half of the time of this ring went into loading the same modules for each file.
          isolate: false,
          pool: 'forks',
          // Patience for a machine that has much else to do; none waits for time to pass.
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'sim',
          include: ['test/unit/sim/**/*.test.ts'],
          // None waits for time to pass; a machine may have much else to do.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // What a history leaves is garbage at its end: the fewer collections fall into it, the less is copied.
          execArgv: ['--min-semi-space-size=64', '--max-semi-space-size=64'],
          // The histories are played in two halves, each by a processor.
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'spec',
          include: ['test/spec/**/*.test.ts', ...slowParts],
          globalSetup: ['test/support/build-once.ts'],
          // Patience for a machine that has much else to do; none waits for time to pass.
          testTimeout: 180_000,
          hookTimeout: 180_000,
          // Two processors are the floor that we test on. A file waits for almost half of its time: for a sync,
          // a delay of a scenario, a process that ends.
          maxWorkers: 3,
        },
      },
      {
        test: {
          name: 'campaign',
          include: ['test/campaign/**/*.test.ts'],
          globalSetup: ['test/support/build-once.ts'],
        },
      },
    ],
  },
});
