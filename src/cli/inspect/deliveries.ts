/** `podkin deliveries`: the delivery state of each event of the home. */
import { findPod } from '../../client/find-pod.ts';
import { deliveryOf, type LedgerRow } from '../../delivery/ledger.ts';
import { deliveriesOf, isFinal } from '../../library/home-deliveries.ts';
import { bringCopies } from '../../machines/copied-logs.ts';
import { notCheckedLines } from './verify.ts';
import { oneLine } from '../format/printable.ts';
import { columns, paint } from '../format/table.ts';
import type { CommandContext } from '../invocation/context.ts';
import { exitStatus, jsonText } from '../invocation/context.ts';

/** With a name only what that pod sent or received. */
export async function deliveriesCommand(
  context: CommandContext,
  name: string | null,
  options: { json: boolean },
): Promise<number> {
  const pod = name === null ? null : findPod(context.home, name);
  const notChecked = await bringCopies(context.home);
  const rows = await deliveriesOf(context.home);
  const wanted =
    pod === null ? rows : rows.filter((row) => [row.instance, row.receiver].includes(pod.instance));
  if (options.json) context.stdout.write(jsonText(wanted.map(deliveryOf)));
  else if (wanted.length > 0) context.stdout.styled(deliveriesTable(wanted, context.color));
  else context.stderr.write('No events yet: children report to their parents when their turns end.\n');
  for (const line of notCheckedLines(notChecked)) context.stderr.write(`${line}\n`);
  return notChecked.length === 0 ? exitStatus.done : exitStatus.failed;
}

function deliveriesTable(rows: readonly LedgerRow[], color: boolean): string {
  const head = [
    'FROM',
    'TO',
    'EVENT',
    'KIND',
    'STATE',
    'ATTEMPTS',
    'COMMITTED',
    'RECEIVED',
    'SEEN',
    'REASON',
  ];
  const cells = rows.map((row) => [
    oneLine(row.from, 63),
    oneLine(row.to, 63),
    row.seq === null ? '–' : String(row.seq),
    oneLine(row.kind, 40),
    paint(row.state, isFinal(row) ? 'green' : 'yellow', color),
    row.attempts === 0 ? '–' : String(row.attempts),
    hour(row.committedAt),
    hour(row.receivedAt),
    hour(row.seenAt),
    oneLine(row.reason ?? '', 400),
  ]);
  return columns([head.map((word) => paint(word, 'bold', color)), ...cells]);
}

function hour(time: string | null): string {
  return time === null ? '–' : oneLine(time.slice(11, 23), 12);
}
