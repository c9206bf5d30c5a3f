/** podkin for other hosts: the MCP server and its mailbox. */
export const hosts = {
  'mcp.initialize': 'a bare client of either protocol connects, lists seven tools and spawns a pod',
  'mcp.report-stays':
    'a report is handed out again, under the same id, until it is acknowledged, and never after',
  'mcp.ack-durable': 'an acknowledgement is on disk before it is answered; given again it changes nothing',
  'mcp.no-turn': 'a mailbox begins no turn, takes no run, and its children are pods like any',
  'mcp.once': 'a call that is given again with its request id is answered alike and done once, over kills',
  'mcp.request-conflict': 'a request id with another content is refused; that of a failed call is free again',
  'mcp.label': 'a report names the label of the call that spawned its pod',
  'mcp.question':
    'an approval is a question of the host where it can ask; else it stays and the wait says so',
  'mcp.question-elsewhere': 'what is answered elsewhere is taken back from the host, and no tool answers one',
  'mcp.wait':
    'a wait ends with a report, with nothing left to wait for, or with its time; a cancel ends it at once',
  'mcp.rights':
    "a server's flags bound its pods; by default they read the working directory and write nothing",
  'mcp.other-rights':
    'a mailbox that was made with other rights is refused, and the sentence says what to do',
  'mcp.killed':
    'the end of host, server or mailbox stops no pod, and what it reported meanwhile is there after',
  'mcp.kills':
    'over kills of host, server, mailbox and pods no report is lost and none is handed out after it was acknowledged',
  'mcp.shared': 'two servers that begin at once hold one mailbox',
  'mcp.hostile':
    'garbage, long lines, unknown tools and wrong inputs are refused, and the next call is answered',
  'mcp.slow-reader': 'a host that does not read is not read from, and gets every answer once it does',
  'mcp.deserted': 'a mailbox without living children ends by itself, and a call starts it again',
  'mcp.text': 'what a host reads of reports is bounded, and names the ids that acknowledge them',
  'verify.mailbox':
    'what a host has acknowledged was handed out to it, once, and each of its calls was done once',
} as const;
