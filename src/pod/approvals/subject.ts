/**
 * What a call is known by: the names that rules are held against, the words that a person reads, and the key
 * under which it is known again.
 */
import { createHash } from 'node:crypto';
import type { ToolNeed } from '../../scope/permissions/permission.ts';
import type { RuleSubject } from '../../scope/permissions/permission-rules.ts';
import { realOrFuturePath } from '../../scope/paths/real-path.ts';
import { checkLine } from '../../session/settings/profiles.ts';
import { type JsonValue, isJsonObject } from '../../std/json.ts';

/** Of a tool of a server that another one calls: rules and people know it by its own name. */
export function meantTool({ tool, need }: { readonly tool: string; readonly need: ToolNeed }): string {
  return need.kind === 'unknown' ? (need.as ?? tool) : tool;
}

/** Looks where links lead; what does not exist yet is named below what does. */
export async function subjectOf(need: ToolNeed, cwd: string): Promise<RuleSubject> {
  switch (need.kind) {
    case 'none':
    case 'unknown':
      return { kind: 'none' };
    case 'shell':
      return { kind: 'command', command: need.command };
    case 'tree':
    case 'skill':
      return { kind: 'name', name: need.name };
    case 'read':
    case 'edit':
      return { kind: 'paths', paths: [...new Set([need.path, await realName(need.path)])], cwd };
  }
}

/**
 * Where links lead; the path itself where that cannot be found out: then nothing can be opened there either.
 */
async function realName(path: string): Promise<string> {
  return (await realOrFuturePath(path).catch(() => undefined)) ?? path;
}

const summaryCharsMax = 4_000;

/**
 * A shell's command as it stands, any other input as JSON. Where something is left out it says how much: an
 * answer must not be given to less than there is.
 */
export function summaryOf(need: ToolNeed, input: JsonValue): string {
  const whole = need.kind === 'shell' ? need.command : `${roleCheck(need, input)}${JSON.stringify(input)}`;
  if (whole.length <= summaryCharsMax) return whole.toWellFormed();
  const left = whole.length - summaryCharsMax;
  return `${whole.slice(0, summaryCharsMax).toWellFormed()}\n[… and ${left} more characters that are not shown here; "podkin approvals --full" shows them]`;
}

/**
 * A command that a role brings along: it is in no input, and a person is asked about it too. First, as all of
 * the input is in the call.
 */
function roleCheck(need: ToolNeed, input: JsonValue): string {
  if (need.kind !== 'tree' || need.check === undefined) return '';
  return isJsonObject(input) && 'check' in input ? '' : checkLine(need.check);
}

/** A call as its name: the tool and all of its input, and where its path leads at this moment. */
export interface NamedCall {
  readonly tool: string;
  readonly alsoNamed?: readonly string[];
  readonly need: ToolNeed;
  readonly input: JsonValue;
  readonly subject: RuleSubject;
}

/**
 * Of two calls with the same key a person would say that they are the same: whether a sandbox holds a shell
 * counts.
 */
export function callKey(call: NamedCall, outside: boolean): string {
  const { tool, need, input, subject } = call;
  const what = need.kind === 'shell' ? shellWords(need) : inputAndPlace(input, subject, need);
  return digest(JSON.stringify([tool, what, outside]));
}

/**
 * What "always" is said to: this very call. A shell's is its command, as what it is said to be for does not
 * count.
 */
export function exactCall({ need, input, subject }: NamedCall): string {
  return need.kind === 'shell'
    ? shellWords(need)
    : digest(JSON.stringify(inputAndPlace(input, subject, need)));
}

/** A yes to a command that is waited for is none to one that runs on; no command begins with a NUL. */
function shellWords({ command, background }: Extract<ToolNeed, { kind: 'shell' }>): string {
  return background === true ? `\0${command}` : command;
}

function inputAndPlace(input: JsonValue, subject: RuleSubject, need: ToolNeed): JsonValue {
  if (need.kind === 'unknown' && need.definition !== undefined) return [sorted(input), need.definition];
  return subject.kind === 'paths' ? [sorted(input), [...subject.paths]] : sorted(input);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key] ?? null)]),
  );
}
