/** Commands that run on when their call has ended. */
export const background = {
  'background.asked': 'a yes to a command that is waited for is none to the same command in the background',
  'background.bound':
    'no more commands of a pod run in the background than the limit says, and none where it is 0',
  'background.ends':
    'a command in the background ends with its pod, however that ends, inside of a sandbox and outside of one',
  'background.known-end':
    'the end of a command is reported to the model once, over deaths of the pod; one that ended with the pod wakes nobody',
  'background.machine':
    'a command begins and ends in the log, once each, and its own end alone wakes the pod',
  'background.output':
    'of what a command writes the whole is kept up to a bound and of more the last part, readable from each place',
  'background.scope': 'a child is given no path that a command in the background of its parent may write',
  'background.settled':
    'a command in the background keeps no tree from being settled; run says which were ended with it',
} as const;
