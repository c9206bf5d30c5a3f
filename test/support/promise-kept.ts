/**
 * The end of a test of the callback: the oracle finds nothing in the logs, and no living pod needed its
 * watchdog.
 */
import { existsSync } from 'node:fs';
import { renderReport, verifyHome } from '../../src/delivery/verify/verify.ts';
import { namesIn } from './pod-folders.ts';
import { ofRealPods } from './home-verified.ts';
import type { TestHome } from './rig.ts';

/** Throws with what was found. */
export async function promiseKept(home: TestHome): Promise<void> {
  const report = await verifyHome(home.home);
  const violations = ofRealPods(report.violations, home.fakes);
  if (violations.length > 0) throw new Error(renderReport({ ...report, violations }));
  for (const name of namesIn(home.home)) {
    const pod = home.pod(name);
    // The dead and those without a process have none.
    if (!existsSync(pod.socket) || (await pod.lock()) === 'free') continue;
    const { watchdogRescues } = await pod.call('status', {});
    if (watchdogRescues > 0) throw new Error(`the watchdog of ${name} had to help ${watchdogRescues} times`);
  }
}
