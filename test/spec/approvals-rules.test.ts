/** A yes by a rule, with real pods: what it lets run, where, and for how long. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome } from '../support/rig.ts';
import { Terminal } from '../support/terminal.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  try {
    await promiseKept(home);
  } finally {
    await home.close();
  }
});

/** Each run makes the command that it names. */
const echo = `
rules:
  - { last: user, matches: "run: (.*)", call: [{ Bash: { command: "{{match.1}}" } }] }
  - { last: user, matches: "spawn (.*)", call: [{ SpawnPod: { name: "{{match.1}}", task: "run: touch below", write: ["."] } }] }
  - { say: "{{pod}}: {{lastText}}" }
`;
const isMade = (name: string) => existsSync(join(home.work, name));

it('[approval.rule] holds for this pod over a restore and for a child that it starts, and for no other command', async () => {
  const root = await home.startRoot({ scenario: echo });
  await root.run('run: touch one');
  const { request } = await root.untilEntry('approval');
  const answered = await home.run(['approve', 'root', '--rule', 'Bash(touch:*)']);
  expect([answered.code, answered.stdout]).toEqual([0, expect.stringContaining('from now on')]);
  await root.untilSettled();
  expect(isMade('one')).toBe(true);
  const entries = await root.entries();
  const yes = entries.findIndex((entry) => entry.type === 'approval' && entry.state === 'answered');
  expect(entries[yes]).toMatchObject({ request, decision: 'allow', rule: 'Bash(touch:*)' });
  expect(yes).toBeLessThan(entries.findIndex(({ type }) => type === 'toolResult'));
  await root.kill();
  await home.run(['restore', 'root']);
  await root.run('run: touch two');
  await root.untilSettled();
  await root.run('spawn low');
  await root.untilSettled();
  expect([isMade('two'), isMade('below')]).toEqual([true, true]);
  expect(await home.pod('low').entriesOf('approval')).toEqual([]);
  await root.run('run: touch three; touch four');
  const second = await root.untilEntry('approval', (one) => one.request !== request);
  expect(second).toMatchObject({ state: 'asked', summary: 'touch three; touch four' });
  expect((await home.run(['approve', 'root', '--deny'])).code).toBe(0);
  await root.untilSettled();
  expect(isMade('three')).toBe(false);
  expect((await home.run(['verify'])).code).toBe(0);
});

it('[approval.rule-refused] says what is wrong, and the approval waits on', async () => {
  const root = await home.startRoot({ scenario: echo });
  await root.run('run: touch one');
  await root.untilEntry('approval');
  for (const [args, code, why] of [
    [['--rule', 'Bash(ls:*)'], 1, 'does not let this very command run'],
    [['--rule', 'Bash('], 1, 'is no rule'],
    [['--rule', 'Bash(touch:*)', '--deny'], 2, '--rule is a yes'],
    [['--rule', 'Bash(touch:*)', '--always'], 2, 'give one of them'],
    [['--save'], 2, '--save goes with --rule'],
  ] as const) {
    const refused = await home.run(['approve', 'root', ...args]);
    expect([refused.code, refused.stderr]).toEqual([code, expect.stringContaining(why)]);
  }
  expect((await root.entriesOf('approval')).map(({ state }) => state)).toEqual(['asked']);
  await home.run(['approve', 'root', '--deny']);
  await root.untilSettled();
});

it('[approval.rule-saved] --save and rules add hold in later runs of the project, rules lists and removes them', async () => {
  const root = await home.startRoot({ scenario: echo });
  await root.run('run: touch one');
  await root.untilEntry('approval');
  const saved = await home.run(['approve', 'root', '--rule', 'Bash(touch:*)', '--save']);
  expect([saved.code, saved.stdout]).toEqual([0, expect.stringContaining(`Saved for ${home.work}`)]);
  await root.untilSettled();
  const again = () => home.run(['run', '-p', '--model', home.scenario(echo), 'run: touch two']);
  expect((await again()).code).toBe(0);
  expect(isMade('two')).toBe(true);
  expect((await home.run(['rules', 'add', 'Bash(ls:*)'])).code).toBe(0);
  const listed = JSON.parse((await home.run(['rules', '--json'])).stdout) as unknown;
  expect(listed).toEqual([
    { number: 1, rule: 'Bash(touch:*)', project: home.work, state: 'there' },
    { number: 2, rule: 'Bash(ls:*)', project: home.work, state: 'there' },
  ]);
  expect((await home.run(['config'])).stdout).toMatch(/permissions\.allow +"Bash\(touch:\*\)" +saved rule/);
  mkdirSync(join(home.work, '.podkin'));
  writeFileSync(join(home.work, '.podkin', 'config.toml'), '[permissions]\ndeny = ["Bash(touch two)"]\n');
  expect((await again()).code).toBe(4);
  writeFileSync(join(home.work, '.podkin', 'config.toml'), '[permissions]\nallow = []\n');
  expect((await again()).code).toBe(4);
  writeFileSync(join(home.work, '.podkin', 'config.toml'), '');
  expect((await again()).code).toBe(0);
  const none = await home.run(['rules', 'rm', '3']);
  expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('no saved rule 3')]);
  expect((await home.run(['rules', 'rm', '1'])).stdout).toContain('Bash(touch:*)');
  expect((await again()).code).toBe(4);
  expect((await home.run(['rules'])).stdout).toContain('Bash(ls:*)');
});

it('[approval.rule-keys] at a terminal the rule is offered, edited, explained and saved', async () => {
  const root = await home.startRoot({ scenario: echo });
  await root.run('run: git status one');
  const terminal = new Terminal(home, ['attach', 'root']);
  await terminal.until('the approval', (screen) => screen.includes('? root asks for Bash'));
  await terminal.answer('p', 'By the rule: ');
  expect(terminal.screen()).toContain('By the rule: Bash(git status:*)');
  for (let keys = 0; keys < ' status:*)'.length; keys += 1) terminal.press('BSpace');
  terminal.type(':*)');
  terminal.press('Enter');
  await terminal.until('what it allows', (screen) => screen.includes('"git" alone and with anything behind'));
  terminal.type('s');
  terminal.press('Enter');
  const answer = await root.untilEntry('approval', ({ state }) => state === 'answered');
  expect(answer).toMatchObject({ decision: 'allow', rule: 'Bash(git:*)' });
  await terminal.until('that it is saved', (screen) => screen.includes('Saved for'));
  await root.untilSettled();
  expect((await home.run(['rules'])).stdout).toContain('Bash(git:*)');
});
