/** What the pure machines answer, as tables over entries: delivery, the pod's state, one turn. */
export const tables = {
  'inbox.numbers':
    'an event is taken in when its number is the next, answered as a duplicate at or below what is on disk, and past that sent for again; a stranger’s is refused',
  'inbox.receipt':
    'a receipt closes the open assignments that its event ends, of its sender alone, and says whether the model reads it',
  'inbox.re-emission':
    'a scope report goes on to the parent once for each origin, in the append of its receipt; a root keeps it',
  'inbox.lives-before':
    'the lives before the one that an event or a link speaks of are told as dead first, once each',
  'inbox.death':
    'a death is told once an incarnation, closes what the child had and returns what it held, unless a later incarnation has followed',
  'inbox.unreachable': 'a child out of reach is told once an episode and never after its end',
  'inbox.reconcile':
    'what a child at its link neither has nor had never began, unless its run is being sent right now',
  'inbox.unaccepted': 'what was given behind the end of a child’s last incarnation never began',
  'visibility.table': 'who gets to see each event is the table of the design, row by row',
  'settled.table':
    'a pod is settled when no child works for it, no run waits, nothing is interrupted or paused, and nothing worth a wake is unread that is not held',
  'settled.holding':
    'at an end that holds, what the turn had in hand counts no longer, and what came during the turn does',
  'wake.table':
    'what is worth a wake starts a turn within the minute’s turns and the longest chain; a report that closes own work costs no turn',
  'wake.hops': 'a notification turn is one step further than the longest chain of what wakes it',
  'emit.numbers': 'events are numbered on over all lives, and say in which one they were committed',
  'emit.assignments': 'a run of the parent is queued, begun, and neither after the report that closes it',
  'outbox.table':
    'over one link numbers rise by one and nothing uncommitted is sent; a loss is tried again with doubling times, and past a bound of tries one alert says so',
  'outbox.refused': 'a refusal for good ends the trying',
  'notice.words': 'each kind of notice says its fixed words and no others',
  'notice.late': 'a report of work that is closed already says that it comes late',
  'notice.quarantined': 'what this pod died of again and again is not shown to its model',
  'notice.bounds': 'each quotation of a notice has a bound of its own',
  'state.idle':
    'nothing starts while a turn runs, the pod stops or is paused, or the log cannot be written, and where nothing waits',
  'state.order':
    'an interrupted or paused turn goes on first, then runs in their order, then notices; what a failed write left open is closed before',
  'state.commit-first': 'a start that the log refuses is none: nothing is performed',
  'state.notified':
    'notices start one turn, which from rest waits for their siblings once, and costs one of the minute’s turns unless own work was closed',
  'state.cause':
    'a notification turn is for the parent while its work is open, else for whom the last turn was',
  'state.budget':
    'a budget that is used up is said once, with the time at which it fills again where it does by itself',
  'state.budget-upward':
    'a parent whose work is open, or who gave the last, is told of a used-up budget in the same append',
  'state.drain':
    'before a request all that is in the buffer is committed in one append, in order, as the words that the model reads; a log that refuses leaves it as it was',
  'state.quarantine':
    'an item that the pod died of so often within ten minutes is kept from the model, before it is taken in and after',
  'state.end':
    'a turn’s end stands in one append with what closes its calls and approvals, a pause that came too late and its report; what waits is begun at once',
  'state.closed-calls':
    'a call that never ended gets one result, which says whether it may have had an effect or had only waited for a person',
  'state.undone-spawn': 'a spawn without work yet is named as undone in the result of its call',
  'state.abandon':
    'a turn that the disk cut off leaves the pod at rest, and the disk is tried again after a time that doubles up to a minute',
  'state.owed-end':
    'work of the parent that ends without a further turn is reported as finished, unless it is held or a child still works',
  'state.recover':
    'what an earlier incarnation left open is closed before anything else, and nothing is begun by that',
  'state.timers': 'each timer does its own work and then asks the wake rule',
  'state.watchdog': 'the watchdog counts as a rescue only what nobody else would have started',
  'state.storage': 'trouble with the log is said once, with its beginning, and tried again',
  'state.status': 'what a pod is: stopping or running, else paused or idle',
  'inputs.run':
    'a run begins, waits or is refused as the state of the pod and ifBusy say; sent again it is answered again and taken in once',
  'inputs.notice': 'a notice is taken in once in every state before the last line of the log',
  'inputs.cancel':
    'a cancel reaches the running, interrupted or paused turn and the children that work for it, says so to the parent where its work is open, and leaves what it does not mean alone',
  'inputs.steering':
    'pause, resume and shutdown change what they may and are refused where they would change nothing',
  'inputs.refused-by-log':
    'an input that the log does not take is refused as trouble of the disk, or as too large where no disk could hold it',
  'inputs.event':
    'an event of a child is committed, answered as its number says, and taken in with what fits where no line can hold it',
  'inputs.link':
    'a link is refused to a stranger, an earlier incarnation and an old log; else deaths, the link, what the child holds and what it never took are one append',
  'reports.turn':
    'a turn’s end is reported where work of the parent is open or the turn was for it, with what the turn and its view say',
  'reports.shut-down':
    'the last word of a child names what was begun, what never was and who still works below; a root says none',
  'reports.text': 'the text of a report is the last one since the newest input, and bounded',
  'approvals.asked':
    'an approval is committed before anybody hears of it; the same call again joins the open one or takes the kept answer, once',
  'approvals.answered':
    'an approval is answered once; the answer is for the call that waits, or kept; whoever comes second is told how it ended',
  'approvals.paused': 'a pause closes an approval and gives its call a result that says that it did not run',
  'approvals.closed': 'approvals that nobody answered are closed, and their calls say whether they stay',
  'approvals.subject':
    'a call is held against its command, its name or all names of its path; a person reads it whole, or how much is left out',
  'link.introduced':
    'a child introduces itself behind a sync with its life, its token and what it has open, closed and said',
  'link.scope': 'what the parent says at a link that the child may touch is noted where it is another scope',
  'link.sent':
    'over the link that is there what waits is sent behind its sync, in order, and nothing over an older one',
  'link.acknowledged':
    'acknowledgements of one moment are one entry with the tries of each event; one that the log refuses is tried again',
  'link.failed':
    'a refusal for good ends the trying with one alert; all else is tried again, and at once where the parent appears',
  'link.pinged': 'a link is pinged within a quarter of the parent’s patience, and given up without an answer',
  'link.lost': 'a lost link is made again; a closed one leaves no connection, no timer and nothing unnoted',
  'link.overtaken': 'a run that came over an older link than the newest is refused',
  'link.awaited': 'who waits for an event hears that it is accepted, pending with the reason, or refused',
  'link.awaited-child':
    'who waits for a child’s link hears that it is there, that its process has ended, or that the time has passed',
  'pull.received':
    'what a child’s log holds is received in its order, with the end of each life before what a later one said',
  'pull.lost-receipts':
    'a child that holds more for acknowledged than is here, or has said more and does not know its open work, shows a loss',
  'spawn.steps':
    'a spawn is committed step by step, each before the next is asked for, and its child is no freer than its parent',
  'spawn.undone':
    'a spawn of which a step fails is taken back whole, and says why in the words of whoever knows',
  'spawn.writers':
    'a child starts once no command of another runs that may write in its place, or not at all',
  'spawn.limits': 'a spawn past a limit of depth, children or pods is refused before anything is started',
  'spawn.model':
    'a child’s model can be had, has a price where costs are limited, and is no scenario that this pod may not read',
  'spawn.scope': 'a scope outside of this pod’s is denied root by root, with what is in the way',
  'undo.whole':
    'a spawn that is taken back leaves no process, no folder, no socket and no name, in this order',
  'undo.only-own': 'a folder that is not of the instance that was reserved stays as it is',
  'undo.home-away':
    'with a home that is away nothing is taken back: it is waited for five seconds, and the next start undoes',
  'undo.again': 'a log that refuses to forget the child is asked again each second, but by a pod that stops',
  'undo.locked':
    'who holds the lock of a half-made child is ended by what its log names, or left after five seconds',
  'undo.half-made': 'folders that this pod made and did not live to reserve are buried at its start',
  'stop.below-table':
    'who stands below a dead pod is asked, else killed, in the name of its parent, and so are those below it',
  'child.link':
    'a child’s link is checked, what its earlier lives and this log’s losses left out is taken in, and the answer stands on disk',
  'child.doubt': 'after a run in doubt the first link is refused, so that both logs are compared',
  'child.event':
    'an event over the newest link is answered behind its sync, and behind what was missing before it',
  'child.check':
    'a child has ended when its lock is free and its process dead; all of its log is taken in first, its end last',
  'child.silence': 'the silence of a living child is told once it is as long as patience allows',
  'child.missing': 'a child whose folder is missing twice, and that nothing else shows alive, has ended',
  'child.sweep':
    'a sweep looks at who is silent or without a link, and at ended ones with something new; its own standstill is no silence',
  'tree.name': 'a tool for a pod acts on the newest child of that name, whose folder is its own',
  'tree.send': 'a message is a run; an ended child is started again for it, behind its end',
  'tree.spawn-refused':
    'a refused spawn says our sentence, quotes the words of others, and names a denial as one',
  'tree.stop':
    'a stop says how the child ended, and ends what one that was dead left and who stands below it',
  'tree.list': 'a list says of each living child, and of the twenty newest of the ended, what is known',
  'tree.read': 'a reading comes from the child, else from its log, and says how the child is',
  'drain.left':
    'what a dead child left is taken into the log of its parent that does not run: its events, each life’s end, its untaken work',
  'end.awaited': 'who waits for a child’s end hears of it once it is in the log, or that the time has passed',
  'give.assignment': 'a run for a child is an open assignment in the log, in flight until its answer',
  'give.rejected': 'a run that certainly did not arrive closes its assignment and is refused',
  'give.doubt':
    'a run that may have arrived is sent again by the same id, and stays open for the next link where that says nothing',
  'waiting.causes':
    'what a pod waits for is the most urgent cause, with its beginning, its end where one is known, and a bounded reason',
  'status.view': 'status says what the facts say, at the cost of the facts',
  'status.settled': 'a pod with an open turn, or that is not at rest, is not settled',
  'status.children':
    'a child is shown as its end, its link, a refusal or an unreachable episode say, in this order',
  'status.attention': 'why a person should look is the most urgent reason',
  'read-output.cursor':
    'a reading goes on where its cursor says, and a cursor that is none begins at the beginning',
  'read-output.whole': 'readings that were cut make the whole when they are put together',
  'read-output.characters': 'no reading divides a character, unless there would be no step forward otherwise',
  'read-output.covers': 'a reading to the end says which finished turn it covers',
  'turn.ends':
    'a turn ends as finished, at a limit, paused, cancelled, with an error or abandoned, each by its own cause and no other',
  'turn.interceptors':
    'requests and calls pass a list in order, and what comes back in the other one; the first no decides',
  'turn.engine': 'whole histories hold too where another engine drives the turns',
  'turn.resumed': 'a resumed turn that lacked its end only is not asked again',
  'turn.commits':
    'an answer, its calls in their places and what it has seen are one append, before anything of it runs',
  'ask.request':
    'a request says who asks, what came before and what may be called; what comes of its answer is shown with its place',
  'ask.retries':
    'a failure that may pass is tried again after a doubling, jittered time or the rest that the provider asks for, and says so',
  'ask.gives-up': 'a failure for good, too many tries or too long a rest end the request with what was said',
  'ask.tries-by-kind':
    'a failure that hardly ever passes is tried as often as its own kind allows, whatever else failed before, within the bound of all tries, and the alert says the bound that holds',
  'ask.controls': 'behind a cancel or a pause nothing is tried again',
  'ask.cancelled': 'what a cancel cut off stays in the log as text, and nothing else of it',
  'ask.spent':
    'what a request without a response has used is in the log before anything else is done, and no try goes past a limit of the cost',
  'context.messages':
    'a history becomes messages in its order: notices together, calls in their places, results as they were called',
  'context.newest': 'the newest input of a history is the last of run, notice and result',
  'context.answer': 'a history ends with an answer where its last entry is a whole one that says something',
  'repair-input.table':
    'null that may be left out and JSON in a text are understood as meant; the given input and all else stay as they are',
  'calls.table': 'each call gets one result that says what became of it, or none where it has one',
  'calls.permit': 'a call that can run is asked about once, with what the model wrote and what it takes',
  'calls.commit': 'a result that the log refuses ends the step',
  'calls.order': 'calls run side by side, those of a tool that runs alone by themselves',
  'calls.abort':
    'behind an abort nothing begins; what had come to its end is kept, and what does not settle is left behind',
  'replay.table':
    'what a log says is folded into facts entry by entry, and what is not understood is passed over',
  'pending.outbound': 'what the parent has not acknowledged is committed, or refused with its reason',
  'pending.inbound':
    'what the model has not seen is received or consumed, with its times and the reason why it is not further',
  'prompt.surroundings':
    'the prompt says the day, the system, the shell, the repository with its branch, and, where git could be asked in a sandbox within a second, whether all is committed; the log holds it as it was sent',
  'prompt.sections':
    'the prompt says who the pod is, what it may touch and how to work, and ends with what people wrote',
  'facts.empty': 'an empty log is no pod, and a child of which only the name is known holds nothing',
  'facts.closes': 'which events close the work that they name',
  'facts.usage': 'usage is summed; an unknown price makes the sum unknown, and no sum is past a whole number',
  'facts.approvals':
    'an approval is open until it is answered, closed or its turn has ended; an answer that no call waited for is kept, once',
  'transcript.items':
    'each thing that was said stands in the transcript in its own words, what was put aside in words of its place',
  'transcript.places': 'what was said is found from any number on, the newest first, and by its turn',
  'permission.words':
    'an approval names its reason and the holes of the sandbox, a denial names its reason and what to do instead',
} as const;
