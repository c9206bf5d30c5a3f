/** What waits for a person: a list, and below it the whole of the one that is chosen. Pure. */
import { shownQuestion, waitingQuestions } from '../answering.ts';
import { span, visible } from '../text.ts';
import type { Line } from '../line.ts';
import type { Question } from '../model/shape.ts';
import { clock } from './figures.ts';
import { answerHints } from './foot.ts';
import { askedText, type QuestionBlock, questionBlock } from './question.ts';
import { beside, bold, cut, dim, inStyle, inverse, noLine, yellow } from './spans.ts';
import type { ViewAround } from './view.ts';

export interface Room {
  readonly columns: number;
  readonly rows: number;
}

interface Chosen {
  readonly question: Question;
  /** From 0, among so many. */
  readonly nth: number;
  readonly of: number;
}

/** The one that is shown, or that was asked for; null where it waits no more. */
export function chosenQuestion(
  { tree, state }: Pick<ViewAround, 'tree' | 'state'>,
  request?: string,
): Chosen | null {
  const waiting = waitingQuestions(tree, state);
  const question =
    request === undefined
      ? shownQuestion(tree, state)
      : (tree.questions.find(({ approval }) => approval.request === request) ?? null);
  if (question === null) return null;
  return { question, nth: Math.max(0, waiting.indexOf(question)), of: Math.max(1, waiting.length) };
}

/** The block of a question, with what answers it from where the focus is. */
export function askedBlock(
  view: ViewAround,
  room: Room,
  how: { readonly request?: string; readonly scroll?: number },
): (QuestionBlock & { readonly request: string }) | null {
  const chosen = chosenQuestion(view, how.request);
  if (chosen === null) return null;
  const { question, nth, of } = chosen;
  const { request } = question.approval;
  const block = questionBlock(question, {
    columns: room.columns,
    rows: room.rows,
    nowMs: view.nowMs,
    nth: nth + 1,
    of,
    isAnswered: view.state.answering.has(request),
    ...answerHints(view, question),
    ...(how.scroll === undefined ? {} : { scroll: how.scroll }),
  });
  return { ...block, request };
}

export interface ApprovalsBlock {
  readonly lines: readonly Line[];
  readonly block: (QuestionBlock & { readonly request: string }) | null;
}

export function approvalsBlock(view: ViewAround, room: Room, scroll: number): ApprovalsBlock {
  const questions = waitingQuestions(view.tree, view.state);
  const chosen = chosenQuestion(view);
  if (chosen === null) {
    return { lines: [noLine, cut([span('  Nothing waits for you.', dim)], room.columns)], block: null };
  }
  const most = Math.max(1, Math.min(questions.length, Math.floor(room.rows / 3)));
  const first = Math.max(0, Math.min(chosen.nth - Math.floor(most / 2), questions.length - most));
  const list = questions.slice(first, first + most).map((one, at) => {
    const line = listLine(view, one, room.columns);
    return first + at === chosen.nth ? inStyle(line, inverse) : line;
  });
  const left = questions.length - most;
  const more: Line[] = left > 0 ? [[span(` … ${left} more`, dim)]] : [];
  const head = [...list, ...more, noLine];
  const block = askedBlock(view, { columns: room.columns, rows: room.rows - head.length }, { scroll });
  return { lines: [...head, ...(block?.lines ?? [])].slice(0, room.rows), block };
}

function listLine({ nowMs, state }: ViewAround, question: Question, columns: number): Line {
  const { approval, openedAtMs } = question;
  const asked = Date.parse(approval.askedAt);
  const time = clock(nowMs - (Number.isFinite(asked) ? asked : openedAtMs));
  const words = visible(askedText(question).text.slice(0, 500).replaceAll(/\s+/g, ' '));
  const isAnswered = state.answering.has(approval.request);
  const left: Line = [
    span(isAnswered ? ' ✓ ' : ' ? ', yellow),
    span(visible(approval.pod.name), bold),
    span(` ${visible(approval.tool).slice(0, 63)} `),
    span(words, dim),
  ];
  return beside(left, [span(time, dim)], columns);
}
