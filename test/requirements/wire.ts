/** A pod on its socket, as strangers and children see it. */
export const wire = {
  'adversity.blocked':
    'while a parent’s event loop is blocked for seconds everything waits, and afterwards nobody was declared dead or out of reach',
  'adversity.descriptors':
    'a pod with no descriptor left keeps its log, its links and whoever is connected, and takes connections again when some are free',
  'adversity.group': 'SIGINT, SIGHUP or SIGKILL to the group of its starter does not end a pod',
  'adversity.pipe': 'a command whose reader is slow writes all of several megabytes before it exits',
  'adversity.stdio': 'a pod holds no pipe or terminal of its starter: its output goes to its own file',
  'adversity.stopped':
    'twenty events each of fifty children, sent to a stopped parent: all there once and in order when it goes on',
  'adversity.stopped-for-real':
    'a real child that reports to a stopped parent keeps its report visible as pending, and delivers it once',
  'close.killed': 'a killed pod settles them too: what was answered is in the log',
  'close.pending-output':
    'an answer of nearly a megabyte that a slow client is still reading arrives whole though the pod ends',
  'close.settles': 'the end of the pod settles every request in flight on its connections, in either role',
  'error.bytes': 'invalid UTF-8 is answered -32700 and never taken for text',
  'error.codes': 'each refusal has its code: busy, notRunning, notPaused, unknownChild, badToken, stopping',
  'error.only-lf': 'nothing but LF ends a line: U+2028, CR and NUL stay inside the message',
  'error.persons-alone':
    'what is for a person or the parent is refused over a child’s link, and what is for a person alone to whoever says they are a pod',
  'error.rpc': "each protocol fault is answered by JSON-RPC's own code and a sentence",
  'error.stopping':
    'a pod that is stopping takes no run and no control, but keeps a notice for its next start',
  'error.unknown-fields': 'unknown fields are passed over, a notification is not answered',
  'event.duplicate': 'that has arrived is answered `duplicate`, however often, and stands in the log once',
  'event.gap': 'ahead of its turn is answered `gap` with what the parent holds, and nothing is taken',
  'event.parent-only': 'of a kind that only the parent’s side writes is not taken from the wire',
  'garbage.alone':
    'a thousand random inputs cost only their sender: nothing is broadcast or committed, every other client is served',
  'garbage.half-a-line':
    'half a line, then silence or the end: it is no message, and nobody waits for its rest',
  'garbage.just-fits':
    'a line of nearly 8 MiB is taken whole where its entry fits the log, and refused clearly where it does not',
  'garbage.longest-run':
    'the longest run that is taken also begins: nothing that was accepted is stuck for its size',
  'garbage.too-long':
    'a line of more than 8 MiB is answered `tooLarge` and skipped to its end; the connection lives on, and others are served meanwhile',
  'history.end-at-once':
    'with %i MB behind the pod, what a sender wrote before it ended its side arrives and is answered',
  'history.notify': 'a thousand notices, each over a connection of its own, all arrive and are answered',
  'history.pod-event': 'a thousand events of linked children all arrive, once and in order, and are answered',
  'history.shutdown':
    'one method ends a fresh pod whatever the length of its history, with an observer that never reads',
  'history.unknown-is-known':
    'a sender that breaks off: what it was answered is there, the rest it knows not to know',
  'sender.abrupt':
    'destroyed at once after writing: delivered or not, never twice, and the sender has no answer that could mislead it',
  'sender.awaited': 'connectAndSend: delivered and said so, and the receiver is still up',
  'sender.half-a-line': 'half a line is no message, whichever way its sender leaves',
  'sender.no-answer': 'connectAndSend: a receiver that closes, freezes or is not there is told as what it is',
  'sender.orderly': 'whatever way a sender leaves in order, its line is delivered once',
  'sender.snapshot-first': 'connectAndSend reads past a snapshot of %i bytes to its own answer',
  'shutdown.grace': '`graceMs` bounds how long a shutdown waits for children that do not answer',
  'socket.deleted':
    'a deleted socket file is put back within the sweep; who is connected stays connected, and a child links again through it',
  'socket.modes': 'the directory is 0700, the socket 0600, log and token 0600',
  'socket.not-a-socket':
    'a regular file in its place is left alone and named; a client is told that nobody listens',
  'socket.second-start':
    'a second start of a running pod ends as alreadyRunning, names the process, and disturbs nothing',
  'socket.somebody-listens': 'a path at which somebody answers is never taken over',
  'socket.stale': 'the socket of a killed pod is replaced at its next start',
  'socket.too-long':
    'a home whose socket path would be cut is refused before anything listens, with what to do',
  'socket.unsafe-dir': 'a runtime directory that others can enter, or that is not ours, is refused clearly',
  'stranger.after-a-failed-link': 'right after a refused link is refused as well',
  'stranger.event': 'over a connection that is not that child’s link changes nothing',
  'stranger.from':
    'a method with a `from` that is not the parent of the pod is answered badToken and leaves no trace',
  'stranger.from-parent-only':
    'a child takes `from` of its own parent with its own token, and of nobody else',
  'stranger.link':
    'of an unknown child is refused without a trace; with a wrong token too, but for one line that tells of it until the child links',
  'stranger.namesake': 'of an earlier instance with the same name is refused: a name gives no right',
  'stranger.old-link': 'over the link that a newer one has replaced changes nothing',
  'stranger.other-life': 'in the name of another incarnation than the linked one changes nothing',
  'stranger.protocol': 'of another protocol is refused clearly, and both sides can read why',
  'stranger.refused-child':
    'that its parent refuses for its protocol says so in its own log, keeps its report and goes on working',
  'stranger.regressed':
    'of a log that is older than what the parent holds, or of an earlier incarnation, is answered `regressed`',
  'subscribe.after-restart':
    'an observer goes on behind its last entry after the pod was killed and restored',
  'subscribe.in-flight':
    'text that is being streamed at attach time is part of what an observer gets; the offsets join it to what follows',
  'subscribe.lagged':
    'an observer that stops reading is told `lagged` with the entry it will go on from, and is brought up from the log',
  'subscribe.lag-loses-none':
    'an observer that falls behind and catches up, however often, gets each entry once and in order',
  'stranger.older-connection':
    'a connection that a newer link of the same child has replaced is no link any more, also before it is closed',
  'subscribe.log-is-the-stream': 'an entry on the wire is the entry in the log',
  'subscribe.memory': 'ten observers that never read cost a pod with 64 MB of history next to nothing',
  'subscribe.no-deltas': '`deltas: false` leaves out the stream of tokens and nothing else',
  'subscribe.paced':
    'an observer that reads nothing is sent one piece of the history, and the next when it has read',
  'subscribe.append-storm':
    'an observer that comes to the end of the history while entries are committed misses none of them',
  'subscribe.no-gap':
    'observers that attach while entries are committed get each entry once and in order, the fast, the slow and the one that stops for a while',
  'subscribe.reset':
    'a `since` that does not fit is answered reset, and the stream starts from the beginning',
  'subscribe.read':
    'a reader passes over a type of event that it does not know and fields that it does not know, and loses no alert',
  'subscribe.since': '`since` sends what is behind it and nothing before',
  'subscribe.table':
    'every event that an observer is sent is one of the table, with its fields and none beside',
  'subscribe.twice': 'subscribing again on the same connection starts one stream anew, not a second one',
  'subscribe.unsubscribe': 'after `unsubscribe` nothing more comes, and the connection lives on',
  'user.foreign-home': 'a home that is somebody else’s is refused with one clear sentence',
  'user.ordinary': 'a tree runs from task to result as a user who is not root, and everything is that user’s',
  'wire.not-understood':
    'a parent that does not understand an event has refused it for good: the child stops sending and says so',
  'wire.fast-guards':
    'what is checked by hand is taken only where the schema takes it, and comes out as the schema would give it back',
} as const;
