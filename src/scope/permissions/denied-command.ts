/**
 * Whether a command that a rule forbids stands somewhere in a script: behind what only carries it, in quotes
 * for another shell, in braces. Pure. Finds rather too much: what looks like arguments of a carrier may be a
 * command, so each of them is taken for one.
 */
import { alternativesOf, compileGlob } from '../../std/glob.ts';
import { simpleCommands } from './shell-words.ts';

/** Programs and words of the shell that run what stands behind them, with whatever options between. */
const carriers = new Set(
  [
    'then do else elif if while until ! { time coproc function eval exec command builtin trap source .',
    'sudo doas su runuser setpriv pkexec env nohup timeout nice ionice chrt taskset setsid stdbuf unbuffer script',
    'watch strace ltrace valgrind perf gdb flock chroot unshare nsenter systemd-run systemd-inhibit busybox toybox',
    'fakeroot faketime xvfb-run dbus-run-session caffeinate firejail bwrap proot prlimit setarch linux32 linux64 numactl',
    'bash sh dash zsh ksh mksh fish ash rbash csh tcsh xargs parallel entr npx bunx catchsegv cgexec catatonit tini',
    'dumb-init start-stop-daemon daemonize reptyr dtach screen tmux rlwrap chronic ts sem hyperfine gtimeout gnice genv',
    'mapfile readarray compgen complete hash alias bind',
    'gstdbuf gxargs stdbuf ssh-agent gpg-agent aoss torsocks torify proxychains proxychains4 mpirun srun',
  ].flatMap((line) => line.split(' ')),
);
/** Whether a program, or a word of the shell, runs what is behind it. */
export function isCarrier(program: string): boolean {
  return carriers.has(program) || loader.test(program);
}

/** The system's loader of programs, by its path: it runs what it is given. */
const loader = /^ld(?:-linux|-musl|64)?[\w.-]*\.so(?:\.\d+)*$/;

/** Words of their own, or of whoever uses the name later, stand behind. */
const adding = new Set([
  'xargs',
  'gxargs',
  'parallel',
  'entr',
  'sem',
  'alias',
  'hash',
  'mapfile',
  'readarray',
]);
/** Behind one of these a command begins. */
const ofFind: Readonly<Record<string, RegExp>> = {
  find: /^-(?:exec|execdir|ok|okdir)$/,
  gfind: /^-(?:exec|execdir|ok|okdir)$/,
  fd: /^(?:-x|-X|--exec|--exec-batch)$/,
  fdfind: /^(?:-x|-X|--exec|--exec-batch)$/,
};
const assignment = /^[A-Za-z_]\w*(?:\[[^\]]*\])?\+?=/;
/**
 * Scripts in scripts, and words of one command: what goes beyond is not looked through, and so counts as
 * found.
 */
const depthMax = 6;
const wordsMax = 500;
/** Characters read for one rule, all scripts and words that stand in others counted; the same beyond them. */
const charsMax = 4_000_000;

export interface CommandRule {
  /** Whether the rule means this text. */
  fits(text: string): boolean;
  /** The program that it names; null where it names none. */
  readonly program: string | null;
}

export function holdsCommand(script: string, rule: CommandRule): boolean {
  return holdsIn(script, { rule, left: { chars: charsMax } }, 0);
}

interface Search {
  readonly rule: CommandRule;
  readonly left: { chars: number };
}

