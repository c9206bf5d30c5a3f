/**
 * Every setting with all that there is to say of it: made of the schemas of the files, and of who else may
 * set it. docs/configuration.md, `podkin config` and its tests are made of this list.
 */
import { limitVariable, narrowingLimits } from '../../session/settings/settings.ts';
import { once } from '../../std/once.ts';
import { type SettingKey, settingKeys } from '../../configuration/setting-keys.ts';
import { jsonSchemaOf, projectFileSchema, userFileSchema } from '../../configuration/settings-schema.ts';

export interface Setting extends SettingKey {
  /** What a project's file may do with it; null: nothing. */
  readonly project: string | null;
  /** The option of `run`, without its value. */
  readonly option: string | null;
  readonly variable: string | null;
}

/** By key; the option without its value. */
const optionOf: Readonly<Record<string, string>> = {
  model: '--model',
  permissionMode: '--permission-mode',
  effort: '--effort',
  'limits.steps': '--max-steps',
  'limits.cost': '--max-cost',
  'permissions.allow': '--allow-tool',
  'permissions.ask': '--ask-tool',
  'permissions.deny': '--deny-tool',
  'scope.deny': '--deny',
  'scope.denyWrite': '--deny-write',
  'sandbox.network': '--sandbox-network',
  'sandbox.unixSockets': '--sandbox-unix-sockets',
};

const projectMay: Readonly<Record<string, string>> = {
  permissionMode: 'make stricter',
  'permissions.allow': 'take away',
  'permissions.ask': 'add',
  'permissions.deny': 'add',
  'scope.deny': 'add',
  'scope.denyWrite': 'add',
};

export const settingList = once((): readonly Setting[] => {
  const ofProject = new Set(settingKeys(jsonSchemaOf(projectFileSchema())).map(({ key }) => key));
  return settingKeys(jsonSchemaOf(userFileSchema())).map((setting) => ({
    ...setting,
    project: ofProject.has(setting.key) ? projectRight(setting.key) : null,
    option: optionOf[setting.key] ?? null,
    variable: variableOf(setting.key),
  }));
});

function projectRight(key: string): string | null {
  const limit = limitName(key);
  if (limit !== null) return narrowingLimits.includes(limit) ? 'lower' : null;
  return projectMay[key] ?? 'set, once you trust its text';
}

function variableOf(key: string): string | null {
  if (key === 'model') return 'PODKIN_MODEL';
  if (key === 'permissionMode') return 'PODKIN_PERMISSION_MODE';
  const limit = limitName(key);
  return limit === null ? null : limitVariable(limit);
}

function limitName(key: string): string | null {
  return key.startsWith('limits.') ? key.slice('limits.'.length) : null;
}
