/** The commands that steer pods which are there. */
import { type CommandSpec, first, json, requestHelp } from './command-spec.ts';
import type { CommandInput } from './invocation/command-input.ts';
import { setOptionsHelp, setOptionsOf } from './invocation/set-flags.ts';
import type { CommandContext } from './invocation/context.ts';

const control = 'Control:';

export const controlCommands: readonly CommandSpec[] = [
  {
    usage: 'budget <name> [amount]',
    group: control,
    summary: 'show what a tree may spend and has spent, or set it',
    options: [['--tokens <n>', 'the same for tokens, in and out together'], json],
    more: 'AMOUNT is US dollars for the whole tree of this root, or "none". Pods that wait for it go on.',
    run: async (context, input) =>
      (await import('./control/budget.ts')).budgetCommand(context, first(input), {
        amount: input.args[1],
        tokens: input.text('tokens'),
        json: input.flag('json'),
      }),
  },
  {
    usage: 'approve <approval>',
    group: control,
    summary: 'answer a pending approval: yes, or with --deny no',
    options: [
      ['--deny', 'no'],
      ['--always', 'yes, and for the same call of this pod from now on'],
      [
        '--rule <rule>',
        'yes, and to what this rule allows: of this pod and of those that it starts from now on',
      ],
      ['--save', 'with --rule: save it for later runs in this project too'],
      ['--write <path>', 'yes, and let the pod write this path, which the request offers: .git'],
      ['--full', 'yes to a call that only "approvals --full" shows to its end: all of it was read'],
      ['--reason <text>', 'what the model reads with the no'],
      ['--answer <values...>', 'what a form of an MCP server is filled in with, NAME=VALUE each'],
    ],
    more: [
      'APPROVAL is its id, the beginning of its id, or the name of a pod that has only one.',
      'RULE is as for --allow-tool, and must allow the call: "Bash(npm test:*)" is npm test alone and with anything behind it. It never allows a command with ; | $(…) and their like, nor what a rule asks for or denies.',
    ].join('\n'),
    run: async (context, input) =>
      (await import('./approvals/approvals.ts')).approveCommand(context, first(input), {
        deny: input.flag('deny'),
        always: input.flag('always'),
        rule: input.text('rule'),
        save: input.flag('save'),
        write: input.text('write'),
        full: input.flag('full'),
        reason: input.text('reason'),
        answer: input.list('answer'),
      }),
  },
  {
    usage: 'rules [action...]',
    group: control,
    summary: 'list the rules that you have saved for this project; add RULES, rm NUMBERS',
    options: [['--all', 'of all projects'], json],
    more: [
      'A saved rule allows what it names in later runs in this project: its repository, else this directory. "approve --rule … --save" saves one too.',
      'They are yours, and no file of the project: rules.json in the state folder has them. What denies or asks outweighs them, and a project may take them away.',
      '',
      'Examples:',
      '  $ podkin rules add "Bash(npm test:*)"',
      '  $ podkin rules rm 1',
    ].join('\n'),
    run: async (context, input) =>
      (await import('./control/rules.ts')).rulesCommand(context, input.args, {
        all: input.flag('all'),
        json: input.flag('json'),
      }),
  },
  {
    usage: 'engines [action...]',
    group: control,
    summary: 'list the agents that can drive pods (acp/NAME); install NAME[@VERSION], trust NAME',
    options: [['--yes', 'install without being asked'], json],
    more: [
      '"install" has npm put an exact version below the state folder; no start ever downloads one.',
      '"trust" shows what of this project an agent would execute or obey unasked (hooks, servers): it sees none of it before.',
    ].join('\n'),
    run: async (context, input) =>
      (await import('./control/engines.ts')).enginesCommand(context, input.args, {
        json: input.flag('json'),
        yes: input.flag('yes'),
      }),
  },
  ...(['pause', 'resume', 'cancel'] as const).map((method) => ({
    usage: `${method} <name>`,
    group: control,
    summary: {
      pause: 'pause before the next request to the model; nothing is dropped',
      resume: 'continue where pause stopped',
      cancel: 'end the running turn, and the turns below that work for it',
    }[method],
    options: [],
    run: async (context: CommandContext, input: CommandInput) =>
      (await import('./control/control.ts')).controlCommand(context, first(input), method),
  })),
  {
    usage: 'compact <name>',
    group: control,
    summary: "replace a pod's history by a summary, and say what came of it",
    options: [
      ['--instructions <text>', 'what the summary is to heed'],
      ['--timeout <seconds>', 'stop waiting then, with status 124; it is made all the same'],
      ['--json', 'as JSON'],
    ],
    more: 'An idle pod does it at once, a running one before its next request to the model, a paused one when it goes on. It happens by itself when the history no longer fits. The task and the newest messages of people stay word for word; the log keeps everything.',
    run: async (context, input) =>
      (await import('./control/compact.ts')).compactCommand(context, first(input), {
        instructions: input.text('instructions'),
        timeout: input.text('timeout'),
        json: input.flag('json'),
      }),
  },
  {
    usage: 'set <name>',
    group: control,
    summary: 'show or set the model, the permission mode and the effort of a pod',
    options: [...setOptionsHelp, json],
    more: [
      'No pod is freer than its parent: pods below take a stricter mode over, and a wider one widens none of them.',
      'Status 1 where one of them has not said so yet. Calls that wait for an approval go on waiting.',
    ].join('\n'),
    run: async (context, input) =>
      (await import('./control/set.ts')).setCommand(context, first(input), {
        ...setOptionsOf(input),
        json: input.flag('json'),
      }),
  },
  {
    usage: 'stop <names...>',
    group: control,
    summary: 'stop pods and those below them: ask, then SIGTERM, then SIGKILL',
    options: [
      ['--no-tree', 'do not stop the pods below'],
      [
        '--timeout <seconds>',
        "for each level, before SIGTERM and again before SIGKILL (default: the pod's own, 10)",
      ],
      requestHelp,
    ],
    more: 'Their logs stay: "podkin restore" starts them again.',
    run: async (context, input) =>
      (await import('./control/stop.ts')).stopCommand(context, input.args, {
        tree: input.flag('tree'),
        timeout: input.text('timeout'),
        request: input.text('request'),
      }),
  },
  {
    usage: 'kill <name>',
    group: control,
    summary: "send SIGKILL to one pod's process; its parent gets a report of the death",
    options: [],
    run: async (context, input) => (await import('./control/stop.ts')).killCommand(context, first(input)),
  },
  {
    usage: 'keep [names...]',
    group: control,
    summary:
      'mark trees that are started again where they ended without being asked to; without NAMES, list them',
    options: [
      ['--off', 'these are not kept any more'],
      ['--install', 'have it done at every login, by a service of your own (systemd, launchd)'],
      ['--uninstall', 'take that service away'],
      json,
    ],
    more: '"podkin restore --kept" does it once. A tree that ends three times within ten minutes stays down; "podkin keep NAME" again lets it start.',
    run: async (context, input) =>
      (await import('./control/keep.ts')).keepCommand(context, input.args, {
        off: input.flag('off'),
        install: input.flag('install'),
        uninstall: input.flag('uninstall'),
        json: input.flag('json'),
      }),
  },
  {
    usage: 'restore [name]',
    group: control,
    summary: 'start a pod that is not running again from its log',
    options: [
      ...setOptionsHelp,
      ['--tree', 'also those below it; pods that are running are skipped'],
      ['--kept', 'instead of NAME: the trees that are kept ("podkin keep") and were not asked to end'],
      ['--force', 'also a pod that may be running in another container: you confirm that it is not'],
    ],
    more: 'Without --tree, a pod that is already running is a failure. What is set is set of NAME alone.',
    run: async (context, input) =>
      input.flag('kept')
        ? (await import('./control/kept.ts')).restoreKept(context, input.args)
        : (await import('./control/restore.ts')).restoreCommand(context, first(input), {
            tree: input.flag('tree'),
            force: input.flag('force'),
            ...setOptionsOf(input),
          }),
  },
];
