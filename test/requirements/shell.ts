/** The shell inside the scope: the sandbox, what it is made of, and the bounds on a command. */
export const shell = {
  'shell.bounds':
    'a bound on processes, file length, processor time or memory that a command met is named with its setting',
  'shell.environment': 'a pod process is given of its starter the variables that it needs and no others',
  'shell.escape':
    'what a shell tries against its sandbox fails, attempt by attempt, for root and for an ordinary user',
  'shell.inside': 'a sandboxed shell may do what its scope says and leaves no stand-in behind',
  'shell.macos':
    'on macOS the same rights are said as a profile, in which what is taken away comes after what is given',
  'shell.mounts':
    'from scope, caps and disk follow the mounts: nothing but roots visible, caps held at every depth and while they do not exist',
  'shell.mounts-narrow': 'what mounts can not express comes out narrower, and a note says so',
  'shell.no-sandbox': 'without a working sandbox no command runs unless a person has said yes',
  'shell.own-programs': 'a sandboxed shell can not change what podkin itself runs, though its scope may',
  'shell.pod':
    'a pod tests its sandbox at its first command and says the result in `status`; keys and sockets are out of reach of its shell',
  'shell.pod-death': 'when a pod is killed, what its sandboxed shell runs dies with it',
  'shell.self-test':
    'only a sandbox whose escape probes were all held counts as working; the others are absent, blocked or leaky, with how to mend',
  'shell.signals':
    'timeout, cancel and exit end all that runs inside a sandbox, after a moment to say last words, and name what was left behind',
  'shell.stand-ins':
    'what stands in for a protected path that does not exist yet is gone after the last command that holds it, also when a pod died',
  'worker.no-listeners': 'the calls of a turn leave no listener behind on its signal',
} as const;
