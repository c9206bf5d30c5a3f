/** What a pod may touch, and the tools. */
export const tools = {
  'bash.abort':
    'an abort ends the group at once; the last words still arrive; progress was shown while it ran',
  'bash.env': 'a command sees the allowed variables and no others',
  'bash.left-behind':
    'what the shell leaves in the background is named and ended, and does not hold the answer up',
  'bash.not-started': 'a missing working directory and a command too long to start are said as that',
  'bash.output':
    'standard output and error come in the order written; the exit code is told when it is not 0',
  'bash.output-cap': 'of a long output both ends are shown and the whole is in a file named after the call',
  'bash.output-file': 'the file stops at its cap, and a folder that cannot be made fails no command',
  'bash.outputs-bound':
    'the long outputs that a pod keeps are bounded in sum: the oldest go first, and a Read says so',
  'bash.too-long':
    'a command that the system cannot start for its length is refused at the door, with what to do, before any rule looks at it',
  'bash.timeout':
    'at the timeout the whole group ends, also what ignores SIGTERM, and the output so far is kept',
  'edit.endings': 'CR LF, mixed endings and the byte order mark stay as they are',
  'edit.exact':
    'an exact, unique text is replaced, special characters literally, and the changed lines are shown',
  'edit.form':
    'encoding, byte order mark and line ends stay as they are, also mixed ones, which an `old` need not spell',
  'edit.not-found': 'a text that is not there is answered with the likeliest reason',
  'edit.read-first': 'the file must have been read as it is now, and be UTF-8 text',
  'edit.unique': 'several places need `all`, which changes each',
  'escape.files': 'a pod gets neither out of its scope nor into what is denied or protected in it',
  'escape.races':
    'with links swapped all the time nothing outside is read, made or changed, not even for an instant',
  'escape.races-elsewhere': 'where names cannot go through a descriptor, no byte is written outside',
  'escape.searches': 'Glob and Grep tell neither names nor lines of what lies outside or is denied',
  'escape.wide':
    'with everything readable podkin’s state and sockets and the kernel’s tales of processes are not, and no configuration is changed',
  'glob.cap': 'at most 1000 paths, and how many more there are',
  'glob.bounded': 'a pattern that a matcher with backtracking never ends at is answered at once, or refused',
  'glob.pattern': 'stars, signs, classes, braces and depth match what they say and nothing else',
  'search.brackets':
    'a folder whose name holds brackets is found by its letters, in Glob, in the glob of Grep and in rules',
  'search.not-utf8': 'what is found under a name that is not UTF-8 is said, since no tool can be given it',
  'glob.folders-links':
    'folders and links inside the scope are found by their names, and what they lead to through them',
  'glob.match': 'files match by path, newest first, without what .gitignore names',
  'grep.cap': 'a long answer is cut with a note, and so is a long line',
  'search.ignore-files':
    "files that say what to ignore count up to the repository's root, without a repository those in the folder that is searched",
  'scope.other-name':
    'file tools take a path through a link for the file that it leads to: what is in the scope by its real path is in the scope',
  'grep.ignored': 'what was not searched because .gitignore names it is said',
  'grep.line-ends': 'the end of a line is found before its CR',
  'grep.outputs': 'gives files, lines with context, or counts; paths are short',
  'grep.pattern-is-data':
    'a pattern is never an option, no match is no error, a bad one gets ripgrep’s words',
  'read.form': 'encoding, byte order mark and line ends are said when they are unusual',
  'read.huge': 'a huge file is read by range only, and never held whole',
  'read.long-lines': 'a long line is cut with a note, and a long answer stops with the offset to go on from',
  'read.not-text': 'binary and empty files, directories and missing files are said plainly',
  'read.numbered':
    'lines come with their numbers, without CR and byte order mark, and the content is remembered',
  'read.range': 'a part says which lines it is, of how many, and where to go on',
  'read.scope':
    'outside of the scope nothing is read, neither by `..` nor through a link; own outputs are readable',
  'scope.components': 'paths are compared by components, so a sibling with the same beginning is outside',
  'scope.deny': 'a deny wins over every root: of writing it leaves reading, of reading it leaves nothing',
  'scope.denial-text': 'a denial names the path, the right, what the scope holds and what to do',
  'scope.descriptor-checked': 'what was swapped in after the check is not opened',
  'scope.direct-root':
    'a root that ends in /* means what lies directly there, not the directory and not deeper',
  'scope.folded':
    'names that Unicode or case alone tell apart fold to one, and folding again changes nothing',
  'scope.future-root': 'a root that does not exist yet can be written in, and its sibling cannot',
  'scope.granted-real':
    'a link is no way to hand down what the giver lacks, and one made later moves no root',
  'scope.handed-down': 'what was handed down can be read and not written by the giver; all else is as before',
  'scope.hard-link': 'a file with a second name is not written',
  'scope.links-inside': 'a root reached through a link, and a link that stays inside, work and stay links',
  'scope.links-out':
    'a link that leads out of the scope is denied, to a file, through a folder, and for writing',
  'scope.narrow': 'a child gets only roots inside its parent’s, and each one that does not fit is named',
  'scope.narrow-deny': 'denies inside a granted root go along, and a root that a deny takes away names it',
  'scope.narrow-idempotent':
    'asking for one’s own scope gives it unchanged, unless a deny takes a whole root',
  'scope.narrow-monotone': 'one deny more at the parent or in the wish gives a child no path more',
  'scope.narrow-property': 'no path is open to a child that is not open to its parent, over two generations',
  'scope.overlap': 'two lists overlap exactly where some path lies in both, and the pair is named',
  'scope.own-places':
    'podkin’s state and sockets are neither read nor written and its configuration not written, whatever the scope covers; own outputs are read',
  'scope.hooks-path':
    'the folder that git takes hooks from by core.hooksPath is read-only for file tools and shells, by settings read as plain files',
  'scope.protected-variants':
    'every variant of a name that something obeys is protected, in any case, for file tools and for shells from one list',
  'scope.protected':
    'what git, shells, editors, agents and logins obey unasked is read-only in every root, at any depth, existing or not',
  'scope.protected-folded':
    'another case, another Unicode form and signs without width do not slip past a protected name',
  'scope.protected-granted':
    'a root that is protected itself may be granted by a person, and is never narrowed out of a wider one',
  'scope.protected-links':
    'what a protected name leads to as a link, there yet or not, is as read-only as the name, for file tools and shells alike',
  'scope.protected-list':
    'the list for a root names what is there and what is not yet, git’s parts one by one, also of repositories and submodules in it',
  'scope.regular-only': 'a pipe is neither opened nor waited for, and a device is refused',
  'scope.replace-expected': 'a file that is not as the caller saw it is not replaced',
  'scope.replace-keeps':
    'a replaced file keeps owner, group, mode, access list and extended attributes; where a new file cannot have them the old one is written in place, with its old text in the outputs until it is whole; one with a set-id bit is not written',
  'scope.replace-whole': 'a replaced file keeps its mode, is a new file, and no temporary file stays',
  'scope.rules-oracle':
    'reading and writing are what the roots allow minus what the denies take, for every path',
  'scope.system-permissions': 'what the system forbids is said as that, with what to do',
  'scope.write-implies-read': 'what may be written may be read, not the other way round',
  'search.abort': 'an aborted search ends with the reason of the signal',
  'search.direct': 'of a directory of which /* may be read Glob and Grep show its files and nothing deeper',
  'search.ripgrep':
    'PODKIN_RG is taken before the package, that before the system, and the PATH never; a wrong one is said',
  'search.ripgrep-not-the-pods': 'a ripgrep that the pod may write is not run, and one on the PATH never is',
  'scope.own-programs':
    'podkin’s package, the folder of Node and ripgrep are not written by file tools, whatever the scope',
  'search.scope': 'Glob and Grep stay inside the read scope, also through links and `..`',
  'tools.defined':
    'a tool made from a schema reads its input by it, tells it once as a JSON Schema, and hands both on as they are',
  'tools.seam-names':
    'a tool without a right name, with a name twice, or from outside with one of our own is not offered',
  'tools.seam-context':
    'a tool from outside is handed its call and nothing of the pod, and its rights are declared',
  'tools.seam-bounded':
    'what a tool from outside answers is cut to the bound, with the whole in a file, and records no effect on a pod',
  'tools.golden': 'each of our tools is offered to the model word for word as its file says',
  'tools.home-sign':
    '`~` in a path of any tool is the home, with a name behind it refused, and never makes a folder of that name',
  'tools.already-read-before':
    'an end that the model had read and answered to is taken in as seen: it closes its assignment and wakes nobody',
  'tools.already-read-turn': 'what was read whole in the turn is only named by its notice',
  'tools.list-frozen': 'says of a frozen child that it gives no answer, not that it is dead',
  'tools.read-nothing-skipped':
    'reads on where it stopped: over cuts, restarts of either end and the death of the child, nothing is skipped or doubled',
  'tools.send-before-death-is-known':
    'to a child that was killed a moment ago tells the death first and restores it',
  'tools.send-restores-dead':
    'starts a dead child again from its log; its death is told once and its new work reported',
  'tools.send-restores-stopped': 'starts a child again that StopPod had stopped',
  'tools.spawn-dies-at-boot':
    'is undone when the child dies at boot: the error ends with what it wrote, the name is free again',
  'tools.spawn-limits':
    'is refused past the limit of children, and on the lowest level there is no such tool',
  'tools.spawn-refused':
    'a spawn with a bad model, name or scope, or with a name that is taken, is refused before anything is made',
  'tools.spawn-scenario': 'a pod that plays a scenario may give a child one that lies in its scope',
  'write.bad-target': 'a directory, a file in the way of a folder and an empty path are said plainly',
  'write.new': 'a new file is made with its folders, and may be changed at once',
  'write.folder-gone':
    'a working directory that is gone is not made again by a Write: the model is told that a person has to put it back',
  'write.form':
    'encoding, byte order mark and line ends of what is replaced are kept and told, or the file is left alone',
  'write.read-first': 'a file that was not read, or changed since, is not overwritten',
  'write.read-part':
    'a file of which lines were not shown is not replaced; the answer names them, and reads of parts add up',
  'write.scope': 'nothing is written outside: siblings, `..`, links, hard links',
  'path.too-long':
    'a path of more bytes than a system takes, or with a name that is too long, is refused at the door, by tools and for scopes',
} as const;
