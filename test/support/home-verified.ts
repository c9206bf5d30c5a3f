/**
 * The end of every test on real pods: the oracle reads the logs that it leaves, as `podkin verify` would, and
 * finds nothing that the test has not announced.
 */
import type { Violation } from '../../src/delivery/verify/finding.ts';
import { verifyHome } from '../../src/delivery/verify/verify.ts';
import type { Home } from '../../src/session/home/home.ts';

/**
 * What is wrong, as sentences; empty when all is well. `announced`: what must be found because the test
 * damages logs or speaks falsely on purpose; each pattern must fit some violation, and each violation some
 * pattern, both as `RULE POD: TEXT`. `fakes`: pods that a test plays.
 */
export async function brokenPromises(
  home: Home,
  announced: readonly RegExp[],
  fakes: ReadonlySet<string>,
): Promise<string[]> {
  // No pod lives any more, so no death is on its way to being told.
  const { violations } = await verifyHome(home, { untilSecondReading: () => Promise.resolve() });
  const found = ofRealPods(violations, fakes).map(({ rule, pod, text }) => `${rule} ${pod}: ${text}`);
  const fits = (pattern: RegExp, line: string): boolean => line.search(pattern) >= 0;
  return [
    ...found.filter((line) => !announced.some((pattern) => fits(pattern, line))),
    ...announced
      .filter((pattern) => !found.some((line) => fits(pattern, line)))
      .map((pattern) => `the test announced ${String(pattern)}, and verify finds nothing like it`),
  ];
}

/**
 * Without what the logs of played pods break by saying what a test wants: V3 and C1 ask for turns behind it.
 */
export function ofRealPods(violations: readonly Violation[], fakes: ReadonlySet<string>): Violation[] {
  return violations.filter(({ rule, pod }) => !fakes.has(pod) || (rule !== 'V3' && rule !== 'C1'));
}
