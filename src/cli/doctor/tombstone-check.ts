/** For `podkin doctor`: tombstones of removed pods that are not what podkin wrote. */
import { thrownText } from '../../std/thrown-text.ts';
import { type Home, readTombstones } from '../../session/home/home.ts';
import type { Finding } from './finding.ts';

export function tombstoneFindings(home: Home): Finding[] {
  const findings: Finding[] = [];
  const add = (path: string, text: string): void => {
    const fix = `put it back from a backup, or: rm ${path}`;
    findings.push({ check: 'removed pods', level: 'warning', text, fix });
  };
  try {
    readTombstones(home, add);
  } catch (error) {
    add(`${home.state}/removed`, thrownText(error));
  }
  return findings;
}
