/** The commands that a pod runs in the background, tied to its log. */
import { BackgroundCommands } from '../../tools/background/background-commands.ts';
import { onCommandEnded, onCommandStarted } from '../machine/command-inputs.ts';
import type { Pod } from '../pod.ts';

export function commandsOf(pod: Pod): BackgroundCommands {
  return new BackgroundCommands({
    get facts() {
      return pod.facts.commands;
    },
    max: pod.core.limits.backgroundCommands,
    async started(begun) {
      const command = pod.input((core) => onCommandStarted(core, begun));
      await pod.durable();
      pod.crash('command.noted');
      return command;
    },
    ended: (ended) => pod.input((core) => onCommandEnded(core, ended)),
  });
}
