/**
 * What a call of another agent is about, by its kind in the protocol and what it says it is given: so that
 * podkin's rules and modes are held against it as against a call of podkin's own. It may say what is not so:
 * the sandbox holds it, and this decides what is asked. What is not clear is a tool from outside.
 */
import { realOrFutureNow } from '../scope/paths/real-path.ts';
import type { ToolNeed } from '../scope/permissions/permission.ts';
import type { JsonObject, JsonValue } from '../std/json.ts';
import { absolutePath, deniedRead, deniedWrite } from '../tools/input-path.ts';
import type { ToolContext } from '../tools/tool.ts';

export interface CallNeed {
  readonly need: ToolNeed;
  /** Tools of podkin's that do the same: rules that name them hold too. */
  readonly alsoNamed: readonly string[];
}

const unknown = { kind: 'unknown' } as const;

/** `kind`: of the protocol. `context`: whose scope holds. */
export function callNeed(kind: string, input: JsonObject, context: ToolContext): CallNeed {
  switch (kind) {
    case 'execute': {
      const command = commandIn(input);
      return { need: command === null ? unknown : { kind: 'shell', command }, alsoNamed: ['Bash'] };
    }
    case 'edit':
    case 'delete': {
      const path = pathIn(input);
      const isInside = path !== null && liesInside(context, path, deniedWrite);
      return {
        need: isInside ? { kind: 'edit', path: absolutePath(context, path) } : unknown,
        alsoNamed: ['Edit', 'Write'],
      };
    }
    case 'read':
    case 'search': {
      const path = pathIn(input);
      const isInside = path !== null && liesInside(context, path, deniedRead);
      const alsoNamed = kind === 'read' ? ['Read'] : ['Grep', 'Glob'];
      return { need: isInside ? { kind: 'read', path: absolutePath(context, path) } : unknown, alsoNamed };
    }
    case 'move':
      return { need: unknown, alsoNamed: ['Edit', 'Write'] };
    default:
      return { need: unknown, alsoNamed: [] };
  }
}

/** By its name, and where links lead: nothing here opens it as podkin's own tools do. */
function liesInside(context: ToolContext, path: string, denied: typeof deniedRead): boolean {
  const real = realOrFutureNow(absolutePath(context, path));
  return real !== undefined && denied(context, path) === null && denied(context, real) === null;
}

/** A line for a shell, or the words of one; null where it is neither. */
function commandIn(input: JsonObject): string | null {
  const { command, cmd } = input;
  const given = command ?? cmd;
  if (typeof given === 'string') return given.trim() === '' ? null : given;
  if (!isTexts(given) || given.length === 0) return null;
  const [program = '', option = '', line] = given;
  const isShell = /^(?:.*\/)?(?:ba|da|z|k)?sh$/.test(program) && /^-l?c$/.test(option);
  return isShell && line !== undefined && given.length === 3 ? line : given.join(' ');
}

const pathNames = ['path', 'file_path', 'filePath', 'abs_path', 'filename'] as const;

/** Null where it names none, or several that could be meant. */
function pathIn(input: JsonObject): string | null {
  const named = pathNames.flatMap((name) => (typeof input[name] === 'string' ? [input[name]] : []));
  const [path] = named;
  return path === undefined || path === '' || named.some((one) => one !== path) ? null : path;
}

function isTexts(value: JsonValue | undefined): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
