/**
 * The process of a server that talks over its input and output: started as a pod's shells are, in its sandbox
 * where that works, at the head of a group of its own that ends with the pod.
 */
import { realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import type { Readable } from 'node:stream';
import { complaintOf, enter, runShell, type ShellAttempt, type ShellRun } from '../tools/shell-run.ts';
import { isFile } from '../tools/program-folders.ts';
import type { Entered } from '../scope/sandbox/sandbox.ts';
import type { ToolContext } from '../tools/tool.ts';
import { filledIn, type McpServerSettings } from '../session/settings/mcp-settings.ts';
import { deferred } from '../std/deferred.ts';
import { withoutHidden } from '../std/characters.ts';
import { LineTransport } from './line-transport.ts';
import { shellWord } from '../std/shell-word.ts';

/** Of what it complains about, the last of. */
const errorsCharsMax = 2_000;

export interface ServerProcess {
  readonly transport: LineTransport;
  /** Fulfils when nothing of it is left, with how it ended; never rejects. */
  readonly ended: Promise<string>;
  /** What it has said on its error output, the last of it. */
  errors(): string;
  end(why: string): void;
}

export interface ProcessPlace {
  /** As a shell of the pod would have it; its sandbox with what the server is given beside. */
  readonly context: ToolContext;
  readonly environment: NodeJS.ProcessEnv;
  readonly onTooLong: () => void;
}

/** Rejects with an `Error` whose message says why it could not be started: what follows its name. */
export async function startServer(
  settings: McpServerSettings & { readonly command: string },
  place: ProcessPlace,
): Promise<ServerProcess> {
  const { context, environment } = place;
  const { values, missing } = filledIn(settings.env ?? {}, environment);
  if (missing.length > 0)
    throw new Error(`is to be given ${missing.join(', ')}, which this pod's environment does not have`);
  const entered = await enter(context);
  if ('refused' in entered) throw new Error(`could not be started: ${entered.refused}`);
  const isHeld = entered.place !== null || context.permissionMode === 'bypassPermissions';
  if (!isHeld && settings.project !== null) throw new Error(notHeld);
  const command = [settings.command, ...(settings.args ?? [])].map(inItsFolder).map(shellWord).join(' ');
  return await run({ command, values, entered: entered.place }, place);
}

const notHeld =
  'comes with a project, and no sandbox works here that would hold it to this pod\'s rights: put it into your own config.toml, or see "podkin doctor"';

interface Start {
  readonly command: string;
  /** Variables that it is given. */
  readonly values: Readonly<Record<string, string>>;
  readonly entered: Entered | null;
}

async function run({ command, values, entered }: Start, place: ProcessPlace): Promise<ServerProcess> {
  const stop = new AbortController();
  const started = deferred<LineTransport>();
  let [why, errors]: [string | null, string] = [null, ''];
  let transport: LineTransport | null = null;
  const end = (reason: string): void => {
    why ??= reason;
    stop.abort();
  };
  const attempt: ShellAttempt = {
    command: `exec ${command}`,
    timeoutMs: null,
    place: entered,
    onOutput: (piece) => {
      transport?.take(piece);
      return Promise.resolve();
    },
    talks: {
      variables: values,
      onStreams(streams) {
        keepErrors(streams.errors, (text) => (errors = (errors + text).slice(-errorsCharsMax)));
        const onFlood = (reason: string) => end(`${reason}, and was ended`);
        transport = new LineTransport(streams.input, { onTooLong: () => place.onTooLong(), onFlood });
        started.resolve(transport);
      },
    },
  };
  const ended = runShell(attempt, { ...place.context, signal: stop.signal }).then((how) => {
    transport?.ended();
    started.reject(new Error(endText(how)));
    return why ?? endText(how);
  });
  const spoken = await started.promise;
  return { transport: spoken, ended, errors: () => withoutHidden(errors).trim().toWellFormed(), end };
}

function endText(how: ShellRun): string {
  if (how.kind === 'notStarted') return `could not be started: ${how.text}`;
  if (how.kind === 'notBegun') return `could not be started: ${complaintOf(how, '')}`;
  const { run: ended, lost } = how;
  if (lost !== null) return `was ended, because ${lost}`;
  return ended.signal === null ? `ended with exit code ${ended.exitCode}` : `was ended by ${ended.signal}`;
}

function keepErrors(stream: Readable, add: (text: string) => void): void {
  stream.setEncoding('utf8').on('data', (text: string) => add(text));
  stream.on('error', () => undefined);
}

/** A sandbox shows a folder where it really is; a link in it stays one, as some programs go by its name. */
function inItsFolder(word: string): string {
  if (!isAbsolute(word) || !isFile(word)) return word;
  return join(realpathSync(dirname(word)), basename(word));
}
