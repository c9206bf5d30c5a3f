/**
 * Runs a hook on this machine: as the person, outside of any sandbox, at the head of a process group that
 * ends with it. It is marked and noted as a command outside of a sandbox is (`command-groups.ts`), so that
 * what a killed pod leaves of it is found and ended.
 */
import { thrownText } from '../../std/thrown-text.ts';
import { shellEnvironment } from '../../scope/sandbox/shell-environment.ts';
import type { PodFolder } from '../../session/home/home.ts';
import { systemCode } from '../../std/system-code.ts';
import { commandMark, markVariable } from '../../tools/marked-processes.ts';
import { runGroup } from '../../tools/process-group.ts';
import type { HookRan, HookRun } from '../host.ts';
import { noteGroup, noteOutside } from './command-groups.ts';

/** Of what it writes; a hook that writes more is ended. */
const outputBytesMax = 1_000_000;
/** Of its error output, for people and the model. */
const errorBytesKept = 8_192;

/** Never rejects. */
export async function runHook(folder: PodFolder, run: HookRun): Promise<HookRan> {
  const mark = commandMark(run.instance, run.call);
  const flood = new AbortController();
  const errors: Buffer[] = [];
  let written = 0;
  let kept = 0;
  const count = (piece: Buffer): void => {
    written += piece.length;
    if (written > outputBytesMax) flood.abort();
  };
  const [file, args] = programOf(run.command);
  try {
    noteOutside(folder);
    const ended = await runGroup(
      {
        file,
        args,
        cwd: run.folder,
        env: { ...shellEnvironment(process.env), ...places(), [markVariable]: mark },
        mark,
        input: run.input,
        onErrors(piece) {
          count(piece);
          if (kept < errorBytesKept) errors.push(piece.subarray(0, errorBytesKept - kept));
          kept += piece.length;
        },
      },
      {
        timeoutMs: run.timeoutMs,
        signal: AbortSignal.any([run.signal, flood.signal]),
        onStarted: (leader) => noteGroup(folder, leader),
        onOutput: async (piece) => count(piece),
        isOwn: () => false,
      },
    );
    const said = Buffer.concat(errors).toString();
    if (run.signal.aborted && ended.cause !== 'exited') return { kind: 'aborted' };
    if (flood.signal.aborted) return { kind: 'flooded', errors: said };
    if (ended.cause === 'timedOut') return { kind: 'timedOut', errors: said };
    if (ended.exitCode === null)
      return { kind: 'signalled', signal: ended.signal ?? 'a signal', errors: said };
    return { kind: 'exited', code: ended.exitCode, errors: said };
  } catch (error) {
    return { kind: 'notStarted', why: whyNot(error, file) };
  }
}

function programOf(command: HookRun['command']): [string, readonly string[]] {
  if (typeof command === 'string') return ['/bin/sh', ['-c', command]];
  const [file = '', ...args] = command;
  return [file, args];
}

/** So that a hook's own `podkin` finds the home that it was told about. */
function places(): NodeJS.ProcessEnv {
  const isPlace = (name: string): boolean => name === 'PODKIN_HOME' || name.startsWith('XDG_');
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => isPlace(name)));
}

function whyNot(error: unknown, file: string): string {
  const code = systemCode(error);
  if (code === 'ENOENT') return `${file}, or the folder that it is to run in, is not there`;
  if (code === 'EACCES') return `${file} may not be executed`;
  return code ?? thrownText(error);
}
