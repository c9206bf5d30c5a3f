/** The package, and other people's machines. */
export const packaged = {
  'package.dependencies': 'what is bundled is no dependency, and what is imported by name is declared',
  'package.few-descriptors': 'a process that cannot be started for lack of descriptors is told as that',
  'package.gone-node': 'a process that cannot be started because its Node is gone is told as that',
  'package.licences': 'the licence of every package whose code is shipped is shipped with it',
  'package.lock': 'every package of the lock file has an integrity',
  'package.node-gate': 'a Node that cannot run it gets one sentence from both programs',
  'package.odd-path': 'it is built in a path with a space and an umlaut',
  'package.packed': 'the tarball has no scripts, and the same bytes whatever the umask',
  'package.unbuilt': 'an install without what builds it, or without scripts, says so and what to run',
  'package.unplugged': "it runs under Yarn's Plug'n'Play: its files are files, and what is written is synced",
} as const;
