/**
 * What of a project an agent executes or obeys unasked: hooks, servers of tools, rights. It is trusted by
 * what it holds, as `.mcp.json` is, or it is not shown to the agent.
 */
import { existsSync, lstatSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { trustIn, trustRecord } from '../session/home/trust-records.ts';
import { hashOf } from '../std/file-hash.ts';

export interface ObeyedFiles {
  /** Those that are there, as they are named. */
  readonly paths: readonly string[];
  /** All that a person's answer is to; null where it is more than anybody could look at. */
  readonly content: string | null;
}

/** Of what an agent obeys. */
const filesMax = 500;

/** From the root of the repository down to the folder; where there is none, all above it but the home. */
export function obeyedFolders(cwd: string, personHome: string | null): string[] {
  const folders: string[] = [];
  for (let folder = cwd; ; folder = dirname(folder)) {
    if (folder === personHome || folder === dirname(folder)) return folders;
    folders.unshift(folder);
    if (existsSync(join(folder, '.git'))) return folders;
  }
}

/** `folders`: those in which an agent looks (`obeyedFolders`). */
export function obeyedFiles(
  agent: string,
  obeys: readonly string[],
  folders: readonly string[],
): ObeyedFiles {
  const named = folders.flatMap((folder) => obeys.map((name) => join(folder, name)));
  const paths = named.filter((path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined);
  const files: [path: string, sha256: string][] = [];
  const isWhole = paths.every((path) => readInto(files, path));
  return { paths, content: isWhole ? JSON.stringify(['engine', agent, files]) : null };
}

/** False where there is too much of it, or it cannot be read. */
function readInto(files: [string, string][], path: string): boolean {
  try {
    // A link is followed once, to what it is trusted as; below a folder none is.
    const place = realpathSync(path);
    if (!lstatSync(place).isDirectory()) return addFile(files, place);
    return readdirSync(place, { withFileTypes: true })
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .every((one) => {
        const inside = join(place, one.name);
        if (one.isDirectory()) return files.length <= filesMax && readInto(files, inside);
        return one.isFile() && addFile(files, inside);
      });
  } catch {
    return false;
  }
}

function addFile(files: [string, string][], path: string): boolean {
  const sha256 = files.length >= filesMax ? null : hashOf(path);
  if (sha256 === null) return false;
  files.push([path, sha256]);
  return true;
}

/** A person has said yes to all of it as it is now. */
export function isTrusted(state: string, { content }: ObeyedFiles): boolean {
  return content !== null && trustIn(trustRecord(state, content)) === true;
}
