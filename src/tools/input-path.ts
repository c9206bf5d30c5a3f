/**
 * What the file tools share: a path in an input, the scope it is checked against, and a refusal as an answer.
 */
import { isAbsolute, relative, resolve } from 'node:path';
import * as z from 'zod';
import { longPathProblem, longTextProblem, shortened } from '../std/long-path.ts';
import { once } from '../std/once.ts';
import { fromTilde, tildeProblem } from '../std/tilde.ts';
import type { PathRight } from '../session/facts/entries.ts';
import { userHome } from '../session/home/places.ts';
import { type Access, blockOf, denialOf, mayTraverse, rulesOf } from '../scope/paths/access.ts';
import { realOrFutureNow } from '../scope/paths/real-path.ts';
import type { Refusal } from '../scope/paths/refusal.ts';
import type { ToolAnswer, ToolContext } from './tool.ts';

export const pathInput = once(() => pathText(longPathProblem));
/** For a pattern on paths. */
export const pathPatternInput = once(() => pathText(longTextProblem));

function pathText(longProblem: (path: string) => string | null) {
  return z
    .string()
    .min(1, 'a path cannot be empty')
    .refine((path) => !path.includes('\0'), 'a path cannot hold a NUL character')
    .superRefine((path, check) => {
      const problem = longProblem(path) ?? tildeProblem(path, userHome(process.env));
      if (problem !== null) check.addIssue({ code: 'custom', message: `${shortened(path)} ${problem}` });
    });
}

/** The absolute path that is meant; `~` is the home, `..` is worked out, links are not followed yet. */
export function absolutePath(context: Pick<ToolContext, 'cwd'>, path: string): string {
  return resolve(context.cwd, fromTilde(path, userHome(process.env)));
}

/** What the pod's file tools may touch. */
export function accessOf({ scope, home, outputDir, programs, skillFolders = [] }: ToolContext): Access {
  const widened = skillFolders.length === 0 ? scope : { ...scope, read: [...scope.read, ...skillFolders] };
  return { scope: widened, home, outputs: outputDir, programs: programs.closed };
}

/** For `Tool.denied`: null, or the sentence for the model. */
export function deniedRead(context: ToolContext, path: string): string | null {
  return denied(context, 'read', path);
}

/** The same for searches, which may look through a directory of which `/*` may be read. */
export function deniedSearch(context: ToolContext, path: string): string | null {
  const meant = absolutePath(context, path);
  const mayTraverseOne = (one: string | undefined) => one !== undefined && mayTraverse(context.scope, one);
  if (mayTraverseOne(meant)) return null;
  const text = deniedRead(context, path);
  return text !== null && mayTraverseOne(realOrFutureNow(meant)) ? null : text;
}

/** For `Tool.denied` of tools that change files. */
export function deniedWrite(context: ToolContext, path: string): string | null {
  return denied(context, 'write', path);
}

function denied(context: ToolContext, right: PathRight, path: string): string | null {
  const meant = absolutePath(context, path);
  const rules = rulesOf(accessOf(context));
  const asNamed = { right, path: meant, realPath: meant };
  const text = denialOf(rules, asNamed) ?? null;
  if (text === null || blockOf(rules, asNamed) !== undefined) return text;
  // Another name of what is in the scope, through a link: a home under its former path, a `$PWD`.
  const real = realOrFutureNow(meant);
  const isInside = real !== undefined && denialOf(rules, { ...asNamed, realPath: real }) === undefined;
  return isInside ? null : text;
}

export function refused(refusal: Refusal): ToolAnswer {
  return { ...failed(refusal.text), ...(refusal.kind === 'denied' ? { denied: true } : {}) };
}

export function failed(text: string): ToolAnswer {
  return { text, isError: true };
}

/** A path as answers show it: from `from` on where it lies below it, else absolute. */
export function shownPath(from: string, path: string): string {
  const short = relative(from, path);
  if (short === '' || short.startsWith('..') || isAbsolute(short)) return path;
  // As it can be given back.
  return short.startsWith('~') ? `./${short}` : short;
}
