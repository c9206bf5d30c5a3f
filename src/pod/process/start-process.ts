/**
 * Starts the process of a pod from its folder. The process is detached, its output goes to a file (never a
 * pipe, which would break with the starter), and it says on descriptor 3, once, that it listens or why it
 * cannot.
 */
import { PodkinError } from '../../std/podkin-error.ts';
import { withErrorOutput } from '../../std/error-output.ts';
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import type { OwnedBy } from '../../protocol/own-tools.ts';
import type { Clock } from '../../std/clock.ts';
import { once } from '../../std/once.ts';
import { afterWaiting } from '../../std/patient-timer.ts';
import type { Restrictions } from '../../session/facts/entries.ts';
import { isEmpty, noRestrictions } from '../../session/facts/restrictions.ts';
import { efforts } from '../../session/settings/effort.ts';
import { type Hook, hookEvents, hookFailures } from '../../session/facts/hooks.ts';
import { permissionModes } from '../../session/settings/permissions.ts';
import { type PodFolder, readSpec } from '../../session/home/home.ts';
import type { End, ProcessExit, ReadyMessage, StartedProcess } from '../host.ts';
import type { SetAtStart } from '../../session/settings/wanted.ts';
import { mcpServersIn, variablesIn } from '../../session/settings/mcp-settings.ts';
import { podEnvironment } from './pod-environment.ts';
import { enginesIn } from '../../session/settings/engine-settings.ts';

const readyMessage = once((): z.ZodType<ReadyMessage> =>
  z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('ready'), pid: z.int(), incarnation: z.int(), socket: z.string() }),
    z.object({ kind: z.literal('failed'), code: z.string(), message: z.string() }),
  ]),
);
/** On this descriptor it says its first words, one JSON line. */
export const readyDescriptor = 3;
export const readyVariable = 'PODKIN_READY_FD';
/** Set: a person has said that no earlier incarnation goes on where it cannot be asked. */
export const takeOverVariable = 'PODKIN_TAKE_OVER';
/** Set: what it works with from this start on, as JSON. */
export const setVariable = 'PODKIN_SET';
export const setSchema = once((): z.ZodType<SetAtStart> => {
  const models = z.strictObject({ names: z.array(z.string()).min(1), said: z.record(z.string(), z.json()) });
  return z.strictObject({
    models: models.optional(),
    mode: z.enum(permissionModes).optional(),
    effort: z.enum(efforts).optional(),
    most: z.string().optional(),
    hooks: z.array(hookSchema()).optional(),
  });
});
const hookSchema = once((): z.ZodType<Hook> =>
  z.strictObject({
    id: z.string(),
    event: z.enum(hookEvents),
    match: z.string().nullable(),
    command: z.union([z.string(), z.array(z.string()).min(1)]),
    folder: z.string(),
    timeoutMs: z.int().min(1),
    onFailure: z.enum(hookFailures),
    origin: z.enum(['config', 'run']),
  }),
);
/** Set: what the configuration denies now, as JSON. */
export const restrictionsVariable = 'PODKIN_RESTRICTIONS';
export const restrictionsSchema = once(() => {
  const texts = z.array(z.string());
  const right = z.enum(['read', 'write']);
  return z.strictObject({
    deny: z.array(z.strictObject({ path: z.string(), right })),
    rules: z.strictObject({ ask: texts, deny: texts }),
  });
});
/** Set: the turn that its last end has cut is not gone on with; a person has something else to say. */
export const cancelTurnVariable = 'PODKIN_CANCEL_TURN';
/** Set: the program that the tree belongs to from this start on, as JSON. */
export const ownerVariable = 'PODKIN_OWNER';
/** `1`: with this start nobody can be asked, `0`: somebody can; not set: as the tree was begun. */
export const headlessVariable = 'PODKIN_HEADLESS';
/** The hidden command that is a pod's process. */
export const podCommand = '__pod';

/** The process ended before it listened. `code` is its own word (`alreadyRunning` …) or `ended`. */
export class PodStartFailed extends PodkinError {
  readonly code: string;
  readonly stderrTail: string;

  constructor(code: string, message: string, stderrTail: string) {
    super(withErrorOutput(message, stderrTail));
    this.name = 'PodStartFailed';
    this.code = code;
    this.stderrTail = stderrTail;
  }
}

export interface StartOptions {
  /** As in `takeOverVariable`. */
  readonly takeOver?: boolean;
  readonly restrictions?: Restrictions | undefined;
  /** As in `setVariable`. */
  readonly set?: SetAtStart | undefined;
  /** As in `cancelTurnVariable`. */
  readonly cancelsTurn?: boolean;
  /** As in `headlessVariable`. */
  readonly headless?: boolean | undefined;
  /** As in `ownerVariable`. */
  readonly owner?: OwnedBy | undefined;
  /** In the place of the one beside the command: whoever starts it is another program. */
  readonly program?: string | undefined;
}

/** A file that cannot be read is told by the pod itself. */
function variablesBeside(folder: PodFolder): string[] {
  try {
    const settings = readSpec(folder)?.settings ?? {};
    const engines = [...enginesIn(settings).values()].flatMap(({ env = [] }) => env);
    const servers = [...mcpServersIn(settings).values()];
    const ofServers = servers.flatMap(({ env = {}, headers = {} }) => [
      ...variablesIn(env),
      ...variablesIn(headers),
    ]);
    return [...engines, ...ofServers];
  } catch {
    return [];
  }
}

/**
 * Of `environment` the process is given what a pod needs (`pod-environment.ts`). Throws what `spawn` throws.
 */
