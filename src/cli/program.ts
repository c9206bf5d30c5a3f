/**
 * The command line: commander reads it by the table of commands; failures become one sentence on stderr and
 * an exit status.
 */
import { errorText } from './format/printable.ts';
import { BadSetting } from '../configuration/bad-setting.ts';
import { podSentence } from './format/pod-sentences.ts';
import { AmbiguousName, NoSuchPod } from '../client/errors.ts';
import { PodkinError } from '../std/podkin-error.ts';
import { Command, CommanderError } from 'commander';
import { systemCode } from '../std/system-code.ts';
import { version } from '../version.ts';
import { guardCommand, keepWord } from './chaos/guard-command.ts';
import { commandInput } from './invocation/command-input.ts';
import type { CommandSpec } from './command-spec.ts';
import { commands } from './command-table.ts';
import type { CommandContext } from './invocation/context.ts';
import { CommandFailed, exitStatus } from './invocation/context.ts';

/** Without a command: how what is there is shown. With other words it is a command. */
const startFlags: ReadonlySet<string> = new Set(['--plain', '--slow']);

const places = `
Exit status: 0 done, 1 failed, 2 usage, 3 no such pod, 4 a tool was denied (run -p), 5 a limit was reached,
  6 this request id was used for something else, 124 wait timed out, 129, 130, 131, 141 and 143 ended by a signal.

Models are named provider/model: anthropic/…, openai/…, google/… with ANTHROPIC_API_KEY, OPENAI_API_KEY,
  GOOGLE_GENERATIVE_AI_API_KEY; openai-compatible/… with OPENAI_COMPATIBLE_BASE_URL (Ollama, vLLM, llama.cpp …);
  script/PATH plays a scenario file and is no model. Named by --model, PODKIN_MODEL, or model = "…" in the
  user's configuration.

Configuration: flags, then PODKIN_MODEL, PODKIN_PERMISSION_MODE and PODKIN_LIMITS_* (PODKIN_LIMITS_STEPS=50),
  then the user's config.toml. The .podkin/config.toml of a project (working directory and above it, up to the
  repository's root) narrows what variables and the user's file say: [scope], [permissions], [limits],
  permissionMode; a flag for a limit or the mode overrides it, with a note. Its model, instructions and
  [sandbox] count only once you have trusted them. PODKIN_HOME=/x keeps everything below /x: config, state, run.

First steps:
  $ podkin demo
  $ podkin run "Say what this project does" --model anthropic/claude-sonnet-5-5
`;

/** Answers with the exit status. Throws only what is a defect. */
export async function runProgram(context: CommandContext, argv: readonly string[]): Promise<number> {
  try {
    if (argv.every((word) => startFlags.has(word)))
      return await (await import('./screen/start-screen.ts')).startScreen(context, argv);
    if (argv[0] === guardCommand) return await guard(context, argv);
    if (argv[0] === '__complete') {
      const { completeCommand } = await import('./completion/complete.ts');
      return completeCommand(context, commands, argv.slice(1));
    }
    let status: number = exitStatus.done;
    const program = buildProgram(context, (ended) => (status = ended));
    await program.parseAsync(helpOfUnknown(argv) ?? taskOnly(argv) ?? argv, { from: 'user' });
    return status;
  } catch (error) {
    return failureStatus(context, error);
  }
}

/**
 * Of a command that is none, commander's help shows all commands, and not what was wrong: the name alone is
 * refused with the nearest one.
 */
function helpOfUnknown(argv: readonly string[]): string[] | null {
  const isHelp = (word: string | undefined): boolean => word === '-h' || word === '--help';
  const [first, second] = argv;
  const name = first === 'help' ? second : isHelp(second) ? first : undefined;
  if (name === undefined || name.startsWith('-') || name === 'help') return null;
  return commands.some(({ usage }) => usage.split(' ')[0] === name) ? null : [name];
}

/**
 * `podkin "fix the bug"`: a task needs no command where nothing else can be meant. A single word could be a
 * command that was mistyped, and no agent that costs money is started by that.
 */
function taskOnly(argv: readonly string[]): string[] | null {
  const hasTask = argv.some((word) => /\S[ \t]+\S/.test(word));
  const isCommand = argv.some((word) => commands.some(({ usage }) => usage.split(' ')[0] === word));
  const isOwn = argv.some((word) => ['-h', '--help', '-V', '--version', 'help'].includes(word));
  return hasTask && !isCommand && !isOwn ? ['run', ...argv] : null;
}

