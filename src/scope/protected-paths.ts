/**
 * What stays read-only for pods inside every root that they may write, also while it does not exist yet: files that something obeys without having
 * been asked to, at the next git command, shell, editor, agent or login. Pure; names are compared folded.
 *
 * 1. Protection counts from the root that grants writing: whoever is granted `.vscode` itself may write in it. Narrowing gives no such root away.
 * 2. Everything below a protected name is protected with it.
 *
 * Absent by intent: what a person runs by name and reads in a diff (package.json, Makefile, `.gitmodules`, CI files, AGENTS.md). Absent because no
 * name tells it: a git directory that is not called `.git` or `….git`, and what a protected file includes from elsewhere.
 */
import { foldedName } from './folded-name.ts';

const git = 'git obeys it, and its hooks and settings run commands';
const shell = 'a shell runs it when it starts';
const login = 'it is run or trusted at the next login';
const editor = 'an editor or container runs the commands in it';
const agent = 'agents run the commands in it';
const packages = 'package managers take registries, credentials and programs from it';
const own = 'podkin takes its settings from it';

/** One component, or several that follow each other; with why they are protected. */
const names: readonly (readonly [string, string])[] = [
  ['.git', git],
  ['.gitconfig', git],
  ['.config/git', git],
  ['.husky', git],
  ['.pre-commit-config.yaml', git],
  ['lefthook.yml', git],
  ['.podkin', own],
  ...[
    '.bashrc',
    '.bash_profile',
    '.bash_login',
    '.bash_logout',
    '.bash_aliases',
    '.profile',
    '.zshrc',
    '.zprofile',
    '.zshenv',
    '.zlogin',
    '.zlogout',
    '.kshrc',
    '.cshrc',
    '.tcshrc',
    '.inputrc',
    '.config/fish',
    '.envrc',
  ].map((name) => [name, shell] as const),
  ...[
    '.ssh',
    '.xprofile',
    '.xinitrc',
    '.xsessionrc',
    '.pam_environment',
    '.config/autostart',
    '.config/environment.d',
    '.config/systemd',
    'Library/LaunchAgents',
  ].map((name) => [name, login] as const),
  ...['.vscode', '.idea', '.zed', '.devcontainer', '.devcontainer.json', '.exrc', '.nvimrc', '.nvim.lua'].map(
    (name) => [name, editor] as const,
  ),
  ...['.mcp.json', '.claude', '.codex', '.cursor', '.gemini'].map((name) => [name, agent] as const),
  ...['.npmrc', '.yarnrc', '.yarnrc.yml', '.pnpmfile.cjs', '.pypirc'].map(
    (name) => [name, packages] as const,
  ),
];

/** Below a repository without a working tree. */
const bareParts = new Set(['hooks', 'config'].map(foldedName));

const table = names.map(([name, why]) => ({ parts: name.split('/').map(foldedName), why }));

/** The protected names as relative paths, for whoever has to list concrete paths. `.git` stands for all that is in it. */
export const protectedNames: readonly string[] = names.map(([name]) => name);

/**
 * Why `path` (components) is read-only below a root of `rootLength` components; undefined where it is not. The end of a sentence that began with what
 * is protected.
 */
export function protection(path: readonly string[], rootLength: number): string | undefined {
  const parts = path.map(foldedName);
  for (let at = 0; at < parts.length; at += 1) {
    const found = table.find(
      (one) => at + one.parts.length > rootLength && one.parts.every((name, n) => parts[at + n] === name),
    );
    if (found !== undefined) return found.why;
    const isBare = parts[at]?.endsWith(foldedName('.git')) === true && at + 1 >= rootLength;
    if (isBare && bareParts.has(parts[at + 1] ?? '')) return git;
  }
  return undefined;
}
