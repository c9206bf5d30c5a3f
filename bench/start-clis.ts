/**
 * Starts of other agents' command lines: to their version, and to the moment at which a program that drives
 * them may send its first message.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { groupMembers } from '../src/tools/group-members.ts';
import { type CommandLine, commandLines } from './peers/command-lines.ts';
import type { Figures, Samples } from './report.ts';
import { type Stage, memoryOf } from './stage.ts';

/** One that is not ready by then has failed. */
const readyMs = 60_000;

export interface CliStarts {
  starts: Record<string, () => Promise<Figures>>;
  missing: string[];
}

/**
 * Each in a home of its own, which its first start has furnished before anything is counted. What they hold
 * when they are ready goes into `memory`.
 */
export function cliStarts(stage: Stage, memory: Samples): CliStarts {
  const { found, missing } = commandLines();
  const starts: CliStarts['starts'] = {};
  for (const cli of found) {
    const home = join(stage.home.path, 'clis', cli.name);
    mkdirSync(home, { recursive: true });
    const surroundings = { cwd: home, env: { PATH: process.env['PATH'], HOME: home } };
    starts[`${cli.name} --version`] = () => versionTime(cli, surroundings);
    const label = `${cli.name}, ready`;
    starts[label] = () => readyTime(cli, surroundings, (held) => memory.add(label, held));
  }
  return { starts, missing };
}

interface Surroundings {
  cwd: string;
  env: NodeJS.ProcessEnv;
}

function versionTime({ program }: CommandLine, surroundings: Surroundings): Promise<Figures> {
  const from = performance.now();
  return new Promise((resolve, reject) => {
    execFile(program, ['--version'], { ...surroundings, timeout: readyMs }, (error) =>
      error === null ? resolve({ ms: performance.now() - from }) : reject(error),
    );
  });
}

async function readyTime(
  cli: CommandLine,
  surroundings: Surroundings,
  onHeld: (held: Figures) => void,
): Promise<Figures> {
  const from = performance.now();
  // A group of its own: some start themselves anew, and all of it has to be weighed and ended.
  const child = spawn(cli.program, cli.args, { ...surroundings, detached: true });
  try {
    if (cli.say !== null) child.stdin.write(`${JSON.stringify(cli.say)}\n`);
    await untilSays(child, cli);
    const ms = performance.now() - from;
    onHeld(await groupMemory(child.pid!));
    return { ms };
  } finally {
    endGroup(child.pid);
  }
}

function untilSays(child: ChildProcess, { name, ready }: CommandLine): Promise<void> {
  let output = '';
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      clearTimeout(timer);
      reject(new Error(`${name} ${why}: ${output.slice(-500)}`));
    };
    const timer = setTimeout(() => fail('was not ready in time'), readyMs);
    const take = (chunk: Buffer) => {
      output += chunk.toString();
      if (!output.includes(ready)) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    child.stdin?.on('error', () => undefined);
    child.once('error', (error) => fail(String(error)));
    child.once('exit', () => fail('ended before it was ready'));
  });
}

/** Of all processes of the group. */
async function groupMemory(leader: number): Promise<Figures> {
  const members = (await groupMembers(leader))
    .map(({ pid }) => memoryOf(pid))
    .filter(({ rssMb }) => !Number.isNaN(rssMb));
  if (members.length === 0) return {};
  const sum = (key: 'rssMb' | 'pssMb') => members.reduce((total, member) => total + member[key], 0);
  return { 'RSS MB': sum('rssMb'), 'PSS MB': sum('pssMb') };
}

function endGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGKILL');
  } catch {
    // It had ended by itself.
  }
}
