/** `podkin verify`: what the logs of a home say, and which of them are missing under pods that run. */
import { lostLogAdvice, lostLogText, lostLogs } from '../client/lost-logs.ts';
import type { Violation } from '../delivery/verify/finding.ts';
import { type Report, verifyHome } from '../delivery/verify/verify.ts';
import type { Home } from '../session/home/home.ts';

export async function verifiedHome(home: Home): Promise<Report> {
  const [report, lost] = await Promise.all([verifyHome(home), lostLogs(home)]);
  const violations = lost.map((one): Violation => ({
    rule: 'log',
    pod: one.name,
    text: `${lostLogText(one)}: ${lostLogAdvice}`,
  }));
  return { ...report, violations: [...report.violations, ...violations] };
}
