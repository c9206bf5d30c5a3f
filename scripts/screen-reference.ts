/** Renders docs/screen.md from the table of keys and the table of slash commands. */
import { editingKeys, type KeyWords, keyWords } from '../src/screen/key-words.ts';
import { keyLabel, keymapOf } from '../src/screen/keymap.ts';
import { slashCommands } from '../src/screen/slash.ts';

export function renderScreen(): string {
  return `${[
    '# The screen: keys and commands, generated',
    '',
    '<!-- Made by `npm run docs` from src/screen/keys.ts, key-words.ts and slash.ts; a test fails when it is stale. -->',
    '',
    'The input, a question of a pod, the tree and the transcript are places; one of them has the focus, and the foot of the screen shows its keys. **Letters are keys only outside of the input: in the input every character is text.** The focus goes where a key sends it, and nowhere by itself: a question that opens takes no key. A key answers a question that has been on the screen, with the focus, for 0.4 s; a yes wants the whole of it to have been shown.',
    '',
    'The screen is what `podkin`, `podkin run` and `podkin attach` show on a terminal. `--plain`, ACCESSIBLE=1 and TERM=dumb give lines that are only ever added; so does each output that is no terminal.',
    '',
    'In `podkin run` on a terminal Ctrl+C clears the input; with an empty one it asks, a second one stops the tree, a third kills it, and Ctrl+D leaves it running. In `podkin attach` and in the tree nothing that leaves stops anything. Esc never leaves.',
    '',
    'Other keys: `[keys]` in `config.toml`, by the names in the tables, as in `nextQuestion = "ctrl+o"` or `zoom = ["z", "f4"]`. Keys that are written in parentheses are always there. In the input a key needs Ctrl or Alt, or is one of F1 to F12. Ctrl+A, Ctrl+B, Ctrl+Q and Ctrl+S are never taken: they are of the terminal, tmux and screen. A terminal of macOS sends no Alt unless it is told to; each key with Alt has a second way.',
    '',
    ...Object.entries(keyWords).flatMap(([title, group]) => section(title, group)),
    '## Slash commands',
    '',
    'Typed in the input. A text that begins with a slash is sent with two.',
    '',
    '| command | what it does |',
    '|---|---|',
    ...slashCommands.map(({ name, takes, does }) => `| \`${`/${name} ${takes}`.trim()}\` | ${cell(does)} |`),
  ].join('\n')}\n`;
}

function section(title: string, group: Readonly<Record<string, KeyWords>>): string[] {
  const { bindings } = keymapOf({});
  const rows = Object.entries(group).flatMap(([id, { does, label }]) => {
    if (does === '') return [];
    const own = bindings.filter((one) => one.id === id);
    const keys = label ?? own.flatMap((one) => one.keys.map(keyLabel)).join(', ');
    const isFixed = own.some((one) => one.isFixed === true);
    return [`| ${cell(isFixed ? `(${keys})` : keys)} | ${cell(does)} | ${isFixed ? '–' : `\`${id}\``} |`];
  });
  const editing =
    title === 'Input' ? editingKeys.map(({ keys, does }) => `| (${keys}) | ${cell(does)} | – |`) : [];
  return [
    `## ${title}`,
    '',
    '| key | what it does | name in `[keys]` |',
    '|---|---|---|',
    ...rows,
    ...editing,
    '',
  ];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
