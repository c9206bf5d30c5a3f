/**
 * A project's `.podkin/config.toml`: it came with what was cloned, and nobody may have looked at it. What narrows (limits, rules, denies, a stricter mode)
 * counts at once; what a project could gain by (`model`, `instructions`, `sandbox`) only after a person has trusted this very text.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { absoluteModelName } from '../../model/create.ts';
import { projectFileBytesMax, readProjectFile } from '../../project/project-file.ts';
import type { Home } from '../../session/places.ts';
import { writeFileAtomic } from '../../std/atomic-write.ts';
import { parseSettings, type ProjectSettings, projectFileSchema, usage } from './configuration-files.ts';

/** What the file wants, for the person to judge; one line a setting, instructions as they are. Null: nobody answered. */
export type AskTrust = (file: string, wants: readonly string[]) => Promise<boolean | null>;

export interface Project {
  readonly settings: ProjectSettings;
  readonly notes: readonly string[];
}

export interface ProjectPlace {
  readonly home: Home;
  readonly cwd: string;
  /** Paths that nobody is to read, relative ones from `cwd`. */
  readonly deny: readonly string[];
  readonly askTrust?: AskTrust | undefined;
}

const fileName = join('.podkin', 'config.toml');
export const nobodysProject: Project = { settings: {}, notes: [] };

export function projectFile(cwd: string): string {
  return join(cwd, fileName);
}

/** Rejects with `CommandFailed` (usage) for a file that is not what it should be: what it denies must not be lost unseen. */
export async function readProject(place: ProjectPlace): Promise<Project> {
  const folder = await realpath(place.cwd).catch(() => place.cwd);
  const path = projectFile(folder);
  const deny = place.deny.map((denied) => ({ path: resolve(folder, denied), right: 'read' as const }));
  const found = await readProjectFile({ home: place.home, deny }, folder, fileName);
  switch (found.kind) {
    case 'missing':
      return nobodysProject;
    case 'denied':
      return {
        settings: {},
        notes: [`${path} is denied for reading: it is left out, with all that it denies.`],
      };
    case 'leftOut':
      throw usage(`${path} ${found.why}: put a regular file of your own there, or take it away`);
    case 'text':
      break;
  }
  // A path that it denies would be another one.
  if (!found.isUtf8) throw usage(`${path} is not UTF-8: save it as that`);
  if (found.isCut) throw usage(`${path} is larger than ${projectFileBytesMax / 1024} KiB: make it smaller`);
  const settings = parseSettings(path, found.text, projectFileSchema());
  const { model } = settings;
  const named = model === undefined ? settings : { ...settings, model: absoluteModelName(model, folder) };
  return await trusted(place, { path, text: found.text, settings: named });
}

async function trusted(
  place: ProjectPlace,
  file: { path: string; text: string; settings: ProjectSettings },
): Promise<Project> {
  const { path, text, settings } = file;
  const { model, instructions, sandbox, ...narrowing } = settings;
  const wants = [
    ...(model === undefined ? [] : [`model = ${JSON.stringify(model)}`]),
    ...Object.entries(sandbox ?? {}).map(([key, value]) => `sandbox.${key} = ${JSON.stringify(value)}`),
    ...(instructions === undefined
      ? []
      : ['instructions:', ...instructions.split('\n').map((line) => `  ${line}`)]),
  ];
  if (wants.length === 0) return { settings, notes: [] };
  const record = join(place.home.state, 'trusted', createHash('sha256').update(text).digest('hex'));
  const known = answerIn(record);
  const answer = known ?? (await place.askTrust?.(path, wants)) ?? null;
  if (known === null && answer !== null) keepAnswer(place.home, record, answer);
  if (answer === true) return { settings, notes: [] };
  const names = Object.entries({ model, instructions, sandbox })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name)
    .join(', ');
  const next =
    answer === false
      ? `you have said no to this text; to be asked again: rm ${record}`
      : 'a person has to trust this text first: "podkin run" on a terminal, without -p, asks';
  return { settings: narrowing, notes: [`${path}: ${names} ignored; ${next}.`] };
}

function answerIn(record: string): boolean | null {
  try {
    const answer = readFileSync(record, 'utf8').trim();
    return answer === 'yes' ? true : answer === 'no' ? false : null;
  } catch {
    return null;
  }
}

function keepAnswer(home: Home, record: string, answer: boolean): void {
  mkdirSync(join(home.state, 'trusted'), { recursive: true, mode: 0o700 });
  writeFileAtomic(record, answer ? 'yes\n' : 'no\n', 0o600);
}
