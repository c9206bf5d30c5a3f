/**
 * What a person has done from the screen by commands of the command line: each is that very command, and what
 * it would have written is what the screen says.
 */
import { thrownText } from '../../std/thrown-text.ts';
import { BadSetting } from '../../configuration/bad-setting.ts';
import { join } from 'node:path';
import { findPod } from '../../client/find-pod.ts';
import type { Commands, StartSettings } from '../../screen/ports.ts';
import { suggestedRule } from '../../scope/permissions/suggested-rule.ts';
import { offeredText } from '../approvals/ruled-text.ts';
import { ruleSaver } from '../approvals/save-rule.ts';
import { type CommandContext, CommandFailed, exitStatus } from '../invocation/context.ts';
import { podSentence } from '../format/pod-sentences.ts';
import type { SetOptions } from '../../library/roots/set-options.ts';
import { createFolder } from '../../session/log/open-log.ts';
import { writeFileAtomic } from '../../std/atomic-write.ts';
import { PodkinError } from '../../std/podkin-error.ts';

export function screenCommands(context: CommandContext): Commands {
  const { home } = context;
  const labelOf = (instance: string): string => findPod(home, instance).label;
  return {
    start: async (task, settings) => {
      const { runCommand } = await import('../run/run.ts');
      const { said, status } = await captured(context, (inside) =>
        runCommand(inside, { ...rootOptions(settings), task, detach: true, stdin: noStdin }),
      );
      // The last line is the name.
      const name = said.stdout.trim().split('\n').at(-1) ?? '';
      if (status !== exitStatus.done || name === '')
        throw new Error(said.stderr.trim() || 'it was not started');
      return findPod(home, name).instance;
    },
    restore: async (instance, { tree }) => {
      const { restoreCommand } = await import('../control/restore.ts');
      return await doneText(context, `${labelOf(instance)} is started again.`, (inside) =>
        restoreCommand(inside, instance, { tree, force: false }),
      );
    },
    remove: async (instance) => {
      const { rmCommand } = await import('../control/rm.ts');
      const name = labelOf(instance);
      return await doneText(context, `${name} is removed.`, (inside) =>
        rmCommand(inside, [instance], { force: false }),
      );
    },
    stop: async (instance, { below }) => {
      const { stopCommand } = await import('../control/stop.ts');
      return await doneText(context, `${labelOf(instance)} is stopped.`, (inside) =>
        stopCommand(inside, [instance], { tree: below }),
      );
    },
    set: async (instance, settings) => {
      if (settings.mode === onlyByFlag)
        return `${onlyByFlag} is set by a flag alone: podkin set NAME --permission-mode ${onlyByFlag}`;
      const { setCommand } = await import('../control/set.ts');
      return await doneText(context, 'Set.', (inside) =>
        setCommand(inside, instance, { ...setOptions(settings), json: false }),
      );
    },
    saveRule: async ({ instance, name }, rule) => {
      const approval = { request: '', pod: name, instance, tool: 'Bash', summary: '', why: '' };
      return await ruleSaver(context)(approval, rule);
    },
    rules: async (words) => {
      const { rulesCommand } = await import('../control/rules.ts');
      return await doneText(context, 'Done.', (inside) =>
        rulesCommand(inside, words, { all: false, json: false }),
      );
    },
    ...ruleWords,
    keepCopy: (text) => {
      const file = join(home.state, 'copied.txt');
      createFolder(home.state);
      writeFileAtomic(file, text, 0o600);
      return file;
    },
  };
}

const ruleWords: Pick<Commands, 'ruleFor' | 'ruleMeaning'> = {
  ruleFor: (command) => suggestedRule(command) ?? `Bash(${command.trim()})`,
  ruleMeaning: offeredText,
};

/** What was typed is lost in a moment: what asks nobody for anything is not begun by it. */
const onlyByFlag = 'bypassPermissions';
const noStdin = { ignored: true, wait: undefined } as const;

function setOptions({ model, mode, effort }: StartSettings): SetOptions {
  return { model, permissionMode: mode, effort };
}

function rootOptions(settings: StartSettings): SetOptions & { write?: readonly string[] } {
  if (settings.mode === onlyByFlag)
    throw new Error(`${onlyByFlag} is set by a flag alone: podkin run --permission-mode ${onlyByFlag}`);
  return { ...setOptions(settings), ...(settings.write !== undefined && { write: settings.write }) };
}

interface Said {
  stdout: string;
  stderr: string;
}

/** What it wrote, or that sentence where it wrote nothing. Throws it where the command failed. */
async function doneText(
  context: CommandContext,
  done: string,
  work: (inside: CommandContext) => Promise<number>,
): Promise<string> {
  const { said, status } = await captured(context, work);
  if (status !== exitStatus.done) throw new Error((said.stderr + said.stdout).trim() || 'it failed');
  // A bare name says that it went well.
  const text = [said.stderr.trim(), said.stdout.trim()].filter((one) => /\s/.test(one)).join('\n');
  return text === '' ? done : text;
}

/** Nobody can be asked: the keyboard is the screen's. */
async function captured(
  context: CommandContext,
  work: (inside: CommandContext) => Promise<number>,
): Promise<{ said: Said; status: number }> {
  const said: Said = { stdout: '', stderr: '' };
  const to = (name: keyof Said) => ({
    write: (text: string) => void (said[name] += text),
    styled: (text: string) => void (said[name] += text),
    drained: () => Promise.resolve(),
  });
  const inside: CommandContext = {
    ...plainParts(context),
    stdout: to('stdout'),
    stderr: { ...to('stderr'), isTerminal: false },
  };
  try {
    return { said, status: await work(inside) };
  } catch (error) {
    throw new Error(sentenceOf(error), { cause: error });
  }
}

/** Each property once: some are worked out when they are asked for. */
function plainParts(context: CommandContext): Omit<CommandContext, 'stdout' | 'stderr'> {
  return {
    stdin: context.stdin,
    environment: context.environment,
    ownEnvironment: context.ownEnvironment,
    cwd: context.cwd,
    home: context.home,
    isTerminal: false,
    color: false,
    screen: context.screen,
  };
}

function sentenceOf(error: unknown): string {
  if (error instanceof CommandFailed || error instanceof BadSetting)
    return [error.sentence, ...error.lines].join('\n');
  if (error instanceof PodkinError) return podSentence(error);
  return thrownText(error);
}
