/**
 * Roles that a person or a project has described: a name, and what a pod of that role is made with. In the
 * session entry of a root, inherited by children, so that what a name means does not change while a tree
 * lives. Nothing in one gives a pod more than whoever starts it has.
 */
import { areTexts } from '../../std/fast-guards.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../std/json.ts';
import { isCheckCommand, isTries } from './demands.ts';
import { type Effort, efforts } from './effort.ts';
import { type PermissionMode, permissionModes } from './permissions.ts';
import { schemaProblem } from './result-schema.ts';

export interface Profile {
  /** One line, for the model. */
  readonly description: string;
  /** `provider/model`; a scenario's path absolute. */
  readonly model?: string | undefined;
  readonly instructions?: string | undefined;
  /** Names of tools; no others are offered. */
  readonly tools?: readonly string[] | undefined;
  /** Only a stricter one counts. */
  readonly mode?: PermissionMode | undefined;
  /** Absolute. */
  readonly write?: readonly string[] | undefined;
  readonly read?: readonly string[] | undefined;
  /** US dollars. */
  readonly maxCost?: number | undefined;
  readonly effort?: Effort | undefined;
  /** As in `Demands`. */
  readonly timeoutMinutes?: number | undefined;
  readonly idleMinutes?: number | undefined;
  /** A command: run as its Bash would be, and of a child allowed as that before its spawn. */
  readonly check?: string | undefined;
  readonly tries?: number | undefined;
  /** JSON Schema of its last answer. */
  readonly result?: JsonObject | undefined;
  readonly wait?: boolean | undefined;
  /** A child works in a clone of its own. */
  readonly worktree?: boolean | undefined;
}

/** By name; what another podkin wrote and is not understood here is left out. */
export function profilesIn(settings: JsonObject): ReadonlyMap<string, Profile> {
  const given = settings['profiles'];
  const profiles = Object.entries(isJsonObject(given) ? given : {}).flatMap(([name, value]) => {
    const profile = profileIn(value);
    return profile === null ? [] : [[name, profile] as const];
  });
  return new Map(profiles);
}

/** A field that is not understood may have been there to bound: without all of it there is no profile. */
function profileIn(value: JsonValue): Profile | null {
  if (!isJsonObject(value)) return null;
  const { description, model, instructions, tools, mode, write, read, effort, ...more } = value;
  const { check, tries, result, ...bounds } = more;
  const { maxCost, timeoutMinutes, idleMinutes, wait, worktree, ...others } = bounds;
  const lists = [tools, write, read];
  const isWhole =
    Object.keys(others).length === 0 &&
    typeof description === 'string' &&
    [model, instructions].every((text) => text === undefined || typeof text === 'string') &&
    (wait === undefined || typeof wait === 'boolean') &&
    lists.every((list) => list === undefined || areTexts(list)) &&
    areDemands({ check, tries, result }) &&
    (worktree === undefined || typeof worktree === 'boolean') &&
    [maxCost, timeoutMinutes, idleMinutes].every(
      (most) => most === undefined || (typeof most === 'number' && most > 0),
    );
  const [known, level] = [permissionModes.find((one) => one === mode), efforts.find((one) => one === effort)];
  if (!isWhole || known !== mode || level !== effort) return null;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every field was looked at
  return value as unknown as Profile;
}

/** Before the call that it is no part of, for whoever is asked about both. */
export function checkLine(command: string): string {
  return `its check: ${command}\n`;
}

/** The command that comes with the role which a call of SpawnPod names, where the call has none itself. */
export function roleCheckIn(settings: JsonObject, input: JsonValue): string | null {
  if (!isJsonObject(input) || input['check'] !== undefined || typeof input['profile'] !== 'string')
    return null;
  return profilesIn(settings).get(input['profile'])?.check ?? null;
}

function areDemands({ check, tries, result }: Record<'check' | 'tries' | 'result', JsonValue | undefined>) {
  return (
    (check === undefined || (typeof check === 'string' && isCheckCommand(check))) &&
    (tries === undefined || (typeof tries === 'number' && isTries(tries))) &&
    (result === undefined || (isJsonObject(result) && schemaProblem(result) === null))
  );
}

/** The tools that a pod may be offered; null: all that there are. What is not understood allows none. */
export function toolsIn(settings: JsonObject): readonly string[] | null {
  const given = settings['tools'];
  if (given === undefined) return null;
  return areTexts(given) ? given : [];
}

/** What both lists hold; null is all. */
export function toolsOfBoth(
  one: readonly string[] | null,
  other: readonly string[] | undefined,
): readonly string[] | null {
  if (other === undefined) return one;
  return one === null ? other : one.filter((name) => other.includes(name));
}

/** `mode` where it lets less through; a mode that is not known is another podkin's, and stays. */
export function stricterMode(own: string, mode: PermissionMode | undefined): string {
  const strictness = permissionModes.findIndex((one) => one === own);
  return mode !== undefined && permissionModes.indexOf(mode) < strictness ? mode : own;
}
