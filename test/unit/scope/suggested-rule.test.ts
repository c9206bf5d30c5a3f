/** Which rule a person is offered for a command, and what they read of what a rule lets run. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseRule, type PermissionRule, ruleFor } from '../../../src/scope/permissions/permission-rules.ts';
import { ruleMeaning, suggestedRule } from '../../../src/scope/permissions/suggested-rule.ts';

it.each([
  ['npm test', 'Bash(npm test:*)'],
  ['npm test -- --watch src/a.ts', 'Bash(npm test:*)'],
  ['  npm   run   build:css --fast ', 'Bash(npm run build:css:*)'],
  ['git status -s', 'Bash(git status:*)'],
  ['git diff HEAD~1', 'Bash(git diff:*)'],
  ['cargo build --release', 'Bash(cargo build:*)'],
  ['ls -la', 'Bash(ls:*)'],
  ['tsc --noEmit -p .', 'Bash(tsc:*)'],
  ['vitest', 'Bash(vitest:*)'],
  ["rg 'a b' src", 'Bash(rg:*)'],
  ['swift build -c release', 'Bash(swift build:*)'],
])('[permission.suggested] %j: %s', (command, rule) => {
  expect(suggestedRule(command)).toBe(rule);
});

/** What runs what it is given; what cannot be taken back; what a shell makes more of; no plain words. */
const unsuggested = [
  [
    'sh -c ls',
    'bash x',
    'sudo npm test',
    'env A=1 npm test',
    'python -c 1',
    'python3 -m pytest',
    'node x.js',
  ],
  ['npx vitest', 'xargs ls', 'nohup npm test', 'timeout 5 npm test', 'time ls', 'exec ls', 'eval ls', '. x'],
  [
    'find . -name a',
    'ssh host ls',
    'awk 1',
    'npm exec x',
    'npm x y',
    'go run .',
    'git bisect run x',
    'uv run x',
  ],
  [
    'rm -rf build',
    'git push',
    'git reset --hard',
    'git clean -fd',
    'curl localhost',
    'npm publish',
    'cp a b',
  ],
  ['docker run x', 'kubectl get pods', 'chmod +x a', 'mv a b'],
  [
    'psql x',
    'vagrant up',
    'git fetch',
    'git stash',
    'pnpm dlx x',
    'pip config list',
    'npm run a=b',
    'npm -v',
  ],
  [
    'npm test; ls',
    'npm test | cat',
    'npm test $(x)',
    'npm test `x`',
    'npm test && ls',
    'npm test > f',
    'a\nb',
  ],
  ['npm test <f', '(npm test)', '{ npm test', 'npm test &', '$X test'],
  [
    'A=1 npm test',
    './run.sh',
    '/bin/ls',
    '~/x',
    'git -C . status',
    'npm --prefix a test',
    'npm',
    'npm run',
    '',
  ],
  ['"npm" test', "np''m test", 'npm\\ test', '*', 'npm run -s x', 'npm run a:', '-x', 'npm\ttest'],
].flat();

it.each(unsuggested)('[permission.suggested] %j: none', (command) => {
  expect(suggestedRule(command)).toBeNull();
});

function ruleOf(text: string): PermissionRule {
  const rule = parseRule(text);
  if ('problem' in rule) throw new Error(rule.problem);
  return rule;
}
const allows = (rule: string, command: string) =>
  ruleFor([ruleOf(rule)], 'allow', { tool: 'Bash', subject: { kind: 'command', command } }) !== undefined;

it('[permission.suggested] what is suggested lets the command run, and none that begins otherwise or holds an operator', () => {
  const word = fc.constantFrom(
    'npm',
    'test',
    'run',
    'git',
    'status',
    'ls',
    '-a',
    'a:b',
    ';',
    '$(x)',
    '|',
    'sh',
    '"',
  );
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 1, maxLength: 6 }),
      fc.array(word, { maxLength: 6 }),
      (one, other) => {
        const [command, second] = [one.join(' '), other.join(' ')];
        const rule = suggestedRule(command);
        if (rule === null) return;
        const prefix = rule.slice('Bash('.length, -':*)'.length);
        expect(allows(rule, command)).toBe(true);
        if (!allows(rule, second)) return;
        expect(second === prefix || second.startsWith(`${prefix} `) || second.startsWith(`${prefix}:`)).toBe(
          true,
        );
        expect(second).not.toMatch(/[;|$()]/);
      },
    ),
  );
});

it.each([
  ['Bash', 'every shell command, whatever it is'],
  ['Bash(npm test)', 'the command "npm test" alone'],
  [
    'Bash(npm test:*)',
    '"npm test" alone and with anything behind it, never one with ; & | < > ` $ ( ) { } or more than one line',
  ],
  [
    'Bash(npm test :*)',
    '"npm test" alone and with anything behind it, never one with ; & | < > ` $ ( ) { } or more than one line',
  ],
  [
    'Bash(npm * --dry-run)',
    'every command of the form "npm * --dry-run" (* is any text), never one with ; & | < > ` $ ( ) { } or more than one line',
  ],
])('[permission.meaning] %s allows %s', (rule, meaning) => {
  expect(ruleMeaning(ruleOf(rule))).toBe(meaning);
});
