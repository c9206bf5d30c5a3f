/**
 * `podkin engines install`: npm puts exact versions into a folder beside the one in which an agent is looked
 * for; only a whole one takes its place. No script of a package runs, but the one that an agent cannot be
 * without.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { KnownAgent } from '../../engine/agents.ts';
import { engineEntry, engineFolder, ownNode } from '../../engine/engine-entry.ts';
import { nothingAdded } from '../../std/nothing-added.ts';
import { isProgram } from '../../std/is-program.ts';
import { systemCode } from '../../std/system-code.ts';
import { visible } from '../format/printable.ts';
import { askYesNo, canAsk } from '../invocation/ask-person.ts';
import { type CommandContext, CommandFailed, exitStatus } from '../invocation/context.ts';

export interface WantedEngine {
  readonly name: string;
  readonly known: KnownAgent;
  /** Of its first package; null: the one that was tried. */
  readonly version: string | null;
}

/** A version, whole: a range or a tag would be another one at another time. */
const exactVersion = /^\d+\.\d+\.\d+(?:-[\w.-]+)?$/;
/** For an agent that needs a newer one than podkin runs under; npm has one package for each platform. */
const nodeVersion = '24.22.3';
const nodePlatforms = new Set(['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64']);
const npmMs = 20 * 60_000;
/** What an installation that was cut off has left is removed by a later one. */
const leftMs = 24 * 60 * 60_000;

/** Answers the exit status. Throws `CommandFailed`, or the file system's error. */
export async function installEngine(
  context: CommandContext,
  { name, known, version }: WantedEngine,
  { yes }: { readonly yes: boolean },
): Promise<number> {
  if (version !== null && !exactVersion.test(version))
    throw usage(`"${visible(version)}" is no exact version: write it as in ${name}@1.2.3`);
  const packages = [
    ...known.packages.map(([one, tried], at) => `${one}@${at === 0 ? (version ?? tried) : tried}`),
    ...nodePackages(known),
  ];
  const folder = engineFolder(context.home.state, name);
  const question = [
    `npm is to install ${packages.join(' and ')} into ${folder}.`,
    `They are programs of others, and run as you; ${known.prepares === null ? 'no script' : `one script (${known.prepares})`} of their packages runs as they are installed.`,
    '',
  ].join('\n');
  if (!yes && !canAsk(context))
    throw usage(`${question.trim().replaceAll('\n', ' ')} To install it without being asked: --yes`);
  if (!yes && (await askYesNo(context, question)) !== true) return exitStatus.failed;
  const all = dirname(folder);
  mkdirSync(all, { recursive: true, mode: 0o700 });
  const prefix = `.${name}-`;
  removeOld(all, prefix);
  const made = mkdtempSync(join(all, prefix));
  try {
    await filled(context, made, { packages, known });
    takePlace(made, folder);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
  const entry = engineEntry(name, { engines: new Map(), environment: {}, state: context.home.state });
  if (typeof entry === 'string') throw new CommandFailed(exitStatus.failed, entry);
  context.stderr.write(`${known.title} is installed. Next: podkin doctor --engine ${name}\n`);
  return exitStatus.done;
}

function usage(message: string): CommandFailed {
  return new CommandFailed(exitStatus.usage, message);
}

function nodePackages({ nodeMajor, title }: KnownAgent): string[] {
  const [major = 0] = process.versions.node.split('.').map(Number);
  if (nodeMajor === null || major >= nodeMajor) return [];
  const platform = `${process.platform}-${process.arch}`;
  if (nodePlatforms.has(platform)) return [`node-${platform}@${nodeVersion}`];
  throw new CommandFailed(
    exitStatus.failed,
    `${title} needs Node ${nodeMajor}, this is Node ${process.versions.node}, and npm has none for ${platform}: run podkin with a newer one`,
  );
}

/** Throws unless all of it is there. */
async function filled(
  context: CommandContext,
  made: string,
  { packages, known }: { readonly packages: readonly string[]; readonly known: KnownAgent },
): Promise<void> {
  writeFileSync(join(made, 'package.json'), '{"private":true}\n');
  const status = await npm(context, made, packages);
  if (status !== 0)
    throw new CommandFailed(exitStatus.failed, `npm ended with ${status}: nothing was changed`);
  const { prepares } = known;
  const prepared =
    prepares === null
      ? 0
      : await run(context, made, [process.execPath, join(made, 'node_modules', prepares)]);
  if (prepared !== 0)
    throw new CommandFailed(exitStatus.failed, `${prepares} ended with ${prepared}: nothing was changed`);
  const programs = [join(dirname(ownNode(made)), known.program)];
  if (packages.some((one) => one.startsWith('node-'))) programs.push(ownNode(made));
  const missing = programs.find((program) => !isProgram(program));
  if (missing !== undefined)
    throw new CommandFailed(
      exitStatus.failed,
      `npm has installed no program ${missing.slice(made.length + 1)}: nothing was changed`,
    );
}

/** Between the two renames there is none, which is never half of one. */
function takePlace(made: string, folder: string): void {
  const old = `${made}-old`;
  try {
    renameSync(folder, old);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  renameSync(made, folder);
  rmSync(old, { recursive: true, force: true });
}

function removeOld(all: string, prefix: string): void {
  for (const one of readdirSync(all).filter((entry) => entry.startsWith(prefix))) {
    const path = join(all, one);
    const since = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - since > leftMs) rmSync(path, { recursive: true, force: true });
  }
}

/** What it needs of the person's environment: where its registry is, and no keys of providers. */
const given =
  /^(?:PATH|HOME|USER|LOGNAME|LANG|LC_\w+|TMPDIR|npm_config_\w+|https?_proxy|no_proxy|node_extra_ca_certs|ssl_cert_file)$/i;

/** Answers how it ended, 0 where all went well. */
async function npm(
  context: CommandContext,
  folder: string,
  packages: readonly string[],
): Promise<number | string> {
  const args = ['install', '--save-exact', '--ignore-scripts', '--engine-strict=false', '--loglevel=error'];
  return await run(context, folder, ['npm', ...args, '--no-audit', '--no-fund', '--', ...packages]);
}

async function run(
  { stderr, ownEnvironment }: CommandContext,
  folder: string,
  [program = '', ...args]: readonly string[],
): Promise<number | string> {
  const env = Object.fromEntries(Object.entries(ownEnvironment).filter(([name]) => given.test(name)));
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...nothingAdded, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: npmMs,
  });
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => stderr.write(text));
  return await new Promise((resolve, reject) => {
    child.once('error', () =>
      reject(
        new CommandFailed(
          exitStatus.failed,
          `${program} is not there: install it, or put the agent on the PATH`,
        ),
      ),
    );
    child.once('close', (status, signal) => resolve(status ?? signal ?? 'no status'));
  });
}
