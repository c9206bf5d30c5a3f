/** Who may import whom: the rooms of `src/`, for `test/architecture.test.ts`. */

/** Room → rooms that it may import from. A file straight in src/ is a room of its own name. */
export const doors: Record<string, string[]> = {
  std: [],
  version: [],
  protocol: ['std'],
  transport: ['std', 'protocol'],
  session: ['std', 'protocol'],
  delivery: ['std', 'protocol', 'session', 'scope'],
  scope: ['std', 'protocol', 'session'],
  model: ['std'],
  project: ['std', 'session', 'scope'],
  tools: ['std', 'protocol', 'session', 'scope'],
  worker: ['std', 'protocol', 'session', 'tools', 'model'],
  pod: [
    'std',
    'version',
    'protocol',
    'transport',
    'session',
    'delivery',
    'scope',
    'model',
    'project',
    'tools',
    'worker',
  ],
  client: ['std', 'protocol', 'transport', 'session', 'scope', 'pod'],
  screen: ['std', 'protocol', 'client', 'session', 'scope', 'transport'],
  cli: [
    'std',
    'version',
    'protocol',
    'transport',
    'session',
    'delivery',
    'scope',
    'model',
    'project',
    'pod',
    'client',
    'screen',
  ],
  command: ['std', 'cli'],
  // The programs take a body in, and know of it only its type.
  main: ['std', 'version', 'session', 'command'],
  'pod-process': ['std', 'session', 'pod'],
  index: ['std', 'client', 'protocol', 'transport', 'session'],
};

/** Of these rooms only these files, for the rooms named. */
export const keyholes: { from: string; to: string; only: string[] }[] = [
  // Where a home is, and no more of it than that: the rest is the body's.
  { from: 'main', to: 'session', only: ['home/places.ts'] },
  { from: 'pod-process', to: 'session', only: ['home/places.ts'] },
  // For the dead, the command line reads logs and starts processes; a living pod it reaches by its socket.
  {
    from: 'cli',
    to: 'pod',
    only: [
      'host.ts',
      'process/process-status.ts',
      'claim-owners.ts',
      'kept-clone.ts',
      'process/claims-from-logs.ts',
      'process/command-groups.ts',
      'process/start-process.ts',
      'process/stop-process.ts',
      'machine/read-output.ts',
      'machine/reports.ts',
      'children/drain-child.ts',
    ],
  },
  // Whether a process in another namespace lives, and whether files of a person's were set aside.
  { from: 'client', to: 'pod', only: ['process/process-status.ts'] },
  { from: 'client', to: 'scope', only: ['set-aside/set-aside.ts'] },
  { from: 'cli', to: 'delivery', only: ['verify/verify.ts', 'ledger.ts', 'settled.ts'] },
  { from: 'pod-process', to: 'pod', only: ['boot/run-pod.ts'] },
  { from: 'cli', to: 'model', only: ['create.ts'] },
  {
    from: 'cli',
    to: 'scope',
    only: [
      'ownership/claims.ts',
      'ownership/delegation.ts',
      'paths/path-problem.ts',
      'paths/path-scope.ts',
      'paths/protected-paths.ts',
      'permissions/permission-rules.ts',
      'permissions/suggested-rule.ts',
      'ownership/registry.ts',
      'sandbox/sandbox.ts',
      'set-aside/running-commands.ts',
      'set-aside/set-aside.ts',
      'sandbox/leftovers.ts',
    ],
  },
  // Arithmetic on scopes, no files.
  { from: 'delivery', to: 'scope', only: ['ownership/delegation.ts', 'paths/narrow.ts'] },
  { from: 'scope', to: 'protocol', only: ['pod-event.ts'] },
  { from: 'tools', to: 'protocol', only: ['limits.ts', 'names.ts', 'pod-event.ts'] },
  { from: 'worker', to: 'protocol', only: ['live-events.ts'] },
];
