/** What a person asks of MCP servers at the command line. */
export const mcpCommands = {
  'mcp.listed':
    '"podkin mcp list" shows the servers that a pod here would have and those that are left out, with why; of variables the names alone',
  'mcp.tested':
    '"podkin mcp test NAME" starts a server as a pod would, says what it has and what of that is refused, and leaves nothing running',
};

/** What a server asks a person in the middle of a call (elicitation). */
export const mcpForms = {
  'mcp.form':
    'what a server asks in a call is a question to a person: filled in, declined or left, by "podkin approvals", the library and the host of "podkin mcp"',
  'mcp.form-bounds':
    'a form has a few plain fields, bounded and without what steers; another, one at an address, one outside of a call and the 21st of a call are refused',
  'mcp.form-nobody': 'where nobody can be asked a form is declined',
  'mcp.form-durable': 'an answer to a form is on disk before its server hears it',
  'mcp.form-closed':
    'a form is cancelled with its call, its turn, a pause and a kill of its pod; an answer that comes then is refused',
  'mcp.form-time': 'the time of a call does not run while a person has its form in hand',
};
