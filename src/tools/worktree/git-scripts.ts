/**
 * What podkin runs of git, as shell scripts for a sandbox. Pure.
 *
 * Invariants
 * - G1 No settings, hooks, filters or attributes of a repository are in force: git works in a directory that
 *   the script has made, with settings of ours, where objects and references alone lead to the repository's.
 *   The user's and the system's settings are not read.
 * - G2 What a script says of its own begins with `@`; git's words go into a file and are shown behind
 *   `@problem` alone.
 * - G3 Only `cloneScript` writes into a clone, and only `returnScript` into a source: objects, and one
 *   branch, forward or new.
 */
import { shellWord } from '../../std/shell-word.ts';
import { type ObjectFormat, type Worktree, cloneOf } from '../../session/settings/worktree.ts';

const begin = `set -u
PATH=/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin:/run/current-system/sw/bin
export PATH LC_ALL=C GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_ATTR_NOSYSTEM=1
export GIT_TERMINAL_PROMPT=0 GIT_OPTIONAL_LOCKS=0 GIT_NO_REPLACE_OBJECTS=1
tmp=$(mktemp -d) || { printf '@problem\\nno temporary folder\\n'; exit 1; }
export HOME="$tmp" XDG_CONFIG_HOME="$tmp"
exec 2>"$tmp/said"
fail() { printf '@problem\\n%s\\n' "$1"; head -c 1500 "$tmp/said"; exit 1; }
command -v git >/dev/null || fail 'git is not installed'
# A directory for git ($1) with what is in the store ($2), on this HEAD ($3).
gitdir() {
  mkdir -p "$1/info" || fail 'no room'
  for part in refs packed-refs shallow; do [ ! -e "$2/$part" ] || ln -s "$2/$part" "$1/$part"; done
  printf '%s\\n' "$3" > "$1/HEAD"
  printf '%s\\n' "$config" > "$1/config"
}
# Its objects ($1): none of its own, and those of all that follow.
objects() {
  to=$1; shift
  mkdir -p "$to/objects/info" "$to/objects/pack"
  printf '%s\\n' "$@" > "$to/objects/info/alternates"
}`;

function words(texts: readonly string[]): string {
  return texts.map(shellWord).join(' ');
}

/** Of a directory of ours. */
function config(format: ObjectFormat): string {
  const settings =
    format === 'sha1'
      ? '[core]\nrepositoryformatversion = 0\nbare = true'
      : `[core]\nrepositoryformatversion = 1\nbare = true\n[extensions]\nobjectformat = ${format}`;
  return `config=${shellWord(settings)}`;
}

export interface Surveyed {
  readonly store: string;
  /** What its HEAD holds. */
  readonly head: string;
  readonly format: ObjectFormat;
  readonly objects: readonly string[];
}

/** Says `@base`, the commit of its HEAD, if it has one; `@taken` where our branches cannot be made. */
export function surveyScript({ store, head, format, objects }: Surveyed): string {
  return `${config(format)}
${begin}
gitdir "$tmp/g" ${shellWord(store)} ${shellWord(head)}
objects "$tmp/g" ${words(objects)}
export GIT_DIR="$tmp/g"
git rev-parse --git-dir >/dev/null || fail 'git does not take it for a repository'
! git show-ref -q --verify refs/heads/podkin || echo '@taken podkin'
! base=$(git rev-parse -q --verify 'HEAD^{commit}') || printf '@base %s\\n' "$base"`;
}

/**
 * `git clone --shared`, of a directory of ours that stands for the source; `author` is what commits in it
 * say, `cwd` a folder that is to be there.
 */
export function cloneScript(worktree: Worktree, { author, cwd }: { author: string; cwd: string }): string {
  const { source, store, objects, format, branch, base } = worktree;
  return `${config(format)}
${begin}
repo=${shellWord(cloneOf(worktree))}
branch=${shellWord(branch)}
gitdir "$tmp/g" ${shellWord(store)} ${shellWord(base)}
ln -s ${shellWord(`${store}/objects`)} "$tmp/g/objects"
mkdir "$tmp/none"
git clone -q --shared --no-checkout --template="$tmp/none" "$tmp/g" "$repo" || fail 'it could not be cloned'
[ ! -e "$repo/.git/objects/info/alternates" ] || printf '%s\\n' ${words(objects)} > "$repo/.git/objects/info/alternates"
cd "$repo" || fail 'it could not be cloned'
mkdir -p .git/hooks .git/info
git config remote.origin.url ${shellWord(source)} &&
git config user.name ${shellWord(`${author} (podkin)`)} &&
git config user.email ${shellWord(`${author}@podkin.invalid`)} &&
git config gc.auto 0 && git config maintenance.auto false || fail 'it could not be set up'
git checkout -q --no-track -b "$branch" ${shellWord(base)} || fail 'its files could not be written'
git for-each-ref --format='%(refname:short)' refs/heads | grep -Fvx "$branch" | while IFS= read -r other; do git branch -q -D "$other"; done
mkdir -p ${shellWord(cwd)} || fail 'its files could not be written'`;
}

