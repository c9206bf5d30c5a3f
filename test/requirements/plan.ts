/** What a model lists of its own work. */
export const plan = {
  'plan.kept':
    'the newest list stays known over restarts and checkpoints; a call that failed changes nothing',
  'plan.list': 'the list is bounded and clean, and said in one line: how much is done, and what comes',
  'plan.shown': 'status, inspect and the parent’s ReadPodOutput show how far a pod is',
} as const;
