/**
 * What a call needs before it may run, as the oracle has it: from the tool's name, its input, the permission
 * mode and the rules of the session. Written anew, so that a problem of `scope/permissions` is not here as
 * well. It asks less: of a rule with a pattern it does not know which calls it means, and whether a sandbox
 * held a shell is not in the log.
 */
import type { JsonObject, JsonValue } from '../../std/json.ts';

export interface MadeCall {
  readonly tool: string;
  readonly input: JsonValue;
}

/** `unclear`: the log alone does not show it. */
export type Needed = 'nothing' | 'yes' | 'forbidden' | 'unclear';

type Kind = 'harmless' | 'edit' | 'spawn' | 'shell' | 'unknown';

/** podkin's own tools; every other one comes from outside, and nothing holds it to the scope. */
const kinds = new Map<string, Kind>(
  Object.entries({
    Read: 'harmless',
    Glob: 'harmless',
    Grep: 'harmless',
    ListPods: 'harmless',
    Skill: 'harmless',
    ReadPodOutput: 'harmless',
    ReadOutput: 'harmless',
    StopCommand: 'harmless',
    Plan: 'harmless',
    SendToPod: 'harmless',
    StopPod: 'harmless',
    Write: 'edit',
    Edit: 'edit',
    SpawnPod: 'spawn',
    Bash: 'shell',
    // It looks for tools of servers, and calls none.
    mcp__find: 'harmless',
  } as const),
);

/** The call that is meant: of a tool of a server that another one calls. */
export function meantCall(tool: string, input: JsonValue): MadeCall {
  const meant = tool === 'mcp__use' && isObject(input) ? input['tool'] : undefined;
  return { tool: typeof meant === 'string' ? meant : tool, input };
}

const free: Needed = 'nothing';
/** Of the calls of an agent's own tools, which it asks about by its own rules. */
const foreignPrefix = 'acp__';
/** A mode that is not in it is another build's. */
const modes = new Map<string, Readonly<Record<Kind, Needed>>>(
  Object.entries({
    plan: {
      harmless: free,
      edit: 'forbidden',
      spawn: free,
      shell: 'forbidden',
      unknown: 'forbidden',
    },
    dontAsk: { harmless: free, edit: free, spawn: free, shell: 'yes', unknown: 'yes' },
    default: { harmless: free, edit: free, spawn: free, shell: 'yes', unknown: 'yes' },
    acceptEdits: { harmless: free, edit: free, spawn: free, shell: 'unclear', unknown: 'yes' },
    bypassPermissions: { harmless: free, edit: free, spawn: free, shell: free, unknown: free },
  } as const),
);

interface NeedSituation {
  mode: string;
  rules: JsonObject;
  isRemembered: boolean;
  /** Another agent drives the pod: what it does with its own tools is asked of podkin only where it asks. */
  isAgents?: boolean;
}

/** A spawn with a check needs what a shell with that command does, too. */
export function neededFor(call: MadeCall, situation: NeedSituation): Needed {
  const own = neededAlone(call, situation);
  const check = call.tool === 'SpawnPod' && isObject(call.input) ? call.input['check'] : undefined;
  if (typeof check !== 'string') return own;
  const shell = neededAlone({ tool: 'Bash', input: { command: check } }, situation);
  return strictest.find((needed) => needed === own || needed === shell) ?? own;
}

const strictest: readonly Needed[] = ['forbidden', 'yes', 'unclear', 'nothing'];

/** `isRemembered`: a person has said "always" to this very call. */
function neededAlone(call: MadeCall, { mode, rules, isRemembered, isAgents }: NeedSituation): Needed {
  if (isAgents === true && call.tool.startsWith(foreignPrefix)) return 'unclear';
  const row = modes.get(mode);
  if (row === undefined) return 'unclear';
  if (isNamed(rules['deny'], call.tool, 'whole')) return 'forbidden';
  const kind = kinds.get(call.tool) ?? 'unknown';
  const byMode = row[kind];
  // What `plan` forbids no rule opens, and in `bypassPermissions` nobody is asked.
  if (byMode === 'forbidden' || mode === 'bypassPermissions') return byMode;
  if (mode === 'plan' && kind === 'spawn' && handsDown(call.input)) return 'forbidden';
  if (isRemembered) return 'nothing';
  if (isNamed(rules['ask'], call.tool, 'whole')) return 'yes';
  return isNamed(rules['allow'], call.tool, 'any') ? 'nothing' : byMode;
}

/** `whole`: by a rule for every call of the tool. `any`: also by one with a pattern. */
function isNamed(rules: JsonValue | undefined, tool: string, how: 'whole' | 'any'): boolean {
  if (!Array.isArray(rules)) return false;
  return rules.some((rule) => {
    if (typeof rule !== 'string') return false;
    const text = rule.trim();
    if (text.endsWith('*') && tool.startsWith(text.slice(0, -1))) return true;
    return text === tool || (how === 'any' && text.startsWith(`${tool}(`));
  });
}

/** Paths to write go to the child. */
function handsDown(input: JsonValue): boolean {
  const write = isObject(input) ? input['write'] : undefined;
  return Array.isArray(write) && write.length > 0;
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
