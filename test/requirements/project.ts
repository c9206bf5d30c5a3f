/** What podkin itself reads from a project. */
export const project = {
  'project.child-instructions':
    'a child gets the instructions of its own working directory, where that is among what it may read',
  'project.encodings':
    'instructions are read in UTF-8 and in UTF-16 with its mark; in anything else they are left out, and that is said',
  'project.instructions':
    "AGENTS.md is read from the working directory and each folder above it up to the repository's root, the nearest last, and from nowhere above that or the home",
  'project.instructions-denied': "a scope's denies count for instructions, its roots do not",
  'project.instructions-said':
    'an AGENTS.md that is left out is said in the log and to the person, and hangs nothing',
  'project.no-git':
    'podkin runs no git command, so that nothing that a repository names runs outside of a sandbox',
  'project.odd-files':
    'a pipe, a device, a folder, a link that leads out, a file of another user: left out with the reason; what is too large is cut at a character',
  'project.scenario':
    'a scenario that is a pipe, a device, a link that leads out, too large or of another user is refused at once',
} as const;
