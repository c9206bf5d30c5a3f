/** Renders docs/configuration.md from the settings' schemas and the table of commands. */
import { commands } from '../src/cli/command-table.ts';
import { environmentList } from '../src/cli/invocation/environment-list.ts';
import { type Setting, settingList } from '../src/cli/invocation/setting-list.ts';
import type { JsonValue } from '../src/std/json.ts';

export function renderConfiguration(): string {
  return `${[
    '# Settings, generated',
    '',
    '<!-- Made by `npm run docs` from the schemas of src/cli/invocation; a test fails when it is stale. -->',
    '',
    "A setting comes from an option of the command, else from a variable of the environment, else from your `config.toml` (`~/.config/podkin/config.toml`; `--config FILE` reads another one), else it is the default. A `.podkin/config.toml` of a project, of the working directory and each folder above it up to the repository's root, may do with it what its column says, against your file and your variables; an option of this command overrides it. Lists of rules and paths add up.",
    '',
    "`podkin config` shows the settings that a run would have here and where each comes from. `podkin config --schema` prints the JSON Schema of your file for editors, `podkin config --schema project` that of a project's; with `podkin config --schema > ~/.config/podkin/config.schema.json` and `#:schema ./config.schema.json` as the first line of `config.toml`, editors that know TOML complete and check it.",
    '',
    'Agent files of a project, `.podkin/agents/NAME.md` and `.claude/agents/NAME.md`, are roles as those of `[profile.NAME]`, which only take away: their front matter may have `name`, `description`, `tools`, `disallowedTools`, `mode` (or `permissionMode`), `read`, `write`, `maxCost`, `effort`, `wait`, and a `model` that your own file names; the text below is `instructions`.',
    '',
    ...sections().flatMap(({ title, settings }) => [
      `## ${title}`,
      '',
      '| setting | what it does | value | default | a project may | option | variable |',
      '|---|---|---|---|---|---|---|',
      ...settings.map(row),
      '',
    ]),
    '## Only on the command line of `podkin run`',
    '',
    '| option | what it does |',
    '|---|---|',
    ...onlyOptions().map(([flags, what]) => `| \`${cell(flags)}\` | ${cell(what)} |`),
    '',
    '## Only in the environment',
    '',
    '| variable | what it does |',
    '|---|---|',
    ...environmentList().map(({ name, says }) => `| \`${name}\` | ${cell(says)} |`),
  ].join('\n')}\n`;
}

function sections(): { title: string; settings: readonly Setting[] }[] {
  const names = [...new Set(settingList().map(({ key }) => sectionOf(key)))];
  return names.map((section) => ({
    title: section === '' ? 'At the top' : `\`[${section}]\``,
    settings: settingList().filter(({ key }) => sectionOf(key) === section),
  }));
}

function sectionOf(key: string): string {
  const parts = key.split('.').slice(0, -1);
  return parts.map((part) => (part === '*' ? placeholder(parts[0]) : part)).join('.');
}

function placeholder(section: string | undefined): string {
  return section === 'models' ? '"provider/model"' : 'NAME';
}

function row({ key, description, type, fallback, project, option, variable }: Setting): string {
  const name = key.slice(key.lastIndexOf('.') + 1).replace('*', 'NAME');
  const cells = [
    `\`${name}\``,
    cell(description),
    cell(type),
    fallback === undefined ? '–' : code(fallback),
    project ?? '–',
    option === null ? '–' : `\`${option}\``,
    variable === null ? '–' : `\`${variable}\``,
  ];
  return `| ${cells.join(' | ')} |`;
}

function onlyOptions(): (readonly [string, string])[] {
  const settings = new Set(settingList().map(({ option }) => option));
  const run = commands.find(({ usage }) => usage.startsWith('run '));
  return (run?.options ?? []).filter(([flags]) => !settings.has(/--[\w-]+/.exec(flags)?.[0] ?? ''));
}

function code(value: JsonValue): string {
  return `\`${JSON.stringify(value)}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
