/** What a profile makes of a spawn: what the model left open comes from it, and nothing goes beyond it. */
import { listed, quoted } from '../../delivery/quoted.ts';
import type { JsonObject } from '../../std/json.ts';
import {
  type Profile,
  profilesIn,
  stricterMode,
  toolsIn,
  toolsOfBoth,
} from '../../session/settings/profiles.ts';
import type { SpawnRequest } from '../../tools/tree.ts';

/** Undefined: there is no such profile. Null: none was asked for. */
export function profileOf(settings: JsonObject, { profile }: SpawnRequest): Profile | null | undefined {
  return profile === undefined ? null : profilesIn(settings).get(profile);
}

export function noSuchProfile(settings: JsonObject, { profile }: SpawnRequest): string {
  const names = [...profilesIn(settings).keys()];
  const known = names.length === 0 ? 'There is none here.' : `There are: ${listed(names)}.`;
  return `There is no profile ${quoted(profile ?? '', 64)}. ${known}`;
}

/** The request with what it leaves open filled in. */
export function filledIn(request: SpawnRequest, profile: Profile | null): SpawnRequest {
  if (profile === null) return request;
  const instructions = [profile.instructions, request.instructions].filter((text) => text !== undefined);
  return {
    ...request,
    model: request.model ?? profile.model,
    instructions: instructions.length === 0 ? undefined : instructions.join('\n\n'),
    maxCost: smaller(profile.maxCost, request.maxCost),
    timeoutMinutes: smaller(profile.timeoutMinutes, request.timeoutMinutes),
    idleMinutes: smaller(profile.idleMinutes, request.idleMinutes),
    ...checkOf(request, profile),
    result: request.result ?? profile.result,
    wait: request.wait ?? profile.wait,
    worktree: request.worktree ?? profile.worktree,
    write: request.write.length > 0 ? request.write : [...(profile.write ?? [])],
    read: request.read ?? (profile.read === undefined ? undefined : [...profile.read]),
  };
}

/** A command and its tries go together. */
function checkOf({ check, tries }: SpawnRequest, profile: Profile): Pick<SpawnRequest, 'check' | 'tries'> {
  return check === undefined ? { check: profile.check, tries: profile.tries ?? tries } : { check, tries };
}

function smaller(one: number | undefined, other: number | undefined): number | undefined {
  const given = [one, other].filter((bound) => bound !== undefined);
  return given.length === 0 ? undefined : Math.min(...given);
}

/**
 * Of what it was made with a child inherits all but the role that its parent plays, also that for a host
 * outside.
 */
export function childSettings(
  settings: JsonObject,
  { name, profile }: { name: string | undefined; profile: Profile | null },
): JsonObject {
  const { profile: _, mailbox: _mailbox, parentElsewhere: _parent, ...inherited } = settings;
  if (profile === null) return inherited;
  const tools = toolsOfBoth(toolsIn(settings), profile.tools);
  return {
    ...inherited,
    ...(name !== undefined && { profile: name }),
    ...(tools !== null && { tools: [...tools] }),
    ...(profile.effort !== undefined && { effort: profile.effort }),
  };
}

export function childMode(own: string, profile: Profile | null): string {
  return stricterMode(own, profile?.mode);
}
