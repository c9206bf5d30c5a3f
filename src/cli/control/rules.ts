/** `podkin rules`: what a person has allowed for a project, listed, added and removed. */
import { userHome } from '../../session/home/places.ts';
import { savedText } from '../approvals/ruled-text.ts';
import { columns } from '../format/table.ts';
import { oneLine, visible } from '../format/printable.ts';
import {
  type CommandContext,
  CommandFailed,
  cwdIfThere,
  exitStatus,
  jsonText,
} from '../invocation/context.ts';
import {
  allSavedRules,
  changeSavedRules,
  placeState,
  type RuleProject,
  savedRulesAt,
  savedRulesFile,
  saveRules,
} from '../../configuration/saved-rules.ts';

export interface RulesOptions {
  /** Of all projects. */
  readonly all: boolean;
  readonly json: boolean;
}

/** A rule with its number among those of all projects. */
interface NumberedRule {
  readonly number: number;
  readonly rule: string;
  readonly project: RuleProject;
}

/** `words`: nothing, or `add` or `rm` with what is meant. */
export async function rulesCommand(
  context: CommandContext,
  words: readonly string[],
  options: RulesOptions,
): Promise<number> {
  const [action, ...meant] = words;
  if (action === undefined) return await list(context, options);
  if (action !== 'add' && action !== 'rm') {
    throw new CommandFailed(
      exitStatus.usage,
      `rules ${oneLine(visible(action), 63)}: use add or rm, or neither to list`,
    );
  }
  if (meant.length === 0) {
    const what = action === 'add' ? '"Bash(npm test:*)"' : 'its number in "podkin rules"';
    throw new CommandFailed(exitStatus.usage, `rules ${action}: name a rule, as ${what}`);
  }
  return action === 'add' ? await add(context, meant) : await remove(context, meant);
}

async function add(context: CommandContext, rules: readonly string[]): Promise<number> {
  const { home, environment } = context;
  const cwd = cwdIfThere(context);
  if (cwd === null) throw new CommandFailed(exitStatus.failed, 'the working directory is not there any more');
  const project = await saveRules(home, { cwd, personHome: userHome(environment) }, rules);
  for (const rule of rules) context.stdout.write(`${savedText(rule, project)}\n`);
  return exitStatus.done;
}

async function remove(context: CommandContext, meant: readonly string[]): Promise<number> {
  const { home, environment } = context;
  const cwd = cwdIfThere(context);
  const here = cwd === null ? [] : (await savedRulesAt(home, cwd, userHome(environment))).rules;
  let gone: readonly NumberedRule[] = [];
  await changeSavedRules(home, (projects) => {
    const all = numbered(projects);
    gone = meant.map((word) => {
      const found = all.find(
        ({ number, rule, project }) =>
          String(number) === word ||
          (rule === word && here.includes(rule) && placeState(project) === 'there'),
      );
      if (found !== undefined) return found;
      const text = `there is no saved rule ${oneLine(visible(word), 80)}: "podkin rules --all" lists them with their numbers; nothing was removed`;
      throw new CommandFailed(exitStatus.usage, text);
    });
    const isGone = (rule: string, project: RuleProject) =>
      gone.some((one) => one.rule === rule && one.project === project);
    return projects.map((project) => ({
      ...project,
      rules: project.rules.filter((rule) => !isGone(rule, project)),
    }));
  });
  for (const { rule, project } of gone) {
    context.stdout.write(`Removed for ${visible(project.path)}: ${visible(rule)}\n`);
  }
  context.stderr.write('Pods that have begun with it keep it; stop them to end that.\n');
  return exitStatus.done;
}

async function list(context: CommandContext, { all, json }: RulesOptions): Promise<number> {
  const { home, environment } = context;
  const cwd = cwdIfThere(context);
  const found = numbered(allSavedRules(home));
  const here = cwd === null ? null : await savedRulesAt(home, cwd, userHome(environment));
  for (const note of here?.notes ?? []) context.stderr.write(`podkin: ${visible(note)}\n`);
  const holds = (one: NumberedRule) =>
    here?.project === one.project.path && placeState(one.project) === 'there';
  const shown = found.filter((one) => all || holds(one));
  if (json) {
    const rows = shown.map(({ number, rule, project }) => ({
      number,
      rule,
      project: project.path,
      state: placeState(project),
    }));
    context.stdout.write(jsonText(rows));
    return exitStatus.done;
  }
  if (shown.length === 0) {
    const others = found.length === 0 ? '' : '; "podkin rules --all" lists those of other projects';
    context.stderr.write(`No rules are saved for this project (${savedRulesFile(home)})${others}.\n`);
    return exitStatus.done;
  }
  const rows = shown.map(({ number, rule, project }) => [
    String(number),
    oneLine(visible(rule), 120),
    `${visible(project.path)}${states[placeState(project)]}`,
  ]);
  context.stdout.write(columns([['NUMBER', 'ALLOWS', 'PROJECT'], ...rows]));
  return exitStatus.done;
}

const states = {
  there: '',
  gone: ' (not there)',
  another: ' (another directory now: does not hold)',
} as const;

function numbered(projects: readonly RuleProject[]): NumberedRule[] {
  return projects
    .flatMap((project) => project.rules.map((rule) => ({ rule, project })))
    .map((one, at) => ({ number: at + 1, ...one }));
}
