/** Every command with its arguments, options and help; what it does is loaded when it is called. */
import { alwaysJson, type CommandSpec, first, json, requestHelp, screenHelp } from './command-spec.ts';
import { controlCommands } from './control-commands.ts';
import { hostCommands } from './host-commands.ts';
import { settingOptions, settingOptionsOf } from './invocation/setting-options.ts';
import { stdinHelp, stdinOptions } from './invocation/stdin-options.ts';
import { runOptions } from './run/run-options.ts';

const work = 'Work:';
const inspect = 'Inspect:';
const maintain = 'Maintain:';

/** On a terminal it is asked. */
const restoreFirst: readonly [string, string] = [
  '--restore',
  'where it is not running, start it and those below it again first',
];

export const commands: readonly CommandSpec[] = [
  {
    usage: 'run [task]',
    group: work,
    summary: 'create a root pod for a task, show its work, return when its tree is settled',
    options: [
      ['-p, --print', 'print only the final answer; a denied tool then ends with status 4'],
      [
        '--output-format <format>',
        'with --print: text, json or stream-json; the last line of JSON is the result',
      ],
      [
        '-d, --detach',
        "print the pod's name once its task is accepted, and return; without TASK it waits for one",
      ],
      [
        '-c, --continue [name]',
        'go on with the newest root of this directory, or with NAME: TASK, or what was cut, or on the screen',
      ],
      ['--resume', 'choose from the roots of this directory, and go on with that one'],
      ['--name <name>', 'a name for the pod (default: root, root-2 …)'],
      ['--write <paths...>', 'paths that it may change; new ones too'],
      ['--read <paths...>', 'paths that it may read'],
      ['--max-tokens <n>', 'tokens that the tree may use, in and out together'],
      ['--timeout-minutes <n>', 'end a turn of the pod after so long, approvals not counted (status 5)'],
      ['--idle-minutes <n>', 'the same after so long without output or a step, while it waits for nobody'],
      [
        '--output-schema <file>',
        'JSON Schema of the final answer; -p prints it as JSON (status 1: it does not fit)',
      ],
      ['--check <command>', 'a command that must end with 0 behind the final answer (else status 1)'],
      ['--tries <n>', 'how often --check may be run; each failure is told to the model (default: 2)'],
      [
        '--notify <command>',
        'run it when the tree has settled, and when it waits for you: JSON on its input',
      ],
      ...settingOptions,
      ['--keep', 'as "podkin keep": its tree is started again where it ended without being asked to'],
      ['--stay', 'on the screen, keep the prompt open when the tree is settled'],
      ...screenHelp,
      requestHelp,
      ...stdinHelp,
    ],
    more: [
      'TASK is what the pod is to do. What is piped in is added to it, and is the task where there is none; "-" waits for it.',
      'In a loop that reads a file, keep its lines from the run: podkin run -p "…" < /dev/null',
      'Without --write and --read the working directory may be read and changed.',
      "A path means all below it, 'path/*' (quoted) only what lies directly in it. [scope] deny and denyWrite in a configuration add to --deny and --deny-write.",
      'At the end the tree is stopped and its logs stay; with --detach the pod stays and waits.',
      'On the screen a first Ctrl-C asks, a second one stops the tree in order, a third one at once, and Ctrl-D leaves it',
      'running; elsewhere a first one stops it in order, a second one at once. What it has cut is gone on with by -c.',
      '',
      'Examples:',
      '  $ podkin run "Write tests for src/parser" --model anthropic/claude-sonnet-5-5 --write test',
      '  $ git diff | podkin run -p "Review this change"',
      '  $ podkin run -c "Now the tests too"',
      '  $ podkin run -p --output-format json "Which files are the largest?" | jq .text',
    ].join('\n'),
    run: async (context, input) =>
      (await import('./run/run.ts')).runCommand(
        context,
        runOptions(input),
        (await import('./screen/screens.ts')).screensFor(context, input),
      ),
  },
  {
    usage: 'send <name> [text]',
    group: work,
    summary: 'send a pod an input, which starts a turn of its own',
    options: [
      ['--wait', 'until all that follows is settled; print its answer'],
      restoreFirst,
      requestHelp,
      ...stdinHelp,
    ],
    more: 'What is piped in is added to TEXT, and is the text where there is none; "-" waits for it. A running pod queues it until its current turn has ended.',
    run: async (context, input) =>
      (await import('./control/send.ts')).sendCommand(context, first(input), input.args[1], {
        kind: 'run',
        wait: input.flag('wait'),
        restore: input.flag('restore'),
        stdin: stdinOptions(input),
        request: input.text('request'),
      }),
  },
  {
    usage: 'notify <name> [text]',
    group: work,
    summary: 'leave a notice for a pod, which wakes the pod when it is idle',
    options: [
      ['--wait', 'until all that follows is settled; print its answer'],
      restoreFirst,
      requestHelp,
      ...stdinHelp,
    ],
    more: 'What is piped in is added to TEXT, and is the text where there is none; "-" waits for it. A running pod reads it with its next request, within its turn.',
    run: async (context, input) =>
      (await import('./control/send.ts')).sendCommand(context, first(input), input.args[1], {
        kind: 'notice',
        wait: input.flag('wait'),
        restore: input.flag('restore'),
        stdin: stdinOptions(input),
        request: input.text('request'),
      }),
  },
  {
    usage: 'attach <name>',
    group: work,
    summary: "show a pod's history and live work, and send it what you type",
    options: [restoreFirst, ...screenHelp],
    more: 'Ctrl-D, Ctrl-C twice or /detach detaches; the pod keeps running. /help lists keys and commands. In plain lines one Ctrl-C or Ctrl-Z detaches too.',
    run: async (context, input) =>
      (await import('./screen/screened-attach.ts')).screenedAttach(context, first(input), {
        restore: input.flag('restore'),
        plain: input.flag('plain'),
        isSlow: input.flag('slow'),
      }),
  },
  {
    usage: 'wait <names...>',
    group: work,
    summary: 'wait until the pods, and everything live below them, are settled',
    options: [['--timeout <seconds>', 'stop waiting then, with status 124']],
    more: 'Status: 0 finished, 1 failed, cancelled, died or stopped before the end, 5 a limit was reached, 124 timed out.',
    run: async (context, input) =>
      (await import('./control/wait.ts')).waitCommand(context, input.args, {
        timeout: input.text('timeout'),
      }),
  },
  {
    usage: 'demo',
    group: work,
    summary: 'show the whole story offline in seconds, with a scripted model',
    options: [],
    run: async (context) => (await import('./demo/demo.ts')).demoCommand(context),
  },
  ...hostCommands,
  {
    usage: 'ps',
    group: inspect,
    summary: 'list the trees of this directory',
    options: [
      ['-a, --all', 'also pods that have stopped'],
      ['--all-directories', 'also the trees of other directories'],
      ['-q, --quiet', 'names only, of all directories'],
      ['--tree', 'children below their parents: always so'],
      json,
    ],
    more: [
      'TOKENS and COST of a root are those of its whole tree. --json lists the pods of all directories.',
      'Status: idle, running, paused, stopping; stopped (ended in order), dead (ended otherwise), unreachable (runs and does not answer).',
      'IN: received and not read by its model yet. OUT: not acknowledged by its parent yet.',
    ].join('\n'),
    run: async (context, input) =>
      (await import('./inspect/ps.ts')).psCommand(context, {
        all: input.flag('all'),
        quiet: input.flag('quiet'),
        everywhere: input.flag('allDirectories'),
        json: input.flag('json'),
      }),
  },
  {
    usage: 'inspect <name>',
    group: inspect,
    summary: 'show everything known about one pod, as JSON',
    options: [alwaysJson],
    run: async (context, input) =>
      (await import('./inspect/inspect.ts')).inspectCommand(context, first(input)),
  },
  {
    usage: 'logs <name>',
    group: inspect,
    summary: "show a pod's session, also of a dead pod",
    options: [
      ['-f, --follow', 'then show new entries as they are committed'],
      ['--tail <n>', 'only the last N entries'],
      ['--since <time>', 'only entries from that time on: 2026-01-31T12:00:00Z, or 30s, 10m, 2h, 1d ago'],
      ['--json', 'the raw entries, one per line'],
    ],
    run: async (context, input) =>
      (await import('./inspect/logs.ts')).logsCommand(context, first(input), {
        follow: input.flag('follow'),
        json: input.flag('json'),
        tail: input.text('tail'),
        since: input.text('since'),
      }),
  },
  {
    usage: 'events [name]',
    group: inspect,
    summary: 'stream what pods do from now on, one JSON object per line',
    options: [
      ['--all', 'of all trees from their logs, missing nothing: starts, ends, questions, deliveries'],
      [
        '--since <cursor>',
        'with --all: behind that cursor, or "start", or "now" (the default); of a new name',
      ],
      ['--cursor <name>', 'with --all: keep the cursor under this name, and go on from it'],
      ['--once', 'with --all: end with what is there'],
      alwaysJson,
    ],
    more: 'With a name: until that pod ends. Without one: all pods of the home, new ones included. With --all each event at least once, over kills of this command (docs/events.md).',
    run: async (context, input) => {
      const { homeEventsCommand, isOfAll } = await import('./inspect/home-events.ts');
      const [since, name, once] = [input.text('since'), input.text('cursor'), input.flag('once')];
      if (isOfAll({ since, name, once }, { isAll: input.flag('all'), pod: input.args[0] }))
        return await homeEventsCommand(context, { since, name, once });
      return await (await import('./inspect/events.ts')).eventsCommand(context, input.args[0] ?? null);
    },
  },
  {
    usage: 'deliveries [name]',
    group: inspect,
    summary: 'show the delivery state of each report of a child to its parent',
    options: [json],
    more: 'States: committed, sent, received, consumed, seen; waiting and refused say why. Every event ends as consumed or seen.',
    run: async (context, input) =>
      (await import('./inspect/deliveries.ts')).deliveriesCommand(context, input.args[0] ?? null, {
        json: input.flag('json'),
      }),
  },
  {
    usage: 'approvals',
    group: inspect,
    summary: 'list the pending approvals',
    options: [json, ['--full', 'show long calls in full']],
    more: 'An approval is pending until it is answered or its turn ends. Those of pods that have ended are listed too.',
    run: async (context, input) =>
      (await import('./approvals/approvals.ts')).approvalsCommand(context, {
        json: input.flag('json'),
        full: input.flag('full'),
      }),
  },
  ...controlCommands,
  {
    usage: 'rm <names...>',
    group: maintain,
    summary: 'remove pods that have stopped, with their logs',
    options: [
      ['-f, --force', 'first stop the pod and all below it, then remove them and print what is discarded'],
    ],
    more: 'Refuses while anything below it is running, open or undelivered, and while its parent has not received all its reports. Pods above it are never touched.',
    run: async (context, input) =>
      (await import('./control/rm.ts')).rmCommand(context, input.args, { force: input.flag('force') }),
  },
  {
    usage: 'prune',
    group: maintain,
    summary: 'remove the trees that have ended and owe nothing, with their logs',
    options: [
      ['--older-than <age>', 'only those in which nothing was done for so long: 12h, 30d'],
      ['--dry-run', 'only name them'],
    ],
    more: 'What runs, died, was cut or owes something stays, and is named with what can be done.',
    run: async (context, input) =>
      (await import('./control/prune.ts')).pruneCommand(context, {
        olderThan: input.text('olderThan'),
        dryRun: input.flag('dryRun'),
      }),
  },
  {
    usage: 'verify',
    group: maintain,
    summary: 'check in the logs that no report was lost, duplicated or reordered',
    options: [json],
    more: 'Status 1 when there is a violation. Running pods are not disturbed.',
    run: async (context, input) =>
      (await import('./inspect/verify.ts')).verifyCommand(context, { json: input.flag('json') }),
  },
  {
    usage: 'chaos',
    group: maintain,
    summary:
      'test the guarantees here: kill, freeze and cut off the pods of a trial at random, then check their logs',
    options: [
      ['--minutes <n>', 'how long faults are injected (default: 1); the final check takes extra time'],
      ['--seed <n>', 'repeat the sequence of faults and answers of this seed (default: random)'],
      json,
      ['--keep', 'keep the home of the trial'],
    ],
    more: [
      'Offline, with a scripted model, in a folder of its own: your pods, settings, keys and projects are not touched. Nothing is left of it.',
      'Status 1 when something was found: the findings, how to play it again, and where its home is kept.',
    ].join('\n'),
    run: async (context, input) =>
      (await import('./chaos/chaos.ts')).chaosCommand(context, {
        minutes: input.text('minutes'),
        seed: input.text('seed'),
        json: input.flag('json'),
        keep: input.flag('keep'),
      }),
  },
  {
    usage: 'config',
    group: maintain,
    summary: 'show the settings that a run would have here, and where each comes from',
    options: [
      json,
      [
        '--schema [of]',
        'print the JSON Schema of config.toml, or with "project" of a project\'s, for editors',
      ],
      ...settingOptions,
    ],
    more: 'Keys and addresses of providers are never shown, only whether they are set. docs/configuration.md describes every setting.',
    run: async (context, input) =>
      (await import('./inspect/config.ts')).configCommand(context, {
        json: input.flag('json'),
        schema: input.flag('schema') ? 'user' : input.text('schema'),
        settings: settingOptionsOf(input),
      }),
  },
  {
    usage: 'models',
    group: maintain,
    summary: 'list the models that are known, with their prices, and what is missing to use them here',
    options: [json],
    run: async (context, input) =>
      (await import('./inspect/models.ts')).modelsCommand(context, { json: input.flag('json') }),
  },
  {
    usage: 'login [provider]',
    group: maintain,
    summary: "keep a provider's key for the runs to come; without PROVIDER, list whose there are",
    options: [['--remove', 'forget that key'], json],
    more: "The key is typed at the terminal, unseen, or comes on stdin. No pod can read where it is kept; a provider's variable (ANTHROPIC_API_KEY …) counts before it.",
    run: async (context, input) =>
      (await import('./control/login.ts')).loginCommand(context, input.args[0], {
        remove: input.flag('remove'),
        json: input.flag('json'),
      }),
  },
  {
    usage: 'completion <shell>',
    group: maintain,
    summary: 'print what bash, zsh or fish needs to complete commands, flags and names of pods',
    options: [],
    more: [
      'bash, in ~/.bashrc:                 source <(podkin completion bash)',
      'zsh, in ~/.zshrc, behind compinit:  source <(podkin completion zsh)',
      'fish: podkin completion fish > ~/.config/fish/completions/podkin.fish',
    ].join('\n'),
    run: async (context, input) =>
      (await import('./completion/complete.ts')).completionCommand(context, first(input)),
  },
  {
    usage: 'doctor',
    group: maintain,
    summary: 'check this machine and this home, and say how to fix what is wrong',
    options: [['--engine <name>', 'try this agent instead, against a mock on this machine'], json],
    run: async (context, input) =>
      (await import('./doctor/doctor.ts')).doctorCommand(context, {
        json: input.flag('json'),
        engine: input.text('engine'),
      }),
  },
];
