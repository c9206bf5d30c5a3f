import { defineConfig } from 'vitest/config';
import { slowParts } from './vitest.config.ts';

// The unit tests of the rooms that `npm run mutants` tries, and for the shell of a pod a slice of the simulation: Stryker
// knows no projects, and what reads the tree itself fails on a changed file.
const slice = process.env['MUTANTS_SLICE'] === undefined ? [] : ['test/sim/slice.test.ts'];

/** `MUTANTS_TESTS=FILE,FILE…`: these alone, a file's own tables. The whole ring finds what they find. */
const alone = process.env['MUTANTS_TESTS']?.split(',');

export default defineConfig({
  test: {
    include: alone ?? ['test/unit/{delivery,pod,worker,session,scope,tools,model}/**/*.test.ts', ...slice],
    exclude: slowParts,
    testTimeout: 30_000,
  },
});
