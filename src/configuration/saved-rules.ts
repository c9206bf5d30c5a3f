/**
 * Rules that a person has saved for a project: their own word, kept in one file of podkin's state, which no
 * pod can read or write, and never in the project. A project is its directory (the repository's root, else
 * the working directory) by its real path, its number on disk and the time of its making: what is moved there
 * or made there later is another one.
 *
 * Invariants
 * - SR1 A file that is not what podkin writes, or that others may change, allows nothing, and is reported.
 * - SR2 A rule holds in the very directory for which it was saved.
 */
import { lstatSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { foldersOf } from '../project/project-folders.ts';
import { anchoredRule, parseRule } from '../scope/permissions/permission-rules.ts';
import type { Home } from '../session/home/places.ts';
import { awaitLock } from '../session/lock/await-lock.ts';
import type { HeldLock } from '../session/lock/lock.ts';
import { writeFileAtomic } from '../std/atomic-write.ts';
import { once } from '../std/once.ts';
import { PodkinError } from '../std/podkin-error.ts';
import { readRegular, unreadableText } from '../std/open-regular.ts';
import { systemCode } from '../std/system-code.ts';
import { BadSetting } from './bad-setting.ts';

/** The file of saved rules cannot be read or changed now; it is as it was. */
class RulesNotSaved extends PodkinError {
  constructor(message: string) {
    super(message);
    this.name = 'RulesNotSaved';
  }
}

const fileSchema = once(() =>
  z.strictObject({
    schema: z.literal(1),
    projects: z.array(
      z.strictObject({
        /** A real path. */
        path: z.string().startsWith('/'),
        /** Its number on disk, and the time of its making in ns where the file system knows it. */
        place: z.string().regex(/^\d+:\d+$/),
        rules: z.array(z.string().max(10_000)).min(1),
      }),
    ),
  }),
);
export type RuleProject = z.infer<ReturnType<typeof fileSchema>>['projects'][number];

export interface SavedRules {
  /** Of the file. */
  readonly path: string;
  /** The project's directory; null where it is not known. */
  readonly project: string | null;
  readonly rules: readonly string[];
  readonly notes: readonly string[];
}

const fileBytesMax = 1024 * 1024;

export function savedRulesFile({ state }: Home): string {
  return join(state, 'rules.json');
}

export function noSavedRules(home: Home): SavedRules {
  return { path: savedRulesFile(home), project: null, rules: [], notes: [] };
}

/** Those that hold in a working directory. Never rejects for what it finds. */
export async function savedRulesAt(home: Home, cwd: string, personHome: string | null): Promise<SavedRules> {
  const path = savedRulesFile(home);
  const read = readAll(path);
  if ('problem' in read) {
    const note = `${path} ${read.problem}: none of your saved rules holds; see "podkin rules --help"`;
    return { ...noSavedRules(home), notes: [`${note}.`] };
  }
  if (read.projects.length === 0) return noSavedRules(home);
  const here = await projectAt(cwd, personHome);
  const known = read.projects.filter((one) => one.path === here?.path);
  const rules = known.filter(({ place }) => place === here?.place).flatMap((one) => one.rules);
  const parsed = rules.map((text) => ({ text, rule: parseRule(text) }));
  const odd = parsed.flatMap(({ rule }) =>
    'problem' in rule ? [`A saved rule allows nothing: ${rule.problem}.`] : [],
  );
  const others = known.filter(({ place }) => place !== here?.place).flatMap((one) => one.rules);
  const moved =
    others.length === 0
      ? []
      : [
          `Rules saved for ${here?.path} do not hold: another directory was there then (${others.join(', ')}). Save them again with "podkin rules add", or remove them with "podkin rules rm".`,
        ];
  return {
    path,
    project: here?.path ?? null,
    rules: parsed.flatMap(({ text, rule }) => ('problem' in rule ? [] : [text])),
    notes: [...odd, ...moved],
  };
}

/** Of all projects. Throws `RulesNotSaved` for a file that is not what podkin writes. */
export function allSavedRules(home: Home): readonly RuleProject[] {
  const path = savedRulesFile(home);
  const read = readAll(path);
  if ('problem' in read) {
    throw new RulesNotSaved(
      `${path} ${read.problem}: none of the saved rules holds; correct it, or remove it and save the rules again`,
    );
  }
  return read.projects;
}

/** What is wrong with the file, behind its path; null where nothing is. */
export function savedRulesProblem(home: Home): string | null {
  const read = readAll(savedRulesFile(home));
  return 'problem' in read ? read.problem : null;
}

/** Whether what is at a project's path is what its rules were saved for. */
export function placeState({ path, place }: RuleProject): 'there' | 'another' | 'gone' {
  const now = placeOf(path);
  return now === null ? 'gone' : now === place ? 'there' : 'another';
}

/** Throws `RulesNotSaved` or `BadSetting`, with nothing changed. Answers the project's directory. */
export async function saveRules(
  home: Home,
  at: { readonly cwd: string; readonly personHome: string | null },
  texts: readonly string[],
): Promise<string> {
  const project = await projectAt(at.cwd, at.personHome);
  if (project === null) {
    throw new RulesNotSaved(`${at.cwd} is not there: no rule can be saved for it`);
  }
  const rules = texts.map((text) => checked(anchoredRule(text, project.path)));
  await changeSavedRules(home, (projects) => {
    const others = projects.filter(({ path, place }) => path !== project.path || place !== project.place);
    const known = projects.find((one) => !others.includes(one))?.rules ?? [];
    return [...others, { ...project, rules: [...new Set([...known, ...rules])] }];
  });
  return project.path;
}

function checked(text: string): string {
  const rule = parseRule(text);
  if ('problem' in rule) throw new BadSetting(rule.problem);
  return rule.text;
}

/** One change at a time. Throws `RulesNotSaved` or the file system's error, with nothing changed. */
export async function changeSavedRules(
  home: Home,
  change: (projects: readonly RuleProject[]) => readonly RuleProject[],
): Promise<void> {
  mkdirSync(home.state, { recursive: true, mode: 0o700 });
  const path = savedRulesFile(home);
  const turn = await takeTurn(home.state);
  try {
    const projects = change(allSavedRules(home)).filter(({ rules }) => rules.length > 0);
    writeFileAtomic(path, `${JSON.stringify({ schema: 1, projects }, null, 2)}\n`, 0o600);
  } finally {
    await turn.release();
  }
}

const turnWaitMs = 5_000;

/** Released by itself where the process that has it ends. */
async function takeTurn(folder: string): Promise<HeldLock> {
  const lock = await awaitLock({ instance: 'saved-rules', folder, purpose: 'loan' }, turnWaitMs);
  if (lock.taken) return lock;
  const { holder } = lock;
  const by = holder === undefined ? 'another command' : `another command (process ${holder.pid})`;
  throw new RulesNotSaved(`${by} changes the saved rules: try again when it has ended`);
}

function readAll(path: string): { readonly projects: readonly RuleProject[] } | { readonly problem: string } {
  try {
    const stats = lstatSync(path);
    if (!stats.isFile()) return { problem: 'is no regular file' };
    if (stats.uid !== (process.getuid?.() ?? stats.uid)) return { problem: 'belongs to another user' };
    if ((stats.mode & 0o022) !== 0) return { problem: 'may be written by others' };
    return fileSchema().parse(JSON.parse(readRegular(path, fileBytesMax)));
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return { projects: [] };
    return { problem: unreadableText(error) ?? 'is not what podkin writes' };
  }
}

/** Null where the directory is not there. */
async function projectAt(
  cwd: string,
  personHome: string | null,
): Promise<Pick<RuleProject, 'path' | 'place'> | null> {
  const [path = cwd] = await foldersOf(cwd, personHome);
  const place = placeOf(path);
  return place === null ? null : { path, place };
}

/** What a real path leads to now: no link, since the path itself would be another one then. */
function placeOf(path: string): string | null {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? null : `${stats.ino}:${stats.birthtimeNs}`;
}
