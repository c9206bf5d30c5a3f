/** The settings as they hold here, each with where it comes from. */
import { limitsOfEnvironment, limitVariable } from '../../session/settings/settings.ts';
import { userHome } from '../../session/home/places.ts';
import type { Profile } from '../../session/settings/profiles.ts';
import { isJsonObject, type JsonValue } from '../../std/json.ts';
import {
  type Configuration,
  configurationOf,
  type ConfigurationFiles,
  type ConfigurationSource,
  readConfigurationFiles,
} from '../../configuration/configuration.ts';
import { fromHome } from '../../configuration/configuration-files.ts';
import { remarksOf } from '../../configuration/profiles.ts';
import type { ProjectFile } from '../../configuration/project-settings.ts';
import { type Setting, settingList } from './setting-list.ts';
import type { UserSettings } from '../../configuration/settings-schema.ts';

export type Origin =
  | 'default'
  | 'user file'
  | 'project file'
  | 'saved rule'
  | 'environment'
  | 'profile'
  | 'option';

export interface SettingSource {
  readonly value: JsonValue;
  readonly from: Origin;
  /** The file, variable, profile or option; null for a default. */
  readonly at: string | null;
}

export interface EffectiveSetting {
  readonly key: string;
  /** Null where it is not set. */
  readonly value: JsonValue;
  /** One; of a list, one for each element. */
  readonly sources: readonly SettingSource[];
}

export interface EffectiveSettings {
  readonly settings: readonly EffectiveSetting[];
  readonly notes: readonly string[];
}

/** Rejects as `loadConfiguration`. */
export async function effectiveSettings(source: ConfigurationSource): Promise<EffectiveSettings> {
  const files = await readConfigurationFiles(source);
  const configuration = configurationOf(source, files);
  const from: From = { source, files, configuration };
  const settings = settingList().flatMap((setting) => effective(setting, from));
  const { notes, profiles, profile } = configuration;
  // A run says what it passes over of its own role only.
  const others = profiles.filter((one) => one !== profile).flatMap(remarksOf);
  return { settings, notes: [...notes, ...others] };
}

interface From {
  readonly source: ConfigurationSource;
  readonly files: ConfigurationFiles;
  readonly configuration: Configuration;
}

function effective(setting: Setting, from: From): EffectiveSetting[] {
  const { key } = setting;
  const [section = '', name = ''] = key.split('.');
  if (name === '*') {
    const field = key.split('.')[2] ?? '';
    if (section === 'keys') return keySettings(from);
    if (section === 'mcp') return mcpSettings(field, from);
    if (section === 'engines') return engineSettings(key.split('.').slice(2), from);
    return section === 'profile' ? profileSettings(field, from) : modelSettings(field, from);
  }
  if (section === 'permissions' || section === 'scope') return [listSetting(setting, from)];
  if (key === 'instructions') return [instructions(from)];
  if (key === 'hooks') return [hooks(from)];
  return [single(setting, from)];
}

/** Of each role, whoever describes it. */
function profileSettings(field: string, { configuration }: From): EffectiveSetting[] {
  return configuration.profiles.flatMap(({ name, profile, path, isProject }) => {
    const value = asJson(Object.entries(profile).find(([key]) => key === field)?.[1]);
    if (value === undefined || value === '') return [];
    const source = { value, from: isProject ? 'project file' : 'user file', at: path } as const;
    return [{ key: `profile.${name}.${field}`, value, sources: [source] }];
  });
}

/** Of the actions that have other keys than their own. */
function keySettings({ files }: From): EffectiveSetting[] {
  return Object.entries(files.user.keys ?? {}).map(([id, keys]) => {
    const value = typeof keys === 'string' ? keys : [...keys];
    return { key: `keys.${id}`, value, sources: [{ value, from: 'user file', at: files.userPath }] };
  });
}

/** Of each server that pods would be given: with a project's, where that was trusted. */
function mcpSettings(field: string, { files, configuration }: From): EffectiveSetting[] {
  return Object.entries(configuration.mcp).flatMap(([name, server]) => {
    const value = asJson(Object.entries(server).find(([key]) => key === field)?.[1]);
    if (value === undefined) return [];
    const { project } = server;
    const source =
      project === null
        ? ({ value, from: 'user file', at: files.userPath } as const)
        : ({ value, from: 'project file', at: project } as const);
    return [{ key: `mcp.${name}.${field}`, value, sources: [source] }];
  });
}

/** Of each engine that the person says something of. */
function engineSettings(path: readonly string[], { files }: From): EffectiveSetting[] {
  return Object.entries(files.user.engines ?? {}).flatMap(([name, engine]) => {
    const found = path.reduce<JsonValue | undefined>(
      (at, part) => (isJsonObject(at) ? at[part] : undefined),
      asJson(engine),
    );
    if (found === undefined) return [];
    const source = { value: found, from: 'user file', at: files.userPath } as const;
    return [{ key: `engines.${name}.${path.join('.')}`, value: found, sources: [source] }];
  });
}

