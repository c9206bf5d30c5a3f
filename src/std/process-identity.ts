/**
 * Who a process is beyond its pid, which the system reuses: start time and boot. Reads /proc on Linux and
 * asks `ps` and `sysctl` elsewhere.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { PodkinError } from './podkin-error.ts';

export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque: clock ticks since boot on Linux, a date elsewhere. To be compared, not read. */
  readonly startTime: string;
  /** Changes with every start of the machine. */
  readonly bootId: string;
}

type SeenProcess = { startTime: string; zombie: boolean };

/**
 * The identity of a living process; null when there is none with that pid, when it is a zombie, or when the
 * system hides it.
 */
export function processIdentity(pid: number): ProcessIdentity | null {
  const seen = readProcess(pid);
  return seen === null || seen.zombie ? null : { pid, startTime: seen.startTime, bootId: bootId() };
}

/** A situation of the machine: without it nobody could tell a living pod from a dead one. */
class ProcessesHidden extends PodkinError {
  constructor() {
    const next = 'mount /proc (Linux), or install ps';
    super(`the system does not show process ${process.pid}, which is this one: ${next}`);
    this.name = 'ProcessesHidden';
  }
}

let own: ProcessIdentity | undefined;

/** This process; read once. */
export function ownIdentity(): ProcessIdentity {
  own ??= processIdentity(process.pid) ?? undefined;
  if (own === undefined) {
    throw new ProcessesHidden();
  }
  return own;
}

/**
 * Whether exactly this process still runs: not a zombie, not another process under its pid, not one of
 * another boot. A process that the system hides from us but that takes a signal (or refuses it with EPERM)
 * runs.
 */
export function isRunning(identity: ProcessIdentity): boolean {
  if (!validPid(identity.pid) || identity.bootId !== bootId()) return false;
  const seen = readProcess(identity.pid);
  if (seen !== null) return !seen.zombie && seen.startTime === identity.startTime;
  try {
    process.kill(identity.pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

let boot: string | undefined;

/** Id of the machine's current boot; `unknown` where the system tells none. Read once. */
export function bootId(): string {
  boot ??= readBootId();
  return boot;
}

function readBootId(): string {
  try {
    return process.platform === 'linux'
      ? readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
      : ask('sysctl', ['-n', 'kern.bootsessionuuid']);
  } catch {
    return 'unknown';
  }
}

function readProcess(pid: number): SeenProcess | null {
  if (!validPid(pid)) return null;
  return process.platform === 'linux' ? readFromProc(pid) : readFromPs(pid);
}

function validPid(pid: number): boolean {
  return Number.isSafeInteger(pid) && pid > 0;
}

function readFromProc(pid: number): SeenProcess | null {
  try {
    return parseProcStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return null;
  }
}

/**
 * Reads /proc/<pid>/stat. The command name in it may hold spaces and parentheses, so the fields are counted
 * from the last one; null when it does not fit. A first thread that has ended is no end of the process: the
 * sockets, and with them the lock of a pod, are held until the last one has.
 */
export function parseProcStat(text: string): SeenProcess | null {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // Behind the name come field 3, the state, at field 20 the number of threads, at 22 the start time.
  const state = fields[0];
  const startTime = fields[19];
  if (state === undefined || startTime === undefined) return null;
  return { startTime, zombie: /^[ZXx]/.test(state) && !(Number(fields[17]) > 1) };
}

/** The way of systems without /proc. Costs a process start: some 5 ms. */
export function readFromPs(pid: number): SeenProcess | null {
  try {
    const [state, ...date] = ask('ps', ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)]).split(/\s+/);
    return state === undefined || date.length === 0
      ? null
      : { startTime: date.join(' '), zombie: /^[ZX]/.test(state) };
  } catch {
    return null;
  }
}

function ask(command: string, args: string[]): string {
  // Language and zone fixed: the date is compared as text, by processes that may have been started under
  // other settings.
  const env = { PATH: '/bin:/usr/bin:/sbin:/usr/sbin', LC_ALL: 'C', TZ: 'UTC' };
  return execFileSync(command, args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] }).trim();
}
