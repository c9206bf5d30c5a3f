/** The commands by which another program has pods: a host of MCP, an editor. */
import { type CommandSpec, json } from './command-spec.ts';
import { settingOptions, settingOptionsOf } from './invocation/setting-options.ts';

const work = 'Work:';

export const hostCommands: readonly CommandSpec[] = [
  {
    usage: 'mcp [action] [name]',
    group: work,
    summary: 'be an MCP server for another host, whose model then has pods; list, test NAME: servers of pods',
    options: [
      ['--as <name>', 'the mailbox that holds the reports (default: one for each working directory)'],
      ['--write <paths...>', 'paths that its pods may change (default: none)'],
      ['--read <paths...>', 'paths that they may read (default: the working directory)'],
      ...settingOptions,
      json,
    ],
    more: [
      'Without ACTION it speaks MCP on stdin and stdout; docs/hosts.md says how each host is configured. These flags bound all of its pods: a call can only narrow them.',
      'Its end stops no pod. A report stays in the mailbox until the host has acknowledged it. What a pod asks a person is asked by the host, where it can, else "podkin approvals" lists it.',
      '"list" shows the MCP servers that a pod started here would have, also those that are not trusted yet; "test NAME" starts one as that pod would, lists its tools and ends it (status 1: it cannot be used).',
    ].join('\n'),
    run: async (context, input) =>
      (await import('./mcp-server/mcp.ts')).mcpCommand(context, input.args, {
        ...settingOptionsOf(input),
        as: input.text('as'),
        read: input.list('read'),
        write: input.list('write'),
        json: input.flag('json'),
      }),
  },
  {
    usage: 'acp',
    group: work,
    summary: 'be an agent of an editor (Zed, JetBrains, neovim …), by the Agent Client Protocol',
    options: [
      ['--write <paths...>', 'paths that its sessions may change, from their own directory'],
      ['--read <paths...>', 'paths that they may read'],
      ...settingOptions,
    ],
    more: [
      'Speaks ACP on stdin and stdout; docs/editors.md says how each editor is configured. A session is a root pod: its end, or the end of the editor, stops no pod, and "podkin attach" shows it.',
      'These flags bound all sessions: an editor chooses only modes that are no freer. Without --write and --read the directory of a session may be read and changed. With --cwd sessions lie at or below it.',
    ].join('\n'),
    run: async (context, input) =>
      (await import('./acp-agent/acp.ts')).acpCommand(context, {
        ...settingOptionsOf(input),
        read: input.list('read'),
        write: input.list('write'),
      }),
  },
  {
    usage: 'host [action] [name]',
    group: work,
    summary:
      'serve parents on other machines; or NAME, a host of yours: start, status, connect, disconnect, forget, remember',
    options: [json],
    more: [
      'Without an action: serves until it is ended; "start" does it in the background, as whoever connects by ssh does.',
      '"connect NAME" opens the way now, with the ssh agent of this shell; SpawnPod with that host does it by itself. "forget NAME" gives up its children: each is reported as dead. docs/machines.md has the rest.',
    ].join('\n'),
    run: async (context, input) =>
      (await import('./machines/host.ts')).hostCommand(context, input.args, { json: input.flag('json') }),
  },
];
