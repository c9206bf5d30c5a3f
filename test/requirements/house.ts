/** The house itself. */
export const house = {
  'architecture.absences': 'no barrel, no default export, no event emitter class, no exit but in main',
  'architecture.cycles': 'no file imports itself over others',
  'architecture.file-length': 'no file is longer than its budget',
  'architecture.imports': 'rooms import only through their doors',
  'bench.smoke': 'every measure of the bench runs and each of its rows holds numbers',
  'gate.cites': 'every test file cites at least one guarantee',
  'gate.covered': 'every guarantee is cited by a test',
  'gate.known': 'every citation is a guarantee',
} as const;
