/** `podkin config`: the settings that a run would have here, and where each comes from. */
import { realpathSync, statSync } from 'node:fs';
import type { JsonValue } from '../../std/json.ts';
import { errorText, oneLine } from '../format/printable.ts';
import { columns } from '../format/table.ts';
import { unknownLimits } from '../../configuration/configuration.ts';
import {
  CommandFailed,
  type CommandContext,
  cwdIfThere,
  exitStatus,
  fromCwd,
  jsonText,
} from '../invocation/context.ts';
import {
  type EffectiveSetting,
  effectiveSettings,
  type SettingSource,
} from '../invocation/effective-settings.ts';
import { environmentList } from '../invocation/environment-list.ts';
import { configurationFlags, type SettingOptions } from '../invocation/setting-options.ts';
import { jsonSchemaOf, projectFileSchema, userFileSchema } from '../../configuration/settings-schema.ts';

export interface ConfigOptions {
  readonly json: boolean;
  /** Of whose file the JSON Schema is wanted. */
  readonly schema: string | undefined;
  readonly settings: SettingOptions;
}

export async function configCommand(context: CommandContext, options: ConfigOptions): Promise<number> {
  if (options.schema !== undefined) {
    context.stdout.write(jsonText(schemaNamed(options.schema)));
    return exitStatus.done;
  }
  const { environment } = context;
  const { settings, notes } = await effectiveSettings({
    environment,
    cwd: folderOf(context, options.settings),
    flags: configurationFlags(context, options.settings),
  });
  const all = [...notes, ...unknownLimits(environment)];
  for (const note of all) context.stderr.write(`podkin: ${errorText(note)}\n`);
  const variables = environmentList().map(({ name, isSecret }) => {
    const value = environment[name] ?? '';
    return { name, isSet: value !== '', ...(isSecret || value === '' ? {} : { value }) };
  });
  context.stdout.write(
    options.json ? jsonText({ settings, environment: variables, notes: all }) : tableOf(settings, variables),
  );
  return exitStatus.done;
}

function schemaNamed(of: string) {
  if (of === 'user') return jsonSchemaOf(userFileSchema());
  if (of === 'project') return jsonSchemaOf(projectFileSchema());
  throw new CommandFailed(exitStatus.usage, `--schema ${of}: use "user" or "project"`);
}

function folderOf(context: CommandContext, { cwd }: SettingOptions): string | null {
  if (cwd === undefined) return cwdIfThere(context);
  const folder = fromCwd(context, cwd);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return realpathSync(folder);
  throw new CommandFailed(exitStatus.usage, `--cwd ${folder}: there is no such directory`);
}

const valueCharsMax = 60;

function tableOf(
  settings: readonly EffectiveSetting[],
  variables: readonly { name: string; isSet: boolean; value?: string }[],
): string {
  const rows = settings.flatMap(({ key, sources }) =>
    sources.map((source) => [key, valueText(source.value), originText(source)]),
  );
  const set = variables.map(({ name, isSet, value }) => [
    name,
    isSet ? (value === undefined ? '(set, not shown)' : oneLine(value, valueCharsMax)) : '-',
    isSet ? 'environment' : 'not set',
  ]);
  return columns([['SETTING', 'VALUE', 'FROM'], ...rows, ...set]);
}

function valueText(value: JsonValue): string {
  return value === null ? '-' : oneLine(JSON.stringify(value), valueCharsMax);
}

function originText({ from, at }: SettingSource): string {
  return at === null ? from : `${from} ${oneLine(at, 200)}`;
}
