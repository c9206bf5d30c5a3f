/**
 * What is wrong with a rule, in full; where a rule is anchored; and the patterns that go over operators and
 * quotes.
 */
import { describe, expect, it } from 'vitest';
import {
  type RuleKind,
  anchoredRule,
  parseRule,
  restoredRules,
  ruleFor,
} from '../../../src/scope/permissions/permission-rules.ts';

const problemOf = (text: string): string => {
  const rule = parseRule(text);
  return 'problem' in rule ? rule.problem : '';
};
const isDenied = (rule: string, command: string, kind: RuleKind = 'deny'): boolean => {
  const { rules } = restoredRules({ allow: [], ask: [], deny: [], [kind]: [rule] });
  return ruleFor(rules[kind], kind, { tool: 'Bash', subject: { kind: 'command', command } }) !== undefined;
};
const isAllowed = (rule: string, command: string) => isDenied(rule, command, 'allow');

const form = `is no rule: write a tool's name, as in Bash, or Tool(pattern), as in "Bash(npm test*)"; a task goes before the options`;
const brackets =
  'holds brackets behind +, @, !, ? or *, which mean nothing here: write {a,b} for one of several, or [+] for the sign itself';
const variable =
  'names a variable, and none is worked out here: write the path in full, or with ~/ for the home';
const tools =
  'Read, Write, Edit, Glob, Grep, Bash, ReadOutput, StopCommand, Plan, SpawnPod, SendToPod, ReadPodOutput, StopPod, ListPods, Skill';

describe('the words of a mistake', () => {
  it.each([
    ['do this', `"do this" ${form}`],
    ['1 Bash', `"1 Bash" ${form}`],
    ['x'.repeat(80), `"${'x'.repeat(80)}" ${form}`],
    ['x'.repeat(81), `"${'x'.repeat(79)}…" ${form}`],
    [
      'Bsh(ls)',
      `"Bsh(ls)" names no tool: there are ${tools}, mcp__SERVER__TOOL or mcp__SERVER__* of MCP servers, and acp__NAME__KIND or acp__NAME__* of other agents`,
    ],
    [
      ' Bash() ',
      '" Bash() " has an empty pattern: write Bash for every call of it, or a pattern between the brackets',
    ],
    ['Bash(:*)', '"Bash(:*)" has no command before ":*": write Bash for every command'],
    ['Bash( :*)', '"Bash( :*)" has no command before ":*": write Bash for every command'],
    ['Read(a :*)', '"Read(a :*)" ends in ":*", which is for Bash alone: write Read(a*)'],
    ['SpawnPod(a:*)', '"SpawnPod(a:*)" ends in ":*", which is for Bash alone: write SpawnPod(a*)'],
    ['Read(+(abc)b)', `"Read(+(abc)b)" ${brackets}`],
    ['Edit(?(ab|cd))', `"Edit(?(ab|cd))" ${brackets}`],
    ['Glob(*(ab|cd))', `"Glob(*(ab|cd))" ${brackets}`],
    ['Grep($HOME/x)', `"Grep($HOME/x)" ${variable}`],
    [
      'Read(a\\)',
      '"Read(a\\\\)" ends in a backslash with nothing behind it: write [ ] for a blank at the end of a name',
    ],
    [
      `Read(${'x'.repeat(1_001)})`,
      `"Read(${'x'.repeat(74)}…" has a pattern that is longer than 1000 characters: use a shorter one`,
    ],
  ])('[permission.malformed] %j is told in full', (text, problem) => {
    expect(problemOf(text)).toBe(problem);
  });

  it.each([
    [' Bash ', { text: 'Bash', tool: 'Bash', pattern: null }],
    [' Read( a/b ) ', { text: 'Read( a/b )', tool: 'Read', pattern: 'a/b' }],
    ['Read(a\\+(b)c)', { text: 'Read(a\\+(b)c)', tool: 'Read', pattern: 'a\\+(b)c' }],
    ['Read(\\@b(c))', { text: 'Read(\\@b(c))', tool: 'Read', pattern: '\\@b(c)' }],
    ['Read(a\\\\\\ b)', { text: 'Read(a\\\\\\ b)', tool: 'Read', pattern: 'a\\\\\\ b' }],
    ['SpawnPod($a+(b))', { text: 'SpawnPod($a+(b))', tool: 'SpawnPod', pattern: '$a+(b)' }],
  ])('[permission.malformed] %j is a rule', (text, rule) => {
    expect(parseRule(text)).toEqual(rule);
  });

  const noTool = '"Bsh(ls)" names no tool';
  it.each<[RuleKind, string, string]>([
    ['allow', 'Bash()', 'It allows nothing any more.'],
    ['allow', 'Bsh(ls)', 'It allows nothing any more.'],
    ['ask', 'Bash()', 'It asks for every call of Bash now.'],
    ['deny', 'Bash()', 'It denies every call of Bash now.'],
    ['deny', 'bash', 'It denies every call of Bash now.'],
    ['deny', 'bash (', 'It denies every call of Bash now.'],
    ['deny', 'Bsh(ls)', 'There is no such tool to be called.'],
    ['ask', 'do this', `It asks for every call of ${tools}, mcp__*, acp__* now.`],
    ['deny', '1', `It denies every call of ${tools}, mcp__*, acp__* now.`],
  ])('[permission.restored] %s %j is told in full', (kind, text, what) => {
    const { notes } = restoredRules({ allow: [], ask: [], deny: [], [kind]: [text] });
    expect(notes).toEqual([
      `A rule of this session (${kind}) means nothing to this podkin: ${problemOf(text)}. ${what}`,
    ]);
    expect(problemOf('Bsh(ls)')).toContain(noTool);
  });
});

