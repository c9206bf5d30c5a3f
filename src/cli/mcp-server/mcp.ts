/**
 * `podkin mcp`: an MCP server on stdin and stdout for another host. Its pods are children of a mailbox, a pod
 * without a model; the end of the server, of the host and of the mailbox stops none of them.
 */
import { errorText } from '../format/printable.ts';
import { type CommandContext, CommandFailed, exitStatus, fromCwd } from '../invocation/context.ts';
import { realPath } from '../../configuration/real-paths.ts';
import type { SettingOptions } from '../invocation/setting-options.ts';
import { planOf } from '../run/run.ts';
import { checkStartingPlace } from '../run/starting-place.ts';
import { instructionsFor } from './instructions.ts';
import { MailboxCalls, mailboxName, openMailbox } from './mailbox.ts';
import { serve } from './serve.ts';
import { HostTools } from './tools.ts';
import { MailboxWatch } from './watch.ts';

export interface McpServerOptions extends SettingOptions {
  /** The mailbox; by default that of the working directory. */
  readonly as?: string | undefined;
  readonly read?: readonly string[] | undefined;
  readonly write?: readonly string[] | undefined;
}

const startMs = 30_000;

/** Throws `CommandFailed`. */
export async function mcpCommand(
  context: CommandContext,
  [action, name]: readonly string[],
  { json, ...options }: McpServerOptions & { readonly json: boolean },
): Promise<number> {
  if (action === undefined) return await mcpServerCommand(context, options);
  const own = await import('./own-servers.ts');
  if (action === 'list' && name === undefined)
    return await own.listServersCommand(context, { ...options, json });
  if (action === 'test' && name !== undefined)
    return await own.testServerCommand(context, name, { ...options, json });
  throw new CommandFailed(exitStatus.usage, 'write podkin mcp, podkin mcp list or podkin mcp test NAME');
}

/** Answers when the host has closed its end. Throws `CommandFailed`, before it has said anything. */
async function mcpServerCommand(context: CommandContext, options: McpServerOptions): Promise<number> {
  if (context.isTerminal) {
    const text =
      'podkin mcp speaks to another program, not to a person: put it into the configuration of a host (docs/hosts.md says how)';
    throw new CommandFailed(exitStatus.usage, text);
  }
  const cwd = realPath(fromCwd(context, options.cwd ?? '.'));
  const { read = [], write = [] } = options;
  if (options.cwd === undefined && read.length + write.length === 0)
    await checkStartingPlace(context, cwd, { mayAsk: false });
  const plan = await planOf(
    context,
    // Without a path to write it changes nothing.
    { ...options, read: read.length > 0 ? read : [cwd], write, stdin: { ignored: true, wait: undefined } },
    { mayAsk: false, headless: false },
  );
  const pod = await openMailbox(context, options.as ?? mailboxName(cwd), plan);
  const calls = new MailboxCalls(context, pod);
  // A host is told at once where there would be nobody to answer it.
  await calls.call('status', {}, { timeoutMs: startMs });
  const watch = new MailboxWatch(pod);
  try {
    await serve({
      stdin: context.stdin,
      stdout: context.stdout,
      tell: (text) => context.stderr.write(`podkin: ${errorText(text)}\n`),
      instructions: instructionsFor(pod.name),
      tools: new HostTools(calls, watch),
      watch,
      answer: async (request, answer) => void (await calls.call('approve', { request, ...answer })),
    });
  } finally {
    watch.close();
    calls.close();
    context.stdin.destroy();
  }
  return exitStatus.done;
}
