/**
 * The end of everything that chaos has started below its folder, whatever its state: pods, pods in their
 * start, and what commands of pods have left running.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join, sep } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { endLeftOfDead } from '../../pod/process/command-groups.ts';
import { podCommand } from '../../pod/process/start-process.ts';
import { podFolder, podPlaces } from '../../session/home/home.ts';
import { specIfKnown } from '../../session/home/known-spec.ts';
import { monotonicMs } from '../../std/clock.ts';
import { processIdentity } from '../../std/process-identity.ts';
import { signalProcess } from '../../std/signal-process.ts';
import { guardCommand } from './guard-command.ts';
import { roundHome } from './place.ts';

/** SIGKILL cannot be refused; longer than this only an uninterruptible system call takes. */
const killDeadlineMs = 10_000;
const pollMs = 30;
/** What a pod has ended before its own end is gone within that. */
const leaveMs = 3_000;
const commandChars = 80;

/** SIGKILL to each. Answers with sentences on what could not be ended. */
export async function endAllBelow(folder: string): Promise<string[]> {
  const deadlineAt = monotonicMs() + killDeadlineMs;
  // The end of one pod may let the start of another come through, so two looks in a row have to find nobody.
  for (let quietChecks = 0; quietChecks < 2;) {
    const left = ownProcesses(folder);
    quietChecks = left.length === 0 ? quietChecks + 1 : 0;
    if (left.length > 0 && monotonicMs() > deadlineAt) {
      return left.map((pid) => `${processText(pid)} did not end after SIGKILL; end it with: kill -9 ${pid}`);
    }
    for (const pid of left) kill(pid, folder);
    await wait(pollMs);
  }
  await endCommands(folder);
  return [];
}

/** The processes of pods below the folder, by their command lines. */
export function podProcesses(folder: string): number[] {
  return process.platform === 'linux'
    ? inProc().filter((pid) => isPodBelow(commandLine(pid), folder))
    : withPs(folder);
}

/**
 * Those of pods, and whatever they have started, in their group or not, in a sandbox or not: HOME of all is
 * below the folder. A person who looks in there, or a program of theirs, has another one. Where the system
 * shows no environment, those of pods alone.
 */
export function ownProcesses(folder: string): number[] {
  if (process.platform !== 'linux') return podProcesses(folder);
  return inProc().filter((pid) => {
    const words = commandLine(pid);
    // A zombie has neither; this process and the guard have the same HOME.
    if (pid === process.pid || words.includes(guardCommand)) return false;
    return isPodBelow(words, folder) || hasHomeBelow(pid, folder);
  });
}

/** What is still there after a moment, as sentences. */
export async function leftBelow(folder: string): Promise<string[]> {
  const deadlineAt = monotonicMs() + leaveMs;
  for (;;) {
    const left = ownProcesses(folder);
    if (left.length === 0 || monotonicMs() > deadlineAt) {
      return left.map((pid) => `${processText(pid)} was left behind`);
    }
    await wait(pollMs);
  }
}

/** For people: what runs under that number. */
function processText(pid: number): string {
  const command = process.platform === 'linux' ? commandLine(pid).join(' ').trim() : '';
  return command === '' ? `process ${pid}` : `process ${pid} (${command.slice(0, commandChars)})`;
}

function hasHomeBelow(pid: number, folder: string): boolean {
  return readProc(pid, 'environ').some((line) => line.startsWith(`HOME=${folder}${sep}`));
}

function inProc(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Empty for one that has ended, a zombie too. */
function commandLine(pid: number): string[] {
  return readProc(pid, 'cmdline');
}

function readProc(pid: number, file: 'cmdline' | 'environ'): string[] {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function isPodBelow(words: readonly string[], folder: string): boolean {
  const place = words.lastIndexOf(podCommand);
  return place !== -1 && words[place + 1]?.startsWith(`${folder}${sep}`) === true;
}

function withPs(folder: string): number[] {
  const listed = execFileSync('ps', ['-axww', '-o', 'pid=,stat=,command='], { encoding: 'utf8' });
  return listed.split('\n').flatMap((line) => {
    const [, pid, state = 'Z', command = ''] = /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    return pid !== undefined && !state.startsWith('Z') && isPodBelow(command.split(' '), folder)
      ? [Number(pid)]
      : [];
  });
}

/** Only after a second look that it is that process whose identity was taken. */
function kill(pid: number, folder: string): void {
  const identity = processIdentity(pid);
  if (identity === null || !ownProcesses(folder).includes(pid)) return;
  try {
    signalProcess(identity, 'SIGKILL', { group: true });
  } catch {
    // Told by the caller when it is still there at the end.
  }
}

/** In their own groups, or marked: those outlive a pod that was killed. */
async function endCommands(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).filter((entry) => /^\d+$/.test(entry))) {
    const home = roundHome(join(folder, name));
    for (const place of podPlaces(home)) {
      const pod = podFolder(home, place);
      const spec = specIfKnown(pod);
      if (spec !== null) await endLeftOfDead(pod, spec.instance);
    }
  }
}
