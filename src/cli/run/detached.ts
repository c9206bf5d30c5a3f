/** `podkin run -d`: a new root is started and given its task, if there is one yet, and left. */
import { runInput } from '../../client/run-input.ts';
import { podSocket } from '../../session/home/pod-address.ts';
import { connectAndSend } from '../../transport/connect-and-send.ts';
import { CommandFailed, exitStatus } from '../invocation/context.ts';
import { catchSignals, interruptionStatus } from '../invocation/interruption.ts';
import { type RootStart, startedOr } from './root-start.ts';

/** A new root and what it is to do; with `detached` empty where that is to come. */
export interface Run extends RootStart {
  readonly task: string;
  readonly submission: string;
}

/** Answers the exit status. Throws `CommandFailed`. */
export async function detached(run: Run): Promise<number> {
  const { context, root } = run;
  const { name, instance } = root.spec;
  const interruption = catchSignals();
  const failed = await startedOr(run, interruption).finally(() => interruption.release());
  if (failed !== null) {
    const status = failed.signal === null ? exitStatus.failed : interruptionStatus[failed.signal];
    throw new CommandFailed(status, `${name} could not be started: ${failed.reason}`);
  }
  const path = podSocket(context.home, { instance, folder: root.folder });
  const sent = run.task === '' ? null : await connectAndSend(path, 'run', runInput(run.task, run.submission));
  if (sent?.ok === false) {
    throw new CommandFailed(
      exitStatus.failed,
      `"${name}" runs but did not take its task (${sent.message}): read "podkin logs ${name}", stop it with "podkin stop ${name}"`,
    );
  }
  context.stdout.write(`${name}\n`);
  return exitStatus.done;
}
