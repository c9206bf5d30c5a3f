/**
 * Whether a sandbox holds on this machine, as its self-test found out; and what the escape probes' findings
 * mean. Pure.
 */

export interface SandboxState {
  /**
   * `unknown`: not tested yet, or the test could not be made just now; then no command runs, inside or
   * outside. `working`: every probe was held. `absent`: there is no program for it. `blocked`: there is one
   * and the system does
   * not let it work. `leaky`: a probe got out, so it counts as none.
   */
  readonly kind: 'unknown' | 'working' | 'absent' | 'blocked' | 'leaky';
  /** What was found, for a person. */
  readonly text: string;
  /** It works, and this kernel took no filter on system calls. */
  readonly isUnfiltered?: boolean;
  /** What to do; null where nothing is to be done. */
  readonly mend: string | null;
}

export const untested: SandboxState = { kind: 'unknown', text: 'not tested yet', mend: null };

export function absentState(platform: string): SandboxState {
  if (platform === 'linux') {
    return {
      kind: 'absent',
      text: 'bubblewrap (bwrap) is not installed',
      mend: 'install the package bubblewrap, as in: apt-get install bubblewrap, dnf install bubblewrap, apk add bubblewrap',
    };
  }
  if (platform === 'darwin') {
    return { kind: 'absent', text: '/usr/bin/sandbox-exec is not there', mend: null };
  }
  return { kind: 'absent', text: `no sandbox is known for ${platform}`, mend: null };
}

/** The settings name a program that is not there. */
export function missingProgram(path: string): SandboxState {
  return {
    kind: 'absent',
    text: `[sandbox] program names ${path}, which is not there`,
    mend: "correct that line of your config.toml, or remove it for the system's own",
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
  readonly network: boolean;
  /** Whether a variable of this name may be seen inside. */
  readonly allowsVariable: (name: string) => boolean;
}

/** `working` only when the probes ran to their end and none got out. */
export function judgeProbes(findings: ProbeFindings): SandboxState {
  const lines = findings.output.split('\n').map((line) => line.split('='));
  const value = (name: string) => lines.find(([key]) => key === name)?.[1];
  if (value('end') !== 'yes' || value('inside') !== 'yes') {
    return blockedState(findings.complaint);
  }
  const namespaced = value('ns.pid') !== undefined;
  const variables = lines.filter(([key]) => key === 'variable').map(([, name = '']) => name);
  const foreign = variables.filter((name) => !findings.allowsVariable(name));
  const leaks = [
    ...findings.written.map((name) => `it wrote ${name}`),
    ...lines.filter(([key]) => key === 'read').map(([, name]) => `it read ${name}`),
    ...(namespaced && value('ns.pid') === findings.outside.pidNamespace
      ? ["it saw the host's processes"]
      : []),
    ...(namespaced && !findings.network && value('ns.net') === findings.outside.netNamespace
      ? ['it had the network']
      : []),
    ...(namespaced && !/^0+$/.test(value('capabilities') ?? '') ? ['it had capabilities'] : []),
    ...(foreign.length > 0 ? [`it saw the variables ${foreign.join(', ')}`] : []),
  ];
  if (leaks.length > 0) {
    return {
      kind: 'leaky',
      text: `a probe got out of the sandbox: ${leaks.join('; ')}`,
      mend: 'use the bubblewrap of your distribution, up to date; until then shells count as not confined',
    };
  }
  const network = findings.network ? 'network allowed' : 'no network';
  return { kind: 'working', text: `shells are confined to the scope; ${network}`, mend: null };
}

/** `complaint`: the last words of the program that should have started the probes. */
export function blockedState(complaint: string): SandboxState {
  const said = complaint.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
  if (isPassing(complaint)) {
    const mend = 'make room, or raise the limit that it names; it is tested again with the next command';
    return { kind: 'unknown', text: `the sandbox cannot be tested: ${said}`, mend };
  }
  return {
    kind: 'blocked',
    text: `the sandbox can not start: ${said === '' ? 'it ended without a word' : said}`,
    mend: blockedMend(said),
  };
}

/** The world for the probes could not be made. */
export function untestedState(folder: string, complaint: string): SandboxState {
  return {
    kind: 'unknown',
    text: `the sandbox cannot be tested: ${complaint.slice(0, 300)}`,
    mend: `make ${folder} a folder with room that you may write, then try again`,
  };
}

/**
 * What a machine is short of for a while says nothing about its sandbox. Without room for one more namespace,
 * though, there is none for good.
 */
function isPassing(said: string): boolean {
  if (/namespace/i.test(said) && /no space left/i.test(said)) return false;
  return /no space left|quota exceeded|too many open files|cannot allocate|temporarily unavailable|input\/output error|interrupted system call|\b(?:ENOSPC|EDQUOT|EMFILE|ENFILE|ENOMEM|EAGAIN|EIO|EINTR|ETIMEDOUT)\b/i.test(
    said,
  );
}

/** To a model whose command is not run for it. */
export function notTested({ text }: SandboxState): string {
  return `Nothing was run: ${text}. It is tested again with the next command; if that fails too, say so in your answer.`;
}

function blockedMend(said: string): string {
  if (/proc/i.test(said) && /mount/i.test(said)) {
    return 'inside a container: start it so that /proc may be mounted (docker: --security-opt systempaths=unconfined), or run podkin outside of it';
  }
  if (/namespace|uid map|Permission denied|Operation not permitted/i.test(said)) {
    return 'let users make user namespaces: sysctl kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu), kernel.unprivileged_userns_clone=1 (Debian), user.max_user_namespaces above 0; in a container its seccomp profile must allow them';
  }
  return 'try: bwrap --unshare-user --ro-bind / / true';
}
