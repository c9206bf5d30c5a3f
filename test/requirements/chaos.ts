/** `podkin chaos`. */
export const chaos = {
  'chaos.clean':
    'kills, freezes and cuts a tree of its own, finds nothing, says so in one line or one object, and leaves nothing',
  'chaos.finds':
    'an event that is missing or stands twice in a log is a finding: status 1, how to play it again, and the home is kept',
  'chaos.stranded': 'what does not come to rest after the faults is a finding',
  'chaos.interrupted': 'a signal ends it with its status, every process of it, and its folder',
  'chaos.killed': 'when it is killed itself, its guard ends its pods and removes its folder',
  'chaos.apart': 'the home, the settings and the keys of whoever calls it are neither read nor made',
  'chaos.keep':
    'with --keep the home stays and is named, and the guard of a chaos that was killed leaves it too',
  'chaos.guarded':
    'where the process that guards it does not start it says so, waits for it no longer than 15 s or a signal, and leaves nothing',
  'chaos.limits': 'where the system gives too few descriptors it says so and leaves nothing',
  'chaos.umask': 'whatever the umask, what it makes is readable and removable for its owner',
  'chaos.room': 'a disk that is full is named, with the folder and what to do',
  'chaos.early': 'what does not come to rest before the first fault is a finding as any other',
  'chaos.tried': 'a trial in which nothing was killed, frozen or cut ends with status 1 and says so',
  'chaos.left': 'a process that a pod has started and that is left is a finding, and is ended',
  'chaos.partial': 'an interrupted trial prints what it had done, as a line or as JSON',
  'chaos.usage': 'minutes and seeds that cannot be are refused with status 2',
  'chaos.plan': 'the same seed is the same faults, the same work, the same tree and the same answers',
  'chaos.scenario': 'every seed gives a scenario that is right, in which tasks call several tools at once',
  'chaos.figures': 'figures are sums over the rounds, and quantiles over all wakes',
  'chaos.place': 'its folder is where sockets fit and files can be made, and only its own is removed',
  'chaos.standing': 'an end that a result of StopPod has told is not unread',
  'chaos.wakes': 'a wake during which the parent was frozen is not timed',
  'transport.relay':
    'a relay passes every byte and every half-closed end, and cuts after the byte that it is told',
  'transport.relay-place': 'a relay takes and gives back the place of a socket without a gap',
} as const;
