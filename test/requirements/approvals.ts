/** Who is asked: permission modes, rules, questions to a person and their answers. */
export const approvals = {
  'permission.modes':
    'each mode lets through, asks for and denies what it says, for each kind of tool, inside a sandbox and outside',
  'permission.order':
    'deny outweighs ask, ask outweighs allow, a rule outweighs the mode; plan and bypassPermissions stand outside',
  'permission.nobody': 'where nobody can be asked, no case ends in a question',
  'permission.always':
    'an "always" holds for the same call only, and one given inside a sandbox not outside of it',
  'permission.compound':
    'no allowing pattern lets a command with a shell operator through that is not the pattern itself',
  'permission.segments': 'a denying pattern finds its command behind operators, carriers, paths and quotes',
  'permission.paths':
    'path rules hold for relative and absolute patterns and where links lead: one name is enough to deny, all are needed to allow',
  'permission.malformed': 'a rule that is none, or for a tool that there is not, is a mistake that names it',
  'permission.linear': 'a long command costs a pattern no more than its length',
  'config.rules': 'rules come from the user, the flags and, but for allow, the project',
  'approval.tree':
    'a question of any pod of a tree reaches the observers of the root, is answered there, and its call runs once',
  'approval.late-observer': 'who subscribes while a question is open is told of it, after the history',
  'approval.deny': 'a no is a denied call with the reason; nothing runs',
  'approval.once': 'one answer counts, a second one is refused with what was answered',
  'approval.no-pod': 'no pod answers a question: not with a token, not over a link',
  'approval.always': 'always is not asked again for the same command, over restores, and holds for no other',
  'approval.others-go-on': 'a question holds up no other pod, no input and no call beside it',
  'approval.ended':
    'cancel, pause and stop close a question: the call has not run and says so, and no answer is taken any more',
  'approval.pause-step': 'a turn that is being paused asks nothing more',
} as const;
