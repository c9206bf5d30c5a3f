/** Trees from a program: `openHome`, events, results, questions, ends. */
export const library = {
  'library.run':
    "a program starts a tree, reads its events in each pod's order up to the end of the work, its result, and hands it more; once it is closed nothing of the tree runs and nothing keeps the program",
  'library.stream': 'events that nobody reads are bounded: the oldest are given up and counted',
  'library.questions':
    'a question of any pod of the tree comes to the program once, and its answer lets the call run or not; without a handler it is a denial, and a handler that throws denies',
  'library.errors':
    'what cannot be done rejects with a class that has its data as fields, and leaves nothing behind',
  'library.restore':
    'a tree that has ended is restored by its name, and settled covers what it still had to do',
} as const;
