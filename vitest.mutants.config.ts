import { defineConfig } from 'vitest/config';
import { slowParts } from './vitest.config.ts';

// The unit tests of the rooms that `npm run mutants` tries, and for the shell of a pod a slice of the simulation: Stryker
// knows no projects, and what reads the tree itself fails on a changed file.
const slice = process.env['MUTANTS_SLICE'] === undefined ? [] : ['test/sim/slice.test.ts'];

export default defineConfig({
  test: {
    include: ['test/unit/{delivery,pod,worker,session,scope,tools,model}/**/*.test.ts', ...slice],
    exclude: slowParts,
    testTimeout: 30_000,
  },
});
