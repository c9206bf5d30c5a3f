import { defineConfig } from 'vitest/config';

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

// Three rings, and the campaign, which takes hours: `unit` is pure or single-process and runs in seconds; `sim` plays random histories of simulated pods; `spec` starts real pods from the
// built bin.
export default defineConfig({
  test: {
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
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Two processors are the floor we test on: more files at once only makes every pod slower.
          maxWorkers: 2,
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
