/** MCP servers of pods. */
import type { Defect } from './defect.ts';

export const ofMcp: readonly Defect[] = [
  {
    id: 'mcp-killed-are-counted',
    breaks: 'A tree whose pods were killed often enough can start no server any more.',
    file: 'src/mcp/tree-servers.ts',
    find: 'if (holder !== null && isRunning(holder)) return true;',
    replace: 'if (holder !== null) return true;',
    test: 'test/unit/mcp/tree-servers.test.ts',
    guarantee: 'mcp.tree-bound',
  },
  {
    id: 'mcp-child-beside-server',
    breaks: 'A child begins to write while a server of its parent still writes in the same folder.',
    file: 'src/pod/children/spawn-child.ts',
    find: 'return writers.length > 0 ? writersText(claimed.write, writers) : pod.claims.leavingText();',
    replace: 'return writers.length > 0 ? writersText(claimed.write, writers) : null;',
    test: 'test/unit/pod/children/spawn-writers.test.ts',
    guarantee: 'mcp.handed-over',
  },
  {
    id: 'mcp-changed-tool-is-called',
    breaks: 'A tool that is another than the one that was offered, and allowed, is called.',
    file: 'src/mcp/server.ts',
    find: 'if (now.digest !== tool.digest)',
    replace: 'if (now.name !== tool.name)',
    test: 'test/unit/mcp/server.test.ts',
    guarantee: 'mcp.changed',
  },
  {
    id: 'mcp-dies-again-and-again',
    breaks: 'A server that ends at each start is started again without a pause.',
    file: 'src/mcp/server.ts',
    find: 'if (this.#running === null && waitMs > 0) {',
    replace: 'if (this.#running === null && waitMs > 1e9) {',
    test: 'test/unit/mcp/server.test.ts',
    guarantee: 'mcp.dies',
  },
];
