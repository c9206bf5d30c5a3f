/**
 * `podkin acp`: an agent of the Agent Client Protocol on stdin and stdout, for an editor. Its sessions are
 * root pods; the end of the agent and of the editor stops none of them.
 */
import { realPath } from '../../configuration/real-paths.ts';
import { errorText } from '../format/printable.ts';
import { type CommandContext, CommandFailed, exitStatus, fromCwd } from '../invocation/context.ts';
import type { SettingOptions } from '../invocation/setting-options.ts';
import { planOf } from '../run/run.ts';
import { checkStartingPlace } from '../run/starting-place.ts';
import { serveAgent } from './agent.ts';
import { Sessions } from './sessions.ts';

export interface AcpOptions extends SettingOptions {
  readonly read?: readonly string[] | undefined;
  readonly write?: readonly string[] | undefined;
}

/** Answers when the client has closed its end. Throws `CommandFailed`, before it has said anything. */
export async function acpCommand(context: CommandContext, options: AcpOptions): Promise<number> {
  if (context.isTerminal) {
    const text =
      'podkin acp speaks to an editor, not to a person: put it into the configuration of one (docs/editors.md says how)';
    throw new CommandFailed(exitStatus.usage, text);
  }
  const { read = [], write = [], cwd } = options;
  const within = cwd === undefined ? null : realPath(fromCwd(context, cwd));
  // A home that cannot be used is said before anything else.
  void context.home;
  const tell = (text: string): void => context.stderr.write(`podkin: ${errorText(text)}\n`);
  await serveAgent({
    stdin: context.stdin,
    stdout: context.stdout,
    tell,
    sessions: (ports) =>
      new Sessions({
        context,
        within,
        ports,
        tell,
        async plan(place) {
          if (read.length + write.length === 0 && within === null)
            await checkStartingPlace(context, place, { mayAsk: false });
          const stdin = { ignored: true, wait: undefined };
          return await planOf(
            context,
            { ...options, read, write, cwd: place, stdin },
            { mayAsk: false, headless: false },
          );
        },
      }),
  });
  context.stdin.destroy();
  return exitStatus.done;
}