/** What each person has said of single models. */
function modelSettings(name: string, { files }: From): EffectiveSetting[] {
  return Object.entries(files.user.models ?? {}).flatMap(([model, given]) => {
    const value = Object.entries(given).find(([key]) => key === name)?.[1];
    if (value === undefined) return [];
    const source = { value, from: 'user file', at: files.userPath } as const;
    return [{ key: `models.${JSON.stringify(model)}.${name}`, value, sources: [source] }];
  });
}

function instructions({ files, configuration }: From): EffectiveSetting {
  const said = [
    ...ofUser(files, ({ instructions: text }) => text),
    // Only the nearest counts.
    ...ofProject(files, ({ instructions: text }) => text).slice(-1),
    ...byProfile('instructions', configuration),
  ];
  const value = configuration.instructions;
  return { key: 'instructions', value, sources: said.length === 0 ? [byDefault(null)] : said };
}

/** Of each file; those of a project are there once they are trusted. */
function hooks({ files }: From): EffectiveSetting {
  const said = [
    ...elements(ofUser(files, ({ hooks: own }) => asJson(own))),
    ...elements(ofProject(files, ({ hooks: own }) => asJson(own))),
  ];
  const value = said.map((one) => one.value);
  return { key: 'hooks', value, sources: said.length === 0 ? [byDefault([])] : said };
}

function listSetting({ key, option }: Setting, from: From): EffectiveSetting {
  const { source, files, configuration } = from;
  const [section, name] = key.split('.');
  const ofFiles = (settings: UserSettings | ProjectFile['settings']) =>
    section === 'permissions' && isRule(name)
      ? settings.permissions?.[name]
      : settings.scope?.[name === 'deny' ? 'deny' : 'denyWrite'];
  const person = userHome(source.environment);
  const isPaths = section === 'scope';
  const user = isPaths ? fromHome(person, ofFiles(files.user)) : (ofFiles(files.user) ?? []);
  const given = isPaths ? pathFlags(source, name) : isRule(name) ? source.flags.rules?.[name] : [];
  const said: SettingSource[] = [
    ...user.map((value) => ({ value, from: 'user file', at: files.userPath }) as const),
    ...(name === 'allow'
      ? files.saved.rules.map((value) => ({ value, from: 'saved rule', at: files.saved.path }) as const)
      : []),
    // Of what is allowed, a project only takes away.
    ...(name === 'allow' ? [] : elements(ofProject(files, ofFiles))),
    ...(given ?? []).map((value) => ({ value, from: 'option', at: option }) as const),
  ];
  const value = valueOf(configuration, { section, name, given: isPaths ? (given ?? []) : [] });
  const sources = said.filter((one) => typeof one.value === 'string' && value.includes(one.value));
  return { key, value, sources: sources.length === 0 ? [byDefault([])] : sources };
}

function isRule(name: string | undefined): name is 'allow' | 'ask' | 'deny' {
  return name === 'allow' || name === 'ask' || name === 'deny';
}

function pathFlags({ environment, flags }: ConfigurationSource, name: string | undefined): string[] {
  return fromHome(userHome(environment), name === 'deny' ? flags.deny : flags.denyWrite);
}

function valueOf(
  { rules, scope }: Configuration,
  of: { section: string | undefined; name: string | undefined; given: readonly string[] },
): string[] {
  if (of.section === 'permissions') return isRule(of.name) ? rules[of.name] : [];
  return [...(of.name === 'deny' ? scope.deny : scope.denyWrite), ...of.given];
}

function elements(sources: readonly SettingSource[]): SettingSource[] {
  return sources.flatMap(({ value, ...rest }) =>
    Array.isArray(value) ? value.map((one) => ({ ...rest, value: one })) : [],
  );
}

function single(setting: Setting, from: From): EffectiveSetting {
  const { key } = setting;
  const value = effectiveValue(key, from.configuration);
  const own = ownSources(setting, from);
  const project = projectSources(key, from);
  const found = isNarrowed(key)
    ? (own.slice(0, 1).find(isIt(value)) ?? project.find(isIt(value)) ?? own.find(isIt(value)))
    : [...own.filter(isOfNow), ...project, ...own][0];
  return { key, value, sources: [found ?? byDefault(value)] };
}

/** Who is stricter counts, and not only who comes first. */
function isNarrowed(key: string): boolean {
  return key === 'permissionMode' || key === 'effort' || key.startsWith('limits.');
}

