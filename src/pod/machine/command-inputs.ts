/** Commands in the background, as inputs of the machine: they begin and end in the log. */
import type { CommandEndedEntry } from '../../session/facts/command-entries.ts';
import type { PathScope } from '../../session/facts/entries.ts';
import { type Core, tryCommit } from './core.ts';
import { evaluate } from './state.ts';

const textCharsMax = 500;

/** Throws `StorageFailed`: then nothing was begun. Answers the command's name. */
export function onCommandStarted(
  { facts, ports }: Core,
  { call, text, scope }: { readonly call: string; readonly text: string; readonly scope: PathScope },
): string {
  const command = `command-${facts.commands.started + 1}`;
  const { turn, hops } = facts.turn ?? { turn: '', hops: 0 };
  const cut = text.slice(0, textCharsMax).toWellFormed();
  const { write } = scope;
  const deny = (scope.deny ?? []).map(({ path }) => path);
  ports.commit([{ type: 'commandStarted', command, call, turn, text: cut, write, deny, hops }]);
  return command;
}

export type CommandEnded = Omit<CommandEndedEntry, 'type'>;

/** False where the log could not be written: it is to be said again. */
export function onCommandEnded(core: Core, ended: CommandEnded): boolean {
  if (!core.facts.commands.open.has(ended.command)) return true;
  if (!tryCommit(core, [{ type: 'commandEnded', ...ended }])) return false;
  core.ports.perform({ type: 'statusChanged' });
  evaluate(core, { urgent: false });
  return true;
}
