/**
 * A project's `.podkin/config.toml`, of the working directory and of each folder above it up to the
 * repository's root: it came with what was cloned, and nobody may have looked at it. What narrows (limits,
 * rules, denies, a stricter mode) counts at once; what a project could gain by (`model`, `instructions`,
 * `sandbox`, `hooks`) only after a person has trusted this very text.
 */
import { join, resolve } from 'node:path';
import { absoluteModelName } from '../model/create.ts';
import { projectFileBytesMax, readProjectFile } from '../project/project-file.ts';
import { foldersOf } from '../project/project-folders.ts';
import { anchoredRule } from '../scope/permissions/permission-rules.ts';
import type { Home } from '../session/home/places.ts';
import { fromHome, parseSettings, usage } from './configuration-files.ts';
import { type FoundHooks, foundHooks, hookDigest, hookLines, trustedHooks } from './hook-settings.ts';
import { type ProjectSettings, projectFileSchema } from './settings-schema.ts';
import { type AskTrust, trustAnswer } from './trust-answers.ts';

export interface ProjectFile {
  readonly path: string;
  /** Everything relative in it is worked out from its project's folder. */
  readonly settings: ProjectSettings;
}

export interface Project {
  /** The nearest to the working directory last. */
  readonly files: readonly ProjectFile[];
  readonly notes: readonly string[];
}

export interface ProjectPlace {
  readonly home: Home;
  /** The person's; null where it is not known. */
  readonly personHome: string | null;
  readonly cwd: string;
  /** Paths that nobody is to read, relative ones from `cwd`. */
  readonly deny: readonly string[];
  readonly askTrust?: AskTrust | undefined;
}

const fileName = join('.podkin', 'config.toml');
export const nobodysProject: Project = { files: [], notes: [] };

export function projectFile(folder: string): string {
  return join(folder, fileName);
}

/**
 * Rejects with `BadSetting` for a file that is not what it should be: what it denies must not be
 * lost unseen.
 */
export async function readProject(place: ProjectPlace): Promise<Project> {
  const files: ProjectFile[] = [];
  const notes: string[] = [];
  for (const folder of await foldersOf(place.cwd, place.personHome)) {
    const found = await readFolder(place, folder);
    if (found.settings !== null) files.push({ path: projectFile(folder), settings: found.settings });
    notes.push(...found.notes);
  }
  return { files, notes };
}

interface Found {
  readonly settings: ProjectSettings | null;
  readonly notes: readonly string[];
}

async function readFolder(place: ProjectPlace, folder: string): Promise<Found> {
  const path = projectFile(folder);
  const deny = place.deny.map((denied) => ({ path: resolve(place.cwd, denied), right: 'read' as const }));
  const found = await readProjectFile({ home: place.home, deny }, folder, fileName);
  switch (found.kind) {
    case 'missing':
      return { settings: null, notes: [] };
    case 'denied': {
      const note = `${path} is denied for reading: it is left out, with all that it denies.`;
      return { settings: null, notes: [note] };
    }
    case 'leftOut':
      throw usage(`${path} ${found.why}: put a regular file of your own there, or take it away`);
    case 'text':
      break;
  }
  // A path that it denies would be another one.
  if (found.encoding !== 'utf-8') throw usage(`${path} is not UTF-8: save it as that`);
  if (found.isCut) throw usage(`${path} is larger than ${projectFileBytesMax / 1024} KiB: make it smaller`);
  const settings = parseSettings(path, found.text, projectFileSchema());
  const hooks = settings.hooks === undefined ? null : await foundHooks(settings.hooks, folder);
  const own = anchored(settings, folder, place);
  return await trusted(place, { path, text: found.text, settings: own, hooks });
}

/**
 * What is relative is so to the project's folder, wherever in it podkin was started and its children work.
 */
function anchored(
  settings: ProjectSettings,
  folder: string,
  { personHome }: Pick<ProjectPlace, 'personHome'>,
): ProjectSettings {
  const { model, scope, permissions } = settings;
  const paths = (given: readonly string[] | undefined) =>
    fromHome(personHome, given).map((path) => resolve(folder, path));
  const rules = (given: readonly string[] | undefined) => given?.map((text) => anchoredRule(text, folder));
  return {
    ...settings,
    ...(model !== undefined && { model: absoluteModelName(model, folder) }),
    ...(scope && { scope: { deny: paths(scope.deny), denyWrite: paths(scope.denyWrite) } }),
    ...(permissions && {
      permissions: {
        allow: rules(permissions.allow),
        ask: rules(permissions.ask),
        deny: rules(permissions.deny),
      },
    }),
  };
}

async function trusted(
  place: ProjectPlace,
  file: { path: string; text: string; settings: ProjectSettings; hooks: FoundHooks | null },
): Promise<Found> {
  const { path, text, settings, hooks } = file;
  const { model, instructions, sandbox, hooks: said, ...narrowing } = settings;
  const wants = [
    ...(model === undefined ? [] : [`model = ${JSON.stringify(model)}`]),
    ...Object.entries(sandbox ?? {}).map(([key, value]) => `sandbox.${key} = ${JSON.stringify(value)}`),
    ...(instructions === undefined
      ? []
      : ['instructions:', ...instructions.split('\n').map((line) => `  ${line}`)]),
    ...(hooks === null ? [] : hookLines(hooks)),
  ];
  if (wants.length === 0) return { settings, notes: [] };
  // What a file that a hook names holds is trusted with the text, and asks anew when it has changed.
  const content = hooks === null ? text : text + hookDigest(hooks);
  const ask = async () => (await place.askTrust?.(path, wants)) ?? null;
  const { answer, record } = await trustAnswer(place.home, content, ask);
  if (answer === true) {
    const copied = hooks === null ? {} : { hooks: trustedHooks(hooks, place.home) };
    return { settings: { ...settings, ...copied }, notes: [] };
  }
  const names = Object.entries({ model, instructions, sandbox, hooks: said })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name)
    .join(', ');
  const next =
    answer === false
      ? `you have said no to this text; to be asked again: rm ${record}`
      : 'a person has to trust this text first: "podkin run" on a terminal, without -p, asks';
  return { settings: narrowing, notes: [`${path}: ${names} ignored; ${next}.`] };
}
