/** `podkin engines`: other agents that can drive pods; installing one, trusting what one obeys. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configuredEngines } from '../../configuration/configured-engines.ts';
import { trustAnswer } from '../../configuration/trust-answers.ts';
import { type KnownAgent, knownAgent, knownAgents } from '../../engine/agents.ts';
import { engineEntry, engineFolder } from '../../engine/engine-entry.ts';
import { obeyedFiles } from '../../engine/obeyed-files.ts';
import { foldersOf } from '../../project/project-folders.ts';
import { userHome } from '../../session/home/places.ts';
import { visible } from '../format/printable.ts';
import { columns } from '../format/table.ts';
import { askAboutText, askYesNo, canAsk } from '../invocation/ask-person.ts';
import { type CommandContext, CommandFailed, exitStatus, jsonText } from '../invocation/context.ts';

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
  return action === 'install' ? await install(context, name, options) : await trust(context, name, options);
}

function listed(context: CommandContext, { json }: EnginesOptions): number {
  const engines = configuredEngines(context.home);
  const place = { engines, environment: context.environment, state: context.home.state };
  const names = [...new Set([...Object.keys(knownAgents), ...engines.keys()])];
  const rows = names.map((name) => {
    const entry = engineEntry(name, place);
    const known = knownAgent(name);
    const command = typeof entry === 'string' ? null : entry.command;
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

/** A version, whole: a range or a tag would be another one at another time. */
const exactVersion = /^\d+\.\d+\.\d+(?:-[\w.-]+)?$/;

async function install(context: CommandContext, wanted: string, { yes }: EnginesOptions): Promise<number> {
  const [name = '', version] = wanted.split('@');
  const known = knownOne(name);
  if (version !== undefined && !exactVersion.test(version))
    throw usage(`"${visible(version)}" is no exact version: write it as in ${name}@1.2.3`);
  const [first = '', ...others] = known.packages;
  const packages = [version === undefined ? first : `${first}@${version}`, ...others];
  const [major = 0] = process.versions.node.split('.').map(Number);
  const folder = engineFolder(context.home.state, name);
  const old = known.nodeMajor !== null && major < known.nodeMajor;
  const question = [
    `npm is to install ${packages.join(' and ')} into ${folder}${version === undefined ? ', the newest version that it has now' : ''}.`,
    'They are programs of others: they run as you, and their packages may run scripts as they are installed.',
    ...(old
      ? [
          `${known.title} needs Node ${known.nodeMajor}, and this is Node ${process.versions.node}: npm may choose an old version of it.`,
        ]
      : []),
    '',
  ].join('\n');
  if (!yes && !canAsk(context)) throw usage(`${question}To install it without being asked: --yes`);
  if (!yes && (await askYesNo(context, question)) !== true) return exitStatus.failed;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
  const status = await npm(context, folder, packages);
  if (status !== 0)
    throw new CommandFailed(exitStatus.failed, `npm ended with status ${status}: nothing else was changed`);
  const entry = engineEntry(name, { engines: new Map(), environment: {}, state: context.home.state });
  if (typeof entry === 'string')
    throw new CommandFailed(exitStatus.failed, `npm has installed no program ${known.program}`);
  context.stderr.write(`${known.title} is installed. Next: podkin doctor --engine ${name}\n`);
  return exitStatus.done;
}

function npm(context: CommandContext, folder: string, packages: readonly string[]): Promise<number> {
  const args = ['install', '--save-exact', '--no-audit', '--no-fund', '--', ...packages];
  const child = spawn('npm', args, {
    cwd: folder,
    env: context.ownEnvironment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => context.stderr.write(text));
  return new Promise((resolve, reject) => {
    child.once('error', () =>
      reject(
        new CommandFailed(exitStatus.failed, 'npm is not there: install it, or put the agent on the PATH'),
      ),
    );
    child.once('close', (status) => resolve(status ?? 1));
  });
}

async function trust(context: CommandContext, name: string, { yes }: EnginesOptions): Promise<number> {
  const known = knownOne(name);
  const folders = await foldersOf(context.cwd, userHome(context.environment));
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
  if (!canAsk(context)) throw usage('a person has to look at it: there is no terminal');
  const { answer } = await trustAnswer(context.home, content, () =>
    askAboutText(context, {
      head: `${known.title} executes or obeys these files of the project unasked:\n`,
      foreign: paths,
      question: 'Is it to see them, as they are now? Look into them first.\n',
    }),
  );
  return answer === true ? exitStatus.done : exitStatus.failed;
}
