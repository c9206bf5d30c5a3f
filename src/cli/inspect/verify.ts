/** `podkin verify`: reads every log of the home and checks what was promised; fails at a violation. */
import { renderReport, verifyHome } from '../../delivery/verify/verify.ts';
import type { CommandContext } from '../invocation/context.ts';
import { exitStatus, jsonText } from '../invocation/context.ts';
import { registryTrouble } from './registry-trouble.ts';

export async function verifyCommand(context: CommandContext, options: { json: boolean }): Promise<number> {
  const report = await verifyHome(context.home);
  for (const { text } of await registryTrouble(context.home)) context.stderr.write(`podkin: ${text}\n`);
  context.stdout.write(options.json ? jsonText(report) : `${renderReport(report).trimEnd()}\n`);
  return report.violations.length === 0 ? exitStatus.done : exitStatus.failed;
}
