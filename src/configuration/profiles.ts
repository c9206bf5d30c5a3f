/**
 * The roles that a run can have: of the person's file, and of the project's agent files, which give no more
 * than there would be without them. What a role gives to a root; what it gives to a child is decided where
 * that is spawned.
 */
import { resolve } from 'node:path';
import { absoluteModelName } from '../model/create.ts';
import { isBelow } from '../scope/paths/path-scope.ts';
import { protection } from '../scope/paths/protected-paths.ts';
import { type Check, triesDefault } from '../session/settings/demands.ts';
import { type Effort, efforts } from '../session/settings/effort.ts';
import type { PermissionMode } from '../session/settings/permissions.ts';
import { type Profile, stricterMode } from '../session/settings/profiles.ts';
import { isJsonObject, jsonIn } from '../std/json.ts';
import { nearest } from '../std/nearest.ts';
import { fromHome, usage } from './configuration-files.ts';
import { realRoot } from './real-paths.ts';
import type { UserSettings } from './settings-schema.ts';

export interface NamedProfile {
  readonly name: string;
  readonly profile: Profile;
  /** Where it is written. */
  readonly path: string;
  /** It came with the project: it only takes away. */
  readonly isProject: boolean;
  /** What of it is passed over. */
  readonly remarks: readonly string[];
}

/** Relative paths of a person's role are taken from the working directory. */
export function userProfiles(
  { profile: given = {} }: UserSettings,
  { path, cwd, personHome }: { path: string; cwd: string | null; personHome: string | null },
): NamedProfile[] {
  const from = cwd ?? '/';
  const absolute = (paths: readonly string[] | undefined) =>
    paths === undefined ? undefined : fromHome(personHome, paths).map((one) => resolve(from, one));
  return Object.entries(given).map(([name, said]) => {
    const { description, model, read, write, result, ...rest } = said;
    const schema = result === undefined ? undefined : jsonIn(result);
    const profile: Profile = {
      ...rest,
      description: description?.replaceAll(/\s+/g, ' ').trim() ?? '',
      model: model === undefined ? undefined : absoluteModelName(model, from),
      read: absolute(read),
      write: absolute(write),
      ...(isJsonObject(schema) && { result: schema }),
    };
    return { name, profile, path, isProject: false, remarks: [] };
  });
}

/** Models that a person has named themselves. */
export function namedModels(user: UserSettings): Set<string> {
  const roles = Object.values(user.profile ?? {}).map(({ model }) => model);
  const own = typeof user.model === 'string' ? [user.model] : (user.model ?? []);
  const all = [...own, ...Object.keys(user.models ?? {}), ...roles];
  return new Set(all.filter((model) => model !== undefined));
}

export function remarksOf({ path, remarks }: NamedProfile): string[] {
  return remarks.map((remark) => `${path}: ${remark}.`);
}

/** The one that is asked for; null where none is. Throws `BadSetting`. */
export function chosenProfile(
  asked: string | undefined,
  known: readonly NamedProfile[],
): NamedProfile | null {
  if (asked === undefined) return null;
  const found = known.find(({ name }) => name === asked);
  if (found !== undefined) return found;
  const names = known.map(({ name }) => name);
  const near = nearest(asked, names);
  const hint =
    names.length === 0
      ? 'there is none: write [profile.NAME] into your config.toml'
      : near === null
        ? `there are ${names.join(', ')}`
        : `did you mean ${near}?`;
  throw usage(`--profile: there is no profile "${asked}" (${hint})`);
}

/** The mode of a root without a flag: a person's own role says it, a project's only makes it stricter. */
export function modeWith(own: PermissionMode, chosen: NamedProfile | null): PermissionMode {
  const mode = chosen?.profile.mode;
  if (chosen === null || mode === undefined) return own;
  if (!chosen.isProject) return mode;
  return stricterMode(own, mode) === mode ? mode : own;
}

/** As for the mode: of a project only less. */
export function effortWith(own: Effort | undefined, chosen: NamedProfile | null): Effort | undefined {
  const effort = chosen?.profile.effort;
  if (chosen === null || effort === undefined) return own;
  if (!chosen.isProject) return effort;
  const isLess = own !== undefined && efforts.indexOf(effort) < efforts.indexOf(own);
  return isLess ? effort : own;
}

/** The smaller of the two bounds. */
export function costWith(own: number | null, chosen: NamedProfile | null): number | null {
  const most = chosen?.profile.maxCost;
  return most === undefined || (own !== null && own <= most) ? own : most;
}

/**
 * Of a project's role it was allowed by nobody: where no sandbox works it does not run, unless the mode lets
 * it.
 */
export function checkOfRole(role: NamedProfile | null): Check | null {
  const { check, tries = triesDefault } = role?.profile ?? {};
  return check === undefined ? null : { command: check, tries, outside: role?.isProject === false };
}

export interface ProfileScope {
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly byRole: 'person' | 'project';
}

/**
 * The paths of a root where the command line names none; null: the role names none either. Throws
 * `BadSetting` for a project's that would give more than the working directory.
 */
export function scopeWith(chosen: NamedProfile | null, cwd: string | null): ProfileScope | null {
  if (chosen === null || cwd === null) return null;
  const { name, profile, path, isProject } = chosen;
  const { read, write } = profile;
  if (read === undefined && write === undefined) return null;
  const outside = [...(read ?? []), ...(write ?? [])].find(
    (one) => !isBelow(realRoot(cwd, cwd), realRoot(cwd, one).replace(/\/\*$/, '')),
  );
  if (isProject && outside !== undefined) {
    throw usage(
      `--profile ${name}: ${path} names ${outside}, which is outside of ${cwd}; a project gives no more than the working directory: name it yourself, with --read or --write`,
    );
  }
  if (isProject && cwd !== null) refuseProtected(chosen, realRoot(cwd, cwd));
  // Without a path to write nothing is written, and without one to read all of the directory is read.
  return { read: read ?? [cwd], write: write ?? [], byRole: isProject ? 'project' : 'person' };
}

/** What is always read-only is granted by that very path: by a person's word, and no project's. */
function refuseProtected({ name, path, profile }: NamedProfile, cwd: string): void {
  const partsOf = (place: string) => place.split('/').filter((part) => part !== '');
  for (const one of profile.write ?? []) {
    const why = protection(partsOf(realRoot(cwd, one).replace(/\/\*$/, '')), partsOf(cwd).length);
    if (why === undefined) continue;
    throw usage(
      `--profile ${name}: ${path} names ${one}, which is always read-only for pods (${why}); a project does not give it: name it yourself, with --write`,
    );
  }
}
