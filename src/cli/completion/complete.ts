/**
 * `podkin completion SHELL` prints what a shell needs to complete podkin's command lines, and the hidden
 * command that this asks at each press of Tab. Names of pods come from the disk: no pod is dialled, and
 * nothing is made.
 */
import { podAt } from '../../client/find-pod.ts';
import { knownModels, providerVariables } from '../../model/create.ts';
import { type Home, podPlaces } from '../../session/home/home.ts';
import { isPlace, nameAt } from '../../session/home/place.ts';
import { efforts } from '../../session/settings/effort.ts';
import { permissionModes } from '../../session/settings/permissions.ts';
import { oneLine, visible } from '../format/printable.ts';
import { type CommandContext, CommandFailed, exitStatus } from '../invocation/context.ts';
import { outputFormats } from '../run/run-report.ts';
import { candidatesOf, type Completed, type Known } from './candidates.ts';
import { completionScripts, shells } from './scripts.ts';

/** What is known of a value by its name in the table of commands; one flag's or command's own goes before. */
export const valuesByName: Known['values'] = {
  action: ['add', 'rm'],
  approval: 'pod',
  cursor: 'text',
  command: 'text',
  dir: 'folder',
  file: 'file',
  format: outputFormats,
  level: efforts,
  mode: permissionModes,
  model: 'model',
  name: 'pod',
  names: 'pod',
  of: ['project'],
  path: 'file',
  paths: 'file',
  provider: 'provider',
  shell: shells,
  'budget name': 'root',
  'keep names': 'root',
  'mcp action': ['list', 'test'],
  'mcp name': 'text',
  '--continue name': 'root',
  '--name name': 'text',
  '--profile name': 'text',
  // Numbers, times, ids, texts: a person's own.
  age: 'text',
  amount: 'text',
  id: 'text',
  n: 'text',
  rule: 'text',
  rules: 'text',
  values: 'text',
  seconds: 'text',
  task: 'text',
  text: 'text',
  time: 'text',
  usd: 'text',
};

/** Throws `CommandFailed` (usage). */
export function completionCommand({ stdout }: CommandContext, asked: string): number {
  const shell = shells.find((known) => known === asked);
  if (shell === undefined)
    throw new CommandFailed(
      exitStatus.usage,
      `there is no completion for "${visible(asked)}": name one of ${shells.join(', ')}`,
    );
  stdout.write(completionScripts[shell]);
  return exitStatus.done;
}

/**
 * The candidates, one a line, with a tab before what they are; last `:files` or `:folders` where the shell
 * has to offer those. `words`: all behind `podkin`, the last is being typed. Whatever fails, nothing is said:
 * somebody is typing.
 */
export function completeCommand(
  context: CommandContext,
  commands: readonly Completed[],
  words: readonly string[],
): number {
  const known: Known = { commands, values: valuesByName, list: (kind) => listed(context, kind) };
  try {
    const { candidates, paths } = candidatesOf(words.slice(0, -1), words.at(-1) ?? '', known);
    const lines = candidates.map(({ value, about }) =>
      about === '' ? value : `${value}\t${oneLine(about, aboutChars)}`,
    );
    const all = paths === null ? lines : [...lines, `:${paths}`];
    context.stdout.write(all.map((line) => `${line}\n`).join(''));
  } catch {
    return exitStatus.failed;
  }
  return exitStatus.done;
}

const aboutChars = 80;

function listed(
  { environment, home }: CommandContext,
  kind: Parameters<Known['list']>[0],
): readonly string[] {
  switch (kind) {
    case 'model':
      return knownModels(environment).map(({ name }) => name);
    case 'provider':
      return providerVariables().map(({ provider }) => provider);
    case 'root':
      return podPlaces(home).filter((place) => isPlace(place) && !place.includes('.'));
    case 'pod':
      return labels(home);
  }
}

/** As a command takes them. The file of a pod is read only where others have its name. */
function labels(home: Home): string[] {
  const places = podPlaces(home).filter(isPlace);
  const count = new Map<string, number>();
  for (const place of places) count.set(nameAt(place), (count.get(nameAt(place)) ?? 0) + 1);
  return places.flatMap((place) => {
    const name = nameAt(place);
    return place === name || count.get(name) === 1 ? [name] : pathsAt(home, place);
  });
}

/** None of one that is damaged, or is being removed. */
function pathsAt(home: Home, place: string): string[] {
  try {
    const path = podAt(home, place)?.path;
    return path === undefined ? [] : [path];
  } catch {
    return [];
  }
}
