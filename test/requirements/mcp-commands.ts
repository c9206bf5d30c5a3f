/** What a person asks of MCP servers at the command line. */
export const mcpCommands = {
  'mcp.listed':
    '"podkin mcp list" shows the servers that a pod here would have and those that are left out, with why; of variables the names alone',
  'mcp.tested':
    '"podkin mcp test NAME" starts a server as a pod would, says what it has and what of that is refused, and leaves nothing running',
};