async function guard(
  context: CommandContext,
  [, path = '', mark = '', last]: readonly string[],
): Promise<number> {
  const { guardFolder } = await import('./chaos/guard.ts');
  await guardFolder(context, { path, mark }, { keep: last === keepWord });
  return exitStatus.done;
}

function buildProgram(context: CommandContext, ended: (status: number) => void): Command {
  const program = new Command('podkin')
    .description('Runs trees of LLM agents: every outcome reaches its parent, exactly once, whatever dies.')
    .usage('[command] [options]')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .configureHelp({ helpWidth: 110, sortSubcommands: false, showGlobalOptions: false })
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      outputError: (text, write) => write(usageText(text)),
      getOutHasColors: () => context.color,
    })
    .showHelpAfterError('"podkin --help" lists all commands.')
    .addHelpText('after', places)
    .exitOverride();
  for (const spec of commands) addCommand(program, spec, { context, ended });
  return program;
}

function addCommand(
  program: Command,
  spec: CommandSpec,
  to: { context: CommandContext; ended: (status: number) => void },
): void {
  const command = program
    .command(spec.usage)
    .summary(spec.summary)
    .description(`${spec.summary.charAt(0).toUpperCase()}${spec.summary.slice(1)}.`)
    .helpGroup(spec.group)
    .showHelpAfterError(`"podkin ${spec.usage.split(' ')[0]} --help" says how it is used.`);
  for (const [flags, what] of spec.options) command.option(flags, what);
  if (spec.more !== undefined) command.addHelpText('after', `\n${spec.more}`);
  command.action(async () => {
    to.ended(await spec.run(to.context, commandInput(command.processedArgs, command.opts())));
  });
}

/** Commander quotes what was typed; its hint stands on a line of its own. */
function usageText(text: string): string {
  const [, said = text, hint = ''] = /^error: (.*?)(\n\(Did you mean [^\n]*\))?\n?$/s.exec(text) ?? [];
  const [, word] = /^unknown command '(.*)'$/s.exec(said) ?? [];
  const asTask = word === undefined ? '' : `\nA task goes with run: podkin run "${errorText(word)}"`;
  return `podkin: ${errorText(said)}${hint}${asTask}\n`;
}

const noRoom = 'free some space there, then try again';
const noRight = 'check its owner and its permissions, or choose another home with PODKIN_HOME';
const whatToDo: Readonly<Record<string, string>> = {
  ENOSPC: noRoom,
  EDQUOT: noRoom,
  EFBIG: 'raise the limit of a file\'s size ("ulimit -f"), then try again',
  EROFS: 'nothing can be written there: choose another home with PODKIN_HOME',
  EACCES: noRight,
  EPERM: noRight,
  EMFILE: 'raise the limit on open files ("ulimit -n"), then try again',
  ENFILE: 'this machine has too many open files: end something, then try again',
  EIO: "the disk fails: check the system's log before anything else",
};

function failureStatus(context: CommandContext, error: unknown): number {
  if (error instanceof CommanderError) {
    // Help and version come this way too, with 0.
    return error.exitCode === 0 ? exitStatus.done : exitStatus.usage;
  }
  if (error instanceof CommandFailed || error instanceof BadSetting) {
    const lines = error.lines.map((line) => `  ${errorText(line)}\n`).join('');
    context.stderr.write(`podkin: ${errorText(error.sentence)}${lines === '' ? '' : ':'}\n${lines}`);
    return error instanceof CommandFailed ? error.status : exitStatus.usage;
  }
  if (!(error instanceof Error) || !isSituation(error)) throw error;
  const said = error instanceof PodkinError ? podSentence(error) : error.message;
  const next = whatToDo[systemCode(error) ?? ''];
  context.stderr.write(`podkin: ${errorText(`${said}${next === undefined ? '' : `: ${next}`}`)}\n`);
  if (error instanceof AmbiguousName) return exitStatus.usage;
  return error instanceof NoSuchPod ? exitStatus.noSuchPod : exitStatus.failed;
}

/** Whose message is meant for people: ours, and the system's failures. Anything else is a defect. */
function isSituation(error: Error): boolean {
  if (error instanceof PodkinError) return true;
  return 'code' in error && typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code);
}
