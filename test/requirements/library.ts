/** Trees from a program: `openHome`, events, results, questions, ends. */
export const library = {
  'library.run':
    "a program starts a tree, reads its events in each pod's order up to the end of the work, its result, and hands it more; once it is closed nothing of the tree runs and nothing keeps the program",
  'library.hooks': 'hooks and MCP servers of the configuration hold in the trees of a program too',
  'library.wrong-arguments':
    'an argument that the types do not allow is refused with BadSetting, and nothing is made',
  'library.stream': 'events that nobody reads are bounded: the oldest are given up and counted',
  'library.programs':
    'the programs of README and docs/library.md run as they stand there, from the packed package alone, and a strict compiler accepts them',
  'library.questions':
    'a question of any pod of the tree comes to the program once, and its answer lets the call run or not; without a handler it is a denial, and a handler that throws denies',
  'library.errors':
    'what cannot be done rejects with a class that has its data as fields, and leaves nothing behind',
  'library.restore':
    'a tree that has ended is restored by its name, and settled covers what it still had to do',
  'library.tools':
    "a root's model calls tools of its program, asked and ruled as any tool; a throw is an error result, a turn that ends aborts the call",
  'library.tools-away':
    'while its program is away a call of its tool is answered so, over restarts too; a call that is open when the program goes is answered as interrupted, and never made again',
  'library.owner':
    'nobody offers tools or owns a root without the token of its start; built-in names, names of MCP servers and names of another connection are refused',
  'library.many':
    'trees that one program starts at once each have their own name, events and result, and none is left',
  'library.compared': 'the lines of code that docs/library.md compares are those of docs/library-compared.md',
  'library.handle':
    'a handle counts also where somebody else has started the root again without one, and until another program takes it up by its name',
  'library.lifetime':
    'a tree of lifetime program ends in order after its program has ended by an exception, process.exit or SIGKILL, unless the program is back in time or has detached; one of lifetime own stays',
  'library.busy-program':
    'a program that lives and is busy has not ended: its root waits for it however long, and its start does not fail for what it could not hear meanwhile',
  'library.foreign-values':
    "whatever a program's tool throws or gives back, the model reads it in words; a tool that has run has failed only where it throws or says so, and the program goes on",
  'library.question-answers':
    'what is no answer to a question denies the call, with the reason that onQuestion gave none, and an alert says so to the program; it is never a yes, and nothing waits for it',
  'library.error-classes':
    'whatever a program is refused with is one of the exported classes, each of which docs/library.md names, with what it came from as its cause',
  'library.types': "a program's compiler needs neither zod nor Node's types for the library's own",
} as const;
