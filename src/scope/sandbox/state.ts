/**
 * Whether a sandbox holds on this machine, as its self-test found out; and what the escape probes' findings
 * mean. Pure.
 */

export interface SandboxState {
  /**
   * `unknown`: not tested yet, or the test came to no verdict just now; then no command runs, inside or
   * outside. `working`: every probe was made and held. `absent`: there is no program for it. `blocked`: there
   * is one, and twice the system refused it for good. `leaky`: a probe got out, so it counts as none.
   */
  readonly kind: 'unknown' | 'working' | 'absent' | 'blocked' | 'leaky';
  /** What was found, for a person. */
  readonly text: string;
  /** It works, and this kernel took no filter on system calls. */
  readonly isUnfiltered?: boolean;
  /** What to do; null where nothing is to be done. */
  readonly fix: string | null;
}

export const untested: SandboxState = { kind: 'unknown', text: 'not tested yet', fix: null };

export function absentState(platform: string): SandboxState {
  if (platform === 'linux') {
    return {
      kind: 'absent',
      text: 'bubblewrap (bwrap) is not installed',
      fix: 'install the package bubblewrap, as in: apt-get install bubblewrap, dnf install bubblewrap, apk add bubblewrap',
    };
  }
  if (platform === 'darwin') {
    return { kind: 'absent', text: '/usr/bin/sandbox-exec is not there', fix: null };
  }
  return { kind: 'absent', text: `no sandbox is known for ${platform}`, fix: null };
}

/** The settings name a program that is not there. */
export function missingProgram(path: string): SandboxState {
  return {
    kind: 'absent',
    text: `[sandbox] program names ${path}, which is not there`,
    fix: "correct that line of your config.toml, or remove it for the system's own",
  };
}

/** What a run of the probes brought to light. */
export interface ProbeFindings {
  /** Lines `name=value` that the probes wrote from inside; empty when none ran. */
  readonly output: string;
  /** What the sandbox's program said against its start. */
  readonly complaint: string;
  /** Names of files that must not have come to be, and did. */
  readonly written: readonly string[];
  /** Of the world outside, to be compared. */
  readonly outside: { readonly pidNamespace: string; readonly netNamespace: string };
  /** A setting of this kernel that allows no namespace at all; null for none. */
  readonly forbiddenBy: string | null;
  readonly network: boolean;
  /** Whether a variable of this name may be seen inside. */
  readonly allowsVariable: (name: string) => boolean;
}

/**
 * `working` and `leaky` only on what the probes positively reported: a check that left no result for want of
 * memory, room or processes is no verdict.
 */
export function judgeProbes(findings: ProbeFindings): SandboxState {
  const report = reportOf(findings);
  if (report.value('end') !== 'yes' || report.value('inside') !== 'yes') return notEnded(findings);
  const leaks = leaksIn(report, findings);
  if (leaks.length > 0) {
    return {
      kind: 'leaky',
      text: `a probe got out of the sandbox: ${leaks.join('; ')}`,
      fix: 'use the bubblewrap of your distribution, up to date; until then shells count as not confined',
    };
  }
  if (!isComplete(report, findings))
    return unknownState(`not all of its probes ran. ${lastWords(findings.complaint)}`);
  const network = findings.network ? 'network allowed' : 'no network';
  return { kind: 'working', text: `shells are confined to the scope; ${network}`, fix: null };
}

interface Report {
  readonly value: (name: string) => string | undefined;
  readonly values: (name: string) => readonly string[];
  /** There are namespaces inside; macOS has none. */
  readonly isNamespaced: boolean;
}

function reportOf({ output }: ProbeFindings): Report {
  const lines = output.split('\n').map((line) => line.split('='));
  const values = (name: string) => lines.filter(([key]) => key === name).map(([, value = '']) => value);
  return { value: (name) => values(name)[0], values, isNamespaced: values('ns.pid').length > 0 };
}

function leaksIn(report: Report, findings: ProbeFindings): string[] {
  const { outside, network, allowsVariable } = findings;
  const isSame = (name: string, theirs: string) =>
    report.isNamespaced && theirs !== '' && report.value(name) === theirs;
  const foreign = report.values('variable').filter((name) => !allowsVariable(name));
  return [
    ...findings.written.map((name) => `it wrote ${name}`),
    ...report.values('read').map((name) => `it read ${name}`),
    ...(isSame('ns.pid', outside.pidNamespace) ? ["it saw the host's processes"] : []),
    ...(!network && isSame('ns.net', outside.netNamespace) ? ['it had the network'] : []),
    ...(/[1-9a-f]/.test(report.value('capabilities') ?? '') ? ['it had capabilities'] : []),
    ...(foreign.length > 0 ? [`it saw the variables ${foreign.join(', ')}`] : []),
  ];
}

