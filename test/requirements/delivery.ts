/** Where each event stands, and the oracle. */
export const delivery = {
  'ledger.skips':
    'where each event of a log is, is found without reading what its checkpoint knows to be about none, and is what all its entries say',
  'ledger.final-on-receipt':
    'what the model does not read is consumed with its receipt, what it had read already is seen',
  'ledger.inbound-states':
    'an event goes from received over consumed to seen, each with the time of its entry',
  'ledger.incremental': 'rows asked for in between are copies, and do not change what comes after',
  'ledger.join':
    'both ends make one row: the sender knows the commit, the receiver the rest; each row stands once',
  'ledger.outbound-states':
    'an emitted event is committed, then received by an acknowledgement at or above it, or discarded',
  'ledger.own-events':
    'a death has no number, began with its receipt, and is told from the death of another incarnation',
  'ledger.reasons': 'an event that is not further says why: paused, failed, cancelled, or not worth a wake',
  'ledger.stop-told':
    "StopPod's result consumes the end that had arrived before it, of that instance and up to that incarnation only",
  'verify.already-read':
    'an end counts as read only where ReadPodOutput gave it, of that pod, in a completed request',
  'verify.bodies':
    'the text that the model reads of an item holds the name, the outcome, the task and the words of that event, and no others',
  'verify.closes': "what a receipt closes is what the oracle's own table says",
  'verify.damages':
    'each of three dozen damages to the logs of a real tree, with right checksums, is found as what it is',
  'verify.damages-by-design':
    'not found is what waits: a last item that was not given yet, and an acknowledgement that is gone',
  'verify.finished-work':
    'work counts as finished only behind a finished turn for it, and what waited is told from what had begun',
  'verify.given-work':
    'work that nobody holds and nobody has closed, and work that was done and not reported, is found',
  'verify.idle-turn': 'a turn for notifications begins for something that wakes',
  'verify.left-out': 'a receipt leaves out no field that every version knows',
  'verify.misplaced':
    "a log or a folder that is another pod's is named with its pod, by verify and doctor; a copy counts once; restore refuses it, rm keeps it aside",
  'verify.missed-item': 'what was received is in the next request, and in the history behind an orderly end',
  'verify.notices': 'an accepted notice is in the history once, unless it waits',
  'verify.approvals': 'a call that needs a yes ran behind one, and never behind a no',
  'verify.needed-yes':
    'what a call needs is known for every tool in every mode; one of a tool from outside needs a yes unless a rule allows it',
  'verify.report-with-turn': 'a turn for work of the parent and its report are in one append',
  'verify.reports':
    'settled, outstanding, outcome, assignments and text of a report are what the log of its pod comes to',
  'verify.right-call': 'an answer serves the call that it was given for, once; an approval shows that call',
  'verify.runs':
    'an accepted run is begun once, in its place and with its words, or given up with a reason, or waits',
  'verify.starts': 'every entry is of an incarnation that began: a start that is missing is found',
  'verify.visibility': "whether an event is read and wakes is what the oracle's own table says",
  'verify.unlisted': 'a home whose pods cannot be listed is not called healthy; ps and doctor say what to do',
  'verify.whole-log': 'in a log with missing lines nothing is said that may follow from them',
  'verify.ack-of-nothing': 'an acknowledgement for what was never committed',
  'verify.ack-without-receipt':
    'an acknowledgement whose receipt is not there is a loss, also where nothing was received',
  'verify.assignments': 'an assignment is closed once, when it is open, by the child that had it',
  'verify.changed-event': 'a receipt says what its sender committed, an item what was received',
  'verify.clean': 'death, restore, StopPod, re-emission, a notice and a failed turn break nothing',
  'verify.clean-prefix': 'no moment of an orderly run breaks anything',
  'verify.damage-told': 'damaged lines are counted and told',
  'verify.damaged-line': 'a damaged line in the middle is counted, and what it held is missed',
  'verify.dangling-call': 'a turn does not begin while a call has no result',
  'verify.death-before-later-life': 'a death stands before what a later incarnation reports',
  'verify.death-before-next-life': 'what a later incarnation commits may follow the death',
  'verify.death-last':
    'a death stands behind everything that the dead incarnation committed, received late or not at all',
  'verify.emitted-in-order': 'the numbers in an outbox rise by one',
  'verify.empty-home': 'a home without pods, and a pod that is being made, are in order',
  'verify.end-twice': 'two ends of one life: died and died, shutDown and died, died and shutDown',
  'verify.entry-numbers': 'entry numbers rise by one',
  'verify.foreign-log':
    'a log without a session entry, of a newer schema or of another instance is told; the rest is still checked',
  'verify.lost-logs': 'a home whose logs were deleted is not called healthy',
  'verify.lost-beginning':
    'a log that was emptied or damaged as a whole is a violation; doctor names it, restore refuses it, rm keeps it aside',
  'verify.hole': 'a number missing below what was received is lost',
  'verify.home': 'logs are read from their files, and both ends held against each other',
  'verify.huge-number': 'a log that counts beyond reason is judged at once, and named',
  'verify.item-twice': 'one event given to the model twice',
  'verify.item-without-receipt':
    'an item of an event that was never received, or of another incarnation than the one that died',
  'verify.items-in-order': 'items follow their receipts: none overtakes, none is passed over',
  'verify.late-result': 'a result after its turn is over says that it was interrupted',
  'verify.lives-rise': 'no incarnation begins twice',
  'verify.malformed-entry': 'an entry without its fields is told and passed over, whatever its type',
  'verify.strange-event': 'what only another version can read may stand as an error that says so',
  'verify.misrouted': 'events stand at the parent of their sender and nowhere else',
  'verify.newer-event': 'fields that a receiver does not know may be missing in its receipt',
  'verify.parent-just-back': 'a parent that was started within the minute has not been late',
  'verify.pending':
    'what is committed and not acknowledged, and what is received and not yet read, is no violation',
  'verify.process-gone':
    'a death is undeclared where the process is gone and the parent lives; a process that runs has not died',
  'verify.property-clean': 'a right run breaks nothing, whatever its order',
  'verify.property-dropped': 'a receipt that is missing is always found, unless nobody could know of it',
  'verify.property-duplicated': 'a receipt that stands twice is always found',
  'verify.property-shuffled': 'receipts of one child in another order are always found',
  'verify.receipt-twice': 'one event received twice',
  'verify.receipts-in-order': 'receipts of one child rise',
  'verify.removed-child':
    'a child that was removed as delivered was received whole; what a person gave up is not missed',
  'verify.removed-parent':
    'a removed parent is judged by its tombstone, one without log and tombstone is told',
  'verify.render': 'the report for people gives the figures, then each violation, and steers no terminal',
  'verify.run-again': 'a resumed turn runs no call of an earlier one, and no call has two results',
  'verify.second-look': 'a death that its parent tells between two looks is no violation',
  'verify.second-look-only': 'without a death in doubt there is no second look',
  'verify.seen-ahead': 'a response cannot have seen what was committed after it',
  'verify.swallowed':
    'a turn that takes an item in and finishes without a completed request has swallowed it',
  'verify.told-by-stop':
    "an end that StopPod's result told, or that was not for the model, is not told again",
  'verify.tombstones': 'a removed parent is judged by its tombstone; a broken tombstone is told',
  'verify.torn-tail': 'what stands behind the last complete append is not there, and no damage',
  'verify.undeclared-death':
    'a living parent tells of a death within a minute; a dead one, or an orderly end, is excused',
  'verify.unknown-entry': 'entries and events of unknown types break nothing',
  'verify.unreachable-again': 'each episode of being unreachable may be told once',
  'verify.unreadable':
    'foreign, damaged and unreadable logs are told with their path, the others are still checked',
  'verify.unseen-at-rest':
    'a pod at rest has seen what an earlier turn took in; a held, paused or working one may yet',
  'verify.untold-end': 'when a later incarnation has linked, the end of each earlier one stands in the log',
} as const;
