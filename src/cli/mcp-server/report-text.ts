/** Reports as a host's model reads them: bounded, each with the id that acknowledges it. Pure. */
import type { InboxReport } from '../../protocol/mailbox.ts';
import { asJson, type JsonObject } from '../../std/json.ts';

export interface Inbox {
  readonly reports: readonly InboxReport[];
  readonly waiting: number;
  readonly notOut: readonly string[];
  readonly working: readonly string[];
}

/** Of one answer; what does not fit comes once others are acknowledged. */
const textCharsMax = 100_000;
const namesMax = 50;

/** The first that fit together, and at least one. */
function fitting(reports: readonly InboxReport[]): InboxReport[] {
  let left = textCharsMax;
  return reports.filter(({ text }, at) => {
    left -= text.length;
    return left >= 0 || at === 0;
  });
}

export function inboxText(inbox: Inbox, lines: readonly string[] = []): string {
  const { notOut } = inbox;
  const shown = fitting(inbox.reports);
  const more = inbox.reports.length - shown.length + inbox.waiting;
  const ids = shown.map(({ id }) => id);
  return [
    ...lines,
    shown.length === 0
      ? 'No report waits to be acknowledged.'
      : `${shown.length} report${shown.length === 1 ? '' : 's'} not acknowledged yet:`,
    ...shown.flatMap((report) => ['', headOf(report), report.text]),
    ...(shown.length === 0
      ? []
      : [
          '',
          `When you have dealt with ${shown.length === 1 ? 'it' : 'them'}: pods_inbox ${JSON.stringify({ ack: ids })}`,
        ]),
    ...(more > 0 ? [`${more} more wait behind these: acknowledge some to get them.`] : []),
    ...(notOut.length > 0
      ? [`Not in the inbox (acknowledged before, or no id of it): ${namesOf(notOut)}`]
      : []),
    workingText(inbox),
  ].join('\n');
}

/** The same for programs. */
export function inboxData({ reports, waiting, notOut, working }: Inbox): JsonObject {
  const shown = fitting(reports);
  const more = reports.length - shown.length + waiting;
  return asJson({ reports: shown, more, notInInbox: notOut, working });
}

export function workingText({ working }: Pick<Inbox, 'working'>): string {
  return working.length === 0 ? 'No pod is working.' : `Still working: ${namesOf(working)}.`;
}

function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, namesMax).join(', ');
  return names.length > namesMax ? `${shown} and ${names.length - namesMax} more` : shown;
}

function headOf({ id, pod, label }: InboxReport): string {
  const from = pod === null ? 'a person' : `"${pod}"`;
  return `--- ${id} from ${from}${label === null ? '' : ` (label: ${JSON.stringify(label)})`}`;
}