/**
 * What tools make again without being asked: it keeps no clone. Beside these a folder that says of itself
 * that it is a cache (`CACHEDIR.TAG`: cargo, pytest, mypy, uv), and a virtual environment (`pyvenv.cfg`).
 * Not `out`, `dist` or `build`: a report may be in them.
 */
const madeAnew = {
  folders: [
    'node_modules',
    'bower_components',
    '.next',
    '.nuxt',
    '.svelte-kit',
    '.turbo',
    '.parcel-cache',
    '.angular',
    '.vite',
    '__pycache__',
    '.pytest_cache',
    '.mypy_cache',
    '.ruff_cache',
    '.tox',
    '.nox',
    '.eggs',
    '.venv',
    '.gradle',
    '.dart_tool',
    '.cache',
  ],
  files:
    '^(.*[.](pyc|pyo|o|obj|class|tsbuildinfo)|[.]gitignore|[.]DS_Store|Thumbs[.]db|[.]eslintcache|[.]stylelintcache)$',
} as const;
const ignoredNamed = 3;

/** Git over the clone, read only: its HEAD, index and references, with all objects. */
function overClone(worktree: Worktree): string {
  const { store, objects, format } = worktree;
  return `${config(format)}
${begin}
repo=${shellWord(cloneOf(worktree))}
[ -d "$repo/.git" ] && [ ! -L "$repo/.git" ] && [ -e "$repo/.git/HEAD" ] || { echo '@missing yes'; exit 0; }
[ -f "$repo/.git/HEAD" ] && [ ! -L "$repo/.git/HEAD" ] || fail 'its HEAD is no file'
gitdir "$tmp/g" "$repo/.git" "$(head -c 1000 "$repo/.git/HEAD")"
objects "$tmp/g" "$repo/.git/objects" ${words(objects)}
gitdir "$tmp/s" ${shellWord(store)} ${shellWord(worktree.base)}
objects "$tmp/s" ${words(objects)}
cd "$repo" || fail 'it cannot be entered'
clone() { git --git-dir="$tmp/g" "$@"; }
GIT_DIR="$tmp/s" git for-each-ref --format='^%(objectname)' > "$tmp/known" || fail 'the source cannot be read'
[ -s "$tmp/known" ] || fail 'the source has no branches any more'
# Of the index ($1), what differs from HEAD or from the files.
changes() {
  GIT_INDEX_FILE="$1" git --git-dir="$tmp/g" --work-tree="$repo" -c core.bare=false -c status.renames=false status --porcelain -z --ignore-submodules=all --untracked-files=normal > "$tmp/status" || fail 'its changes cannot be read'
  tr -cd '\\0' < "$tmp/status" | wc -c | tr -d ' '
}
# What a .gitignore covers, but for what tools make anew: nobody has committed it, and no status names it.
ignored() {
  GIT_INDEX_FILE="$repo/.git/index" git --git-dir="$tmp/g" --work-tree="$repo" -c core.bare=false ls-files -z --others --ignored --exclude-standard > "$tmp/others" || fail 'its ignored files cannot be listed'
  tr '\\n\\0' '?\\n' < "$tmp/others" > "$tmp/ignored"
  awk -F / '
    BEGIN { count = split("${madeAnew.folders.join(' ')}", names, " "); for (i = 1; i <= count; i++) anew[names[i]] = 1 }
    NR == FNR { if (($NF == "CACHEDIR.TAG" || $NF == "pyvenv.cfg") && NF > 1) { sub("[^/]*$", ""); made[$0] = 1 } next }
    { at = ""; for (i = 1; i < NF; i++) { at = at $i "/"; if (($i in anew) || (at in made)) next } }
    $NF ~ /${madeAnew.files}/ { next }
    { files++; if (files <= ${ignoredNamed}) some = some (some == "" ? "" : ", ") substr($0, 1, 120) }
    END { printf "@ignored %d\\n", files; if (files > 0) printf "@some %s%s\\n", some, (files > ${ignoredNamed} ? ", …" : "") }
  ' "$tmp/ignored" "$tmp/ignored"
}`;
}

/**
 * Says `@missing`, or `@tip` of the branch where it is there, how many commits it has beyond its base and
 * what they change, how much is uncommitted or ignored, and how many commits are in neither the branch nor
 * the source.
 */
export function inspectScript(worktree: Worktree): string {
  const ref = shellWord(`refs/heads/${worktree.branch}`);
  const base = shellWord(worktree.base);
  return `${overClone(worktree)}
tip=$(clone rev-parse -q --verify ${ref}'^{commit}') || tip=
if [ -n "$tip" ]; then
  commits=$(clone rev-list --count ${base}.."$tip" --) || fail 'its commits cannot be read'
  clone diff --numstat --no-renames --no-ext-diff --no-textconv ${base} "$tip" -- > "$tmp/diff" || fail 'its commits cannot be compared'
  printf '@tip %s\\n@commits %s\\n' "$tip" "$commits"
  awk '{ files++; added += $1; deleted += $2 } END { printf "@files %d\\n@added %d\\n@deleted %d\\n", files, added, deleted }' "$tmp/diff"
  printf '^%s\\n' "$tip" >> "$tmp/known"
fi
count=$(changes "$repo/.git/index") || { printf '%s\\n' "$count"; exit 1; }
printf '@uncommitted %s\\n' "$count"
ignored
stash=$(clone rev-parse -q --verify refs/stash) || stash=HEAD
others=$(clone rev-list --count --branches --tags HEAD "$stash" --stdin < "$tmp/known") || fail 'its other commits cannot be read'
printf '@others %s\\n' "$others"`;
}