/** Every check has left what it found. */
function isComplete(report: Report, { outside }: ProbeFindings): boolean {
  const { value, values, isNamespaced } = report;
  if (values('variable').length === 0 || values('tried').length !== triesOfProbes) return false;
  if (!isNamespaced) return outside.pidNamespace === '';
  const names = [value('ns.pid'), value('ns.net'), outside.pidNamespace, outside.netNamespace];
  const isNamed = names.every((name) => /^[a-z]+:\[\d+\]$/.test(name ?? ''));
  return isNamed && /^0+$/.test(value('capabilities') ?? '');
}

/** Too many namespaces are no lasting refusal; that none are allowed is. */
function notEnded({ complaint, forbiddenBy }: ProbeFindings): SandboxState {
  const said = lastWords(complaint);
  if (forbiddenBy === null || !said.startsWith('bwrap: Creating new namespace failed'))
    return startFailure(said);
  return {
    kind: 'blocked',
    text: `the sandbox cannot start: ${forbiddenBy} is 0`,
    fix: blockedFix('namespace'),
  };
}

/** Attempts of the probes to write or read where they must not, each of which says that it was made. */
const triesOfProbes = 7;

/**
 * The program did not bring the probes to their end. Only a refusal that lasts is a verdict; whatever else
 * ended it may be over at the next command. `complaint`: the last words of the program.
 */
export function startFailure(complaint: string): SandboxState {
  const said = lastWords(complaint);
  if (!isLastingRefusal(said)) return unknownState(said);
  return { kind: 'blocked', text: `the sandbox cannot start: ${said}`, fix: blockedFix(said) };
}

function unknownState(said: string): SandboxState {
  const fix =
    'make room, or raise the limit that it names; it is tested again with the next command. To try it by hand: bwrap --unshare-user --ro-bind / / true';
  const text = `the sandbox cannot be tested: ${said === '' ? 'it ended without a word' : said}`;
  return { kind: 'unknown', text, fix };
}

function lastWords(complaint: string): string {
  return complaint.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
}

/** The system does not let this file be run as a program. */
export function notRunnable(program: string, code: string): SandboxState {
  return {
    kind: 'blocked',
    text: `the sandbox cannot start: ${program} cannot be run: ${code}`,
    fix: 'make it a program that you may run, or name another: [sandbox] program in your config.toml',
  };
}

/** The world for the probes could not be made. */
export function untestedState(folder: string, complaint: string): SandboxState {
  return {
    kind: 'unknown',
    text: `the sandbox cannot be tested: ${complaint.slice(0, 300)}`,
    fix: `make ${folder} a folder with room that you may write, then try again`,
  };
}

/**
 * What bubblewrap says where a kernel, its settings or a container do not let it work. Shortages are not
 * among them (memory, room, descriptors, processes, also namespaces: a limit on their number can be met for a
 * moment), nor is a death by a signal, which has no words.
 */
const lastingRefusals: readonly RegExp[] = [
  /: (?:Operation not permitted|Permission denied|Function not implemented)$/,
  /^bwrap: No permissions to creat\w* (?:a )?new namespace/,
  /^bwrap: Creating new namespace failed, likely because the kernel does not support user namespaces/,
  /^bwrap: (?:Creating new namespace failed|setting up [ug]id map|pivot_root.*|Failed to make \/ slave|Can't mount .*): Invalid argument$/,
  /^bwrap: Unexpected capabilities but not setuid/,
  /^bwrap: Unknown option /,
  /^bwrap: Unable to set up system call filtering as requested/,
  /^bwrap: prctl\(PR_SET_[A-Z_]+\)(?: failed)?: Invalid argument$/,
];

function isLastingRefusal(said: string): boolean {
  return /^(?:bwrap|sandbox-exec): /.test(said) && lastingRefusals.some((one) => one.test(said));
}

/** It is the filter on system calls that was refused: the sandbox may work without. */
export function refusesFilter({ kind, text }: SandboxState): boolean {
  return kind === 'blocked' && /PR_SET_SECCOMP|system call filtering|option --seccomp/.test(text);
}

/** To a model whose command is not run for it. */
export function notTested({ text }: SandboxState): string {
  return `Nothing was run: ${text}. It is tested again with the next command; if that fails too, say so in your answer.`;
}

function blockedFix(said: string): string {
  if (/proc/i.test(said) && /mount/i.test(said)) {
    return 'inside a container: start it so that /proc may be mounted (docker: --security-opt systempaths=unconfined), or run podkin outside of it';
  }
  if (/namespace|uid map|Permission denied|Operation not permitted/i.test(said)) {
    return 'let users make user namespaces: sysctl kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu), kernel.unprivileged_userns_clone=1 (Debian), user.max_user_namespaces above 0; in a container its seccomp profile must allow them';
  }
  return 'try: bwrap --unshare-user --ro-bind / / true';
}
