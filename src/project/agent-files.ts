/**
 * The agent files of a project, `.podkin/agents/NAME.md` and `.claude/agents/NAME.md`: front matter and a
 * text. Of its folders, the nearest first. What they mean is decided by whoever reads them.
 */
import type { Dirent } from 'node:fs';
import { basename, join } from 'node:path';
import { type FrontMatter, readFrontMatter } from './front-matter.ts';
import type { ProjectPlace } from './instructions.ts';
import { listFolder } from './list-folder.ts';
import { type ProjectReader, projectFileBytesMax, readProjectFile } from './project-file.ts';
import { foldersOf } from './project-folders.ts';

export interface AgentFile {
  readonly path: string;
  /** What is relative in it is so to this folder. */
  readonly folder: string;
  /** Of the file, without its ending. */
  readonly name: string;
  readonly matter: Extract<FrontMatter, { ok: true }>;
}

export interface AgentFiles {
  readonly files: readonly AgentFile[];
  /** One sentence for each that is not among them. */
  readonly leftOut: readonly string[];
}

const places = [join('.podkin', 'agents'), join('.claude', 'agents')];
const entriesMax = 200;
const filesMax = 64;

/** Never rejects for what it finds. */
export async function readAgentFiles(reader: ProjectReader, place: ProjectPlace): Promise<AgentFiles> {
  const files: AgentFile[] = [];
  const leftOut: string[] = [];
  for (const folder of (await foldersOf(place.cwd, place.personHome)).toReversed()) {
    for (const name of places) await collect(reader, { folder, name }, { files, leftOut });
  }
  if (files.length > filesMax) leftOut.push(`Of ${files.length} agent files only ${filesMax} are taken.`);
  return { files: files.slice(0, filesMax), leftOut };
}

async function collect(
  reader: ProjectReader,
  { folder, name }: { folder: string; name: string },
  to: { files: AgentFile[]; leftOut: string[] },
): Promise<void> {
  const path = join(folder, name);
  const listed = await listFolder(reader, { base: folder, path, entriesMax, mayHold: mayBeAgent });
  if (listed === null) return;
  if ('why' in listed) {
    to.leftOut.push(`Agent files left out, as their folder ${listed.why}: ${path}`);
    return;
  }
  if (listed.isCut)
    to.leftOut.push(`Agent files left out, as there are more than ${entriesMax} entries: ${path}`);
  for (const entry of listed.names) {
    const read = await readOne(reader, folder, join(name, entry));
    if (typeof read === 'string') to.leftOut.push(`Left out, as it ${read}: ${join(path, entry)}`);
    else if (read !== null) to.files.push(read);
  }
}

function mayBeAgent(entry: Dirent): boolean {
  return !entry.isDirectory() && entry.name.endsWith('.md') && !entry.name.startsWith('.');
}

async function readOne(
  reader: ProjectReader,
  folder: string,
  file: string,
): Promise<AgentFile | string | null> {
  const read = await readProjectFile(reader, folder, file);
  switch (read.kind) {
    case 'missing':
      return null;
    case 'denied':
      return 'is denied for reading';
    case 'leftOut':
      return read.why;
    case 'text':
      break;
  }
  if (read.encoding === null) return 'is text neither in UTF-8 nor in UTF-16 with its mark';
  if (read.isCut) return `is larger than ${projectFileBytesMax / 1024} KiB`;
  const matter = await readFrontMatter(read.text);
  if (!matter.ok) return `${matter.why} (line ${matter.line})`;
  return { path: join(folder, file), folder, name: basename(file, '.md'), matter };
}
