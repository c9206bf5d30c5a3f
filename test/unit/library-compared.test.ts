/** The table of docs/library.md and the code that it counts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const docs = fileURLToPath(new URL('../../docs', import.meta.url));
const names = ['podkin', 'Claude Agent SDK', 'OpenAI Agents SDK', 'Mastra'];

/** By task: its title, and how many lines each has; a dash where there is no code. */
function counted(): string[] {
  const [, ...tasks] = readFileSync(join(docs, 'library-compared.md'), 'utf8').split(/^## (?=\d)/m);
  return tasks.map((task) => {
    const title = /^\d+\. (.*)$/m.exec(task)?.[1] ?? '';
    const lines = names.map((name) => {
      const code = task.split(`**${name}**`)[1]?.split('```')[1];
      return code === undefined ? '–' : String(code.trim().split('\n').length - 1);
    });
    return `| ${[title, ...lines].join(' | ')} |`;
  });
}

it('[library.compared] says how many lines there are', () => {
  const table = readFileSync(join(docs, 'library.md'), 'utf8')
    .split('\n')
    .filter((line) => /^\| .*\| (?:\d+|–) +\|$/.test(line))
    .map((line) => line.replaceAll(/ +/g, ' '));
  expect(counted()).toHaveLength(10);
  expect(table).toEqual(counted());
});
