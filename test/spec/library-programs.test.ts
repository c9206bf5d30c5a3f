/**
 * The programs of README and docs/library.md, as they stand there: run from the packed package in a folder
 * that has nothing else, and checked by the compiler.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { copyCheckout, pack, packageFolder } from '../support/packed.ts';

let folder: string;
let project: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pk-programs-'));
  const checkout = join(folder, 'checkout');
  copyCheckout(checkout);
  const archive = pack(checkout, join(folder, 'archive'));
  project = join(folder, 'project');
  const installed = join(project, 'node_modules/podkin');
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', archive, '-C', installed, '--strip-components=1']);
  // What it depends on.
  symlinkSync(join(packageFolder, 'node_modules/@vscode'), join(project, 'node_modules/@vscode'));
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const programsIn = (file: string): string[] =>
  [...readFileSync(join(packageFolder, file), 'utf8').matchAll(/^```js\n([^]*?)^```$/gm)].map(
    ([, text = '']) => text,
  );
const programs = [...programsIn('README.md'), ...programsIn('docs/library.md')].filter((text) =>
  text.includes("from 'podkin'"),
);

interface Play {
  /** That the program holds: which one it is. */
  readonly has: string;
  readonly rules: string;
  readonly prints: RegExp;
}

const plays: readonly Play[] = [
  {
    has: 'children.length',
    rules: `
  - pod: child
    say: "Nothing found."
  - last: user
    call:
      - SpawnPod: { name: child, task: review, write: [] }
  - last: tool
    say: "Waiting."
  - say: "Reviewed."`,
    prints: /^root input\n[^]*^child text\n[^]*^root report\n[^]*^done Reviewed\. 0 1\n$/m,
  },
  {
    has: 'defineTool',
    rules: `
  - last: user
    call:
      - weather: { city: Oslo }
  - say: "{{lastText}}"`,
    prints: /^Oslo: 21 °C, clear\n$/,
  },
  {
    has: 'onQuestion',
    rules: `
  - last: user
    call:
      - Bash: { command: "curl example.org" }
  - say: "{{lastText}}"`,
    prints: /^root asks for Bash: curl example\.org\n[^]*Only the tests\.[^]*$/,
  },
  {
    has: "'report'",
    rules: `
  - pod: one
    say: "3 files"
  - last: user
    call:
      - SpawnPod: { name: one, task: count, write: [] }
  - last: tool
    say: "Waiting."
  - say: "3 files in all."`,
    prints: /^root: Waiting\.\none: 3 files\none → root: 3 files\nroot: 3 files in all\.\n$/,
  },
  {
    has: 'Promise.all',
    rules: `
  - matches: "b\\\\.ts"
    say: '{ "findings": 2 }'
  - say: '{ "findings": 0 }'`,
    prints: /^a\.ts 0\nb\.ts 2\nc\.ts 0\nviolations: 0\n$/,
  },
];

it('[library.programs] there are five, each of them played', () => {
  for (const { has } of plays)
    expect(
      programs.filter((text) => text.includes(has)),
      has,
    ).toHaveLength(1);
  expect(programs).toHaveLength(plays.length);
});

it.each(plays)('[library.programs] the one with $has runs as it is written', ({ has, rules, prints }) => {
  const home = mkdtempSync(join(folder, 'h-'));
  const model = join(home, 's.yaml');
  writeFileSync(model, `rules:${rules}\n`);
  writeFileSync(join(project, 'program.js'), programs.find((text) => text.includes(has)) ?? '');
  const { PODKIN_COMMAND: _, ...given } = process.env;
  const env = { ...given, PODKIN_HOME: join(home, 'p'), PODKIN_MODEL: `script/${model}` };
  const printed = execFileSync(process.execPath, ['program.js'], { cwd: project, env, encoding: 'utf8' });
  expect(printed).toMatch(prints);
});

it('[library.programs] [library.types] the compiler accepts all of them, with all that the package declares', () => {
  const files = programs.map((text, at) => {
    const file = `typed-${at}.ts`;
    // What a program in TypeScript would say beside it.
    const typed = text
      .replace('findingsIn(file)', 'findingsIn(file: string): Promise<number>')
      .replace('.data.findings', '.data as { findings: number }).findings')
      .replace('return (await tree.settled)', 'return ((await tree.settled)');
    writeFileSync(join(project, file), typed);
    return file;
  });
  const settings = ['--strict', '--noEmit', '--skipLibCheck', 'false', '--module', 'nodenext'];
  const more = ['--target', 'es2022', '--lib', 'es2023,dom', '--types', ''];
  const compiler = join(packageFolder, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, ...settings, ...more, ...files], { cwd: project, stdio: 'pipe' });
});
