/** The exact words that a model reads of the clone that its child worked in, as a table. */
import { expect, it } from 'vitest';
import { worktreeText } from '../../../src/delivery/worktree-notice.ts';
import type { WorktreeReport } from '../../../src/protocol/pod-event.ts';

const branch = 'podkin/kid-1';
const folder = '/h/worktrees/kid-1';
const report: WorktreeReport = { branch, folder, base: 'c0ffee', fetched: false };
const size = { commits: 2, files: 1, added: 30, deleted: 4 };
const again = 'SendToPod { "name": "kid" } lets it try again';
const stays = `A person takes it from ${folder}: git fetch ${folder} ${branch}`;

const rows: Record<string, [Partial<WorktreeReport>, string[]]> = {
  'its branch is in the repository': [
    { fetched: true, ...size },
    [
      `What it committed is in the repository, on the branch ${branch}: 2 commits, 1 file changed, +30 -4 lines. To take it over: git merge ${branch}; where .git is read-only for you, git diff HEAD...${branch} | git apply. Look at it first: git diff HEAD...${branch}`,
    ],
  ],
  'its branch is there and what it comes to is not known': [
    { fetched: true },
    [
      `What it committed is in the repository, on the branch ${branch}: 0 commits, 0 files changed, +0 -0 lines. To take it over: git merge ${branch}; where .git is read-only for you, git diff HEAD...${branch} | git apply. Look at it first: git diff HEAD...${branch}`,
    ],
  ],
  'it committed nothing': [{}, ['It committed nothing in its clone.']],
  'its clone is gone': [
    { why: 'missing' },
    [`Its clone is gone, and with it whatever it had committed since its last report: ${folder}.`],
  ],
  'its branch is gone': [
    { why: 'noBranch' },
    [`Its branch ${branch} is not in its clone any more, so nothing was brought back. ${again}.`],
  ],
  'the repository is not its parent’s to write': [
    { why: 'notInScope', ...size, commits: 1 },
    [
      `What it committed is in its clone, on the branch ${branch}: 1 commit, 1 file changed, +30 -4 lines. You may not write the repository, so it was not brought there. ${stays}.`,
    ],
  ],
  'the handing over failed': [
    { why: 'failed', problem: 'no space left' },
    [
      `What it committed could not be brought into the repository; nothing of it is lost. ${again}. ${stays}. What is known of why:`,
      '```data',
      'no space left',
      '```',
    ],
  ],
  'the handing over took too long, and nothing is known of why': [
    { why: 'timedOut' },
    [
      `What it committed could not be brought into the repository; nothing of it is lost. ${again}. ${stays}. What is known of why:`,
      '```data',
      '',
      '```',
    ],
  ],
};

it.each(Object.entries(rows))('[worktree.returns] a report of a clone: %s', (_, [fields, lines]) => {
  expect(worktreeText({ ...report, ...fields }, 'kid')).toEqual(lines);
});

const leftovers: Record<string, [Partial<WorktreeReport>, string[]]> = {
  nothing: [{ uncommitted: 0, others: 0 }, []],
  'one change': [
    { uncommitted: 1 },
    [`Left in its clone, and nowhere else: 1 change that it did not commit (${folder}).`],
  ],
  'ignored files': [
    { ignored: 2 },
    [`Left in its clone, and nowhere else: 2 files that .gitignore covers (${folder}).`],
  ],
  'all of it': [
    { uncommitted: 1, ignored: 1, others: 1 },
    [
      `Left in its clone, and nowhere else: 1 change that it did not commit, 1 file that .gitignore covers, 1 commit of other branches (${folder}).`,
    ],
  ],
  'one commit elsewhere': [
    { others: 1 },
    [`Left in its clone, and nowhere else: 1 commit of other branches (${folder}).`],
  ],
  both: [
    { uncommitted: 3, others: 2 },
    [
      `Left in its clone, and nowhere else: 3 changes that it did not commit and 2 commits of other branches (${folder}).`,
    ],
  ],
};

it.each(Object.entries(leftovers))(
  '[worktree.left] [worktree.ignored] what a clone keeps for itself: %s',
  (_, [fields, lines]) => {
    expect(worktreeText({ ...report, ...fields }, 'kid').slice(1)).toEqual(lines);
  },
);

it('[worktree.returns] [notice.quoted] a branch, a folder and a problem of a child make no line of a notice', () => {
  const hostile = { branch: 'b\nx', folder: `/f/${'d'.repeat(100)}/a b`, problem: 'p'.repeat(1_001) };
  const [line, , problem] = worktreeText({ ...report, ...hostile, why: 'failed' }, 'kid');
  const [gone] = worktreeText({ ...report, ...hostile, why: 'noBranch' }, 'kid');
  expect(line).toContain(`git fetch "${hostile.folder}" "b\\nx"`);
  expect(gone).toContain('Its branch "b\\nx" is not');
  expect(problem).toBe(`${'p'.repeat(1_000)}…`);
});
