/**
 * Where an agent runs: in the sandbox of its pod's commands with the same scope, a HOME of its own below the
 * pod's folder, the variables that its entry names, and without what of the project it would obey unasked.
 * What it asks permission for is advice; this is the wall.
 */
import { chmodSync, existsSync, lstatSync, mkdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { complaintOf, enter, runShell, type ShellRun } from '../tools/shell-run.ts';
import { networkText } from '../session/settings/engine-settings.ts';
import { programFolders } from '../tools/program-folders.ts';
import type { ToolContext } from '../tools/tool.ts';
import { type EngineEntry, engineFolder } from './engine-entry.ts';
import { isTrusted, type ObeyedFiles, obeyedFiles } from './obeyed-files.ts';
import type { EngineRun } from './process.ts';
import { shellWord } from '../std/shell-word.ts';

export interface EngineHost {
  readonly entry: EngineEntry;
  /** As a command of the pod would have it. */
  readonly context: ToolContext;
  /** The pod's own. */
  readonly podFolder: string;
  /** Whether the pod's commands may reach the network. */
  readonly network: boolean;
  /** Those of the project, the outermost first. */
  readonly projectFolders: readonly string[];
  /** The person's; null where it is not known. */
  readonly personHome: string | null;
  readonly path: string;
}

export type EnginePlaced =
  | {
      readonly kind: 'ready';
      readonly run: EngineRun;
      readonly isHeld: boolean;
      /** What a person should know of how it runs. */
      readonly notes: readonly string[];
    }
  /** `why` is a whole sentence. */
  | { readonly kind: 'refused'; readonly why: string };

/** Of each of its processes: it lives as long as its pod, and holds a history. */
const cpuSeconds = 1_000_000;

/** Makes its HOME. Rejects with the file system's error. */
export async function engineInPlace(host: EngineHost): Promise<EnginePlaced> {
  const { entry, context } = host;
  const { name } = entry;
  const refused = (why: string): EnginePlaced => ({ kind: 'refused', why });
  if (!host.network) return refused(networkText(`The engine ${name}`));
  const { sandbox } = context.shell;
  const state = sandbox.known.kind === 'unknown' ? await sandbox.state() : sandbox.known;
  if (state.kind === 'unknown') return refused(`The engine ${name} is not started: ${state.text}.`);
  const isHeld = state.kind === 'working';
  const { permissionMode } = context;
  if (!isHeld && (permissionMode === 'dontAsk' || permissionMode === 'plan'))
    return refused(
      `The engine ${name} is not started in the mode ${permissionMode}: no sandbox works here that would hold it (${state.text}), and what it asks is only what it chooses to ask. See "podkin doctor".`,
    );
  const obeyed = obeyedFiles(name, entry.known?.obeys ?? [], host.projectFolders);
  const hidden = isTrusted(context.home.state, obeyed) ? [] : obeyed.paths;
  if (!isHeld && hidden.length > 0 && permissionMode !== 'bypassPermissions')
    return refused(
      `The engine ${name} is not started: it would obey ${listed(hidden)}, no sandbox works here that would hide it, and nobody has trusted it: ${toTrust(name)}.`,
    );
  const home = madeHome(host);
  return {
    kind: 'ready',
    isHeld,
    notes: [
      ...(isHeld ? [] : [`${name} runs outside of any sandbox: ${state.text}.`]),
      ...(hidden.length > 0 && isHeld ? [maskedText(name, obeyed, hidden)] : []),
    ],
    run: runIn(host, { home, hidden }),
  };
}

function maskedText(name: string, { content }: ObeyedFiles, hidden: readonly string[]): string {
  const next =
    content === null ? 'it is more than can be trusted by its content' : `to let it: ${toTrust(name)}`;
  return `${name} does not see ${listed(hidden)}, which it would obey unasked; ${next}.`;
}

function toTrust(name: string): string {
  return `"podkin engines trust ${name}" in this directory`;
}

const listedMost = 5;

function listed(paths: readonly string[]): string {
  const more = paths.length - listedMost;
  return paths.slice(0, listedMost).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function runIn(host: EngineHost, own: { home: string; hidden: readonly string[] }): EngineRun {
  const { entry, context, path } = host;
  const { command, args } = entry;
  const { home } = own;
  return async ({ signal, onStreams, onOutput }) => {
    const installed = engineFolder(context.home.state, entry.name);
    const folders = programFolders({ command, args }, path, context.cwd).filter(existsSync);
    const extras = {
      own: [home, ...sharedLogin(host).map(({ from }) => from)]
        .filter(isFolder)
        .map((one) => realpathSync(one)),
      shown: [...folders, ...(existsSync(installed) ? [realpathSync(installed)] : [])],
      masked: own.hidden,
    };
    const limits = { ...context.shell.limits, shellCpuSeconds: cpuSeconds };
    const inside: ToolContext = { ...context, signal, shell: { ...context.shell, limits, extras } };
    const entered = await enter(inside);
    if ('refused' in entered) return `could not be started: ${entered.refused}`;
    const line = [command, ...args].map(shellWord).join(' ');
    const variables = {
      HOME: home,
      XDG_CACHE_HOME: join(home, '.cache'),
      ...(entry.known?.callsByName === true && entry.program.startsWith(`${installed}/`)
        ? { PATH: `${dirname(entry.program)}:${path}` }
        : {}),
      ...entry.variables,
    };
    const how = await runShell(
      {
        command: `exec ${line}`,
        timeoutMs: null,
        place: entered.place,
        onOutput,
        talks: { variables, onStreams },
      },
      inside,
    );
    return endText(how);
  };
}

/** For this pod alone; 0700, as its keys and its history are in it. */
function madeHome(host: EngineHost): string {
  const home = join(host.podFolder, 'engine-home');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  chmodSync(home, 0o700);
  for (const { from, name } of sharedLogin(host)) {
    const link = join(home, name);
    mkdirSync(dirname(link), { recursive: true });
    if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() === true) rmSync(link);
    if (lstatSync(link, { throwIfNoEntry: false }) === undefined) symlinkSync(from, link);
  }
  return realpathSync(home);
}

/** Of a login that the person shares: the folders of it, as it is renewed by a rename inside of one. */
function sharedLogin({ entry, personHome }: EngineHost): { name: string; from: string }[] {
  if (entry.settings.login !== 'share' || personHome === null) return [];
  return (entry.known?.login ?? [])
    .map((name) => ({ name, from: join(personHome, name) }))
    .filter(({ from }) => isFolder(from));
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function endText(how: ShellRun): string {
  if (how.kind === 'notStarted') return `could not be started: ${how.text}`;
  if (how.kind === 'notBegun') return `could not be started: ${complaintOf(how, '')}`;
  if (how.lost !== null) return `was ended, because ${how.lost}`;
  const { signal, exitCode } = how.run;
  return signal === null ? `ended with exit code ${exitCode}` : `was ended by ${signal}`;
}
