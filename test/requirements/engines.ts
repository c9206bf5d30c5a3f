/** Other agents as pods: what drives their turns, and what is said of it. */
export const engines = {
  'engine.messages': 'what an agent writes is of known forms and bounded, or is passed over',
  'engine.connection':
    'an agent that garbles, floods, refuses, falls silent or ends is told apart, and its process group is gone at the end',
};
