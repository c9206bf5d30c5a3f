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
    'a death is told once a life, closes what the child had and returns what it held, unless a later life has followed',
  'inbox.unreachable': 'a child out of reach is told once an episode and never after its end',
  'inbox.reconcile':
    'what a child at its link neither has nor had never began, unless its run is being sent right now',
  'inbox.unaccepted': 'what was given behind the end of a child’s last life never began',
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
} as const;
