/** A call of a tool as an editor shows it: kind, title, places, and an edit as a diff. Pure. */
import { isAbsolute, resolve } from 'node:path';
import type { ToolCall, ToolCallContent, ToolCallLocation, ToolKind } from '@agentclientprotocol/sdk';
import { callWords } from '../../screen/views/call-words.ts';
import { isJsonObject, type JsonValue } from '../../std/json.ts';
import { oneLine, printable } from '../format/printable.ts';

const kinds: Readonly<Record<string, ToolKind>> = {
  Read: 'read',
  ReadOutput: 'read',
  ReadPodOutput: 'read',
  Skill: 'read',
  Write: 'edit',
  Edit: 'edit',
  Glob: 'search',
  Grep: 'search',
  Bash: 'execute',
  StopCommand: 'execute',
  Plan: 'think',
};

export const callBounds = {
  titleChars: 160,
  /** Of a result, an output or a report; the whole is in the pod's log. */
  textChars: 20_000,
  /** Of either side of a diff; a longer one is named and not shown. */
  diffChars: 200_000,
  /** Of the input as JSON. */
  inputChars: 20_000,
} as const;

function kindOf(tool: string): ToolKind {
  return Object.hasOwn(kinds, tool) ? (kinds[tool] ?? 'other') : 'other';
}

export interface ShownCall {
  readonly tool: string;
  readonly input: JsonValue;
  /** Of the pod that makes it. */
  readonly cwd: string;
  /** Stands before the title; empty for the root. */
  readonly prefix: string;
}

/** All of it but the id and how far it is. */
export function shownCall({ tool, input, cwd, prefix }: ShownCall): Omit<ToolCall, 'toolCallId' | 'status'> {
  const words = callWords(tool, input);
  const locations = locationsOf(tool, input, cwd);
  const content = diffOf(tool, input, cwd);
  return {
    title: oneLine(`${prefix}${tool} ${words}`.trimEnd(), callBounds.titleChars),
    kind: kindOf(tool),
    ...(locations.length > 0 && { locations }),
    ...(content.length > 0 && { content }),
    ...(JSON.stringify(input).length <= callBounds.inputChars && { rawInput: input }),
  };
}

/** Cut to its bound, and it says so. */
export function textContent(text: string): ToolCallContent {
  return { type: 'content', content: { type: 'text', text: bounded(printable(text)) } };
}

function bounded(text: string): string {
  const { textChars } = callBounds;
  if (text.length <= textChars) return text.toWellFormed();
  return `${text.slice(0, textChars).toWellFormed()}\n… ${text.length - textChars} more characters are in the log of the pod`;
}

const placed = new Set(['Read', 'Write', 'Edit', 'Glob', 'Grep']);

function locationsOf(tool: string, input: JsonValue, cwd: string): ToolCallLocation[] {
  if (!placed.has(tool) || !isJsonObject(input)) return [];
  const { path, offset } = input;
  if (typeof path !== 'string' || path === '') return [];
  const line = typeof offset === 'number' && offset >= 1 ? { line: offset } : {};
  return [{ path: absolute(path, cwd), ...line }];
}

/** Of `Write` the whole new content: what stood there before is in no log. */
function diffOf(tool: string, input: JsonValue, cwd: string): ToolCallContent[] {
  if (!isJsonObject(input) || typeof input['path'] !== 'string') return [];
  const path = absolute(input['path'], cwd);
  const [before, after] = tool === 'Edit' ? [input['old'], input['new']] : [null, input['content']];
  if (tool !== 'Edit' && tool !== 'Write') return [];
  if (typeof after !== 'string' || (before !== null && typeof before !== 'string')) return [];
  const { diffChars } = callBounds;
  if (after.length > diffChars || (before ?? '').length > diffChars)
    return [textContent(`${path}: ${after.length} characters, too long to be shown here`)];
  const [oldText, newText] = [before?.toWellFormed() ?? null, after.toWellFormed()];
  return [{ type: 'diff', path, oldText, newText }];
}

function absolute(path: string, cwd: string): string {
  return isAbsolute(path) ? path : resolve(cwd, path);
}
