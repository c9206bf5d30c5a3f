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
  'agents.held':
    'an agent in the sandbox writes in its pod’s scope and a HOME of its own alone, sees no state of podkin’s and no variable that is not named, and leaves no process',
  'agents.network': 'an agent has the network, and is not started where its pod may have none',
  'agents.unheld':
    'without a sandbox an agent is not started in the modes dontAsk and plan, and else it is said that nothing holds it',
  'agents.masked':
    'what of a project an agent would execute or obey unasked is not seen by it before a person has trusted it as it is',
  'agents.asked':
    'before the first start of an agent a person at a terminal is asked once about what it would obey in a project, as it is; no answer hides it',
  'agents.login': 'a login is shown to an agent where the person shares it, and can be renewed by it',
  'agents.commands':
    'podkin engines lists the agents that there are, installs an exact version alone and never unasked, and has no word for what it does not know',
  'agents.install':
    'npm is given exact versions and no keys, runs no script that an agent can be without, and only a whole installation is ever found',
  'agents.mock':
    'the mock of the probe answers in four protocols of providers, by a word of what it is asked, and asks nobody',
};