function isOfNow({ from }: SettingSource): boolean {
  return from === 'option' || from === 'profile' || from === 'environment';
}

function isIt(value: JsonValue) {
  return (one: SettingSource): boolean => JSON.stringify(one.value) === JSON.stringify(value);
}

/** What a person says themselves, the strongest first, and the default in the end. */
function ownSources({ key, option, variable, fallback }: Setting, from: From): SettingSource[] {
  const { source, files, configuration } = from;
  const given = optionValue(key, source);
  const inVariable = variable === null ? undefined : variableValue(variable, source);
  const inFile = ofUser(files, (settings) => valueIn(settings, key));
  return [
    ...(given === undefined ? [] : [{ value: given, from: 'option', at: option } as const]),
    ...byProfile(key, configuration),
    ...(inVariable === undefined ? [] : [{ value: inVariable, from: 'environment', at: variable } as const]),
    ...inFile,
    byDefault(fallback ?? null),
  ];
}

const profileField: Readonly<Record<string, keyof Profile>> = {
  model: 'model',
  effort: 'effort',
  instructions: 'instructions',
  permissionMode: 'mode',
  'limits.cost': 'maxCost',
};

function byProfile(key: string, { profile }: Configuration): SettingSource[] {
  const field = profileField[key];
  const value = field === undefined ? undefined : asJson(profile?.profile[field]);
  return value === undefined || profile === null ? [] : [{ value, from: 'profile', at: profile.name }];
}

/** The nearest first. */
function projectSources(key: string, { files }: From): SettingSource[] {
  return ofProject(files, (settings) => valueIn(settings, key)).toReversed();
}

function optionValue(key: string, { flags }: ConfigurationSource): JsonValue | undefined {
  if (key === 'model') return flags.model;
  if (key === 'permissionMode') return flags.permissionMode;
  if (key === 'effort') return flags.effort;
  if (key === 'sandbox.network') return flags.sandboxNetwork === true ? true : undefined;
  if (key === 'sandbox.unixSockets') return flags.sandboxUnixSockets === true ? true : undefined;
  const limit = key.startsWith('limits.') ? flags.limits?.[key.slice('limits.'.length)] : undefined;
  return limit === undefined ? undefined : Number(limit);
}

function variableValue(variable: string, { environment }: ConfigurationSource): JsonValue | undefined {
  const text = environment[variable];
  if (text === undefined || text === '') return undefined;
  const isLimit = Object.keys(limitsOfEnvironment(environment)).some(
    (name) => limitVariable(name) === variable,
  );
  return isLimit ? Number(text) : text;
}

function effectiveValue(key: string, configuration: Configuration): JsonValue {
  const { model, alternatives, effort, permissionMode, limits, sandbox, waitsForProvider, screen, asHost } =
    configuration;
  if (key === 'effort') return effort ?? null;
  if (key === 'retry.wait') return waitsForProvider;
  if (key === 'history' || key === 'mouse') return screen[key];
  if (key === 'model' && alternatives.length > 0) return [model, ...alternatives];
  if (key === 'model') return model === '' ? null : model;
  if (key === 'permissionMode') return permissionMode;
  const [section, name] = key.split('.');
  const sections: Readonly<Record<string, Readonly<Record<string, JsonValue>>>> = { limits, host: asHost };
  const values: Readonly<Record<string, JsonValue>> = sections[section ?? ''] ?? sandbox;
  return values[name ?? ''] ?? null;
}

function valueIn(settings: UserSettings | ProjectFile['settings'], key: string): JsonValue | undefined {
  const [section = '', name] = key.split('.');
  const found: unknown = Object.entries(settings).find(([one]) => one === section)?.[1];
  if (name === undefined) return asJson(found);
  if (typeof found !== 'object' || found === null) return undefined;
  return asJson(Object.entries(found).find(([one]) => one === name)?.[1]);
}

/** Undefined stays out. */
function asJson(value: unknown): JsonValue | undefined {
  if (value === undefined || value === null) return undefined;
  const copy: JsonValue = JSON.parse(JSON.stringify(value));
  return copy;
}

function ofUser(
  { user, userPath }: ConfigurationFiles,
  pick: (settings: UserSettings) => JsonValue | undefined,
): SettingSource[] {
  const value = pick(user);
  return value === undefined ? [] : [{ value, from: 'user file', at: userPath }];
}

function ofProject(
  { project }: ConfigurationFiles,
  pick: (settings: ProjectFile['settings']) => JsonValue | undefined,
): SettingSource[] {
  return project.files.flatMap(({ path, settings }) => {
    const value = pick(settings);
    return value === undefined ? [] : [{ value, from: 'project file', at: path } as const];
  });
}

function byDefault(value: JsonValue): SettingSource {
  return { value, from: 'default', at: null };
}
