/** The entries of the program that a root belongs to: its token, and the tools that it offers. */
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

/** Whoever has this token owns the root from now on, also where somebody else starts its process again. */
export interface OwnedEntry {
  type: 'owned';
  tokenHash: string;
}
