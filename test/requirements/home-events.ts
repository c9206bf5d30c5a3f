/** The events of all trees, for programs outside. */
export const homeEvents = {
  'events.all':
    'a follower that is killed at any point misses no event, and tells repeats by instance and seq',
  'events.order': 'a receipt comes behind its event, the first of a child behind its spawn',
  'events.gone': 'a removed pod is told with how far its log had come, one between two reads too',
  'events.damaged': 'a damaged line is an event, and what a repair has moved is found again',
  'events.unreadable':
    'a log or folder that cannot be read is told, is not taken for one that is gone, and is handed out once it can be read',
  'events.cursor':
    'a cursor is text of at most 64 kB; what is folded into it is read again where it has changed, never passed over',
  'events.foreign': 'what is no cursor of this home is refused with what to do',
  'events.two': 'two followers each get all, and one name has one follower',
};
