/** The options that set for one command what a configuration file sets for all. */
import type { CommandInput } from './command-input.ts';
import type { ConfigurationFlags } from '../../configuration/configuration.ts';
import { type CommandContext, fromCwd } from './context.ts';

/** Flags and what they do. */
export const settingOptions: readonly (readonly [string, string])[] = [
  ['--model <model>', 'provider/model, or script/PATH for a scenario file'],
  ['--profile <name>', 'a role of your config.toml, or of the project: instructions, tools, mode, paths …'],
  ['--effort <level>', 'how much the model is to think before it answers: low, medium or high'],
  ['--permission-mode <mode>', 'default, acceptEdits, plan, dontAsk or bypassPermissions'],
  ['--allow-tool <rules...>', 'calls that run without an approval, as in "Bash(npm test*)" or Write'],
  ['--ask-tool <rules...>', 'calls that need an approval first'],
  ['--deny-tool <rules...>', 'calls that never run; deny outweighs ask, ask outweighs allow'],
  ['--deny <paths...>', 'paths that it may neither read nor change, inside the others'],
  ['--deny-write <paths...>', 'paths that it may read and not change'],
  ['--max-steps <n>', 'requests to the model in one turn'],
  ['--max-cost <usd>', 'US dollars that the tree may spend'],
  ['--sandbox-network', 'commands of the tree may reach the network (default: none)'],
  ['--sandbox-unix-sockets', 'commands of the tree may use sockets of the file system (default: none)'],
  ['--config <file>', "configuration file, instead of the user's own"],
  ['--cwd <dir>', 'working directory (default: the current one)'],
];

/** As the command line gave them; what it did not say is left out. */
export interface SettingOptions {
  readonly model?: string | undefined;
  readonly profile?: string | undefined;
  readonly effort?: string | undefined;
  readonly permissionMode?: string | undefined;
  readonly allowTool?: readonly string[] | undefined;
  readonly askTool?: readonly string[] | undefined;
  readonly denyTool?: readonly string[] | undefined;
  readonly deny?: readonly string[] | undefined;
  readonly denyWrite?: readonly string[] | undefined;
  readonly maxSteps?: string | number | undefined;
  readonly maxCost?: string | number | undefined;
  readonly sandboxNetwork?: boolean | undefined;
  readonly sandboxUnixSockets?: boolean | undefined;
  readonly config?: string | undefined;
  readonly cwd?: string | undefined;
}

export function settingOptionsOf(input: CommandInput): SettingOptions {
  return {
    model: input.text('model'),
    profile: input.text('profile'),
    effort: input.text('effort'),
    permissionMode: input.text('permissionMode'),
    allowTool: input.list('allowTool'),
    askTool: input.list('askTool'),
    denyTool: input.list('denyTool'),
    deny: input.list('deny'),
    denyWrite: input.list('denyWrite'),
    maxSteps: input.text('maxSteps'),
    maxCost: input.text('maxCost'),
    sandboxNetwork: input.flag('sandboxNetwork'),
    sandboxUnixSockets: input.flag('sandboxUnixSockets'),
    config: input.text('config'),
    cwd: input.text('cwd'),
  };
}

export function configurationFlags(context: CommandContext, options: SettingOptions): ConfigurationFlags {
  return {
    model: options.model,
    profile: options.profile,
    effort: options.effort,
    permissionMode: options.permissionMode,
    rules: {
      allow: options.allowTool ?? [],
      ask: options.askTool ?? [],
      deny: options.denyTool ?? [],
    },
    sandboxNetwork: options.sandboxNetwork,
    sandboxUnixSockets: options.sandboxUnixSockets,
    file: options.config === undefined ? undefined : fromCwd(context, options.config),
    deny: options.deny,
    denyWrite: options.denyWrite,
    limits: {
      ...(options.maxSteps === undefined ? {} : { steps: options.maxSteps }),
      ...(options.maxCost === undefined ? {} : { cost: options.maxCost }),
    },
  };
}
