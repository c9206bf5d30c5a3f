/** How an outcome reaches its parent, and how a pod is steered. */
export const callback = {
  'budget.hops':
    'two pods that send each other on for ever end at the longest chain, with everything kept, and a person starts a new one',
  'budget.own-reports-free':
    'the report that closes an assignment of the pod itself wakes it when the turns of the minute are spent',
  'budget.told-upward':
    'a child whose budget is used up reports that it has reached a limit, and its parent is woken',
  'budget.wakes-per-minute':
    'past the turns of a minute notices are kept and wake nobody; one alert says so, and a person reads them all',
  'callback.any-moment': 'what arrives is seen, once, in order, without a further input',
  'callback.drained-running': 'a running parent takes it in before its next request of the same turn',
  'callback.every-turn': 'each later turn of the same child is reported as well',
  'callback.nested-once':
    'a child that only waits for its own child reports silently; the parent is woken once, by the settled outcome',
  'callback.paused-counts': 'a paused parent shows it as received and reads it after its resume',
  'callback.run-in-doubt':
    'where a run to a child gets no answer its link is made anew, and what never came is told as not started',
  'callback.scope-to-root':
    'a scope handed down three levels is told to every level above once, with its first origin',
  'callback.siblings-one-turn': 'siblings that report together cost the idle parent one turn and one message',
  'callback.spread-times':
    'children that end all over a turn of several requests are each seen once, and none is left behind',
  'callback.stop-pod-silent':
    'StopPod delivers shutdown, its result names the incarnation that ended, and the shutDown adds nothing',
  'callback.table-idle': 'ends as the table says at an idle parent, which wakes for what wakes',
  'callback.table-paused': 'waits visibly at a paused parent and ends as the table says after its resume',
  'callback.table-running':
    'ends as the table says at a running parent, in the next request of the same turn',
  'callback.table-stopping': 'is taken in by a stopping parent and ends as the table says after its restore',
  'callback.wakes-idle':
    'the end of a child turn wakes the idle parent, stands in its history and in its next request',
  'control.cancel-holds-unseen': 'what a cancelled turn had taken in waits for the next input',
  'control.cancel-queue': 'ends the turn at once, inside a tool too, and keeps the queued runs',
  'control.cancel-reaches-down':
    'ends the turns of all descendants that work for the turn, and leaves what others gave them',
  'control.cancel-resumed':
    'of a turn that went on after a pause reaches the children that it had given work before',
  'control.interrupted-call-once':
    'a call under which the pod died is closed first, told as interrupted and not run again, whatever notices wait',
  'control.pause-boundary':
    'ends the turn before its next request, keeps the queue, and goes on with the same work first',
  'control.pause-last-request':
    'that comes during the last request of a turn holds: the pod is paused behind it, and nothing starts',
  'control.pause-restart': 'a paused pod is paused after its restart, and resumes with what it was at',
  'control.queue-order':
    'runs that come while one is worked on wait and are begun in the order of their arrival',
  'control.queue-restart':
    'queued runs of a person outlive the process and are begun in order after its restart',
  'control.signals':
    'SIGTERM, SIGINT and SIGHUP end a pod and its tree in order, and are told to the parent as such',
  'control.states': 'every method is answered as the protocol says in every state',
  'control.submission-once':
    'a submission that is sent again is answered again and taken in once, over a restart too',
  'crowd.once':
    'fifty outcomes at once: each in the history exactly once, in far fewer turns, all seen, nothing rescued',
  'stop.alone':
    'without `cascade` leaves the children at work; what they report meanwhile waits for the next start',
  'stop.below-the-dead': 'ends the living descendants of a child that had died before',
  'stop.deepest-first': 'ends a tree from the deepest up; every end is told once, and nobody is left',
  'stop.frozen-below':
    'ends a tree whose deepest pod is frozen: that one is killed by its own parent, which then ends in order itself',
  'stop.frozen-between':
    'StopPod of a frozen pod kills it and ends those below it too, and says who they were',
  'stop.lost-work-told':
    'work that a child loses because the tree is stopped is told to the model of its parent once, after the restore',
  'stop.grace': 'waits for what does not end by itself as long as it was told, then kills it',
  'stop.work-given-up':
    'what a stopping pod has reported as not done is not gone on with, also where it is killed before the last line of its log',
  'callback.overtaken-run':
    'a run that a later link has told as never come is refused by the child and does not begin',
  'callback.links-numbered':
    'links are numbered on over a restart of the parent: what its last incarnation sent late is refused too',
} as const;
