/** Other agents as pods: what drives their turns, and what is said of it. */
export const engines = {
  'engine.messages': 'what an agent writes is of known forms and bounded, or is passed over',
  'engine.connection':
    'an agent that garbles, floods, refuses, falls silent or ends is told apart, and its process group is gone at the end',
  'engine.turn':
    'a turn of another agent is one prompt; its calls are in the log to be looked at, and what the prompt held is seen with its answer',
  'engine.queue':
    'what comes while another agent works waits for its next prompt, and no second prompt is sent',
  'engine.asks':
    'what another agent asks permission for is a person’s to answer, on disk before the agent hears it',
  'engine.cancel': 'a cancel reaches another agent, and ends one that does not hear it',
  'engine.failed': 'a turn that another agent ends without a word, with an error or a refusal has failed',
  'engine.stalled':
    'another agent that is silent while no tool of it runs is given up after twice the limit, and a silent tool lives',
  'engine.gone':
    'an agent that ends in a turn is started again with its session, three times, and its last words are told',
  'engine.refused':
    'a run by another agent that is not there, may not reach its provider or has a limit that cannot hold is refused before it is made',
  'engine.costs':
    'a turn of another agent is charged as a person has said, out of what its pod holds before it is asked; one that reports no tokens is not asked again where they are limited',
  'engine.rules':
    'rules and modes hold for what another agent asks for, by its kind and by podkin’s tools that do the same; what is not clear is a tool from outside',
  'engine.scope':
    'another agent is started again, with its session, once what its pod may touch is another; one that is not needed for a while ends where its session can be loaded',
  'engine.delivery':
    'what delivery promises of a pod holds for one that another agent drives, however its parent is',
  'engine.restored':
    'a prompt that was cut off is said again only where the loaded session shows that it is not there',
  'engine.killed':
    'the pod killed at any step of a prompt: each outcome once, and no process of its agent is left',
  'engine.campaign':
    'a pod that another agent drives, its agent, both, or it and its parent killed at every point and at random: nothing lost, doubled or stranded, no process left, no work given twice unsaid',
};
