/** The tools that work on files and commands, and on the pod's own list. */
import { bashTool } from './bash.ts';
import { editTool } from './edit.ts';
import { globTool } from './glob.ts';
import { grepTool } from './grep.ts';
import { planTool } from './plan.ts';
import { readOutputTool } from './read-output.ts';
import { readTool } from './read.ts';
import { stopCommandTool } from './stop-command.ts';
import type { Tool } from './tool.ts';
import { writeTool } from './write.ts';

export const fileTools: readonly Tool[] = [
  readTool,
  writeTool,
  editTool,
  globTool,
  grepTool,
  bashTool,
  readOutputTool,
  stopCommandTool,
  planTool,
];
