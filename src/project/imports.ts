/**
 * Files that an instruction file names by `@path`, as Claude Code has it: they speak where it speaks. What
 * leads out of the folder of the first file, and what is hidden there, is never opened.
 */
import { dirname, relative, resolve } from 'node:path';
import { isBelow } from '../scope/paths/path-scope.ts';
import type { ProjectText } from './project-file.ts';

const depthMax = 5;
/** Of one instruction file, with what those import. */
const filesMax = 16;
const bytesMax = 64 * 1024;
const pathCharsMax = 500;

export interface InstructionFile {
  readonly path: string;
  readonly text: string;
}

export interface Imports {
  /** Each before the one that imports it, which so has the last word. */
  readonly files: readonly InstructionFile[];
  readonly leftOut: readonly string[];
}

/**
 * `read`: of a path in `folder`; asked for nothing else. A word with an `@` that is no file there stays a
 * word.
 */
export async function importsOf(
  first: InstructionFile,
  folder: string,
  read: (name: string) => Promise<ProjectText>,
): Promise<Imports> {
  const files: InstructionFile[] = [];
  const leftOut: string[] = [];
  const seen = new Set([first.path]);
  let bytes = 0;

  const importInto = async (file: InstructionFile, depth: number): Promise<void> => {
    for (const named of importsIn(file.text)) {
      const path = resolve(dirname(file.path), named);
      if (seen.has(path)) continue;
      seen.add(path);
      const name = relative(folder, path);
      const why = whyNot({ named, name, isInside: isBelow(folder, path) && path !== folder });
      if (why !== null) {
        // Aliases of modules (`@/lib`), names of packages and people are no imports.
        if (/\.mdx?$/i.test(named)) leftOut.push(`Not imported, as ${why}: ${named} in ${file.path}`);
        continue;
      }
      const found = await read(name);
      const text = textOf(found);
      if (text === null) {
        const what = problemOf(found);
        if (what !== null) leftOut.push(`Not imported, as it ${what}: ${path}`);
      } else if (depth > depthMax)
        leftOut.push(`Not imported, as more than ${depthMax} files import each other: ${path}`);
      else if (files.length >= filesMax || bytes + Buffer.byteLength(text) > bytesMax)
        leftOut.push(
          `Not imported, as ${first.path} imports more than ${filesMax} files or ${bytesMax / 1024} KiB: ${path}`,
        );
      else {
        bytes += Buffer.byteLength(text);
        const imported = { path, text };
        await importInto(imported, depth + 1);
        files.push(imported);
      }
    }
  };
  await importInto(first, 1);
  return { files, leftOut };
}

/** Not out of code: what is quoted is shown, not imported. */
function importsIn(text: string): string[] {
  const prose = text
    .replaceAll(/^ {0,3}(`{3,}|~{3,})[^\n]*\n[\s\S]*?(?:^ {0,3}\1[`~]*[ \t]*$|(?![\s\S]))/gm, '')
    .replaceAll(/`[^`\n]*`/g, '');
  const named = [...prose.matchAll(/(?<=^|[\s(])@((?:\\ |[^\s`"'<>|\0])+)/gu)].map(([, path = '']) =>
    path.replaceAll('\\ ', ' ').replace(/[.,;:!?)\]*_]+$/, ''),
  );
  return [...new Set(named)].filter((path) => path !== '' && path.length <= pathCharsMax).slice(0, namesMax);
}

/** Each is looked for on the disk. */
const namesMax = 200;

/** Their own files are instructions too. */
const shownFolders = new Set(['.agents', '.claude', '.github', '.podkin']);

function whyNot({
  named,
  name,
  isInside,
}: {
  named: string;
  name: string;
  isInside: boolean;
}): string | null {
  if (!isInside || named.startsWith('~')) return 'it is not in the folder of the file that speaks';
  const isHidden = name.split('/').some((part) => part.startsWith('.') && !shownFolders.has(part));
  return isHidden ? 'it is hidden' : null;
}

function textOf(found: ProjectText): string | null {
  if (found.kind !== 'text' || found.encoding === null || found.text.includes('\0')) return null;
  return found.isCut ? `${found.text}\n(cut here)` : found.text;
}

/** The end of a sentence; null where it is no file. */
function problemOf(found: ProjectText): string | null {
  switch (found.kind) {
    case 'missing':
      return null;
    case 'denied':
      return 'is denied for reading';
    case 'leftOut':
      return /regular file|folder is none|ENAMETOOLONG/.test(found.why) ? null : found.why;
    case 'text':
      return 'is text neither in UTF-8 nor in UTF-16 with its mark';
  }
}
