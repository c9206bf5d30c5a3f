/** podkin as an agent of an editor (`podkin acp`). */
export const acp = {
  'acp.initialize':
    'a bare client initializes, begins a session, which is a root pod without a task, and lists it',
  'acp.settled': 'a prompt is answered when the whole tree is settled, behind all of its updates',
  'acp.stop-reason':
    'why a prompt ended is said as it was; what is no reason of the protocol is an error with it',
  'acp.updates':
    'what the root says is shown once, streamed or not; calls have kind, places and edits as diffs',
  'acp.children': 'a child is a tool call, with its reports and its own calls beside it',
  'acp.question':
    'an approval of any pod is a question with the options that there are; a plain yes runs the call',
  'acp.question-open': 'what a client leaves open, cannot see whole or dies on waits for a person elsewhere',
  'acp.cancel': "a cancel ends the tree's turns and its questions, and the prompt is answered as cancelled",
  'acp.one-prompt': 'a second prompt of a session that has one is refused',
  'acp.end-stops-none': 'no pod ends with the agent, by the end of its input or by SIGKILL',
  'acp.load':
    'a session is loaded again with its history, bounded, and goes on; resume leaves the history out',
  'acp.close': 'closing a session ends its tree in order, and a load starts it again',
  'acp.modes': "modes no freer than the agent's own can be set, and no other",
  'acp.rights':
    "a client gets no root with more rights than the agent's flags, and no place outside of --cwd",
  'acp.servers': "a client's MCP servers are used for that root alone, and their values stand in no log",
  'acp.content':
    'links, embedded files and images of a prompt reach the pod; audio and bad images are refused',
  'acp.hostile':
    'garbage, long lines, wrong types and unknown sessions are refused, and the next request is served',
  'acp.slow-reader': 'a client that does not read holds a bounded queue, and no pod waits for it',
  'acp.stdout': 'stdout carries the protocol alone',
  'run.detached-idle': 'a root that is started with -d and without a task waits for one',
} as const;
