/** `podkin engines`: other agents that can drive pods; installing one, trusting what one obeys. */
import { configuredEngines } from '../../configuration/configured-engines.ts';
import { trustAnswer } from '../../configuration/trust-answers.ts';
import { type KnownAgent, knownAgent, knownAgents } from '../../engine/agents.ts';
import { engineEntry } from '../../engine/engine-entry.ts';
import { obeyedFiles, obeyedFolders } from '../../engine/obeyed-files.ts';
import { realPath } from '../../configuration/real-paths.ts';
import { userHome } from '../../session/home/places.ts';
import { visible } from '../format/printable.ts';
import { columns } from '../format/table.ts';
import { canAsk } from '../invocation/ask-person.ts';
import { type CommandContext, CommandFailed, exitStatus, jsonText } from '../invocation/context.ts';
import { askAtTerminal } from '../invocation/obeyed-asked.ts';
import { installEngine } from './engine-install.ts';

export interface EnginesOptions {
  readonly json: boolean;
  readonly yes: boolean;
}

/** Answers the exit status. Throws `CommandFailed`, or the file system's error. */
export async function enginesCommand(
  context: CommandContext,
  [action = 'list', name, ...more]: readonly string[],
  options: EnginesOptions,
): Promise<number> {
  if (action === 'list' && name === undefined) return listed(context, options);
  if (name === undefined || more.length > 0 || (action !== 'install' && action !== 'trust'))
    throw usage('write podkin engines, podkin engines install NAME[@VERSION] or podkin engines trust NAME');
  if (action === 'trust') return await trust(context, name, options);
  const [agent = '', version = null] = name.split('@');
  return await installEngine(context, { name: agent, known: knownOne(agent), version }, options);
}

function listed(context: CommandContext, { json }: EnginesOptions): number {
  const engines = configuredEngines(context.home);
  const place = { engines, environment: context.environment, state: context.home.state };
  const names = [...new Set([...Object.keys(knownAgents), ...engines.keys()])];
  const rows = names.map((name) => {
    const entry = engineEntry(name, place);
    const known = knownAgent(name);
    const command = typeof entry === 'string' ? null : entry.program;
    return { name, title: known?.title ?? null, command, missing: typeof entry === 'string' ? entry : null };
  });
  if (json) context.stdout.write(jsonText(rows));
  else
    context.stdout.write(
      columns([
        ['ENGINE', 'AGENT', 'HERE'],
        ...rows.map(({ name, title, command }) => [
          `acp/${visible(name)}`,
          title ?? '-',
          command === null ? 'not installed' : visible(command),
        ]),
      ]),
    );
  if (!json)
    context.stderr.write(
      'To install one: podkin engines install NAME. To try one: podkin doctor --engine NAME\n',
    );
  return exitStatus.done;
}

function usage(message: string): CommandFailed {
  return new CommandFailed(exitStatus.usage, message);
}

function knownOne(name: string): KnownAgent {
  const known = knownAgent(name);
  if (known !== null) return known;
  throw usage(`"${visible(name)}" is no agent that is known: ${Object.keys(knownAgents).join(', ')}`);
}

async function trust(context: CommandContext, name: string, { yes }: EnginesOptions): Promise<number> {
  const known = knownOne(name);
  const folders = obeyedFolders(realPath(context.cwd), userHome(context.environment));
  const { paths, content } = obeyedFiles(name, known.obeys, folders);
  if (paths.length === 0) {
    context.stderr.write(`Nothing here is obeyed by ${known.title} unasked.\n`);
    return exitStatus.done;
  }
  if (content === null)
    throw new CommandFailed(
      exitStatus.failed,
      `what ${known.title} obeys here is more than can be trusted by its content, or holds links: ${paths.map(visible).join(', ')}`,
    );
  if (yes) throw usage('--yes is for install: what an agent obeys is trusted by a person at a terminal');
  if (!canAsk(context)) throw usage('a person at a terminal has to look at it, and there is none');
  const ask = askAtTerminal(context);
  const { answer, record } = await trustAnswer(context.home, content, () => ask(known.title, paths));
  if (answer === true) context.stderr.write(`${known.title} sees them, until one of them changes.\n`);
  else context.stderr.write(`${known.title} does not see them. To be asked again: rm ${record}\n`);
  return answer === true ? exitStatus.done : exitStatus.failed;
}
