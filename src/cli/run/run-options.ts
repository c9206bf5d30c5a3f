/** The options of `podkin run`, as they were given. */
import type { CommandInput } from '../invocation/command-input.ts';
import { type SettingOptions, settingOptionsOf } from '../invocation/setting-options.ts';
import { type StdinOptions, stdinOptions } from '../invocation/stdin-options.ts';

/** As the command line gave them; what it did not say is left out. */
export interface RunOptions extends SettingOptions {
  /** `-`: read from stdin. */
  readonly task?: string | undefined;
  readonly stdin: StdinOptions;
  readonly print?: boolean | undefined;
  readonly outputFormat?: string | undefined;
  readonly detach?: boolean | undefined;
  /** A pod, or a task; empty where neither was said with it. */
  readonly continue?: string | undefined;
  readonly resume?: boolean | undefined;
  /** Its tree is started again where it ended without being asked to. */
  readonly keep?: boolean | undefined;
  /** An id of the caller's: given again, nothing is done twice. */
  readonly request?: string | undefined;
  readonly name?: string | undefined;
  readonly write?: readonly string[] | undefined;
  readonly read?: readonly string[] | undefined;
  readonly maxTokens?: string | undefined;
  readonly timeoutMinutes?: string | undefined;
  readonly idleMinutes?: string | undefined;
  /** A file: JSON Schema of the final answer. */
  readonly outputSchema?: string | undefined;
  /** A command that has to end with 0 behind the final answer. */
  readonly check?: string | undefined;
  readonly tries?: string | undefined;
  /** A command of the person, when the tree has settled or waits for them. */
  readonly notify?: string | undefined;
}

/** The options that take paths, several each. */
const pathOptions = ['write', 'read', 'deny', 'denyWrite'] as const;
type PathLists = Record<(typeof pathOptions)[number], readonly string[]>;

/**
 * `--write a "do this"` leaves no argument for the task: a last path with a space in it, or `-`, was meant as
 * one, where only one list ends so.
 */
function taskAmongPaths(lists: PathLists): PathLists & { task: string | undefined } {
  const isTask = (list: readonly string[]): boolean => list.length > 1 && /\s|^-$/.test(list.at(-1) ?? '');
  const [option, more] = pathOptions.filter((name) => isTask(lists[name]));
  if (option === undefined || more !== undefined) return { ...lists, task: undefined };
  return { ...lists, task: lists[option].at(-1), [option]: lists[option].slice(0, -1) };
}

export function runOptions(input: CommandInput): RunOptions {
  const lists: PathLists = {
    write: input.list('write'),
    read: input.list('read'),
    deny: input.list('deny'),
    denyWrite: input.list('denyWrite'),
  };
  const places = input.args[0] === undefined ? taskAmongPaths(lists) : { task: input.args[0], ...lists };
  return {
    ...settingOptionsOf(input),
    ...places,
    stdin: stdinOptions(input),
    print: input.flag('print'),
    outputFormat: input.text('outputFormat'),
    detach: input.flag('detach'),
    continue: input.flag('continue') ? '' : input.text('continue'),
    resume: input.flag('resume'),
    keep: input.flag('keep'),
    request: input.text('request'),
    name: input.text('name'),
    maxTokens: input.text('maxTokens'),
    timeoutMinutes: input.text('timeoutMinutes'),
    idleMinutes: input.text('idleMinutes'),
    outputSchema: input.text('outputSchema'),
    check: input.text('check'),
    tries: input.text('tries'),
    notify: input.text('notify'),
  };
}
