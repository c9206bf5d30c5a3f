import { defineConfig } from 'vitest/config';
import { slowParts } from './vitest.config.ts';

// The unit ring as `npm run mutants` runs it: Stryker knows no projects.
export default defineConfig({
  test: {
    include: ['test/unit/**/*.test.ts'],
    exclude: ['test/unit/sim/**', ...slowParts],
    testTimeout: 30_000,
  },
});