export function startPodProcess(
  folder: PodFolder,
  environment: NodeJS.ProcessEnv,
  options: StartOptions = {},
): StartedProcess {
  const { takeOver = false, restrictions = noRestrictions, set, cancelsTurn = false, headless } = options;
  const output = openSync(folder.stderr, 'a', 0o600);
  let child: ChildProcess;
  try {
    child = spawn(process.execPath, [...programWords(options), podCommand, folder.path], {
      detached: true,
      cwd: '/',
      stdio: ['ignore', output, output, 'pipe'],
      env: {
        ...podEnvironment(environment, variablesBeside(folder)),
        [readyVariable]: String(readyDescriptor),
        ...(takeOver ? { [takeOverVariable]: '1' } : {}),
        ...(cancelsTurn ? { [cancelTurnVariable]: '1' } : {}),
        [headlessVariable]: headless === undefined ? undefined : headless ? '1' : '0',
        [ownerVariable]: options.owner === undefined ? undefined : JSON.stringify(options.owner),
        [setVariable]: set === undefined ? undefined : JSON.stringify(set),
        [restrictionsVariable]: isEmpty(restrictions) ? undefined : JSON.stringify(restrictions),
      },
    });
  } finally {
    closeSync(output);
  }
  const exited = new Promise<ProcessExit>((resolve) => {
    child.on('exit', (exitCode, signal) => resolve({ exitCode, signal }));
    child.on('error', () => resolve({ exitCode: null, signal: null }));
  });
  const failed = new Promise<never>((_, reject) => {
    child.on('error', (error) => {
      const text = `the pod's process could not be started (${error.message}): ${whatToCheck()}`;
      reject(new PodStartFailed('ended', text, ''));
    });
  });
  const ready = Promise.race([failed, firstWords(child, exited, folder)]);
  child.unref();
  return { pid: child.pid ?? -1, ready, exited };
}

/** The flags of another program (`-e`, `--inspect`, a loader) are not for pods. */
function programWords({ program }: StartOptions): string[] {
  return program === undefined ? [...nodeFlags(), commandFile()] : [...nodeFlags([]), program];
}

/** A pod may outlive the Node that it was started with: an upgrade, a version manager. */
function whatToCheck(): string {
  if (existsSync(process.execPath)) return 'look at the limits on open files and processes, then try again';
  return `${process.execPath}, the Node that this pod was started with, is gone: "podkin stop" and "podkin restore" start the pod with the one that is there now`;
}

/**
 * As `ready`; rejects with `PodStartFailed` (`silent`) for a process that has said nothing for so long: one
 * that hangs in its start. It is not ended here, because a pod that reads a long log is only slow.
 */
export async function readyWithin(
  clock: Clock,
  { ready }: StartedProcess,
  timeoutMs: number,
): Promise<Extract<ReadyMessage, { kind: 'ready' }>> {
  let end: End = () => undefined;
  const silent = new Promise<never>((_, reject) => {
    const text = `the pod's process was started and did not listen within ${timeoutMs} ms`;
    end = afterWaiting(clock, timeoutMs, () => reject(new PodStartFailed('silent', text, '')));
  });
  try {
    return await Promise.race([ready, silent]);
  } finally {
    end();
  }
}

async function firstWords(
  child: ChildProcess,
  exited: Promise<ProcessExit>,
  folder: PodFolder,
): Promise<Extract<ReadyMessage, { kind: 'ready' }>> {
  let text = '';
  // Missing where the process could not be started at all (no descriptor left).
  const pipe = (child.stdio as ChildProcess['stdio'] | undefined)?.[readyDescriptor];
  if (pipe !== null && pipe !== undefined && 'setEncoding' in pipe) {
    pipe.setEncoding('utf8');
    for await (const chunk of pipe) {
      text += String(chunk);
      if (text.includes('\n')) break;
    }
    pipe.destroy();
  }
  const parsed = readyMessage().safeParse(parseLine(text));
  if (parsed.success && parsed.data.kind === 'ready') return parsed.data;
  // A process that said why it cannot start is about to end: whoever is told so may take it for gone. This
  // process has to live for that.
  child.ref();
  const exit = await exited;
  if (parsed.success && parsed.data.kind === 'failed')
    throw new PodStartFailed(parsed.data.code, parsed.data.message, '');
  const how = exit.signal ?? `exit code ${exit.exitCode}`;
  throw new PodStartFailed(
    'ended',
    `the pod's process ended before it listened (${how})`,
    stderrTail(folder),
  );
}

function parseLine(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * This process's own, and the size of V8's young generation as Node 20 and 22 have it, in MB: Node 24's is
 * twice as large, a busy pod with it half as large again, and a tree is many. Those before must not be given
 * the flag: they then refuse the code cache of Node's own modules, which costs 15 ms a start.
 */
export function nodeFlags(own: readonly string[] = process.execArgv): string[] {
  const flag = '--max-semi-space-size';
  const isSmall = Number(process.versions.node.split('.')[0]) < 24;
  return isSmall || own.some((word) => word.startsWith(flag)) ? [...own] : [...own, `${flag}=16`];
}

/**
 * The pod's own program where it lies beside the command; else the command itself, which can be a pod too:
 * the source when it is run as it is. A command is often a link (npm's folder of commands), and the program
 * lies beside what it leads to.
 */
function commandFile(): string {
  const command = process.env['PODKIN_COMMAND'] ?? process.argv[1] ?? fileURLToPath(import.meta.url);
  try {
    const program = join(dirname(realpathSync(command)), 'pod.cjs');
    return existsSync(program) ? program : command;
  } catch {
    // What is wrong with it, Node says when it is started.
    return command;
  }
}

const stderrTailChars = 2_000;

/** What a pod's process wrote last, for people; empty where nothing is known. */
export function stderrTail(folder: PodFolder): string {
  try {
    return readFileSync(folder.stderr, 'utf8').slice(-stderrTailChars).trim();
  } catch {
    return '';
  }
}
