/**
 * What a model reads of the clone that its child worked in: where the commits are, what to do next, and what
 * is in no commit. Names of branches and folders are podkin's own, but come from another process. Pure.
 */
import type { WorktreeReport } from '../protocol/pod-event.ts';
import { fenced, inLine } from './quoted.ts';

const problemCharsMax = 1_000;
const pathCharsMax = 4_096;

export function worktreeText(report: WorktreeReport, name: string): string[] {
  return [...committed(report, name), ...left(report)];
}

function committed(report: WorktreeReport, name: string): string[] {
  const branch = inLine(report.branch);
  const folder = inLine(report.folder, pathCharsMax);
  if (report.fetched)
    return [
      `What it committed is in the repository, on the branch ${branch}: ${size(report)}. To take it over: git merge ${branch}; where .git is read-only for you, git diff HEAD...${branch} | git apply. Look at it first: git diff HEAD...${branch}`,
    ];
  const again = `SendToPod { "name": "${name}" } lets it try again`;
  const stays = `A person takes it from ${folder}: git fetch ${folder} ${branch}`;
  switch (report.why) {
    case undefined:
      return ['It committed nothing in its clone.'];
    case 'missing':
      return [`Its clone is gone, and with it whatever it had committed since its last report: ${folder}.`];
    case 'noBranch':
      return [`Its branch ${branch} is not in its clone any more, so nothing was brought back. ${again}.`];
    case 'notInScope':
      return [
        `What it committed is in its clone, on the branch ${branch}: ${size(report)}. You may not write the repository, so it was not brought there. ${stays}.`,
      ];
    case 'timedOut':
    case 'failed':
      return [
        `What it committed could not be brought into the repository; nothing of it is lost. ${again}. ${stays}. What is known of why:`,
        ...fenced(report.problem ?? '', problemCharsMax),
      ];
  }
}

function size({ commits = 0, files = 0, added = 0, deleted = 0 }: WorktreeReport): string {
  return `${counted(commits, 'commit')}, ${counted(files, 'file')} changed, +${added} -${deleted} lines`;
}

function left({ uncommitted = 0, ignored = 0, others = 0, folder }: WorktreeReport): string[] {
  const what = [
    ...(uncommitted > 0 ? [`${counted(uncommitted, 'change')} that it did not commit`] : []),
    ...(ignored > 0 ? [`${counted(ignored, 'file')} that .gitignore covers`] : []),
    ...(others > 0 ? [`${counted(others, 'commit')} of other branches`] : []),
  ];
  return what.length === 0
    ? []
    : [
        `Left in its clone, and nowhere else: ${what.join(what.length > 2 ? ', ' : ' and ')} (${inLine(folder, pathCharsMax)}).`,
      ];
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
