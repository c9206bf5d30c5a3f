/** What the file tools share: a path in an input, the scope it is checked against, and a refusal as an answer. */
import { isAbsolute, relative, resolve } from 'node:path';
import { z } from 'zod';
import type { PathScope } from '../session/entries.ts';
import { denialText, mayRead, mayWrite } from '../scope/path-scope.ts';
import type { Refusal } from '../scope/refusal.ts';
import type { ToolAnswer, ToolContext } from './tool.ts';

export const pathInput = z
  .string()
  .min(1, 'a path can not be empty')
  .refine((path) => !path.includes('\0'), 'a path can not hold a NUL character');

/** The absolute path that is meant; `..` is worked out, links are not followed yet. */
export function absolutePath(context: ToolContext, path: string): string {
  return resolve(context.cwd, path);
}

/** The pod's scope and, for reading, the folder with its own long outputs. */
export function readableScope(context: ToolContext): PathScope {
  return { read: [...context.scope.read, context.outputDir], write: context.scope.write };
}

/** For `Tool.denied`: null, or the sentence for the model. */
export function deniedRead(context: ToolContext, path: string): string | null {
  const meant = absolutePath(context, path);
  return mayRead(readableScope(context), meant) ? null : denialText(context.scope, 'read', meant);
}

/** For `Tool.denied` of tools that change files. */
export function deniedWrite(context: ToolContext, path: string): string | null {
  const meant = absolutePath(context, path);
  return mayWrite(context.scope, meant) ? null : denialText(context.scope, 'write', meant);
}

export function refused(refusal: Refusal): ToolAnswer {
  return failed(refusal.text);
}

export function failed(text: string): ToolAnswer {
  return { text, isError: true };
}

/** A path as answers show it: from `from` on where it lies below it, else absolute. */
export function shownPath(from: string, path: string): string {
  const short = relative(from, path);
  return short === '' || short.startsWith('..') || isAbsolute(short) ? path : short;
}
