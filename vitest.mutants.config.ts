import { defineConfig } from 'vitest/config';
import { slowParts } from './vitest.config.ts';

// The unit tests of the rooms that `npm run mutants` tries: Stryker knows no projects, and what reads the tree itself fails
// on a changed file.
export default defineConfig({
  test: {
    include: ['test/unit/{delivery,pod,worker,session,scope,tools,model}/**/*.test.ts'],
    exclude: slowParts,
    testTimeout: 30_000,
  },
});