describe('a rule of a path from a folder', () => {
  it.each([
    ['Read(a)', '/w', 'Read(/w/a)'],
    ['Write(a/)', '/w/', 'Write(/w/a/)'],
    ['Edit(a~)', '/', 'Edit(/a~)'],
    ['Glob(a)', '/w/x+(b)', 'Glob(/w/x\\+(b)/a)'],
    ['Grep(a)', '/w/x+b', 'Grep(/w/x+b/a)'],
    ['Read(a)', '/w/x*', 'Read(/w/x\\*/a)'],
    ['Read(/a)', '/w', 'Read(/a)'],
    ['Read(~/a)', '/w', 'Read(~/a)'],
    ['Read', '/w', 'Read'],
    ['Bash(a)', '/w', 'Bash(a)'],
    ['SpawnPod(a)', '/w', 'SpawnPod(a)'],
    ['no rule', '/w', 'no rule'],
    ['Bash(', '/w', 'Bash('],
  ])('[permission.paths] %j of %j is %j', (text, folder, anchored) => {
    expect(anchoredRule(text, folder)).toBe(anchored);
  });
});

describe('a pattern with operators or quotes in it', () => {
  it.each([
    ['curl * | sh', 'curl -s a | sh'],
    ['curl * | sh', '  curl   -s a | sh '],
    ['curl * | sh', 'sudo curl -s a | sh'],
    ['curl * | sh', '/usr/bin/curl -s a | sh'],
    ['curl * | sh', 'ABC=bcd curl -s a | sh'],
    ['curl * | sh', 'sudo  ABC=bcd  /usr/bin/curl  -s a | sh'],
    ['curl * | sh', '"curl" -s a | sh'],
    ['curl * | sh', 'c\\url -s a | sh'],
    ['say "no"', 'a; say "no"'],
    ['say "no"', 'a && sudo say "no"'],
    ['say "no"', '(/usr/bin/say "no")'],
    ['say "no"', 'a |  ABC=bcd   say   "no" '],
    ['a  b', ' a  b '],
    ['rm', '/bin/r?'],
    ['npm run x:*', 'npm run x:all'],
    ['npm run x:*', 'npm run x'],
    ['npm run x:*', 'npm run x now'],
    ['x :*', 'x y'],
  ])('[permission.segments] Bash(%s) denies %j', (pattern, command) => {
    expect(isDenied(`Bash(${pattern})`, command)).toBe(true);
  });

  it.each([
    ['x y | z', 'x sudo y | z'],
    ['x y | z', 'x /bin/y | z'],
    ['x y | z', 'x A=b y | z'],
    ['say "no"', 'say "not"'],
    ['x', 'y'],
    ['x:y', 'x y'],
  ])('[permission.segments] Bash(%s) does not deny %j', (pattern, command) => {
    expect(isDenied(`Bash(${pattern})`, command)).toBe(false);
  });

  it.each([
    ['a*b*c', 'a1b2c', true],
    ['a*b*c', 'abc', true],
    ['a*b*c', 'acb', false],
    ['a*b*c', 'ac', false],
    ['a*bb*b', 'abb', false],
    ['a*bb*b', 'abbb', true],
    ['*b*c', 'bc', true],
    ['*b*c', 'c', false],
    ['a*a', 'a', false],
    ['a*a', 'aba', true],
    ['a*b', 'abc', false],
    ['a*b', 'xab', false],
    ['a', ' a ', true],
    ['a;b', ' a;b ', true],
    ['a', 'b', false],
  ])('[permission.compound] Bash(%s) and the command %j: allowed %j', (pattern, command, allowed) => {
    expect(isAllowed(`Bash(${pattern})`, command)).toBe(allowed);
  });

  it('[permission.every-tool] a rule is held against its own tool alone', () => {
    const { rules } = restoredRules({ allow: [], ask: [], deny: ['Read', 'Write'] });
    const call = { tool: 'Write', subject: { kind: 'none' } } as const;
    expect(ruleFor(rules.deny, 'deny', call)?.tool).toBe('Write');
    expect(ruleFor(rules.deny, 'deny', { ...call, tool: 'Edit' })).toBeUndefined();
  });
});
