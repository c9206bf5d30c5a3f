/**
 * A rule by which a person may answer a shell command once and for all, and what a rule would let through, in
 * words. Pure. Rather none than one that lets anything be run: of a program that runs what it is given, and
 * of what could not be taken back, none is suggested; a person may write it all the same.
 */
import { isCarrier } from './denied-command.ts';
import { isOneCommand, type PermissionRule } from './permission-rules.ts';
import { words } from './word-set.ts';

/** Programs whose first word says what they do. */
const withSubcommands = words(
  'git npm pnpm yarn bun cargo rustup go dotnet mvn gradle make just task bundle rake composer poetry uv pip pip3',
  'terraform helm docker podman kubectl gh brew apt dnf pacman systemctl journalctl podkin swift mix stack cabal',
);
/** They run what they are given, whatever is before it. */
const runners = words(
  'python python2 python3 pypy pypy3 node nodejs deno ts-node tsx perl ruby php lua luajit R Rscript julia osascript',
  'pwsh powershell awk gawk mawk nawk sed gsed ed ex vi vim nvim emacs find gfind fd fdfind pnpx yarnpkg uvx pipx',
  'ssh scp sftp rsync nc ncat socat telnet tar gtar zip man less more gdb lldb expect at batch crontab m4 jshell',
  'ghci irb psql mysql sqlite3 tclsh wish ansible ansible-playbook vagrant nix nix-shell guix conda direnv asdf mise',
);
/** What they do cannot be taken back, or goes out of this machine. */
const risky = words(
  'rm rmdir mv dd shred truncate chmod chown chgrp ln install mkfs mount umount kill killall pkill reboot shutdown',
  'halt poweroff curl wget http https aws gcloud az tee split systemctl apt dnf pacman brew docker podman kubectl',
  'terraform helm gh podkin unlink cp mail sendmail',
);
/** The same of single words of a program. */
const riskyWords = words(
  'git/push git/reset git/clean git/config git/rebase git/bisect git/submodule git/difftool git/mergetool git/grep',
  'git/filter-branch git/gc git/prune git/rm git/checkout git/restore git/daemon git/send-email git/clone git/fetch',
  'git/pull git/remote git/archive git/branch git/tag git/stash git/worktree git/reflog git/update-ref git/hook',
  'npm/exec npm/x npm/publish npm/unpublish npm/explore npm/init npm/create npm/config npm/set npm/token npm/login',
  'pnpm/exec pnpm/dlx pnpm/publish pnpm/create pnpm/config yarn/exec yarn/dlx yarn/publish yarn/npm yarn/create',
  'yarn/node yarn/config bun/x bun/publish bun/create bundle/exec cargo/publish cargo/login cargo/install go/run',
  'go/generate go/install go/env go/tool uv/run uv/tool uv/publish poetry/run poetry/publish poetry/config mix/run',
  'composer/exec stack/exec stack/runghc cabal/exec dotnet/nuget dotnet/tool swift/run rustup/run pip/config',
);
/** Behind these comes the name of a script of the project. */
const withScripts = words('npm/run npm/run-script pnpm/run yarn/run bun/run');

/**
 * The rule for this command and what differs from it by what comes behind its first words; null where none is
 * suggested.
 */
export function suggestedRule(command: string): string | null {
  if (!isOneCommand(command)) return null;
  const [program = '', ...rest] = command.trim().split(/ +/);
  if (!isName(program) || isCarrier(program) || runners.has(program)) return null;
  if (!withSubcommands.has(program)) return risky.has(program) ? null : rule(program);
  const [word = '', script = ''] = rest;
  // An option before the word could be any, and another word is another matter.
  if (!isName(word) || risky.has(program) || riskyWords.has(`${program}/${word}`)) return null;
  if (!withScripts.has(`${program}/${word}`)) return rule(`${program} ${word}`);
  return isScript(script) ? rule(`${program} ${word} ${script}`) : null;
}

function rule(prefix: string): string {
  return `Bash(${prefix}:*)`;
}

/** No path, no option, no assignment, nothing that a shell would make something else of. */
function isName(word: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._+-]*$/.test(word);
}

function isScript(word: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._:+-]*$/.test(word) && !word.endsWith(':');
}

const never = 'never one with ; & | < > ` $ ( ) { } or more than one line';

/** What a rule for the shell lets run, as a person reads it. */
export function ruleMeaning({ pattern }: PermissionRule): string {
  if (pattern === null) return 'every shell command, whatever it is';
  if (pattern.endsWith(':*')) {
    const before = pattern.slice(0, -2).trim();
    return `${shown(before)} alone and with anything behind it, ${never}`;
  }
  if (pattern.includes('*')) return `every command of the form ${shown(pattern)} (* is any text), ${never}`;
  return `the command ${shown(pattern)} alone`;
}

function shown(text: string): string {
  return JSON.stringify(text);
}
