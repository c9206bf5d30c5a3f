/** What a parent may ask of a child beside its task, and a person of a root. */
export const asked = {
  'asked.timeout':
    'a turn that has worked for as long as was allowed ends as limitReached time, whatever is under way, once, and its parent’s model reads it',
  'asked.idle':
    'a turn without a sign of work for as long as was allowed ends the same way; what the pod waits for is no silence',
  'asked.time-counts':
    'what a turn has worked counts on over pauses, stops and deaths; pauses, open approvals and waits for the budget do not count',
  'asked.time-below': 'at the limit of its time a turn’s work below it is cancelled too',
  'asked.time-pause': 'a pause that was asked for holds behind a turn that its time has ended',
  'asked.time-root':
    'run takes the limits of its root’s time, ends with status 5 at them, and refuses what is no number of minutes',
  'asked.own': 'what was asked of a pod is not asked of its children',
  'asked.check':
    'a check runs when a child says that it has finished: a failure is an input of that turn as often as was allowed, and the report, held until then, says first whether it passed',
  'asked.check-cases':
    'a check that hangs, is missing or floods is reported as what it is, with the last 4 KiB of its output as data',
  'asked.check-anew':
    'a check that a death has cut is run anew without a request, and the report that it held is received once',
  'asked.check-control': 'a pause cuts a check, which its resume runs anew; a cancel ends it with its turn',
  'asked.check-asked':
    'a check needs before the spawn what a command of the child needs, and where nobody can be asked the spawn is refused',
  'asked.result':
    'a final answer that is the JSON asked for is handed up as data; another one is asked for again once, then reported with its text',
  'asked.result-schema':
    'a schema is bounded, and what cannot be held against an answer within bounds is refused by name',
  'asked.evidence-verified':
    'verify finds finished work reported without its evidence, and an answer asked for again too often',
  'asked.root-result':
    'run --output-schema holds the last answer of its tree against the schema, asks once more, prints it as JSON alone, and fails with status 1 where it does not fit',
  'asked.root-check':
    'run --check runs behind the last answer as the root’s own shell would, tells the model what failed as often as --tries says, and fails with status 1 where it does not pass',
  'asked.root-owed':
    'a root whose last answer was given before others ended owes its evidence all the same, once and without a request',
  'asked.root-refused':
    'run refuses a schema that cannot be held against an answer, and what does not go together, before anything is made',
  'asked.time-verified': 'verify finds a time of a turn that falls, and one of another turn',
  'worktree.clone':
    'a child with worktree works in a clone of the commits of its parent’s repository, on a branch of its own, which takes its objects from the source',
  'worktree.returns':
    'what it commits there is on that branch in the repository when its report is read, forward or as a new branch, never over what is there, and the report says how to take it over',
  'worktree.hostile':
    'nothing that the source or the clone names (hooks, settings, filters, monitors) is run by podkin',
  'worktree.left': 'the report says what was not committed and what is on other branches, and both are kept',
  'worktree.kept':
    'prune, rm and rm -f remove no clone that holds what is nowhere else (commits that nothing names, stashes, changes that the index hides, repositories in it, what other clones need); one that holds nothing goes with its pod',
  'worktree.taken':
    'the line that a kept clone comes with brings every commit of it into the repository, whatever names it there: behind it the clone is removed',
  'worktree.source-gone':
    'a clone whose repository was moved or removed stays, and prune names the repository and how to go on',
  'worktree.ignored':
    'files of a clone that a .gitignore covers are reported, and keep it from prune and rm, but for what tools make anew; rm -f gives them up, and names them',
  'worktree.left-clones':
    'a clone that rm -f has kept is named by doctor and prune until all of it is in its repository, and is removed by prune then',
  'worktree.refused':
    'without a working sandbox, a repository, a commit or the right to read it the spawn is refused with a sentence of what to do, and nothing is made',
  'worktree.cases':
    'sources and clones of unusual kinds work or are reported as what they are: worktrees, shallow ones, other hashes, links, what is gone',
  'worktree.nested': 'a child in a clone has children in clones of that clone, whose branches come into it',
  'worktree.bounded': 'what git does for podkin ends within its time, and is reported as that',
  'worktree.anew':
    'a death before, in or behind the making of a clone leaves none that nobody works in; one in the handing over has it done anew, once',
  'worktree.scope':
    'the clone is its child’s alone, with what is denied in the source denied there; the child writes nothing of the source, and gets its clone back with a restore',
  'worktree.stop':
    'a child that is stopped brings back what it committed since its last report, and its parent hears where it is',
  'worktree.unfinished':
    'work that a limit or a failure ends is handed over as far as it is committed; what a death or a stop leaves is in the clone, and the next report hands it over',
  'worktree.profile': 'a profile or an agent file can ask for it; in permission mode plan it is refused',
} as const;
