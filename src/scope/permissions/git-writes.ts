/**
 * Which git commands of a script change a repository's `.git`, and where they run. Pure. Not a shell: what
 * only running it would tell is not found, and then nothing is offered.
 */
import { resolve } from 'node:path';
import { longPathProblem } from '../../std/long-path.ts';
import { isCarrier } from './denied-command.ts';
import { simpleCommands } from './shell-words.ts';
import { words } from './word-set.ts';

const writing = words(
  'add am cherry-pick checkout commit fetch gc merge mv prune pull push read-tree rebase repack reset restore revert',
  'rm switch symbolic-ref update-index update-ref write-tree pack-refs filter-branch fast-import',
);
/** They write with another first word than these, or with none where that is not among them. */
const readingWords = new Map(
  Object.entries({
    stash: words('list show'),
    worktree: words('list'),
    notes: words('list show').add(''),
    submodule: words('status summary foreach').add(''),
    bisect: words('log view help').add(''),
    'sparse-checkout': words('list'),
  }),
);
const writingWords = new Map(
  Object.entries({
    remote: words('add rename remove rm set-url set-head set-branches prune update'),
    reflog: words('expire delete'),
    maintenance: words('run start register'),
  }),
);
const listing =
  /^(?:-l|-n\d*|-v{1,2}|-a|-r|--(?:list|contains|no-contains|merged|no-merged|points-at|show-current)\b.*)$/;
/** Scripts in scripts. */
const depthMax = 3;
/** Folders that are looked at for one script. */
const foldersMax = 64;

/** The folders in which such a command runs, each once; of many the first. */
export function gitWrites(script: string, cwd: string): string[] {
  const writes = commandsIn(script, { folder: cwd, depth: 0 }).filter(({ name, args }) =>
    isWriting(name, args),
  );
  return [...new Set(writes.map(({ folder }) => folder))].slice(0, foldersMax);
}

/** Whether one of them makes a repository. */
export function makesRepository(script: string): boolean {
  return commandsIn(script, { folder: '/', depth: 0 }).some(({ name }) => /^(?:init|clone)$/.test(name));
}

interface GitCommand {
  readonly name: string;
  readonly args: readonly string[];
  readonly folder: string;
}

function commandsIn(script: string, at: { folder: string; depth: number }): GitCommand[] {
  if (at.depth > depthMax) return [];
  let { folder } = at;
  return simpleCommands(script).flatMap((all) => {
    const given = all.slice(all.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word)));
    const [first = '', second] = given;
    if (first === 'cd') {
      if (second !== undefined) folder = folderIn(folder, second) ?? folder;
      return [];
    }
    const git = given.findIndex((word) => /(?:^|\/)git$/.test(word));
    if (git === 0 || (git > 0 && isCarrier(nameOf(first)))) return ofGit(given.slice(git + 1), folder);
    if (!isCarrier(nameOf(first))) return [];
    return given
      .slice(1)
      .filter((word) => /\bgit\b/.test(word) && /\s/.test(word))
      .flatMap((word) => commandsIn(word, { folder, depth: at.depth + 1 }));
  });
}

/** `args`: behind the program's name. */
function ofGit(args: readonly string[], cwd: string): GitCommand[] {
  let folder = cwd;
  let at = 0;
  for (; args[at]?.startsWith('-') === true; at += 1) {
    const option = args[at] ?? '';
    // Where it is by itself is then somewhere else.
    if (/^--(?:git-dir|work-tree)\b/.test(option)) return [];
    if (option === '-C') {
      const next = folderIn(folder, args[at + 1] ?? '.');
      if (next === null) return [];
      folder = next;
    }
    if (option === '-C' || option === '-c') at += 1;
  }
  return [{ name: args[at] ?? '', args: args.slice(at + 1), folder }];
}

/** Null for what no system enters. */
function folderIn(folder: string, path: string): string | null {
  const named = isTooLong(path) ? null : resolve(folder, path);
  return named === null || isTooLong(named) ? null : named;
}

function isTooLong(path: string): boolean {
  return longPathProblem(path) !== null;
}

function isWriting(command: string, args: readonly string[]): boolean {
  if (writing.has(command)) return true;
  const named = args.filter((arg) => !arg.startsWith('-'));
  const [first = ''] = named;
  const reading = readingWords.get(command);
  if (reading !== undefined) return !reading.has(first);
  const writes = writingWords.get(command);
  if (writes !== undefined) return writes.has(first);
  if (command === 'branch' || command === 'tag')
    return named.length > 0 && !args.some((arg) => listing.test(arg));
  if (command !== 'config') return false;
  const isElsewhere = args.some((arg) => /^(?:--global|--system|-f|--file\b.*|--get.*|-l|--list)$/.test(arg));
  return !isElsewhere && (named.length > 1 || args.some((arg) => /^--(?:unset|add|replace|edit)/.test(arg)));
}

function nameOf(program: string): string {
  return program.slice(program.lastIndexOf('/') + 1);
}
