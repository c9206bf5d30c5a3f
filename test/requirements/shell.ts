/** The shell inside the scope: the sandbox, what it is made of, and the bounds on a command. */
export const shell = {
  'shell.slow-relay':
    'what a command wrote is waited for as long as it is on its way, and no longer where somebody else keeps it open',
  'shell.failure-names':
    'a failed command says which denies, holders and protected names the paths meet that it or its output names, a few at most',
  'shell.git-outside':
    'a failed git command where .git is a file that names a folder outside of the scope says so, and which --read helps',
  'shell.bounds':
    'a bound on processes, file length, processor time or memory that a command met is named with its setting',
  'shell.environment': 'a pod process is given of its starter the variables that it needs and no others',
  'shell.environment-inside':
    'a command gets no variable but those of the list, also where Node adds one to every child, and the sandbox works all the same',
  'shell.crowded':
    'a write root with more repositories, folders or links in it than can be protected one by one is read-only as a whole for shells, and a note says so; up to the bound each repository is held, and planning takes time in proportion to what is held',
  'shell.names':
    'where the network is allowed, the file that /etc/resolv.conf leads to can be read inside; where it is not, it is not there',
  'shell.protected-links':
    'a protected or denied name that is a link, and each link that it leads through, leaves all beside it writable; what takes its place is set aside, the command is ended, and what leads where it led is never moved',
  'shell.escape':
    'what a shell tries against its sandbox fails, attempt by attempt, for root and for an ordinary user',
  'shell.git-judged':
    'a repository made while a command runs stays if nothing in it leads git anywhere, and is set aside otherwise; one that was there is never touched',
  'shell.inside': 'a sandboxed shell may do what its scope says, and nothing of ours is ever in its folder',
  'shell.lost-mount':
    'when somebody moves what a protection is mounted on, the command ends and its answer says so',
  'shell.macos':
    'on macOS the same rights are said as a profile, in which what is taken away comes after what is given',
  'shell.mounts':
    'from scope, caps and disk follow the mounts: nothing but roots visible, caps held at every depth and while they do not exist',
  'shell.mounts-narrow': 'what mounts cannot express comes out narrower, and a note says so',
  'shell.no-sandbox': 'without a working sandbox no command runs unless a person has said yes',
  'shell.outside':
    'what a command outside of any sandbox started is ended at its end, at a timeout and at a stop, also in a session of its own, and named; no process that took over a number is hit',
  'shell.outside-death':
    'what such a command left when its pod was killed is ended and named by the next incarnation, by stop and by rm',
  'shell.hidden-behind-link':
    'where settings or state lie behind a link of the person, commands run, and what is there stays closed',
  'shell.outside-thread':
    'a process of a command whose first thread has ended, while others run on, is found, ended and named like any other',
  'shell.outside-unmarked': 'what has given up its environment is not found, as the documentation says',
  'shell.own-programs': 'a sandboxed shell cannot change what podkin itself runs, though its scope may',
  'shell.own-failures':
    "a sandbox that fails before the command began is tried again, and told as what it is: never as the command's exit code",
  'shell.pod':
    'a pod tests its sandbox at its first command and says the result in `status`; keys and sockets are out of reach of its shell',
  'shell.pod-death': 'when a pod is killed, what its sandboxed shell runs dies with it',
  'shell.pod-death-start':
    'a pod that is killed at any step of the start of a sandbox leaves no process: all of it ends by itself, and the command never begins',
  'shell.start-bound': 'a sandboxed command begins only when the death of its pod would end it',
  'shell.not-tested':
    'while a sandbox cannot be tested no command runs, inside or outside, and it is tested again with the next one; a failure that passes is no verdict',
  'shell.self-test':
    'only a sandbox whose escape probes were all held counts as working; the others are absent, blocked or leaky, with how to fix it',
  'shell.verdict-positive':
    'a sandbox counts as refused only when its program says a known lasting refusal twice; whatever else goes wrong in its test is no verdict: nothing runs outside, and it is tested again',
  'shell.denied-unreadable':
    'a denied folder in a work tree is there for the shell and unreadable, not empty: git says so and takes nothing of it out of the repository',
  'shell.outside-forking':
    'what a command outside of any sandbox left behind is ended and named also while it forks on, each time under another number',
  'shell.set-aside':
    "a protected name that was missing when a command began is set aside whole into the pod's outputs, and the person is told how to put it back",
  'shell.set-aside-all':
    'when a command has ended nothing stays under a protected name, whatever rights, names, pipes and numbers it has: what cannot be moved gets another name there, is closed, and is told as an error',
  'shell.set-aside-together':
    'of several commands in one folder the earliest that runs decides what was there; nothing is moved while none runs',
  'shell.set-aside-whole':
    "a person's program that makes and saves protected names all the while loses no byte: each is in place or in the outputs and told",
  'shell.set-aside-sparse':
    'a file of holes that is set aside to another file system takes no more room there than it took, and every byte of it is there',
  'shell.signals':
    'timeout, cancel and exit end all that runs inside a sandbox, after a moment to say last words, and name what was left behind',
  'shell.stand-ins':
    'what a killed pod of an older build left standing in for protected paths is removed, if it is still empty',
  'shell.stress':
    'pods that run commands in one folder at once see no failure of the sandbox, and `git status` there is clean all the while',
  'worker.no-listeners': 'the calls of a turn leave no listener behind on its signal',
  'shell.what-was-checked':
    'what a sandbox shows is what was checked: a root that is swapped with a link all the while gives no byte beyond it and takes none',
  'shell.names-quoted':
    'what a command names its processes stands quoted and bounded in what is said of them, forged names too; words past the bound or without an end are not read',
  'shell.in-vain':
    'what a command writes at a place that it is granted is there after it, below /dev/shm and /tmp too, or its writing fails and the answer says why',
  'shell.call-filter':
    'in a sandbox no socket of the file system, no end of a pair that could reach one and none of a family beyond namespaces is made unless allowed, no set-id bit is set, and what cannot be judged answers ENOSYS, call by call',
  'shell.git-live':
    'a repository that a command without a time limit makes is judged while it runs: what makes git run something is set aside once it has stood for a moment, git’s own work is let alone',
} as const;
