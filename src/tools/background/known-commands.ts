/** What a model is told that names a command which does not run. Pure. */
import { howItEnded } from '../../session/facts/command-words.ts';
import type { CommandFacts } from '../../session/facts/command-facts.ts';

const namesShown = 20;

export function unknownCommand(facts: CommandFacts | undefined, name: string): string {
  const ended = facts?.ended.get(name);
  if (ended !== undefined) return `"${name}" ${howItEnded(ended)}: there is nothing to end.`;
  const open = [...(facts?.open.keys() ?? [])];
  const known = [...open, ...(facts?.ended.keys() ?? [])].slice(0, namesShown);
  const named = name.slice(0, 100).toWellFormed();
  if (known.length === 0)
    return `There is no command "${named}": none was started in the background. Bash with background starts one.`;
  return `There is no command "${named}". There are: ${known.join(', ')}${open.length === 0 ? ' (all ended)' : ''}.`;
}
