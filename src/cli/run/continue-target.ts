/** Which root `run --continue` and `--resume` mean, and what is a task there. */
import { lookUp } from '../../client/find-pod.ts';
import { HomeIndex } from '../../client/home-index.ts';
import { podNamePattern } from '../../protocol/names.ts';
import { type CommandContext, CommandFailed, exitStatus } from '../invocation/context.ts';
import { chosenRoot } from './roots.ts';
import type { RunOptions } from './run-options.ts';

/** Of the command line. */
export interface Given {
  /** Empty where `-c` had none; undefined with `--resume`. */
  readonly named: string | undefined;
  readonly task: string | undefined;
}

export interface Target {
  /** Null: the newest root of the directory. */
  readonly name: string | null;
  readonly task: string | undefined;
}

/** What a pod is made with stays: given here, it would be left out without a word. */
const fixed = [
  ['name', '--name'],
  ['profile', '--profile'],
  ['write', '--write'],
  ['read', '--read'],
  ['deny', '--deny'],
  ['denyWrite', '--deny-write'],
  ['maxSteps', '--max-steps'],
  ['maxCost', '--max-cost'],
  ['maxTokens', '--max-tokens'],
  ['timeoutMinutes', '--timeout-minutes'],
  ['idleMinutes', '--idle-minutes'],
  ['outputSchema', '--output-schema'],
  ['check', '--check'],
  ['tries', '--tries'],
  ['allowTool', '--allow-tool'],
  ['askTool', '--ask-tool'],
  ['denyTool', '--deny-tool'],
  ['sandboxNetwork', '--sandbox-network'],
  ['sandboxUnixSockets', '--sandbox-unix-sockets'],
  ['config', '--config'],
  ['keep', '--keep'],
  ['notify', '--notify'],
] as const satisfies readonly (readonly [keyof RunOptions, string])[];

/** Throws `CommandFailed` (usage) for options that cannot be taken here. */
export function given(options: RunOptions): Given {
  const flags = fixed.flatMap(([option, flag]) => (isGiven(options[option]) ? [flag] : []));
  if (flags.length > 0) {
    const bound = flags.some((flag) => flag === '--max-cost' || flag === '--max-tokens');
    const advice = bound ? '; "podkin budget NAME AMOUNT" changes what its tree may spend' : '';
    throw usage(`a pod goes on with what it was started with: leave out ${flags.join(', ')}${advice}`);
  }
  if (options.resume === true && options.continue !== undefined)
    throw usage('--resume asks which root, and -c says which: give one of them');
  return { named: options.continue, task: options.task };
}

function isGiven(value: RunOptions[keyof RunOptions]): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
}

/** Null: a person chose none. */
export async function targetOf(
  context: CommandContext,
  { named, task }: Given,
  cwd: string,
): Promise<Target | null> {
  if (named === undefined) {
    const name = await chosenRoot(context, new HomeIndex(context.home), cwd);
    return name === null ? null : { name, task };
  }
  if (named === '') return { name: null, task };
  if (task !== undefined || lookUp(context.home, named) !== null) return { name: named, task };
  if (!podNamePattern.test(named)) return { name: null, task: named };
  throw new CommandFailed(
    exitStatus.noSuchPod,
    `there is no pod "${named}"; where it is a task, say: podkin run -c -- ${named}`,
  );
}

function usage(message: string): CommandFailed {
  return new CommandFailed(exitStatus.usage, message);
}
