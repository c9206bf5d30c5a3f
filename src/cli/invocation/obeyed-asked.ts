/**
 * Before a pod is made that another agent is to drive: what of the project that agent would execute or obey
 * unasked is shown to the person, once for what it holds. Without an answer the agent does not see it.
 */
import { trustAnswer } from '../../configuration/trust-answers.ts';
import { knownAgent } from '../../engine/agents.ts';
import { obeyedFiles, obeyedFolders } from '../../engine/obeyed-files.ts';
import type { Home } from '../../session/home/places.ts';
import { engineNameIn } from '../../session/settings/engine-settings.ts';
import { askAboutText } from './ask-person.ts';
import type { CommandContext } from './context.ts';

export interface ObeyedPlace {
  readonly home: Home;
  readonly model: string;
  /** A real path. */
  readonly cwd: string;
  readonly personHome: string | null;
}

/** Null: the person has not answered. */
export type AskObeyed = (title: string, paths: readonly string[]) => Promise<boolean | null>;

/** Rejects with the file system's error. */
export async function askAboutObeyed(
  { home, model, cwd, personHome }: ObeyedPlace,
  ask: AskObeyed,
): Promise<void> {
  const known = knownAgent(engineNameIn(model) ?? '');
  if (known === null) return;
  const obeyed = obeyedFiles(engineNameIn(model) ?? '', known.obeys, obeyedFolders(cwd, personHome));
  // What is more than anybody could look at is not asked about: the pod says that it is not seen.
  if (obeyed.paths.length === 0 || obeyed.content === null) return;
  await trustAnswer(home, obeyed.content, () => ask(known.title, obeyed.paths));
}

export function askAtTerminal(context: CommandContext): AskObeyed {
  return (title, paths) =>
    askAboutText(context, {
      head: `${title} executes or obeys these files of the project unasked:\n`,
      foreign: paths,
      question: 'Is it to see them, as they are now? Look into them first. With no it works without them.\n',
    });
}
