/** What grows with use, and what must not. */
export const growth = {
  'growth.removed-child':
    'a child that a person has removed is at once in no list of ps and inspect, not in ListPods, and forgotten by its parent at its next look',
  'growth.removed-many': 'children that were removed together are forgotten together, however many',
  'growth.listed':
    'of the children that have ended ListPods names the newest twenty, and how many more there are',
  'growth.ended-children':
    'of children that have ended and are taken in a sweep looks at a few in turn, and at all when a pod of the home was made or removed',
  'growth.restored-unlinked':
    'what a child says in an incarnation that never linked is taken in, also when it is one of many that have ended',
  'growth.no-watch':
    'a pod holds no instance of inotify for its parent, and sees the return of its parent within a moment',
  'growth.pending': 'what is pending is told from the facts, not from the log, as the whole list tells it',
  'growth.run-too-long': 'a task that no log could hold is refused before a pod is made for it',
  'growth.subscribe-again': 'a connection that subscribes again and again is waited for once',
  'growth.tombstones':
    'a tombstone that no pod of the home can ask for any more is removed a day later; any other stays',
  'input.linear':
    'a long input of a model is read in time that grows with its length alone, or counts as too much: a command held against rules, braces, folders of git, a text to change',
  'cli.ps-tree-place':
    'ps shows a tree where its root is: a child that works in a clone, or further down, is below its parent',
  'rm.full-disk':
    'on a full disk prune and rm remove pods: what the log holds too makes the room for what stays of each',
} as const;
