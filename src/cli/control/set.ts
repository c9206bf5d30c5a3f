/** `podkin set`: with which model, in which mode and with what effort a pod works, shown and set anew. */
import { askPod } from '../../client/ask-pod.ts';
import { CallRefused, PodNotRunning } from '../../client/errors.ts';
import { findPod, type FoundPod } from '../../client/find-pod.ts';
import type { Result } from '../../protocol/methods.ts';
import { foldLog } from '../../session/log/fold-log.ts';
import { effortIn } from '../../session/settings/effort.ts';
import { modelListOf } from '../../session/settings/model-list.ts';
import { oneLine } from '../format/printable.ts';
import { type CommandContext, CommandFailed, exitStatus } from '../invocation/context.ts';
import { isSet, type SetOptions } from '../../library/roots/set-options.ts';
import { setParams } from '../../library/roots/set-options.ts';

export interface SetCommandOptions extends SetOptions {
  readonly json: boolean;
}

/** Answers 1 where a pod below has not said that it took a mode over. */
export async function setCommand(
  context: CommandContext,
  called: string,
  options: SetCommandOptions,
): Promise<number> {
  const pod = findPod(context.home, called);
  const held = isSet(options) ? await setOf(context, pod, options) : await heldBy(pod);
  const { stdout, stderr } = context;
  stdout.write(
    options.json ? `${JSON.stringify({ name: pod.name, ...held })}\n` : `${pod.name}: ${heldText(held)}\n`,
  );
  if (held.unheard.length === 0) return exitStatus.done;
  stderr.write(`${unheardText(held.unheard)}\n`);
  return exitStatus.failed;
}

/** Throws `CommandFailed` (usage) for what cannot be set, and as `askPod` rejects. */
export async function setOf(
  context: CommandContext,
  pod: FoundPod,
  options: SetOptions,
): Promise<Result<'set'>> {
  const params = await setParams(context, options);
  try {
    return await askPod(pod, 'set', params);
  } catch (error) {
    throw setFailure(pod, error);
  }
}

/** JSON-RPC's words for a method that is not known, and for what cannot be. */
const [unknownMethod, invalidParams] = ['-32601', '-32602'];

export function setFailure({ label }: FoundPod, error: unknown): unknown {
  if (error instanceof PodNotRunning) {
    const text = `${label} is not running: "podkin restore ${label}" and "podkin run -c" take the same options`;
    return new CommandFailed(exitStatus.failed, text);
  }
  if (!(error instanceof CallRefused)) return error;
  if (error.code === unknownMethod) {
    const text = `${label} runs an older podkin that cannot do this: "podkin stop ${label}", then "podkin restore ${label}" with the same options`;
    return new CommandFailed(exitStatus.failed, text);
  }
  const cannotBe = error.code === invalidParams || error.code === 'forbidden';
  return cannotBe ? new CommandFailed(exitStatus.usage, error.reason) : error;
}

async function heldBy(pod: FoundPod): Promise<Result<'set'>> {
  try {
    return await askPod(pod, 'set', {});
  } catch (error) {
    const isOlder = error instanceof CallRefused && error.code === unknownMethod;
    if (!isOlder && !(error instanceof PodNotRunning)) throw error;
  }
  const { session } = await foldLog(pod.folder.log);
  const made = session ?? pod.spec;
  const [model = made.model, ...alternatives] = modelListOf(made, { headless: false }).names;
  const effort = effortIn(made.settings) ?? null;
  return { model, alternatives, mode: made.permissionMode, effort, unheard: [] };
}

export function heldText({ model, alternatives, mode, effort }: Result<'set'>): string {
  const others = alternatives.length === 0 ? '' : ` (then ${alternatives.join(', ')})`;
  return oneLine(`${model}${others}, mode ${mode}, effort ${effort ?? 'as the model decides'}`, 1_000);
}

export function unheardText(unheard: readonly string[]): string {
  return `Not heard from yet: ${unheard.join(', ')}. They take the mode over when they link again.`;
}