/** More are taken over once these are. */
const tipsNamed = 4;

/**
 * Whether all that the clone holds is in the source too, which no index, list of hidden files or forgotten
 * branch may belie. `@ends`: the commits that all others of these are below, whatever names them, if
 * anything.
 */
export function unsavedScript(worktree: Worktree): string {
  return `${overClone(worktree)}
count=$(changes "$repo/.git/index") || { printf '%s\\n' "$count"; exit 1; }
GIT_INDEX_FILE="$tmp/index" git --git-dir="$tmp/g" read-tree HEAD || fail 'its HEAD cannot be read'
again=$(changes "$tmp/index") || { printf '%s\\n' "$again"; exit 1; }
[ "$again" -le "$count" ] || count=$again
own=$(find "$repo" -mindepth 2 -name .git ! -path "$repo/.git/*" -prune -print | wc -l | tr -d ' ')
for place in modules worktrees; do [ ! -e ".git/$place" ] || own=$((own + 1)); done
# Each object that lies in the clone itself, reached by anything or not.
{ find .git/objects -type f -path '*/objects/[0-9a-f][0-9a-f]/*' | sed 's|.*/\\(..\\)/\\([0-9a-f]*\\)$|\\1\\2|'
  for index in .git/objects/pack/*.idx; do [ ! -f "$index" ] || git show-index --object-format=${worktree.format} < "$index" | cut -d ' ' -f 2; done
} > "$tmp/objects" || fail 'its objects cannot be listed'
clone cat-file --batch-check='%(objectname) %(objecttype)' < "$tmp/objects" > "$tmp/types" || fail 'its objects cannot be read'
awk '$2 == "commit" { print $1 }' "$tmp/types" >> "$tmp/known"
clone rev-list --parents --branches HEAD --stdin < "$tmp/known" > "$tmp/unsaved" || fail 'its commits cannot be read'
awk '{ id[NR] = $1; for (i = 2; i <= NF; i++) below[$i] = 1 }
  END { for (n = 1; n <= NR; n++) if (!(id[n] in below)) { tips++; if (tips <= ${tipsNamed}) text = text " " id[n] }
    printf "@commits %d\\n@tips %d\\n@ends%s\\n", NR, tips, text == "" ? " " : text }' "$tmp/unsaved"
ignored
printf '@uncommitted %s\\n@own %s\\n' "$count" "$own"`;
}

/** Beyond the first: where the branch has moved on in the source, or somebody works on it there. */
const namesMax = 9;

/**
 * Brings the branch, which ends with `tip`, into the source, and says `@branch`, as it is called there. Once
 * it is there nothing is done again.
 */
export function returnScript(worktree: Worktree, tip: string): string {
  const { store, objects, format, branch, base } = worktree;
  return `${config(format)}
${begin}
store=${shellWord(store)}
tip=${shellWord(tip)}
gitdir "$tmp/g" "$store" ${shellWord(base)}
objects "$tmp/g" ${words([`${cloneOf(worktree)}/.git/objects`, ...objects])}
export GIT_DIR="$tmp/g"
[ ! -e "$store/reftable" ] || fail 'its references are kept as reftable, into which podkin writes none'
cat "$store/HEAD" "$store"/worktrees/*/HEAD > "$tmp/heads" 2>/dev/null
sent=
n=1
while [ $n -le ${namesMax} ]; do
  name=${shellWord(branch)}
  [ $n -eq 1 ] || name="$name-$n"
  n=$((n + 1))
  old=$(git rev-parse -q --verify "refs/heads/$name") || old=
  if [ "$old" = "$tip" ]; then printf '@branch %s\\n' "$name"; exit 0; fi
  ! grep -Fqx "ref: refs/heads/$name" "$tmp/heads" || continue
  [ -z "$old" ] || git merge-base --is-ancestor "$old" "$tip" || continue
  if [ -z "$sent" ]; then
    printf '%s\\n^%s\\n' "$tip" ${shellWord(base)} | git pack-objects --revs --stdout -q | GIT_OBJECT_DIRECTORY="$store/objects" git index-pack --stdin --strict > /dev/null || fail 'its commits could not be brought into the source'
    sent=yes
  fi
  git update-ref "refs/heads/$name" "$tip" "$old" || continue
  printf '@branch %s\\n' "$name"
  exit 0
done
fail 'no branch could be made of them in the source'`;
}
