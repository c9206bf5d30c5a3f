/** What podkin itself reads from a project. */
export const project = {
  'project.child-instructions':
    'a child gets the instructions of its own working directory, where that is among what it may read',
  'project.claude-file': 'CLAUDE.md is read where a folder has no AGENTS.md, and only there',
  'project.encodings':
    'instructions are read in UTF-8 and in UTF-16 with its mark; in anything else they are left out, and that is said',
  'project.instructions':
    "AGENTS.md is read from the working directory and each folder above it up to the repository's root, the nearest last, and from nowhere above that or the home",
  'project.instructions-below':
    'the instructions of a folder deeper down, or beside the working directory in the same repository, are in the result of the call that first touches it, once, and again once the model is not shown them any more',
  'project.instructions-denied': "a scope's denies count for instructions, its roots do not",
  'project.instructions-said':
    'an AGENTS.md that is left out is said in the log and to the person, and hangs nothing',
  'project.user-instructions': "the person's own AGENTS.md, beside config.toml, comes before the project's",
  'project.no-git':
    'podkin runs no git command but one, inside a sandbox without network or sockets in which nothing can be written, so that nothing that a repository names runs outside of it',
  'project.odd-files':
    'a pipe, a device, a folder, a link that leads out, a file of another user: left out with the reason; what is too large is cut at a character',
  'project.repository':
    "the repository's root and branch are read from .git without git: a folder, a worktree's or submodule's file, a commit on no branch",
  'project.repository-odd':
    'a .git or HEAD that is a link, a pipe, denied, too large or not of the form that git writes says nothing, and hangs nothing',
  'project.scenario':
    'a scenario that is a pipe, a device, a link that leads out, too large or of another user is refused at once',
} as const;
