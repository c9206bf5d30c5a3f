/** What a parent may ask of a child beside its task, and a person of a root. */
export const asked = {
  'asked.timeout':
    'a turn that has worked for as long as was allowed ends as limitReached time, whatever is under way, once, and its parent’s model reads it',
  'asked.idle':
    'a turn without a sign of work for as long as was allowed ends the same way; what the pod waits for is no silence',
  'asked.time-counts':
    'what a turn has worked counts on over pauses, stops and deaths; pauses, open approvals and waits for the budget do not count',
  'asked.time-below': 'at the limit of its time a turn’s work below it is cancelled too',
  'asked.time-pause': 'a pause that was asked for holds behind a turn that its time has ended',
  'asked.time-root':
    'run takes the limits of its root’s time, ends with status 5 at them, and refuses what is no number of minutes',
  'asked.own': 'what was asked of a pod is not asked of its children',
  'asked.time-verified': 'verify finds a time of a turn that falls, and one of another turn',
} as const;
