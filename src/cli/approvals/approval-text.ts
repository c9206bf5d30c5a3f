/**
 * An approval as pages of a screen. Pure.
 *
 * Invariants
 * - K1 Nothing that a pod wrote begins a row of ours (`barred.ts`).
 * - K3 What is asked, and how much of it there is, stands below the text too; of a text that is not shown to
 * its end this line says so.
 */
import { barred } from '../format/barred.ts';
import { counted, oneLine, visible } from '../format/printable.ts';
import { paint } from '../format/table.ts';

export interface AskedApproval {
  readonly request: string;
  /** The name of the pod that asks. */
  readonly pod: string;
  /** Its instance, where that is needed. */
  readonly instance?: string;
  readonly tool: string;
  readonly summary: string;
  /** The summary is all of the call, whatever it ends in. */
  readonly isWhole?: true;
  readonly why: string;
  /** What a yes may open beside it. */
  readonly offers?: { readonly write: string } | undefined;
}

export interface ApprovalPage {
  readonly text: string;
  /** The last one. */
  readonly isLast: boolean;
  /** With it, all of the call has been shown. Only then may it be answered with yes. */
  readonly isWhole: boolean;
}

export interface PageStyle {
  readonly color: boolean;
  readonly columns: number;
  /** Of the screen; null: everything on one page. */
  readonly rows: number | null;
}

const whyCharsMax = 400;
const textRowsMin = 4;
/** The head, the line below the text, the keys, and room for what a person types. */
const rowsAround = 6;

export function approvalPages(approval: AskedApproval, style: PageStyle): ApprovalPage[] {
  const { columns, color } = style;
  const head = `? ${approval.pod} asks for ${oneLine(visible(approval.tool), 63)}`;
  const why = barred(oneLine(visible(approval.why), whyCharsMax), columns, '    ');
  const { shown, left } =
    approval.isWhole === true ? { shown: approval.summary, left: 0 } : cutOff(approval.summary);
  const rows = barred(shown, columns);
  const room = style.rows === null ? rows.length : style.rows - rowsAround - why.length;
  const size = Math.max(textRowsMin, room);
  const pages: ApprovalPage[] = [];
  for (let from = 0; from < rows.length; from += size) {
    const to = Math.min(from + size, rows.length);
    const isLast = to === rows.length;
    const part =
      from === 0 && isLast
        ? counted(rows.length, 'row', 'rows')
        : `rows ${from + 1} to ${to} of ${rows.length}`;
    const length = counted(shown.length, 'character', 'characters');
    const rest = isLast && left > 0 ? `; ${left} more characters are NOT shown` : '';
    const below = paint(`${head}: ${part}, ${length}${rest}`, 'yellow', color);
    const text = [paint(head, 'yellow', color), ...why, ...rows.slice(from, to), below].join('\n');
    pages.push({ text, isLast, isWhole: isLast && left === 0 });
  }
  return pages;
}

/**
 * The pod that asks keeps a long call's beginning and says how much more there is
 * (`pod/approvals/subject.ts`).
 */
export function cutOff(summary: string): { shown: string; left: number } {
  const mark = /\n\[\u2026 and (\d+) more characters[^\n]*\]$/.exec(summary);
  if (mark === null) return { shown: summary, left: 0 };
  return { shown: summary.slice(0, mark.index), left: Number(mark[1]) };
}
