/** The entry of the tools that a program offers. */
import type { JsonObject } from '../../std/json.ts';

export interface OfferedTool {
  name: string;
  description: string;
  /** JSON Schema of an object. */
  inputSchema: JsonObject;
}

/** All that programs offer from now on, in the place of what they did before. */
export interface ToolsOfferedEntry {
  type: 'toolsOffered';
  tools: OfferedTool[];
}
