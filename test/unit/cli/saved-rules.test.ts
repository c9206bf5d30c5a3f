/** Rules that a person has saved for a project: where they hold, and what a file that is damaged comes to. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { effectiveSettings } from '../../../src/cli/invocation/effective-settings.ts';
import { loadConfiguration } from '../../../src/configuration/configuration.ts';
import {
  allSavedRules,
  changeSavedRules,
  placeState,
  savedRulesAt,
  savedRulesFile,
  saveRules,
} from '../../../src/configuration/saved-rules.ts';
import { homeOf } from '../../../src/session/home/home.ts';

let base: string;
beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'pk-rules-')));
  for (const name of ['project', 'other']) mkdirSync(join(base, name));
});
afterEach(() => rmSync(base, { recursive: true }));

const at = (...names: string[]) => join(base, ...names);
const environment = () => ({ PODKIN_HOME: at('home'), HOME: at('person') });
const home = () => homeOf(environment());
const save = (cwd: string, ...rules: string[]) => saveRules(home(), { cwd, personHome: at('person') }, rules);
const holding = (cwd: string) => savedRulesAt(home(), cwd, at('person'));
const npmTest = 'Bash(npm test:*)';

it('[approval.rule-place] they hold in the whole repository and in no other directory, kept for this user alone', async () => {
  mkdirSync(at('project', '.git'));
  mkdirSync(at('project', 'deep'));
  expect(await save(at('project', 'deep'), npmTest, 'Bash(ls:*)')).toBe(at('project'));
  await save(at('project'), npmTest);
  await save(at('other'), 'Bash(make:*)');
  const file = savedRulesFile(home());
  expect(await holding(at('project', 'deep'))).toEqual({
    path: file,
    project: at('project'),
    rules: [npmTest, 'Bash(ls:*)'],
    notes: [],
  });
  expect((await holding(at('project'))).rules).toEqual([npmTest, 'Bash(ls:*)']);
  expect((await holding(base)).rules).toEqual([]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(file.startsWith(home().state)).toBe(true);
});

it('[approval.rule-place] a directory that is moved takes none along, and another at its path has none', async () => {
  await save(at('project'), npmTest);
  renameSync(at('project'), at('moved'));
  expect(await holding(at('moved'))).toMatchObject({ rules: [], notes: [] });
  expect(allSavedRules(home()).map(placeState)).toEqual(['gone']);
  mkdirSync(at('project'));
  const another = await holding(at('project'));
  expect([another.rules, another.notes]).toEqual([
    [],
    [expect.stringContaining('another directory was there')],
  ]);
  expect(allSavedRules(home()).map(placeState)).toEqual(['another']);
  await save(at('project'), 'Bash(ls:*)');
  expect((await holding(at('project'))).rules).toEqual(['Bash(ls:*)']);
  rmSync(at('project'), { recursive: true });
  renameSync(at('moved'), at('project'));
  expect((await holding(at('project'))).rules).toEqual([npmTest]);
});

it('[approval.rule-place] a link in its place leads to another project, a link to it to the same', async () => {
  await save(at('project'), npmTest);
  symlinkSync(at('project'), at('link'));
  expect((await holding(at('link'))).rules).toEqual([npmTest]);
  renameSync(at('project'), at('moved'));
  symlinkSync(at('other'), at('project'));
  expect(await holding(at('project'))).toMatchObject({ rules: [], project: at('other') });
});

it.each<[string, (file: string) => void]>([
  ['is no JSON', (file) => writeFileSync(file, '{"schema":1', { mode: 0o600 })],
  ['has another form', (file) => writeFileSync(file, '{"schema":1,"projects":{}}', { mode: 0o600 })],
  ['is of a later version', (file) => writeFileSync(file, '{"schema":2,"projects":[]}', { mode: 0o600 })],
  [
    'has one wrong entry',
    (file) => writeFileSync(file, readFileSync(file, 'utf8').replace('"place"', '"pace"')),
  ],
  ['may be written by others', (file) => chmodSync(file, 0o622)],
  ['is a folder', (file) => (rmSync(file), mkdirSync(file))],
  ['is too large', (file) => writeFileSync(file, ' '.repeat(1024 * 1024 + 1))],
  [
    'is a link',
    (file) => {
      renameSync(file, `${file}.x`);
      symlinkSync(`${file}.x`, file);
    },
  ],
])(
  '[approval.rule-file] a file that %s allows nothing, is reported and not overwritten',
  async (_, damage) => {
    await save(at('project'), npmTest);
    damage(savedRulesFile(home()));
    const read = await holding(at('project'));
    expect(read.rules).toEqual([]);
    expect(read.notes).toEqual([expect.stringContaining('none of your saved rules holds')]);
    const given = { environment: environment(), cwd: at('project'), flags: {} };
    expect(await loadConfiguration(given)).toMatchObject({ rules: { allow: [] }, notes: read.notes });
    await expect(save(at('project'), 'Bash(ls:*)')).rejects.toThrow('none of the saved rules holds');
    expect((await holding(at('project'))).notes).toEqual(read.notes);
    expect(existsSync(`${savedRulesFile(home())}.lock`)).toBe(false);
  },
);

it('[approval.rule-file] one rule that means nothing here is left out, and said', async () => {
  await save(at('project'), npmTest, 'Bash(ls:*)');
  const file = savedRulesFile(home());
  writeFileSync(file, readFileSync(file, 'utf8').replace('Bash(ls:*)', 'Gone(x)'));
  expect(await holding(at('project'))).toMatchObject({
    rules: [npmTest],
    notes: [expect.stringContaining('Gone(x)')],
  });
});

it('[approval.rule-saved] commands that save at the same moment lose nothing', async () => {
  const rules = Array.from({ length: 12 }, (_, number) => `Bash(one-${number}:*)`);
  await Promise.all(rules.map((rule) => save(at('project'), rule)));
  expect((await holding(at('project'))).rules.toSorted()).toEqual(rules.toSorted());
});

it('[approval.rule-saved] a rule that is none, and a directory that is gone, are refused; nothing is saved', async () => {
  await expect(save(at('project'), npmTest, 'Bash(')).rejects.toThrow('is no rule');
  await expect(save(at('none'), npmTest)).rejects.toThrow('is not there');
  expect(allSavedRules(home())).toEqual([]);
});

it('[approval.rule-saved] a relative path in one is the project’s; a project of which none are left is forgotten', async () => {
  await save(at('project'), 'Write(docs/**)');
  expect((await holding(at('project'))).rules).toEqual([`Write(${at('project')}/docs/**)`]);
  await changeSavedRules(home(), (all) => all.map((one) => ({ ...one, rules: [] })));
  expect(readFileSync(savedRulesFile(home()), 'utf8')).toBe('{\n  "schema": 1,\n  "projects": []\n}\n');
});

it('[approval.rule-saved] they are the person’s own allow, beside the file’s; a project takes away, and config says where each is from', async () => {
  await save(at('project'), npmTest, 'Bash(ls:*)');
  mkdirSync(at('home', 'config'), { recursive: true });
  writeFileSync(at('home', 'config', 'config.toml'), '[permissions]\nallow = ["Bash(make:*)"]\n');
  const given = { environment: environment(), cwd: at('project'), flags: {} };
  expect((await loadConfiguration(given)).rules.allow).toEqual(['Bash(make:*)', npmTest, 'Bash(ls:*)']);
  mkdirSync(at('project', '.podkin'));
  writeFileSync(
    at('project', '.podkin', 'config.toml'),
    `[permissions]\nallow = ["${npmTest}", "Bash(make:*)"]\ndeny = ["Bash(npm test x)"]\n`,
  );
  expect((await loadConfiguration(given)).rules).toEqual({
    allow: ['Bash(make:*)', npmTest],
    ask: [],
    deny: ['Bash(npm test x)'],
  });
  const { settings } = await effectiveSettings(given);
  expect(settings.find(({ key }) => key === 'permissions.allow')?.sources).toEqual([
    { value: 'Bash(make:*)', from: 'user file', at: at('home', 'config', 'config.toml') },
    { value: npmTest, from: 'saved rule', at: savedRulesFile(home()) },
  ]);
});
