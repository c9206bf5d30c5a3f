/**
 * Skills, as the public Agent Skills specification has them: folders with a SKILL.md, of the project's
 * folders, the nearest first, and of the person's configuration. What is left out is said, with file and
 * line.
 */
import type { Dirent } from 'node:fs';
import { opendir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { withoutHidden } from '../std/characters.ts';
import { readFrontMatter } from './front-matter.ts';
import type { ProjectPlace } from './instructions.ts';
import { listFolder } from './list-folder.ts';
import { type ProjectReader, readProjectFile } from './project-file.ts';
import { foldersOf } from './project-folders.ts';

export interface Skill {
  readonly name: string;
  /** One line. */
  readonly description: string;
  /** Its SKILL.md is `file` in `base`, the folder that was searched. */
  readonly base: string;
  readonly file: string;
  /** Its own folder, to be read beside the scope; null where its place is another one, through a link. */
  readonly folder: string | null;
}

export interface Skills {
  readonly offered: readonly Skill[];
  /** One sentence for each that is not offered, or not as it was written. */
  readonly leftOut: readonly string[];
}

export const noSkills: Skills = { offered: [], leftOut: [] };

const projectPlaces = ['.agents/skills', '.claude/skills'] as const;
const fileName = 'SKILL.md';
const skillBytesMax = 64 * 1024;
const entriesMax = 500;
const offeredMax = 64;
/** Of names and descriptions together: what every request holds of them. */
const offeredCharsMax = 16_000;
const nameCharsMax = 64;
const descriptionCharsMax = 1024;
const nameForm = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** Null: the person's own alone. Never rejects for what it finds. */
export async function readSkills(reader: ProjectReader, place: ProjectPlace | null): Promise<Skills> {
  const folders = place === null ? [] : await foldersOf(place.cwd, place.personHome);
  const own = await realpath(reader.home.config).catch(() => null);
  // The person's own first: no project takes their room. Where both have a name, the project's counts.
  const mine = new Collected();
  if (own !== null) await collect(reader, { base: own, name: 'skills' }, mine);
  const found = new Collected(mine.offered);
  for (const base of folders.toReversed()) {
    for (const name of projectPlaces) await collect(reader, { base, name }, found);
  }
  const nearer = new Map(found.offered.map((skill) => [skill.name, skill]));
  for (const skill of mine.offered) {
    const same = nearer.get(skill.name);
    if (same !== undefined) mine.leaveOut(pathOf(skill), sameName(same));
  }
  return {
    offered: [...found.offered, ...mine.offered.filter(({ name }) => !nearer.has(name))],
    leftOut: [...found.leftOut, ...mine.leftOut],
  };
}

function pathOf({ base, file }: Skill): string {
  return join(base, file);
}

function sameName(nearer: Skill): string {
  return `has the name of the skill in ${pathOf(nearer)}, which is nearer`;
}

class Collected {
  /** Looked at so far, in all folders. */
  entries = 0;
  readonly offered: Skill[] = [];
  readonly leftOut: string[] = [];
  readonly #seen = new Set<string>();
  #chars: number;
  readonly #others: number;

  /** `others` are offered beside these. */
  constructor(others: readonly Skill[] = []) {
    this.#others = others.length;
    this.#chars = others.reduce((sum, { name, description }) => sum + name.length + description.length, 0);
  }

  /** False where this very file was met before, under another name of its folder. */
  isNew(realFile: string): boolean {
    const isNew = !this.#seen.has(realFile);
    this.#seen.add(realFile);
    return isNew;
  }

  add(skill: Skill): void {
    const path = pathOf(skill);
    const same = this.offered.find(({ name }) => name === skill.name);
    if (same !== undefined) {
      this.leaveOut(path, sameName(same));
      return;
    }
    const chars = this.#chars + skill.name.length + skill.description.length;
    if (this.#others + this.offered.length >= offeredMax || chars > offeredCharsMax) {
      const bound = `${offeredMax} skills and ${offeredCharsMax.toLocaleString('en')} characters of descriptions`;
      this.leaveOut(path, `comes behind ${bound}, which is all that a model is offered`);
      return;
    }
    this.#chars = chars;
    this.offered.push(skill);
  }

  leaveOut(path: string, why: string): void {
    this.leftOut.push(`Skill left out, as it ${why}: ${path}`);
  }
}

interface SearchedPlace {
  readonly base: string;
  readonly name: string;
}

async function collect(
  reader: ProjectReader,
  { base, name }: SearchedPlace,
  found: Collected,
): Promise<void> {
  const path = join(base, name);
  const listed = await listFolder(reader, {
    base,
    path,
    entriesMax: entriesMax - found.entries,
    mayHold,
  });
  if (listed === null) return;
  if ('why' in listed) {
    found.leftOut.push(`Skills left out, as their folder ${listed.why}: ${path}`);
    return;
  }
  if (listed.isCut) {
    found.leftOut.push(`Skills left out, as there are more than ${entriesMax} entries in all: ${path}`);
  }
  found.entries += listed.seen;
  for (const entry of listed.names)
    await collectOne(reader, { base, name, entry, place: listed.place }, found);
}

function mayHold(entry: Dirent): boolean {
  return (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith('.');
}

async function collectOne(
  reader: ProjectReader,
  { base, name, entry, place }: SearchedPlace & { readonly entry: string; readonly place: string },
  found: Collected,
): Promise<void> {
  const file = join(name, entry, fileName);
  const path = join(base, file);
  const real = await realpath(path).catch(() => null);
  const read = await readProjectFile(reader, base, file, skillBytesMax);
  if (read.kind === 'missing') return;
  if (read.kind === 'denied') return found.leaveOut(path, 'is denied for reading');
  if (read.kind === 'leftOut') return found.leaveOut(path, read.why);
  if (read.encoding === null)
    return found.leaveOut(path, 'is text neither in UTF-8 nor in UTF-16 with its mark');
  if (real !== null && !found.isNew(real)) return;
  const parsed = await parsedOnce(path, read.text);
  if (!parsed.ok) return found.leaveOut(`${path}:${parsed.line}`, parsed.why);
  if (/^true$/i.test(parsed.fields.get('disable-model-invocation') ?? ''))
    return found.leaveOut(path, 'is for people to begin, and not for the model (disable-model-invocation)');
  const described = describe(parsed.fields, entry);
  if ('why' in described) return found.leaveOut(path, described.why);
  if (described.isCut) {
    found.leftOut.push(`Cut, as its description is longer than ${descriptionCharsMax} characters: ${path}`);
  }
  if (read.isCut) found.leftOut.push(`Cut, as it is larger than ${skillBytesMax / 1024} KiB: ${path}`);
  // What may be read beside the scope is a folder that lies right there, and nothing that a link names.
  const folder = join(place, entry);
  const isThere = real === join(folder, fileName) && place === join(base, name);
  const { name: skillName, description } = described;
  found.add({ name: skillName, description, base, file, folder: isThere ? folder : null });
}

type Described =
  | { readonly name: string; readonly description: string; readonly isCut: boolean }
  | { readonly why: string };

function describe(fields: ReadonlyMap<string, string>, entry: string): Described {
  const name = fields.get('name');
  const description = withoutHidden(fields.get('description') ?? '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  if (name === undefined) return { why: 'has no name in its front matter' };
  if (name.length > nameCharsMax || !nameForm.test(name)) {
    return {
      why: `has a name that is none: 1 to ${nameCharsMax} of a-z, 0-9 and single "-", none at its ends`,
    };
  }
  if (name !== entry) return { why: `has another name (${name}) than its folder` };
  if (description === '') return { why: 'has no description in its front matter' };
  const isCut = description.length > descriptionCharsMax;
  return { name, description: description.slice(0, descriptionCharsMax).toWellFormed(), isCut };
}

type Parsed = Awaited<ReturnType<typeof readFrontMatter>>;
/** They are read before each turn, and change rarely: kept without their bodies. */
const known = new Map<string, { digest: string; parsed: Parsed }>();

async function parsedOnce(path: string, text: string): Promise<Parsed> {
  const before = known.get(path);
  const digest = `${text.length} ${crc32(text)}`;
  if (before?.digest === digest) return before.parsed;
  const read = await readFrontMatter(text);
  const parsed = read.ok ? { ...read, body: '' } : read;
  if (known.size >= entriesMax) known.clear();
  known.set(path, { digest, parsed });
  return parsed;
}

export type SkillText =
  | { readonly kind: 'text'; readonly body: string; readonly files: readonly string[] }
  | { readonly kind: 'gone'; readonly why: string };

/** As it is now. */
export async function readSkill(reader: ProjectReader, skill: Skill): Promise<SkillText> {
  const read = await readProjectFile(reader, skill.base, skill.file, skillBytesMax);
  if (read.kind === 'missing') return { kind: 'gone', why: 'is not there any more' };
  if (read.kind === 'denied') return { kind: 'gone', why: 'is denied for reading' };
  if (read.kind === 'leftOut') return { kind: 'gone', why: read.why };
  const parsed = await readFrontMatter(read.text);
  if (!parsed.ok) return { kind: 'gone', why: `${parsed.why} (line ${parsed.line})` };
  const body = read.isCut ? `${parsed.body}\n(cut here)` : parsed.body;
  return { kind: 'text', body, files: skill.folder === null ? [] : await filesIn(skill.folder) };
}

const filesMax = 50;
const depthMax = 3;

/** For a model to know what there is; names alone, and no link is followed. */
async function filesIn(folder: string): Promise<string[]> {
  const files: string[] = [];
  const waiting: { path: string; depth: number }[] = [{ path: '', depth: 0 }];
  for (let seen = 0; waiting.length > 0;) {
    const next = waiting.shift();
    if (next === undefined) break;
    const entries = await opendir(join(folder, next.path)).catch(() => null);
    if (entries === null) continue;
    for await (const entry of entries) {
      seen += 1;
      if (seen > entriesMax || files.length >= filesMax) return files.sort();
      const path = join(next.path, entry.name);
      if (withoutHidden(path) !== path || /\s/.test(path)) continue;
      if (entry.isDirectory() && next.depth < depthMax) waiting.push({ path, depth: next.depth + 1 });
      if (entry.isFile() && path !== fileName) files.push(path);
    }
  }
  return files.sort();
}

/** Where relative paths in it are taken from. */
export function folderOfSkill(skill: Skill): string {
  return dirname(pathOf(skill));
}
