/** What stands beside a summary, made from facts and not by the model. Pure. */
import type { Facts } from '../../session/facts/facts.ts';

const childrenMax = 30;
const linesMax = 30;
const wordsMax = 160;

/** Markdown; empty where there is nothing to say. */
export function tableOf(facts: Facts): string {
  const sections = [
    section('Pods that you have started', childLines(facts)),
    section('Work that you have given and that has not ended', assignmentLines(facts)),
    section('Work that was given to you and that you owe an answer', ownLines(facts)),
    section('Calls that wait for an approval', approvalLines(facts)),
    section('Files that you have changed', fileLines(facts, 'changed')),
    section('Files that you have read', fileLines(facts, 'read')),
  ];
  return sections.filter((text) => text !== '').join('\n\n');
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [`${title}:`, ...lines.map((line) => `- ${line}`)].join('\n');
}

function childLines({ children, context }: Facts): string[] {
  const shown = [...children.values()].filter(({ state }) => state !== 'undone');
  const lines = shown.slice(-childrenMax).map(({ name, instance, state, task }) => {
    const report = context.reports.get(instance);
    const said = report === undefined ? 'it has not reported yet' : `last report: ${report}`;
    return `${name} (${wordOf(state)}), task: ${words(task)}; ${said}`;
  });
  const left = shown.length - lines.length;
  return left > 0 ? [`${left} earlier ones, which ListPods names`, ...lines] : lines;
}

function wordOf(state: string): string {
  return state === 'ended' || state === 'removed' ? state : 'not ended';
}

function assignmentLines({ assignments }: Facts): string[] {
  return newest([...assignments.values()].map(({ child, text }) => `${child.name}: ${words(text)}`));
}

function ownLines({ ownAssignments, queue }: Facts): string[] {
  const waiting = queue.map(({ text }) => `waits for its turn: ${words(text)}`);
  const begun = [...ownAssignments.values()].filter((state) => state === 'begun').length;
  return [...(begun > 0 ? [`${begun} begun; its words stand above`] : []), ...newest(waiting)];
}

function approvalLines({ approvals }: Facts): string[] {
  const open = [...approvals.values()].filter(({ answer }) => answer === null);
  return newest(open.map(({ tool, summary }) => `${tool}: ${words(summary)}`));
}

function fileLines({ context }: Facts, done: 'read' | 'changed'): string[] {
  return newest([...context.files].flatMap(([path, last]) => (last === done ? [path] : [])));
}

function newest(lines: readonly string[]): string[] {
  const left = lines.length - linesMax;
  return left > 0 ? [`${left} more`, ...lines.slice(-linesMax)] : [...lines];
}

function words(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > wordsMax ? `${line.slice(0, wordsMax).toWellFormed()}…` : line;
}
