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

export interface CommandRule {
  /** Whether the rule means this text. */
  fits(text: string): boolean;
  /** The program that it names; null where it names none. */
  readonly program: string | null;
}

export function holdsCommand(script: string, rule: CommandRule, depth = 0): boolean {
  if (depth > depthMax) return true;
  // What separates words without a blank.
  const spaced = script.replaceAll(/\$\{IFS[^}]*\}|\$IFS\b/g, ' ');
  // Without quotes as well: inside of them a substitution or another shell's script may stand.
  const bare = spaced.replaceAll(/["']/g, '');
  const commands = [...new Set([spaced, bare, withoutVariables(spaced)])].flatMap(simpleCommands);
  return commands.some((words) => {
    const expanded = words.map(inBraces);
    return (
      expanded.includes(null) ||
      holds(
        expanded.flatMap((one) => one ?? []),
        rule,
        depth,
      )
    );
  });
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
function inBraces(word: string): readonly string[] | null {
  const listed = word.replaceAll(/\{([A-Za-z])\.\.([A-Za-z])(?:\.\.-?\d+)?\}/g, letters);
  if (listed === word && !(word.includes('{') && word.includes(','))) return [word];
  return alternativesOf(listed)?.filter((one) => one !== '') ?? null;
}

/** `{a..c}` as `{a,b,c}`. */
function letters(_all: string, from: string, to: string): string {
  const [a, b] = [from.charCodeAt(0), to.charCodeAt(0)];
  const all = Array.from({ length: Math.abs(b - a) + 1 }, (_, at) =>
    String.fromCharCode(a < b ? a + at : a - at),
  );
  return all.length === 1 ? from : `{${all.join(',')}}`;
}

function holds(all: readonly string[], rule: CommandRule, depth: number): boolean {
  const first = all.findIndex((word) => !assignment.test(word));
  if (first === -1) return false;
  const program = baseName(all[first] ?? '');
  // `alias x=rm` is `rm` under another name.
  const words = all.slice(first).map((word) => (program === 'alias' ? word.replace(/^[^\s=]+=/, '') : word));
  if (isMeant(words, rule)) return true;
  const found = Object.hasOwn(ofFind, program) ? ofFind[program] : undefined;
  if (found === undefined && !isCarrier(program)) return false;
  if (words.length > wordsMax) return true;
  const more = adding.has(program) || found !== undefined ? [''] : [];
  return words.some((word, at) => {
    if (at === 0) return false;
    const begins = found === undefined || found.test(words[at - 1] ?? '');
    if (begins && isMeant([...words.slice(at), ...more], rule)) return true;
    if (/[\s;&|()`<>]/.test(word) && holdsCommand(word, rule, depth + 1)) return true;
    return scriptsIn(word).some((script) =>
      holdsCommand([script, ...words.slice(at + 1), ...more].join(' '), rule, depth + 1),
    );
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

/** With the program's whole name, without its folder, and as the name that a pattern in it may come to. */
function isMeant(words: readonly string[], rule: CommandRule): boolean {
  const [program = '', ...rest] = words;
  const name = baseName(program);
  const names = [program, name];
  if (rule.program !== null && /[*?[]/.test(name) && compileGlob(name)(rule.program))
    names.push(rule.program);
  return names.some((one) => rule.fits([one, ...rest].join(' ')));
}

function baseName(program: string): string {
  return program.slice(program.lastIndexOf('/') + 1);
}
