/** Other vendors' agents: what is known of each, how one is configured, installed and held. */
export const agents = {
  'agents.fake': 'the fake agent of the tests does what its script says, over its deaths too',
};
