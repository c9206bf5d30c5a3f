/** `podkin verify`: reads every log of the home and checks what was promised; fails at a violation. */
import { renderReport } from '../../delivery/verify/verify.ts';
import { bringCopies, type NotChecked } from '../../machines/copied-logs.ts';
import { verifiedHome } from '../../library/verified-home.ts';
import { oneLine } from '../format/printable.ts';
import type { CommandContext } from '../invocation/context.ts';
import { exitStatus, jsonText } from '../invocation/context.ts';
import { registryTrouble } from './registry-trouble.ts';

export async function verifyCommand(context: CommandContext, options: { json: boolean }): Promise<number> {
  const notChecked = await bringCopies(context.home);
  const report = await verifiedHome(context.home);
  for (const { text } of await registryTrouble(context.home)) context.stderr.write(`podkin: ${text}\n`);
  context.stdout.write(
    options.json ? jsonText({ ...report, notChecked }) : `${renderReport(report).trimEnd()}\n`,
  );
  for (const line of notCheckedLines(notChecked)) context.stderr.write(`${line}\n`);
  return report.violations.length === 0 && notChecked.length === 0 ? exitStatus.done : exitStatus.failed;
}

/** What is not read is not clean. */
export function notCheckedLines(notChecked: readonly NotChecked[]): string[] {
  return notChecked.map(
    ({ pod, host, why }) =>
      `Not checked: ${pod}, whose log is on the host "${host}" (${oneLine(why, 300)}): podkin host connect ${host}`,
  );
}
