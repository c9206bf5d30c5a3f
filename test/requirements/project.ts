/** What podkin itself reads from a project. */
export const project = {
  'project.child-instructions':
    'a child gets the instructions of its own working directory, where that is among what it may read',
  'input.files':
    'a path behind @ in what a person runs, sends or types brings its file as a part behind the text, as Read gives it and where Read may; what is no file, an address or a package stays a word',
  'input.files-refused':
    'of a file that is named and may not be read, or that is too much, the part says why; nothing of it reaches the model',
  'project.claude-file': 'CLAUDE.md is read where a folder has no AGENTS.md, and only there',
  'project.encodings':
    'instructions are read in UTF-8 and in UTF-16 with its mark; in anything else they are left out, and that is said',
  'project.import': 'a file that an instruction file names by @ is given before it, once',
  'project.import-bounds': 'imports end at their depth, number and size, in circles too, and that is said',
  'project.import-inside':
    'nothing is imported from outside of the folder of the first file, through a link, hidden or denied',
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
  'skills.body':
    'the tool Skill gives the whole of a skill as it is then, with the names of the files beside it',
  'skills.bounds':
    'of skills no more is offered than 64 and 16,000 characters, and more than 500 entries are not searched',
  'skills.front-matter':
    'front matter is YAML of which only the scalars at its top are read, as text: bombs come to nothing, and what is wrong is said with file and line, by doctor too',
  'skills.hostile':
    'a pipe, a link that leads out, a folder, a file of another user or too large, what is denied: no skill hangs, leaks or breaks a turn, and each that is left out is said',
  'skills.names':
    'a skill has the name of its folder, 1 to 64 of a-z, 0-9 and single hyphens, and a description; others are left out, with the reason',
  'skills.offered':
    'names and descriptions are in the prompt and the tool Skill is offered, where there are skills, and the log holds both',
  'skills.places':
    "skills are those of .agents/skills and .claude/skills from the working directory up to the repository's root, the nearest first, and of the configuration; a name counts once",
  'skills.read':
    "a skill's own folder may be read by the file tools beside the scope, nothing around it, and nothing that is denied",
  'project.scenario':
    'a scenario that is a pipe, a device, a link that leads out, too large or of another user is refused at once',
} as const;
