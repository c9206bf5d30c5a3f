/**
 * The shell scripts around a command: the relay that makes one pipe of its two outputs, the bounds on its
 * resources, and, inside a sandbox, the
 * naming of what it leaves behind. Pure.
 */
import { release } from 'node:os';
import { guardIndex, guardScript, guardedExec } from '../scope/sandbox/start-guard.ts';
import type { Limits } from '../session/settings/settings.ts';

export type ShellLimits = Pick<
  Limits,
  'shellProcesses' | 'shellMemoryBytes' | 'shellFileBytes' | 'shellCpuSeconds' | 'shellTimeoutMs'
>;

/** The name under which the output's relay runs. */
export const relayName = 'podkin-output';

/** The first word on descriptor 4: the shell inside is there and waits. */
export const readyWord = 'ready';

/** The second: it has begun. */
export const begunWord = 'begun';

/** What the shell inside waits for on descriptor 4 before it begins. */
export const goWord = 'go';

export interface ShellParts {
  /** `/bin/bash` where it is there: only it has what the relay and the naming need. */
  readonly file: string;
  readonly relayed: boolean;
  readonly limits: ShellLimits;
  /** What stands before the command so that it runs inside a sandbox; null outside of any. */
  readonly prefix: readonly string[] | null;
  /** Descriptor 4 is there: the shell inside waits on it and reports on it; and the guard's of the start. */
  readonly isHeld: boolean;
  /**
   * A program that talks: its two outputs stay apart and no relay stands between, and outside of any sandbox
   * too a guard ends its group when the pod dies.
   */
  readonly apart?: boolean;
}

/**
 * Arguments for `parts.file`. Standard output and error are one pipe, so that they come in the order written.
 * Node gives a child sockets, on which
 * `> /dev/stderr` fails; hence, where it can be, a relay with a true pipe stands between. It outlasts SIGTERM
 * to pass on the last words, and stands
 * outside of the sandbox, with which everything inside ends at once.
 */
export function shellArgs(parts: ShellParts, command: string): string[] {
  if (parts.apart === true) return apartArgs(parts, command);
  const relay = parts.relayed
    ? `> >(trap "" HUP INT TERM; exec -a ${relayName} /bin/cat 3>&- 4>&- 5>&- 6>&- ${guardIndex}>&-)`
    : '';
  // Two steps: in one, bash would leave the relay's pipe open a second time, and a daemon that has closed its
  // outputs would still hold it.
  const output = `exec ${relay} 2>&1`;
  if (parts.prefix === null) {
    return ['-c', `${bounds(parts)}\n${output}\nexec "$@"`, parts.file, parts.file, '-c', command];
  }
  const rest = parts.relayed ? insideScript : 'exec 4>&-\nexec "$0" -c "$1"';
  const around = [bounds(parts), ...(parts.isHeld ? [`{ ${begun}\n} 2>/dev/null`] : []), rest].join('\n');
  const start = parts.isHeld ? [guardScript, output, guardedExec] : [output, 'exec "$@"'];
  return ['-c', start.join('\n'), parts.file, ...parts.prefix, parts.file, '-c', around, parts.file, command];
}

/** The shell inside a sandbox, before its command. */
const begun = `printf '${readyWord}\\0' >&4
IFS= read -r go <&4 && [ "$go" = ${goWord} ] || exit 125
printf '${begunWord}\\0' >&4`;

function apartArgs(parts: ShellParts, command: string): string[] {
  const { file, prefix } = parts;
  if (prefix === null)
    return ['-c', [bounds(parts), guardScript, guardedExec].join('\n'), file, file, '-c', command];
  const held = parts.isHeld ? [`{ ${begun}\n} 2>/dev/null`] : [];
  const around = [bounds(parts), ...held, 'exec 4>&-\nexec "$0" -c "$1"'].join('\n');
  const start = parts.isHeld ? [guardScript, guardedExec] : ['exec "$@"'];
  return ['-c', start.join('\n'), file, ...prefix, file, '-c', around, file, command];
}

/** A bound that the system does not take, because a narrower one is in force, is left as it is. */
function bounds({ file, limits, prefix }: ShellParts): string {
  const fileBlockBytes = file.endsWith('bash') ? 1024 : 512;
  const wanted = [
    '-c 0',
    `-f ${Math.ceil(limits.shellFileBytes / fileBlockBytes)}`,
    `-d ${Math.ceil(limits.shellMemoryBytes / 1024)}`,
    // Past the first SIGXCPU says why it ends, past the second SIGKILL leaves no choice.
    `-H -t ${limits.shellCpuSeconds + 5}`,
    `-S -t ${limits.shellCpuSeconds}`,
    ...(prefix !== null && countsPerSandbox(release()) ? [`-u ${limits.shellProcesses}`] : []),
  ];
  return wanted.map((bound) => `ulimit ${bound} 2>/dev/null || :`).join('\n');
}

/**
 * Since Linux 5.14 processes are counted for each user namespace; before, and outside of any, all of the
 * user's count, whoever started them.
 */
export function countsPerSandbox(kernel: string): boolean {
  const [major = 0, minor = 0] = kernel.split('.').map(Number);
  return process.platform === 'linux' && (major > 5 || (major === 5 && minor >= 14));
}

/**
 * For bash, as process 2 of a sandbox, with `$0` the shell and `$1` the command. It outlasts SIGTERM, since
 * everything inside ends with it, and starts
 * nothing, since a command may have left no room for another process. At the end it names on descriptor 4,
 * each closed by NUL, what is
 * still there after a moment, and asks it to end.
 */
const insideScript = `trap : HUP INT PIPE TERM
exec 6>&2 2>/dev/null
"$0" -c "$1" 2>&6 4>&- 6>&-
status=$?
exec 5<> <(:) >&- 6>&-
left() {
  names=()
  pids=()
  local path stat words word
  for path in /proc/[0-9]*; do
    case \${path#/proc/} in 1|$$) continue;; esac
    IFS= read -r stat < "$path/stat" || continue
    case \${stat##*) } in [ZX]*) continue;; esac
    words=
    while IFS= read -r -d '' word; do words="$words\${words:+ }$word"; [ \${#words} -lt 80 ] || break; done < "$path/cmdline"
    [ -n "$words" ] || continue
    names+=("\${words:0:80}")
    pids+=("\${path#/proc/}")
  done 2>/dev/null
  [ \${#pids[@]} -gt 0 ]
}
for step in 001 002 004 008 016 032 064 128 250; do
  left || exit $status
  read -r -t "0.$step" -u 5
done
left || exit $status
printf '%s\\0' "\${names[@]}" >&4
kill -TERM "\${pids[@]}" 2>/dev/null
for step in 010 020 040 080 150 200; do
  left || exit $status
  read -r -t "0.$step" -u 5
done
exit $status`;
