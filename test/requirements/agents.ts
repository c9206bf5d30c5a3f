/** Other vendors' agents: what is known of each, how one is configured, installed and held. */
export const agents = {
  'agents.fake': 'the fake agent of the tests does what its script says, over its deaths too',
  'agents.found':
    'an agent is what a person’s entry names, else what podkin has installed, else what is on the PATH; another name is refused with those there are',
  'agents.variables':
    'an agent is given the variables that are named for it, by a person or by what is known of it, and no others',
  'agents.facts':
    'of each agent is known its mode for a pod’s, which is one in which it asks, by what a failed turn is guessed, and what of a project it obeys',
  'agents.settings':
    'an entry of an engine is a person’s alone, holds names of variables and never a value, and counts whole or not at all',
};
