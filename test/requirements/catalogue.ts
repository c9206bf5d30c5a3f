/** What went wrong elsewhere, held here. */
export const catalogue = {
  'catalogue.ack-of-nothing': 'an acknowledgement of what was never said is refused',
  'catalogue.back-off': 'an absent parent is tried for ever within doubling bounds, with one alert',
  'catalogue.back-off-jitter': 'the wait is by chance within the bound, and none when the socket appears',
  'catalogue.boot-step': 'a child that dies or hangs in its start fails the spawn in time and leaves nothing',
  'catalogue.budget-refills': "the minute's budget frees itself when its oldest turn is a minute old",
  'catalogue.clock': 'clocks that jump a year change no order, wake or deadline',
  'catalogue.cut-at-every-byte': 'a report cut behind any of its bytes is there once or not at all',
  'catalogue.damaged-neighbour': 'a pod whose files are damaged keeps no other from working',
  'catalogue.defect': 'a defect, or memory that runs out, ends a pod loudly, and its parent is told how',
  'catalogue.errored-then-died': 'a child that fails and is then killed has failed first and died last',
  'catalogue.folder-synced': 'text is synced before it takes its name, and the name before it counts',
  'catalogue.letters': 'a byte order mark is passed over; half a surrogate pair is a letter',
  'catalogue.lost-event': "what a parent's log has lost is taken in again from the child's log",
  'catalogue.lost-receipt': 'a damaged receipt whose item was read is not taken in again; what comes next is',
  'catalogue.lost-word':
    "what a child's log lost before its parent had it is told as lost, and the rest follows",
  'catalogue.multiplying': 'agents that all spawn stop at the size of the tree',
  'catalogue.numbers': 'numbers that are no counts are refused; of doubled fields the last holds',
  'catalogue.old-child': "an old copy of a child's log is refused as regressed, with how to fix it",
  'catalogue.old-parent': 'a parent on an old copy of its log takes in what it lacks, once',
  'catalogue.poison':
    'an item under which the pod died three times is kept from the model, and the pod goes on',
  'catalogue.reboot': 'after a start of the machine all is found on disk',
  'catalogue.ring': 'a ring over three levels ends at the longest chain with everything kept',
  'catalogue.runtime-cleaned': 'a removed socket folder is put back under living pods',
  'catalogue.sender-without-descriptors':
    'a child without a descriptor says why, keeps its report, and delivers it',
  'catalogue.torn-receipt': 'a torn receipt is no receipt: the child sends again, and it stands once',
  'catalogue.torn-report':
    "a turn's end of which only the report is torn never was: it is resumed and reported once",
  'catalogue.two-writers': 'with several writers of one file a reader finds one text whole',
} as const;
