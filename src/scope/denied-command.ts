/**
 * Whether a command that a rule forbids stands somewhere in a script: behind what only carries it, in quotes
 * for another shell, in braces. Pure. Finds rather too much: what looks like arguments of a carrier may be a
 * command, so each of them is taken for one.
 */
import { alternativesOf, compileGlob } from '../std/glob.ts';
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
    'gstdbuf gxargs stdbuf ssh-agent gpg-agent aoss torsocks torify proxychains proxychains4 mpirun srun',
  ].flatMap((line) => line.split(' ')),
);
/** They add words of their own behind. */
const adding = new Set(['xargs', 'gxargs', 'parallel', 'entr', 'sem']);
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
  const commands = [...simpleCommands(spaced), ...(bare === spaced ? [] : simpleCommands(bare))];
  return commands.some((words) => holds(words.flatMap(inBraces), rule, depth));
}

function inBraces(word: string): readonly string[] {
  return word.includes('{') && word.includes(',') ? (alternativesOf(word) ?? [word]) : [word];
}

function holds(all: readonly string[], rule: CommandRule, depth: number): boolean {
  const first = all.findIndex((word) => !assignment.test(word));
  if (first === -1) return false;
  const words = all.slice(first);
  const program = baseName(words[0] ?? '');
  if (isMeant(words, rule)) return true;
  const found = Object.hasOwn(ofFind, program) ? ofFind[program] : undefined;
  if (found === undefined && !carriers.has(program)) return false;
  if (words.length > wordsMax) return true;
  const more = adding.has(program) || found !== undefined ? [''] : [];
  return words.some((word, at) => {
    if (at === 0) return false;
    const begins = found === undefined || found.test(words[at - 1] ?? '');
    if (begins && isMeant([...words.slice(at), ...more], rule)) return true;
    return /[\s;&|()`<>]/.test(word) && holdsCommand(word, rule, depth + 1);
  });
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
