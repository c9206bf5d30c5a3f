/** Who is asked: permission modes, rules, approvals to a person and their answers. */
export const approvals = {
  'permission.modes':
    'each mode lets through, asks for and denies what it says, for each kind of tool, inside a sandbox and outside',
  'permission.order':
    'deny outweighs ask, ask outweighs allow, a rule outweighs the mode; plan and bypassPermissions stand outside',
  'permission.nobody': 'where nobody can be asked, no case ends in an approval',
  'permission.always':
    'an "always" holds for the same call only, and one given inside a sandbox not outside of it',
  'permission.compound':
    'no allowing pattern lets a command with a shell operator through that is not the pattern itself',
  'permission.segments': 'a denying pattern finds its command behind operators, carriers, paths and quotes',
  'permission.paths':
    'path rules hold for relative and absolute patterns and where links lead: one name is enough to deny, all are needed to allow',
  'permission.paths-below': 'a denied folder is denied with all below it, whatever is in its name or theirs',
  'permission.wrapped':
    'a denied command is found behind what only carries it: wrappers, redirections, assignments, quotes, braces, another shell',
  'permission.blanks':
    'blanks around the pattern of a rule are no part of it; no rule is taken that could match nothing for them',
  'permission.foreign':
    'rules in the form of other programs mean what they mean there, or are a mistake or a note with the right form',
  'permission.every-tool': "a rule can name each of podkin's own tools, and no other",
  'permission.malformed': 'a rule that is none, or for a tool that there is not, is a mistake that names it',
  'permission.restored':
    'a rule of another build that means nothing here restores as the widest deny or approval, or as no permission, and is told',
  'permission.linear': 'a long command costs a pattern no more than its length',
  'config.no-pipe':
    'a pipe, a device or a folder in the place of the own configuration file is refused with words, and holds nothing up',
  'config.rules': 'rules come from the user, the flags and, but for allow, the project',
  'approval.tree':
    'an approval of any pod of a tree reaches the observers of the root, is answered there, and its call runs once',
  'approval.late-observer': 'who subscribes while an approval is open is told of it, after the history',
  'approval.deny': 'a no is a denied call with the reason; nothing runs',
  'approval.once': 'one answer counts, a second one is refused with what was answered',
  'approval.no-pod': 'no pod answers an approval: not with a token, not over a link',
  'approval.always':
    'always is not asked again for the same command, over restores, and holds for no other call of any tool',
  'permission.suggested':
    'a rule is suggested from the first words of one plain command; none for programs that run what they are given, for what cannot be taken back, and where a shell would do more',
  'permission.meaning': 'what a rule would let run is said in words that are true of it',
  'approval.rule':
    'a yes by a rule is on disk before the call runs, holds for this pod over restores and for the pods that it starts from then on, and for no other',
  'approval.rule-refused':
    'a rule that is none, is not about this very call, is outweighed by one that asks or comes with a no is refused, and the approval waits on',
  'approval.numbered':
    'in plain lines each answer to an approval has a number, which is a key for it and counts no sooner',
  'approval.rule-keys':
    'at a terminal a key offers a rule, which can be edited, is explained before it is taken, and saved where that is typed',
  'approval.rule-saved':
    'a rule saved for a project holds in its later runs, is listed, shown by config and removed, and yields to what denies, asks or narrows',
  'approval.rule-place':
    'a saved rule holds in the very directory for which it was saved: not where that was moved to, not behind a link in its place, not in another one at its path',
  'approval.rule-file':
    'a file of saved rules that is damaged, a link, or open to others allows nothing, is reported, and is not overwritten',
  'approval.git-found':
    'the git commands that write a repository are found in a command, with the folder that they run in',
  'approval.git-offer':
    'a question about a git command that writes a .git which is read-only for its name alone offers to open that path, and says that its hooks run for the person',
  'approval.git-write':
    'what a person opens is in the entry of the answer, claimed as any write path, writable from that call on and after a restore; what is denied stays denied',
  'approval.git-held':
    'a path that another pod holds, or that was not offered, is refused with the reason, and the approval waits on',
  'approval.git-once':
    'a call that would run and fail is asked about where a person can be asked, and not again once they have answered without opening it',
  'shell.own-repository':
    'a repository that a command with git init or git clone has made is the pod’s commands to write from then on, over restores, without a question; another one in its place is not',
  'shell.own-repository-judged':
    'a repository of its own making is judged at each end of a command: one that leads git elsewhere is set aside; one that a person has changed so is not touched, and read-only',
  'approval.git-named': 'where nobody can be asked, the failed command names --write .git',
  'approval.others-go-on': 'an approval holds up no other pod, no input and no call beside it',
  'approval.ended':
    'cancel, pause and stop close an approval: the call has not run and says so, and no answer is taken any more',
  'approval.pause-step': 'a turn that is being paused asks nothing more',
  'approval.crash':
    'the pod that asks dies: the call has not run, the approval is told again after its restore, and answered the call runs once',
  'approval.crash-above': 'a pod above dies: the approval waits on, and the restored one tells it again',
  'approval.kept-answer':
    'an answer that comes while no call waits is kept for the same call, used once, and lets no other run',
  'approval.key':
    'two calls are the same for a kept answer only where tool, whole input, places and sandbox are the same',
  'approval.key-same':
    'the order of the fields of an input and the words around a command make no other call of it',
  'approval.crash-points':
    'killed at each point of asking and answering, nothing runs without a yes, and nothing twice for one',
  'approval.commands':
    'approvals lists what waits, of dead pods too; approve answers by id, its beginning or name, and says what cannot be',
  'approval.long-read':
    'a call beyond what an approval shows is shown whole by approvals --full and inspect, and approve takes a yes to it only with --full',
  'approval.reason-is-no-yes':
    'approve with --reason and without --deny is refused as wrong usage, and the approval stays open',
  'approval.headless':
    'run -p denies instead of asking in the whole tree, names each call in the result and ends with 4',
  'approval.headless-now':
    'run -p -c asks nobody, however its tree was begun and whether it runs: each call is denied, in the whole tree, named, and the status is 4; the tree asks again where somebody goes on with it without -p',
  'approval.unasked':
    'what nobody can be asked is denied in the log and for the model as no answer of a person, and allows nothing',
  'approval.rule-flags': 'rules given to run hold in the whole tree',
  'approval.run-waits': 'run without a keyboard says on stderr which command answers',
  'approval.keys': 'at a terminal run and attach show approvals of the whole tree and take y, n and a',
  'approval.level':
    'a child tells its whole list: repeated it tells nothing anew, and what is closed is told once',
  'approval.unlinked':
    'the end of a link takes the approvals below it away, and whoever watches is told; the next link brings back those that wait still',
  'approval.silent-asker': 'an answer that does not reach the pod that asks is refused with what to do',
  'approval.again': 'after Ctrl-Z and fg an open approval is shown again before it takes a key',
  'approval.anew': 'behind a gap or a restart of the watched pod only what is open then is shown for open',
  'approval.one-key': 'at a terminal one key answers, and no can be given with a reason',
  'approval.reason': 'a line that begins with no and a comma is a no with the rest as its reason',
  'approval.whole': 'a yes is taken only where all of the call has been shown, a no always',
  'approval.hidden': 'characters that cannot be seen are shown as their numbers, padding as its length',
  'approval.one-at-a-time': 'one approval is shown at a time, the next one when it is answered',
  'approval.other-lines': 'only a lone key word is an answer, and only while an approval waits',
  'approval.unread': 'no key answers an approval that has not stood on the screen for a second',
  'approval.not-taken': 'an answer whose fate is not known leaves the approval open',
  'approval.no-keyboard': 'without a keyboard every approval names the command that answers it',
  'approval.forged':
    'no text of a pod begins a row of the screen or steers the terminal; what is asked and how much of it stands below too',
} as const;
