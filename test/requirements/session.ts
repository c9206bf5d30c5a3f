/** The session log, the lock, processes and files. */
export const session = {
  'address.copy': 'a copy of a home does not lead to the pods of the original',
  'address.rewritten': 'an address that cannot be written at once is written as soon as it can be',
  'address.odd-file':
    'an address that is missing, damaged or no regular file hangs nobody, and follows from the instance',
  'address.others-name':
    'where another user has the name of the sockets’ folder among the temporary files, pods listen in a folder of their own',
  'address.runtime-gone': 'a folder of sockets that goes is replaced, and everybody finds the pod there',
  'address.surroundings': 'parent, child and commands find each other across runtime folders',
  'file.atomic': 'a writer killed at any moment leaves the old text or the new one',
  'life.elsewhere': 'an incarnation in another network namespace is asked at its socket',
  'life.unknown': 'of an incarnation that cannot be asked no death is told, and it is replaced only by force',
  'lock.earlier-builds': 'a pod and one of any earlier build exclude each other, whichever came first',
  'lock.killed-holder': 'a killed holder has it no more, a stopped one still has',
  'lock.late-look': 'who acts on an old look at a dead holder does not push the new holder out',
  'lock.lent': 'a lock that is held to look at what a dead pod left tells so, and counts for no incarnation',
  'lock.moved-home': 'a home that is renamed under its pods gets no second writer and no false death',
  'lock.bind-mount': 'a pod has one writer under every path of its folder',
  'lock.mixed-builds': 'builds of all ages exclude each other, and their pods work together in one tree',
  'lock.names': 'the names of the lock of all builds are pinned byte by byte',
  'lock.one-wins': 'of twenty processes at once exactly one takes it, and the others can tell who',
  'lock.pid-reuse': 'is not taken over from a living holder, nor from one who is just taking over',
  'lock.release': 'within one process too it is held once, until it is released',
  'lock.renamed': 'a folder that is renamed under its holder is locked under its new name too',
  'lock.second-path':
    'under a second path of a home, in another namespace of processes, a running pod gets no second writer, and nothing is written to its log',
  'lock.strangers-name':
    'a name of the lock that another user holds keeps no pod from starting and no death from being told',
  'lock.strangers-busy':
    'a name that another user holds is passed over also where files come and go beside the lock and processes of ours have ended and nobody waited for them; doctor names it',
  'lock.strangers-orders':
    'two of ours exclude each other whenever another user takes or frees names of the lock',
  'lock.unavailable': 'without its folder it says so',
  'log.append-bug': 'what cannot be serialised or is too long leaves the log as it was',
  'log.append-observed':
    'an observer is handed each append once, as the bytes of the file, and cannot append',
  'log.append-order': 'numbers 1, 2, 3 …, in the order of the calls, the same when read back',
  'log.append-whole': 'only the last line of an append ends it',
  'log.beginning-lost':
    'a log of which no line can be read is refused and left as it is where its pod has begun, or where it is no torn first append',
  'log.beginning-torn':
    'a first append torn at any byte, or zeros in its place, is cut and kept aside where the pod has not begun',
  'log.close-settles': 'closing syncs, settles who waits, and refuses what comes later',
  'log.create': 'folder 0700, file 0600, and never over a log that exists',
  'log.deleted': 'a pod whose log is deleted or replaced says so, takes nothing more and ends',
  'log.damaged-aside': 'a damaged stretch is copied aside once, with its offset, and what follows survives',
  'sync.before-call': 'a call that a person has allowed runs behind the sync of their yes',
  'sync.before-link': 'a child that comes back to its parent tells of an end only behind its sync',
  'sync.before-request': 'what a provider is asked stands on disk',
  'sync.before-run-below': 'a run is sent to a child behind the sync of its assignment',
  'sync.before-taking-in':
    'what a dead child left, and what a log held at its opening, is synced before anything follows from it',
  'storage.ack-retried':
    'an acknowledgement whose entry found no room is committed when there is room, without another event',
  'sync.before-answer':
    'runs, notices, events and receipts are told only behind the sync of what they rest on, and a new log has its name on disk before its pod listens',
  'log.durable-means-synced': 'a sync answers only for what was committed when it began',
  'log.end-words': 'a write or a sync that fails says what failed, where, and what to do',
  'log.fail-stop':
    'EIO on a write: every later call fails, and what was committed is read at the next opening',
  'log.flip-found': 'each of thousands of flipped bits is found, costs its line only, and is reported',
  'log.file-limit':
    'a limit of a file’s size is named as what a pod waits for, with what raises it, and the pod goes on when it is raised',
  'log.folded': 'what a log says is known without what was said in it; a log that is not there says nothing',
  'log.full-disk': 'a write cut short anywhere is taken back, and goes through when there is space',
  'log.given-up': 'a log that is given up fails every call with the reason, and its owner hears of it once',
  'log.group-commit': 'fifty appends that wait cost two syncs, and none that nobody waits for',
  'log.killed-writer': 'whenever it dies, appends are there whole, those that it had told of among them',
  'log.line-faults': 'says what is wrong with a line',
  'log.line-limit': 'an entry that would not fit is refused by name and size',
  'log.line-roundtrip': 'any text comes back, the line is JSON, and the entry is found at fixed bytes',
  'log.needs-lock': 'nothing is opened without the lock of its folder',
  'log.offset-of-seq': 'finds the line of any seq, the same for a log just written and one opened',
  'log.open-found': 'an opening tells what is there, and reads it on the disk that it was given',
  'log.open-words': 'an opening that is refused says what failed, where, and what to do; no file stays open',
  'log.other-instance': 'the log of another instance is refused',
  'log.pieces': 'whole lines, at most a piece at a time, a longer line alone, nothing lost',
  'log.read-live':
    'beside a writer it gets every complete append once and in order, going on from its last offset',
  'log.read-memory': '64 MB are read in a heap of 24 MB, buffers of less than 8 MB',
  'log.seq-breaks': 'repeated numbers are reported, and the next number is above all of them',
  'log.short-write': 'writes that take only a few bytes are gone on with',
  'log.sync-failed': 'a failed sync rejects everybody who waits and is never tried again',
  'log.tail': 'the last entries, whatever the size of the log and of its lines',
  'log.too-new': 'a log of a newer schema is refused by file and numbers, and not touched',
  'log.totals':
    'what a pod leaves in its last entry for lists of pods is what its log comes to; anything unusual is folded',
  'log.torn-every-byte':
    'cut at any byte, the complete appends before it are left, the rest is kept aside, and the next line is not welded',
  'log.torn-kept': 'every tail that was cut is still there after the next one',
  'log.torn-zeros': 'zeros at the end count as torn',
  'log.whereabouts': 'a log knows whether its path still leads to it, until it is closed',
  'process.identity': 'the same process is the same at every look, another one is another',
  'process.odd-name': 'a name with parentheses and spaces is not read as fields',
  'process.ps': 'where there is no /proc, ps tells the same at every look',
  'process.threads':
    'a process whose first thread has ended still runs: it holds its sockets until the last one has',
  'process.zombie': 'a process that has ended and was not collected is gone',
} as const;
