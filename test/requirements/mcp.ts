/** MCP servers of pods: tools from outside, and the processes that give them. */
export const mcp = {
  'mcp.reference':
    'the reference servers over stdio, and one over HTTP, are used by a pod under the names mcp__SERVER__TOOL',
  'mcp.list-kept':
    'a server whose tools are known is started at its first call, and its list is kept by what it is started with',
  'mcp.names':
    'a tool of a server has no name of podkin’s own, and one whose name cannot be seen is left out, with its reason',
  'mcp.schemas':
    'a tool whose input no provider would take is left out, alone, with its reason; no reference of a schema is followed',
  'mcp.descriptions': 'a description is data: at most 2 kB, without what steers',
  'mcp.rules': 'a rule names a tool of a server or all of one, and has no pattern for it',
  'mcp.asked':
    'a call of a server’s tool is asked about whatever its annotations say, and denied where nobody can be asked',
  'mcp.always-one':
    'an "always" is said to the tool as it is described: described otherwise it is asked about again',
  'mcp.dies':
    'a call whose server ends is answered with that, is not made again, and the next call starts the server, ever more rarely where it goes on ending',
  'mcp.timeout': 'a call ends after its time without a word of progress, and each word begins the time anew',
  'mcp.flood': 'a server that sends more than anybody could read is ended, and the call says so',
  'mcp.large':
    'an answer of more than 32 MiB fails its call and not its server; a long one is in a file, as that of any tool',
  'mcp.garbage': 'what is no message is passed over',
  'mcp.unasked':
    'a server that asks for a model is refused, and one that asks a person in no call that anybody follows is declined',
  'mcp.changed':
    'a list that changes counts from the next turn on, and a tool that changed since it was offered is not called',
  'mcp.many':
    'past 40 tools, or where their descriptions are too long, they are offered by one that finds and one that calls',
  'mcp.ended':
    'the processes of servers end with their pod, also where that is killed, and after ten minutes without a call',
  'mcp.crash': 'a call that was open when its pod was killed is closed as interrupted and not made again',
  'mcp.tree-bound':
    'at most 64 processes of servers run in a tree, counted over all of its pods and over their deaths; a refusal says so',
  'mcp.handed-over':
    'a child that is given a path begins once no server of its parent has it any more, and is refused where one does not end',
  'mcp.place':
    'a server has the variables that are named and no others, and in a sandbox the rights of its pod and what its own entry adds',
  'mcp.roles': 'a child has the servers of its parent, and of their tools those that its role names',
  'mcp.trust':
    'nothing of a project’s .mcp.json counts before a person has said yes to the entry and to each file of the project that it names, as they are',
  'mcp.trust-changed': 'what was trusted and has changed is not started, and asked about anew',
  'mcp.trust-shape':
    'a .mcp.json that is a link out of the project, a pipe, too large or no JSON takes its servers away, and nothing else',
  'mcp.fetched': 'a server of a project that is fetched at its start needs an exact version',
  'mcp.redirect':
    'over HTTP a server is reached at the origin that is named alone, and at an address of this machine only where that is what is named',
};