function holdsIn(script: string, search: Search, depth: number): boolean {
  const { left } = search;
  left.chars -= script.length;
  if (depth > depthMax || left.chars < 0) return true;
  const spaced = withoutSeparators(script);
  // Without quotes as well: inside of them a substitution or another shell's script may stand.
  const bare = spaced.replaceAll(/["']/g, '');
  const commands = [...new Set([spaced, bare, withoutVariables(spaced)])].flatMap(simpleCommands);
  return commands.some((words) => {
    const expanded = words.map((word) => inBraces(word, left));
    return (
      expanded.includes(null) ||
      holds(
        expanded.flatMap((one) => one ?? []),
        search,
        depth,
      )
    );
  });
}

/** What separates words without a blank. Behind the last brace none can end. */
function withoutSeparators(script: string): string {
  const end = script.lastIndexOf('}') + 1;
  const named = script.slice(0, end).replaceAll(/\$\{IFS[^}]*\}/g, ' ') + script.slice(end);
  return named.replaceAll(/\$IFS\b/g, ' ');
}

/** As if none were set: what is left of them is nothing, or what they name for that. */
function withoutVariables(script: string): string {
  return script
    .replaceAll(/\$\{\w+:?[-=+]([^{}]*)\}/g, '$1')
    .replaceAll(/\$(?:\d|[A-Za-z_]\w*|[@*#?!-]|\{[^{}]*\})/g, '');
}

/**
 * Null for more than is looked through. The shell leaves out what comes to nothing: `{,rm} x` runs `rm x`.
 */
function inBraces(word: string, left: Search['left']): readonly string[] | null {
  const listed = word.replaceAll(/\{([A-Za-z])\.\.([A-Za-z])(?:\.\.-?\d+)?\}/g, letters);
  if (listed === word && !(word.includes('{') && word.includes(','))) return [word];
  const all = alternativesOf(listed);
  for (const one of all ?? []) left.chars -= one.length;
  return left.chars < 0 ? null : (all?.filter((one) => one !== '') ?? null);
}

/** `{a..c}` as `{a,b,c}`. */
function letters(_all: string, from: string, to: string): string {
  const [a, b] = [from.charCodeAt(0), to.charCodeAt(0)];
  const all = Array.from({ length: Math.abs(b - a) + 1 }, (_, at) =>
    String.fromCharCode(a < b ? a + at : a - at),
  );
  return all.length === 1 ? from : `{${all.join(',')}}`;
}

function holds(all: readonly string[], search: Search, depth: number): boolean {
  const first = all.findIndex((word) => !assignment.test(word));
  if (first === -1) return false;
  const program = baseName(all[first] ?? '');
  // `alias x=rm` is `rm` under another name.
  const words = all.slice(first).map((word) => (program === 'alias' ? word.replace(/^[^\s=]+=/, '') : word));
  const { rule } = search;
  if (isMeant(words[0] ?? '', words.join(' '), rule)) return true;
  const found = Object.hasOwn(ofFind, program) ? ofFind[program] : undefined;
  if (found === undefined && !isCarrier(program)) return false;
  if (words.length > wordsMax) return true;
  const more = adding.has(program) || found !== undefined ? [''] : [];
  const text = [...words, ...more].join(' ');
  let from = 0;
  return words.some((word, at) => {
    const begin = from;
    from += word.length + 1;
    if (at === 0) return false;
    const begins = found === undefined || found.test(words[at - 1] ?? '');
    if (begins && isMeant(word, text.slice(begin), rule)) return true;
    if (/[\s;&|()`<>]/.test(word) && holdsIn(word, search, depth + 1)) return true;
    return scriptsIn(word).some((script) => holdsIn(`${script} ${text.slice(from)}`, search, depth + 1));
  });
}

/** What is given to an option without a blank: `-S'rm x'`, `-iSrm`, `-c'rm x'`, `--split-string='rm x'`. */
function scriptsIn(word: string): string[] {
  // Blanks as `env -S` writes them.
  const plain = word.replaceAll(/\\[_tnrfv]/g, ' ');
  const named = /^--[A-Za-z][\w-]*=([^]+)$/.exec(plain)?.[1];
  if (named !== undefined) return [named];
  const flags = /^-[A-Za-z0-9]*/.exec(plain)?.[0] ?? '';
  const attached = [...flags.matchAll(/[Sc]/g)].map(({ index }) => plain.slice(index + 1));
  return [...attached, ...(plain === word ? [] : [plain])].filter((script) => script !== '');
}

/**
 * With the program's whole name, without its folder, and as the name that a pattern in it may come to. `text`
 * begins with it.
 */
function isMeant(program: string, text: string, rule: CommandRule): boolean {
  const name = baseName(program);
  const texts = [text, text.slice(program.length - name.length)];
  if (rule.program !== null && /[*?[]/.test(name) && compileGlob(name)(rule.program))
    texts.push(rule.program + text.slice(program.length));
  return texts.some((one) => rule.fits(one));
}

function baseName(program: string): string {
  return program.slice(program.lastIndexOf('/') + 1);
}
