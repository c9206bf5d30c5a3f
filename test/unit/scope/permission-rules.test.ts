/** Rules over commands and paths: tables, and properties over generated commands. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type RuleKind,
  type RuleSubject,
  parseRule,
  parseRules,
  ruleFor,
  ruledTools,
} from '../../../src/scope/permission-rules.ts';

const command = (text: string): RuleSubject => ({ kind: 'command', command: text });
const path = (...paths: string[]): RuleSubject => ({ kind: 'paths', paths, cwd: '/w' });

function fits(rule: string, kind: RuleKind, subject: RuleSubject): boolean {
  const rules = parseRules({ allow: [], ask: [], deny: [], [kind]: [rule] });
  const tool = rule.split('(')[0] ?? '';
  return ruleFor(rules[kind], kind, { tool, subject }) !== undefined;
}

const compounds = [
  'npm test; rm -rf /',
  'npm test && rm x',
  'npm test & rm x',
  'npm test | sh',
  'npm test\nrm x',
  'npm test\r\nrm x',
  'npm test $(rm x)',
  'npm test `rm x`',
  'npm test <(rm x)',
  'npm test > x',
  'npm test < x',
  'npm test ${x@P}',
  'npm test "; rm x"',
];

describe('allowing', () => {
  it('[permission.compound] a pattern fits one plain command and no compound one, the exact command always', () => {
    for (const plain of ['npm test', 'npm test --watch', ' npm test ']) {
      expect(fits('Bash(npm test*)', 'allow', command(plain)), plain).toBe(true);
    }
    for (const other of ['npm', 'xnpm test', 'sudo npm test', 'NPM test']) {
      expect(fits('Bash(npm test*)', 'allow', command(other)), other).toBe(false);
    }
    for (const compound of compounds) {
      expect(fits('Bash(npm test*)', 'allow', command(compound)), compound).toBe(false);
      expect(fits('Bash(*)', 'allow', command(compound)), compound).toBe(false);
      expect(fits(`Bash(${compound})`, 'allow', command(compound)), compound).toBe(true);
    }
    expect(fits('Bash', 'allow', command('a; b'))).toBe(true);
  });

  it('[permission.compound] whatever stands around an operator, only the bare tool or the command itself lets it through', () => {
    const words = fc.stringMatching(/^[a-z *"'-]{0,12}$/);
    const operator = fc.constantFrom(';', '&', '|', '\n', '$(', '`', '<(', '>', '<', '&&', '||', '${');
    fc.assert(
      fc.property(words, operator, words, words, (before, op, after, pattern) => {
        const text = `${before}${op}${after}`;
        const rule = parseRule(`Bash(${pattern}*)`);
        // The command itself is the one that may.
        if ('mistake' in rule || `${pattern}*`.trim() === text.trim()) return;
        const allowed = ruleFor([rule], 'allow', { tool: 'Bash', subject: command(text) }) !== undefined;
        expect(allowed).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('denying', () => {
  it.each([
    'rm -rf x',
    'cd y && rm -rf x',
    'a; rm x',
    'a | rm x',
    'a\nrm x',
    'echo $(rm x)',
    'echo `rm x`',
    '(rm x)',
    'sudo rm x',
    'env A=1 rm x',
    'A=1 rm x',
    '/bin/rm x',
    'sudo /bin/rm x',
    '"rm" x',
    'r\\m x',
    'if rm x; then true; fi',
    'rm   x',
  ])('[permission.segments] Bash(rm *) denies: %j', (text) => {
    expect(fits('Bash(rm *)', 'deny', command(text))).toBe(true);
    expect(fits('Bash(rm *)', 'ask', command(text))).toBe(true);
  });

  it('[permission.segments] it leaves alone what only names the word', () => {
    for (const text of ['ls rm x', 'echo "rm x"x', 'npm run rm', 'rmdir x']) {
      expect(fits('Bash(rm *)', 'deny', command(text)), text).toBe(false);
    }
  });

  it('[permission.segments] what a pattern denies alone it denies behind any other command', () => {
    const plain = fc.stringMatching(/^[a-z]{1,6}( [a-z]{1,6}){0,3}$/);
    const operator = fc.constantFrom('; ', ' && ', ' | ', '\n', ' || ', ' & ');
    fc.assert(
      fc.property(plain, operator, plain, (first, op, denied) => {
        expect(fits(`Bash(${denied})`, 'deny', command(`${first}${op}${denied}`))).toBe(true);
      }),
    );
  });

  it('[permission.linear] a pattern of many stars over a long command answers at once', () => {
    const rule = `Bash(${'*a'.repeat(40)}*b)`;
    const started = performance.now();
    expect(fits(rule, 'deny', command('a'.repeat(200_000)))).toBe(false);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

describe('paths and names', () => {
  it('[permission.paths] relative, absolute and deep patterns', () => {
    const rows: [string, string, boolean][] = [
      ['Write(src/**)', '/w/src/a/b.ts', true],
      ['Write(./src/*.ts)', '/w/src/b.ts', true],
      ['Write(src/*.ts)', '/w/src/a/b.ts', false],
      ['Write(/w/src/**)', '/w/src/.hidden', true],
      ['Write(src/**)', '/w/srcs/a', false],
      ['Write(src)', '/w/src', true],
    ];
    for (const [rule, name, expected] of rows) expect(fits(rule, 'allow', path(name)), rule).toBe(expected);
    const odd: RuleSubject = { kind: 'paths', paths: ['/w[1]/a'], cwd: '/w[1]' };
    expect(fits('Write(a)', 'allow', odd)).toBe(true);
  });

  it('[permission.paths] a link: all names must be allowed, one is enough to be denied, in any case of its letters', () => {
    const linked = path('/w/open/x', '/w/secret/x');
    expect(fits('Write(open/**)', 'allow', linked)).toBe(false);
    expect(fits('Write(**)', 'allow', linked)).toBe(true);
    expect(fits('Write(secret/**)', 'deny', linked)).toBe(true);
    expect(fits('Write(secret/**)', 'deny', path('/w/SECRET/x'))).toBe(true);
    expect(fits('Write(secret/**)', 'allow', path('/w/SECRET/x'))).toBe(false);
  });

  it('[permission.paths] other pods by name; a tool without anything to match is denied by a pattern and not allowed by it', () => {
    expect(fits('SpawnPod(a*)', 'ask', { kind: 'name', name: 'alpha' })).toBe(true);
    expect(fits('SpawnPod(a*)', 'ask', { kind: 'name', name: 'beta' })).toBe(false);
    expect(fits('ListPods(x)', 'deny', { kind: 'none' })).toBe(true);
    expect(fits('ListPods(x)', 'allow', { kind: 'none' })).toBe(false);
  });
});

describe('reading a rule', () => {
  it.each([
    '',
    '(x)',
    'Bash(',
    'Bash)',
    'Bash(x',
    'Bash()',
    'Bash( )',
    'Bsh(ls)',
    'bash',
    'do this',
    'Bash(x) y',
  ])('[permission.malformed] %j is a mistake that says what to write', (text) => {
    const rule = parseRule(text);
    expect('mistake' in rule && rule.mistake).toContain(JSON.stringify(text));
    expect(() => parseRules({ allow: [], ask: [], deny: [text] })).toThrow(JSON.stringify(text));
  });

  it('[permission.malformed] every tool can be named, with brackets inside the pattern too', () => {
    for (const tool of ruledTools) expect(parseRule(tool)).toEqual({ text: tool, tool, pattern: null });
    expect(parseRule('Bash(f (x))')).toMatchObject({ pattern: 'f (x)' });
  });
});
