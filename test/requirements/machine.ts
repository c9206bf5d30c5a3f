/** What the pod's machine alone promises: played entry by entry, without a process. */
export const machine = {
  'machine.queue-after-stop':
    'runs of a person that wait when a pod stops in order are begun in their order by its next incarnation, those of its parent are not',
  'machine.cancel-reported':
    'work that is cancelled while it is paused, or before it has run again, is reported as cancelled, once, and never as finished',
  'machine.begun-run-resumed':
    'a run whose process died before its first answer is resumed, and reported when it is done',
  'machine.closes-named':
    'the end of a turn closes the assignments that it names, and leaves a queued one open',
  'machine.hops-mixed':
    'an item at the end of its chain keeps no other item waiting, and is read together with it',
  'machine.read-means-seen':
    'a report counts as read only where a completed response follows the result of ReadPodOutput that held it',
  'machine.outstanding-agrees': "a turn's end and its report name the same children as outstanding",
  'machine.notice-ends-hold': 'a notice that wakes ends a hold, and what was held is read together with it',
  'machine.limit-holds':
    'a turn that meets a limit leaves its pod settled: what it had taken in waits for an input',
  'machine.dedupe-any-number':
    'an event whose number is on disk is a duplicate, whatever the number and its distance',
  'machine.stop-result-own-end':
    'the result of StopPod makes final what it tells, the end of that incarnation and of earlier ones, and leaves the end of a later one to be read',
  'machine.stop-result-told':
    'an end that a result of StopPod has told is not read again when its event comes later',
  'machine.resume-wakes':
    'what came while a pod was paused is read after its resume, without a further input',
  'machine.restart-keeps-inbox': 'what was received and not seen is read by the next incarnation, once',
  'machine.cancel-names-work':
    'a cancel names to each child the assignments of the cancelled turn, all of them and no others',
  'machine.submission-once':
    'a run or a notice that is sent again is taken in once, whatever has become of it and over a restart',
  'machine.queue-unsettled': 'a pod with a run in its queue is not settled, and what ends meanwhile says so',
  'machine.acked-not-pending': 'an acknowledgement ends what is pending up to the event that it names',
  'machine.ended-holds-nothing':
    'a late link of an incarnation that has ended takes no scope from its parent, and its late end none from the next one',
  'machine.never-accepted-told':
    'a link that knows nothing of an assignment has it told to the model as never begun, once; one whose run is being sent is left',
  'machine.older-life-refused':
    'a link of an earlier incarnation than the newest one is refused, however near it is',
  'pull.wanted':
    "of a child's log exactly the events are taken that are not on disk here and are of the incarnations asked for",
  'pull.no-hole':
    "an event that a child's log has lost is told as lost in its place, and what follows it is taken",
  'pull.checkpoint':
    'A dead child is read from its checkpoint on where that still has every event that its parent lacks, and comes to what its whole log comes to.',
  'pull.own-log':
    'the log of another instance is not taken for that of a child, and a missing one holds nothing',
} as const;

/** What wounded other runtimes of agents. */
export const plays = {
  'play.parked':
    'an event that has to wait at its receiver, paused or out of budget, stays pending there until it is read',
  'play.lost-ack':
    'an acknowledgement that does not arrive costs one more send, and nothing is received or read twice',
  'play.wake-into-dying-turn':
    'an event that a turn has taken in is read also where that turn fails or its process dies',
  'play.one-mute': 'a delivery without an answer holds up no later one and no other child',
  'play.fair-order': 'what waits is taken in the order of its arrival, whatever its sender is called',
  'play.one-turn':
    'one completion costs at most one turn of its receiver, however often it is asked, sent or restarted',
  'play.resumed-report':
    'a child that was given more work, restarted, or believed dead still has its last report read',
} as const;
