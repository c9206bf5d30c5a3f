/** The house itself. */
export const house = {
  'architecture.absences':
    'no barrel, no default export, no event emitter class, no exit but in the two programs',
  'architecture.client': 'The client names no command and no exit status, and touches no terminal.',
  'architecture.errors':
    'Local errors have one base and are told apart by it, never by a name; what crosses the wire is another family.',
  'architecture.floors':
    'Inside a divided room (session, scope, pod, cli) the inner rooms draw no circle: each imports only from lower ones.',
  'architecture.cycles': 'no file imports itself over others',
  'architecture.file-length': 'no file is longer than its budget',
  'architecture.schemas': 'every schema is made when it is first used',
  'architecture.pure-machine':
    'pod/machine and delivery reach neither the system nor time nor chance but over their ports',
  'architecture.transcript':
    'the history of a session is written by the replay and read by the transcript, by nobody else',
  'architecture.engine':
    'the pod knows of the engine that drives its turns only the interface; its host puts one in',
  'architecture.members': 'no member of a class is there for its tests alone',
  'architecture.imports': 'rooms import only through their doors',
  'bench.smoke': 'every measure of the bench runs and each of its rows holds numbers',
  'defects.cited': 'each named defect names the guarantee that has to fail with it, and where its test is',
  'defects.fresh': 'each named defect can be put into the source as it is today',
  'gate.cites': 'every test file cites at least one guarantee',
  'gate.covered': 'every guarantee is cited by a test',
  'gate.known': 'every citation is a guarantee',
  'names.comment-width': 'No line of a comment is wider than 110 columns.',
  'names.in-comments': 'Every file that a comment of src names is there.',
  'names.old': 'No name has a word in it that was given up for the standard one.',
  'names.vague': 'No file and no export is called after nothing in particular.',
  'start.cache-old': 'the four youngest caches stay, and nothing unfinished for long',
  'start.cache-refused':
    'a code cache that is damaged, refused by V8 or open to others is not run, and is replaced',
  'start.code-cache':
    'the first pod of a Node and a build leaves a code cache, and the next ones run from it',
  'start.cache-at-end': 'what the pod that left a cache has run by its end is in it too',
  'start.no-cache-folder': 'a pod starts as well where no cache can be kept',
  'start.modules':
    'a pod that has nothing to do yet has loaded none of the modules of Node that only work needs',
  'start.command-cache':
    'a command runs from a code cache too, which the first one in a home leaves; where there is no home it leaves none',
  'start.packed':
    'the package holds the programs of a pod and of the command, and everything that they import',
  'start.plain-look':
    'what is read without a schema, because podkin wrote it, is what the schema would have said',
  'start.program': "a pod's process is the program beside the command, or the command where there is none",
} as const;
