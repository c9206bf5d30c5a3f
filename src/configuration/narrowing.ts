/**
 * What a project's files take from a person's settings, as one. Pure. A file of a project is not the person's
 * word: what it narrows stands against their file and variables, and yields only to a flag of this very
 * command.
 */
import { type PermissionMode, permissionModes } from '../session/settings/permissions.ts';
import { limitsSchema, limitVariable, narrowingLimits } from '../session/settings/settings.ts';
import type { Hook } from '../session/facts/hooks.ts';
import { projectHooksOf } from './hook-settings.ts';
import type { ProjectSettings, SomeLimits } from './settings-schema.ts';
import type { ProjectFile } from './project-settings.ts';

/** One value and the file that says it. */
export interface Said<T> {
  readonly value: T;
  readonly path: string;
}

export interface Narrowing {
  /** The strictest. */
  readonly permissionMode: Said<PermissionMode> | null;
  /** The smallest of each. */
  readonly limits: ReadonlyMap<string, Said<number>>;
  /** One list of each file that has one. */
  readonly allow: readonly Said<readonly string[]>[];
  readonly ask: readonly string[];
  readonly deny: readonly string[];
  readonly scope: { readonly deny: readonly string[]; readonly denyWrite: readonly string[] };
  /** Of what a person has trusted, the nearest file's word. */
  readonly model: string | undefined;
  readonly instructions: string | undefined;
  readonly sandbox: Said<NonNullable<ProjectSettings['sandbox']>> | null;
  readonly hooks: readonly Hook[];
}

/** `files`: the nearest last. */
export function narrowingOf(files: readonly ProjectFile[]): Narrowing {
  const all = files.map(({ settings }) => settings);
  const limits = new Map<string, Said<number>>();
  for (const { path, settings } of files) {
    for (const [name, value] of Object.entries(settings.limits ?? {})) {
      const held = limits.get(name);
      if (typeof value === 'number' && (held === undefined || value < held.value))
        limits.set(name, { value, path });
    }
  }
  return {
    permissionMode: said(files, ({ permissionMode }) => permissionMode).toSorted(byMode)[0] ?? null,
    limits,
    allow: said(files, ({ permissions }) => permissions?.allow),
    ask: all.flatMap(({ permissions }) => permissions?.ask ?? []),
    deny: all.flatMap(({ permissions }) => permissions?.deny ?? []),
    scope: {
      deny: all.flatMap(({ scope }) => scope?.deny ?? []),
      denyWrite: all.flatMap(({ scope }) => scope?.denyWrite ?? []),
    },
    model: all.findLast(({ model }) => model !== undefined)?.model,
    instructions: all.findLast(({ instructions }) => instructions !== undefined)?.instructions,
    sandbox: said(files, ({ sandbox }) => sandbox).reduce<Narrowing['sandbox']>(
      (far, near) => ({ value: { ...far?.value, ...near.value }, path: near.path }),
      null,
    ),
    hooks: all.flatMap(({ hooks }) => projectHooksOf(hooks)),
  };
}

function said<T>(
  files: readonly ProjectFile[],
  pick: (settings: ProjectSettings) => T | undefined,
): Said<T>[] {
  return files.flatMap(({ path, settings }) => {
    const value = pick(settings);
    return value === undefined ? [] : [{ value, path }];
  });
}

function byMode(one: Said<PermissionMode>, other: Said<PermissionMode>): number {
  return strictness(one.value) - strictness(other.value);
}

/** The modes stand in that order, the strictest first. */
function strictness(mode: PermissionMode): number {
  return permissionModes.indexOf(mode);
}

export interface Narrowed<T> {
  readonly value: T;
  readonly notes: readonly string[];
}

/** `own`: by the person's file and variables; `flag`: by this command line. */
export function narrowedMode(
  own: PermissionMode,
  project: Narrowing['permissionMode'],
  flag: PermissionMode | undefined,
): Narrowed<PermissionMode> {
  if (flag !== undefined) {
    const overrides = project !== null && strictness(project.value) < strictness(flag);
    const note = `--permission-mode ${flag} overrides permissionMode = "${project?.value}" of ${project?.path}.`;
    return { value: flag, notes: overrides ? [note] : [] };
  }
  if (project === null || project.value === own) return { value: own, notes: [] };
  if (strictness(project.value) < strictness(own)) return { value: project.value, notes: [] };
  const note = `The project's permissionMode ${project.value} lets more through than ${own}: ignored.`;
  return { value: own, notes: [note] };
}

export function narrowedLimits(
  own: SomeLimits,
  project: Narrowing['limits'],
  flags: SomeLimits,
): Narrowed<SomeLimits> {
  const held: Readonly<Record<string, number | null | undefined>> = { ...limitsSchema().parse({}), ...own };
  const isLowerable = (name: string) => narrowingLimits.includes(name);
  const ignored = [...project]
    .filter(([name, { value }]) => !isLowerable(name) && value !== held[name])
    .map(([name, { value, path }]) => {
      const next = `to have it, set it in your own config.toml or by ${limitVariable(name)}`;
      return `limits.${name} = ${value} of ${path} is ignored: a project may not set it, since a smaller value does not only let pods do less; ${next}.`;
    });
  const smaller = [...project].filter(([name, { value }]) => {
    const mine = held[name];
    if (!isLowerable(name)) return false;
    return typeof mine !== 'number' || value < mine;
  });
  const given: Readonly<Record<string, number | null | undefined>> = flags;
  const notes = smaller.flatMap(([name, { value, path }]) => {
    const flag = given[name];
    return typeof flag === 'number' && flag > value
      ? [`--max-${name} ${flag} overrides limits.${name} = ${value} of ${path}.`]
      : [];
  });
  const narrowed = Object.fromEntries(smaller.map(([name, { value }]) => [name, value]));
  return { value: { ...own, ...narrowed, ...flags }, notes: [...ignored, ...notes] };
}

/** Of what the person's file allows, what every list of the project names too; what a flag allows stays. */
export function narrowedAllow(
  own: { readonly file: readonly string[]; readonly flags: readonly string[] },
  project: Narrowing['allow'],
  anchor: (rule: string) => string,
): Narrowed<string[]> {
  const missing = (rule: string) => project.find(({ value }) => !value.includes(anchor(rule)));
  const notes = own.flags.flatMap((rule) => {
    const list = missing(rule);
    return list === undefined
      ? []
      : [`--allow-tool "${rule}" allows more than [permissions] allow of ${list.path}.`];
  });
  return { value: [...own.file.filter((rule) => missing(rule) === undefined), ...own.flags], notes };
}
