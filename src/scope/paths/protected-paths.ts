/**
 * What stays read-only for pods inside every root that they may write, also while it does not exist yet:
 * files that something obeys without having
 * been asked to, at the next git command, shell, editor, agent or login. Pure; names are compared folded.
 *
 * 1. Protection counts from the root that grants writing: whoever is granted `.vscode` itself may write in
 * it. Narrowing gives no such root away.
 * 2. Everything below a protected name is protected with it.
 *
 * Absent by intent: what a person runs by name and reads in a diff (package.json, Makefile, `.gitmodules`, CI
 * files, AGENTS.md). Absent because no
 * name tells it: a git directory that is not called `.git` or `….git`, and what a protected file includes
 * from elsewhere.
 */
import { foldedName } from './folded-name.ts';

const git = 'git obeys it, and its hooks and settings run commands';
const shell = 'a shell runs it when it starts';
const login = 'it is run or trusted at the next login';
const editor = 'an editor or container runs the commands in it';
const tool = 'a program that people start obeys it unasked';
const agent = 'agents run the commands in it';
const packages = 'package managers take registries, credentials and programs from it';
const own = 'podkin takes its settings from it';

/** Lefthook takes any of these, beside each other. */
const lefthook = ['', '.', '.config/'].flatMap((before) =>
  ['lefthook', 'lefthook-local'].flatMap((name) =>
    ['yml', 'yaml', 'toml', 'json', 'jsonc'].map((end) => `${before}${name}.${end}`),
  ),
);

const lists: readonly (readonly [why: string, names: string])[] = [
  [
    git,
    '.git .gitconfig .config/git .husky .githooks .git-hooks .pre-commit-config.yaml .pre-commit-config.yml prek.toml ' +
      `.overcommit.yml .hgrc .hg/hgrc .config/hg .sl/config .config/sapling .jjconfig.toml .jj/repo/config.toml .config/jj ${lefthook.join(' ')}`,
  ],
  [own, '.podkin'],
  [
    shell,
    '.bashrc .bash_profile .bash_login .bash_logout .bash_aliases .bash_completion .bashrc.d .profile .shrc .kshrc .mkshrc ' +
      '.zshrc .zprofile .zshenv .zlogin .zlogout .oh-my-zsh .zimrc .zpreztorc .config/zsh .cshrc .tcshrc .login .logout ' +
      '.inputrc .config/fish .config/nushell .config/powershell .xonshrc .config/xonsh .config/starship.toml ' +
      '.envrc .direnvrc .direnv .config/direnv .lessfilter .lesskey .config/lesskey .rvmrc .autoenv .autoenv.zsh .mise mise.toml .mise.toml mise.local.toml .mise.local.toml ' +
      '.config/mise .config/mise.toml',
  ],
  [
    login,
    '.ssh .rhosts .shosts .xprofile .xinitrc .xsession .xsessionrc .xserverrc .pam_environment .forward .procmailrc ' +
      '.local/bin .local/share/applications .local/share/systemd .local/share/dbus-1 .config/autostart .config/environment.d ' +
      '.config/systemd .config/plasma-workspace .config/i3 .config/sway .config/hypr Library/LaunchAgents Library/LaunchDaemons',
  ],
  [
    editor,
    '.vscode *.code-workspace .idea .fleet .zed .nova .devcontainer .devcontainer.json .vim .vimrc _vimrc .gvimrc .exrc ' +
      '.nvimrc .nvim.lua .nvim .lvimrc .local.vimrc .ideavimrc .config/nvim .config/vim .emacs .emacs.d .config/emacs ' +
      '.emacs.el .emacs.elc .spacemacs .spacemacs.d .doom.d .config/doom .dir-locals.el .dir-locals-2.el .helix .config/helix ' +
      '.nanorc .config/zed',
  ],
  [
    tool,
    '.tmux.conf .tmux .config/tmux .screenrc .gdbinit .gdbearlyinit .config/gdb .lldbinit .pdbrc .pythonrc .pythonrc.py ' +
      '.irbrc .pryrc .rprofile .renviron .ghci .ocamlinit .iex.exs .psqlrc .sqliterc .wgetrc .curlrc .octaverc .sbclrc ' +
      '.clisprc.lisp .guile .ipython/profile_default/startup ' +
      '.ipython/profile_default/ipython_config.py .julia/config .config/octave .config/wezterm .wezterm.lua .config/kitty',
  ],
  [
    agent,
    '.mcp.json .claude .claude.json .codex .cursor .gemini .kiro .windsurf .qwen .opencode opencode.json opencode.jsonc ' +
      '.opencode.json .opencode.jsonc .config/opencode .copilot .github/hooks .github/copilot .config/github-copilot .amazonq ' +
      '.aider.conf.yml .continue .roo .cline .clinerules .kilocode .augment .factory .crush .crush.json crush.json ' +
      '.config/crush .goose .config/goose .junie .trae .amp .config/amp .codeium .agents .openhands .iflow .codebuddy .pi ' +
      '.vibe .forge',
  ],
  [
    packages,
    '.npmrc .yarnrc .yarnrc.yml .yarnrc.yaml .yarn/releases .yarn/plugins .pnpmfile.cjs .pnpmfile.mjs .pnpmfile.js .pnpmfile.ts ' +
      '.pnpmfile.cts .pnpmfile.mts .pypirc .pip .config/pip .gemrc .bundle/config .condarc .bunfig.toml .cargo/config ' +
      '.cargo/config.toml .cargo/env .cargo/bin .cargo/credentials .cargo/credentials.toml .gradle/init.d .gradle/init.gradle ' +
      '.gradle/init.gradle.kts .m2/settings.xml .terraformrc .config/containers',
  ],
];

interface Protected {
  readonly name: string;
  readonly why: string;
  /** Folded. A first one that begins with `*` stands for all that end so. */
  readonly parts: readonly string[];
}

const table: readonly Protected[] = lists.flatMap(([why, names]) =>
  names.split(' ').map((name) => ({ name, why, parts: name.split('/').map(foldedName) })),
);
const byEnding = table.filter(({ name }) => name.startsWith('*'));
const byFirst = new Map<string, Protected[]>();
for (const one of table) byFirst.set(one.parts[0] ?? '', [...(byFirst.get(one.parts[0] ?? '') ?? []), one]);

/** Below a repository without a working tree. */
const bareParts = new Set(['hooks', 'config'].map(foldedName));

/**
 * The protected names as relative paths, for whoever has to list concrete paths. `.git` stands for all that
 * is in it; what only an ending tells is not here.
 */
export const protectedNames: readonly string[] = table
  .filter((one) => !byEnding.includes(one))
  .map(({ name }) => name);

/**
 * Why `path` (components) is read-only below a root of `rootLength` components; undefined where it is not.
 * The end of a sentence that began with what is protected.
 */
export function protection(path: readonly string[], rootLength: number): string | undefined {
  const parts = path.map(foldedName);
  for (let at = 0; at < parts.length; at += 1) {
    const found = protectedAt(parts, at, rootLength);
    if (found !== undefined) return found.why;
    const isBare = parts[at]?.endsWith(foldedName('.git')) === true && at + 1 >= rootLength;
    if (isBare && bareParts.has(parts[at + 1] ?? '')) return git;
  }
  return undefined;
}

/** Of a name alone, as it may stand in any folder. */
export function isProtectedName(name: string): boolean {
  return protectedAt([foldedName(name)], 0, 0) !== undefined;
}

function protectedAt(parts: readonly string[], at: number, rootLength: number): Protected | undefined {
  const first = parts[at] ?? '';
  const named = byFirst
    .get(first)
    ?.find(
      (one) => at + one.parts.length > rootLength && one.parts.every((name, n) => parts[at + n] === name),
    );
  if (named !== undefined || at + 1 <= rootLength) return named;
  return byEnding.find((one) => first.endsWith(one.parts[0]?.slice(1) ?? ''));
}
