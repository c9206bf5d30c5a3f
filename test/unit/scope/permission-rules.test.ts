/** Rules over commands and paths: tables, and properties over generated commands. */
import { cpuTimer } from '../../support/cpu-timer.ts';
import { homedir } from 'node:os';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type RuleKind,
  type RuleSubject,
  parseRule,
  restoredRules,
  ruleFor,
  ruledTools,
} from '../../../src/scope/permissions/permission-rules.ts';

const command = (text: string): RuleSubject => ({ kind: 'command', command: text });
const path = (...paths: string[]): RuleSubject => ({ kind: 'paths', paths, cwd: '/w' });

function fits(rule: string, kind: RuleKind, subject: RuleSubject): boolean {
  const { rules, notes } = restoredRules({ allow: [], ask: [], deny: [], [kind]: [rule] });
  expect(notes).toEqual([]);
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
        if ('problem' in rule || `${pattern}*`.trim() === text.trim()) return;
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

  it.each([
    'FOO="a b" rm x',
    'A="b c" B=2 rm x',
    'A+=x rm x',
    'env -i rm x',
    'env -S "rm x"',
    'env A="b c" rm x',
    "env -S'rm x'",
    'env -Srm x',
    "env -iS'/bin/rm x'",
    "env -vS'rm x'",
    "env -iS 'rm x'",
    "env -S'A=1 rm x'",
    "env -S'rm\\_x'",
    "env --split-string='rm x'",
    'env --split-string=rm x',
    "env --split='rm x'",
    "env --split-string 'rm x'",
    "sudo env -S'rm x'",
    "su -c'rm x'",
    "su --command='rm x'",
    "script -qc'rm x' log",
    '{,rm} x',
    '{,,rm} x',
    '{rm,} x',
    '{,} rm x',
    '{,}rm x',
    '{r..r}m x',
    '{r..s}m x',
    '{,{,rm}} x',
    'sudo {,rm} x',
    `{${','.repeat(300)}rm} x`,
    '$(echo) rm x',
    '$(echo)rm x',
    '`true` rm x',
    '""rm x',
    '$A rm x',
    '${A}rm x',
    'r${A}m x',
    'r$@m x',
    '$* rm x',
    '${A:-rm} x',
    '${A-rm} x',
    'sudo -n rm x',
    'sudo -u root rm x',
    'sudo -u root -- /bin/rm x',
    'doas rm x',
    'time -p rm x',
    'timeout 5 rm x',
    'timeout -k 1 5 rm x',
    'nice rm x',
    'nice -n 5 rm x',
    'ionice -c 3 rm x',
    'nohup -- rm x',
    'setsid rm x',
    'stdbuf -o0 rm x',
    'command -p rm x',
    'command -- rm x',
    'exec -a name rm x',
    'builtin command rm x',
    'eval rm x',
    'eval "rm x"',
    "eval 'cd /; rm x'",
    'bash -c "rm x"',
    "sh -c 'cd y && rm x'",
    "/usr/bin/env bash -lc 'rm x'",
    `bash -c "sh -c 'rm x'"`,
    'busybox rm x',
    'find . -name x -exec rm {} +',
    'find . -type f -execdir /bin/rm x \\;',
    'ls | xargs rm',
    'ls | xargs -0 -n 1 rm -f',
    "ls | xargs -I{} sh -c 'rm {}'",
    'parallel rm ::: a b',
    '>/dev/null rm x',
    '2>/dev/null rm x',
    '2>&1 >"a b" rm x',
    '&>log rm x',
    '{fd}>log rm x',
    '<<<x rm y',
    '{rm,-rf,x}',
    'r{m,} x',
    'rm${IFS}x',
    'rm$IFS-rf${IFS%?}x',
    "$'rm' x",
    "$'\\x72\\155' x",
    '$"rm" x',
    "'r'm x",
    'r""m x',
    'rm\\\n x',
    '/bin/r? x',
    '/bin/r[m] x',
    '/b*/r* x',
    'until rm x; do :; done',
    'while ! rm x; do :; done',
    'for a in b; do rm $a; done',
    'case a in a) rm x;; esac',
    'coproc rm x',
    'coproc NAME { rm x; }',
    "trap 'rm x' EXIT",
    'f() { rm x; }; f',
    'function f { rm x; }',
    '{ rm x; }',
    '! rm x',
    'echo "$(rm x)"',
    'echo "a `sudo rm x`"',
    'cat <(rm x)',
    'bash <<EOF\nrm x\nEOF',
    `${'sudo '.repeat(600)}rm x`,
  ])('[permission.wrapped] Bash(rm *) denies what only carries it: %j', (text) => {
    expect(fits('Bash(rm *)', 'deny', command(text))).toBe(true);
    expect(fits('Bash(rm *)', 'allow', command(text))).toBe(false);
  });

  it('[permission.wrapped] it leaves alone what no carrier runs', () => {
    for (const text of [
      'git commit -m "rm x"',
      'grep -rn "rm x" src',
      'find . -name rm -print',
      'echo {a,rm,x}',
      'sudo ls x',
      'env A=rm ls x',
      "env -S'ls x'",
      'env -u farm ls x',
      '{,ls} x',
      'echo ${A:-rm} x',
      'echo $A rm x',
      '/bin/l? x',
    ]) {
      expect(fits('Bash(rm *)', 'deny', command(text)), text).toBe(false);
    }
  });

  it('[permission.linear] a long or deep command is looked through at once', () => {
    // The processor's time: a busy machine makes no search longer.
    const usedMs = cpuTimer();
    const deep = Array.from({ length: 14 }).reduce<string>(
      (inside) => `bash -c ${JSON.stringify(inside)}`,
      'ls',
    );
    for (const text of [
      deep.slice(0, 200_000),
      `bash -c '${'echo "a b"; '.repeat(10_000)}'`,
      `sudo ${'"a b" '.repeat(400)}`,
      `xargs ${`${'x'.repeat(2_000)} `.repeat(100)}`,
      `echo ${'{a,'.repeat(5_000)}`,
      '$('.repeat(50_000),
      '"'.repeat(100_000),
    ]) {
      fits('Bash(rm *)', 'deny', command(text));
    }
    expect(usedMs()).toBeLessThan(3_000);
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
    const usedMs = cpuTimer();
    expect(fits(rule, 'deny', command('a'.repeat(200_000)))).toBe(false);
    expect(usedMs()).toBeLessThan(2_000);
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

  it('[permission.paths-below] a denied folder is denied with all below it, under whatever name', () => {
    const rows: [string, string, boolean][] = [
      ['Write(src)', '/w/src/a/b', true],
      ['Write(src/)', '/w/src/a/b', true],
      ['Write(src/)', '/w/src', true],
      ['Write(src)', '/w/srcs/a', false],
      ['Write(./src//)', '/w/src/a', true],
      ['Write(../other)', '/other/a', true],
      ['Write(src/**)', '/w/src/a\nb', true],
      ['Write(src/**)', '/w/src/\n', true],
      ['Write(**/secrets)', '/w/a/secrets/key', true],
      ['Write(src/*)', '/w/src/a/b', false],
      ['Write(app/(group)/**)', '/w/app/(group)/page.tsx', true],
      ['Write(app/(group))', '/w/app/(group)/page.tsx', true],
      ['Write(app/[id]/**)', '/w/app/i/page.tsx', true],
      ['Write(app/\\[id\\]/**)', '/w/app/[id]/page.tsx', true],
      ['Write(//etc/**)', '/etc/x', true],
      ['Write(/)', '/etc/x', true],
      ['Write(~/.ssh)', `${homedir()}/.ssh/id`, true],
      ['Write(~)', `${homedir()}/x`, true],
      ['Write(cafe\u0301)', '/w/caf\u00e9/x', true],
    ];
    for (const [rule, name, expected] of rows) expect(fits(rule, 'deny', path(name)), rule).toBe(expected);
    expect(fits('Write(src)', 'allow', path('/w/src/a'))).toBe(false);
    expect(fits('Write(src/)', 'allow', path('/w/src/a'))).toBe(true);
  });

  it('[permission.linear] a path rule that a matcher with backtracking never ends at is answered at once', () => {
    const usedMs = cpuTimer();
    for (const pattern of [`${'*a'.repeat(200)}*b`, `${'**/*a*a/'.repeat(8)}b`]) {
      expect(fits(`Read(${pattern})`, 'ask', path(`/w/${'a'.repeat(255)}/${'a'.repeat(255)}`))).toBe(false);
    }
    expect(usedMs()).toBeLessThan(1_000);
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
    'Read(+(*)b)',
    'Write(src/@(a|b)/**)',
    'Write(!(src)/**)',
    'Write(*(a|b))',
    'Read(secret:*)',
    'SpawnPod(review:*)',
    'Bash(:*)',
    'mcp__server__tool(x)',
    'WebFetch(domain:example.org)',
    'Read($HOME/x)',
    'Write(${DIR}/**)',
    'Read({a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b})',
  ])('[permission.malformed] %j is a problem that says what to write', (text) => {
    const rule = parseRule(text);
    expect('problem' in rule && rule.problem).toContain(JSON.stringify(text));
  });

  it.each([
    ['Bash(x', ['Bash']],
    ['bash(rm *)', ['Bash']],
    ['Write(src/@(a|b)/**)', ['Write']],
    ['Bash()', ['Bash']],
    ['do this', [...ruledTools, 'mcp__*', 'acp__*']],
    ['', [...ruledTools, 'mcp__*', 'acp__*']],
    ['mcp__f__r(x)', ['mcp__*']],
    ['WebFetch(x)', []],
  ])(
    '[permission.restored] %j denies and asks for the widest, allows nothing, and is told',
    (text, tools) => {
      for (const kind of ['allow', 'ask', 'deny'] as const) {
        const good = { text: 'Read', tool: 'Read', pattern: null };
        const { rules, notes } = restoredRules({ allow: [], ask: [], deny: [], [kind]: ['Read', text] });
        const instead = kind === 'allow' ? [] : tools.map((tool) => ({ text, tool, pattern: null }));
        expect(rules[kind]).toEqual([good, ...instead]);
        expect(notes).toEqual([expect.stringContaining(JSON.stringify(text))]);
        for (const tool of kind === 'allow' ? [] : tools) expect(notes[0]).toContain(tool);
      }
    },
  );

  it('[permission.malformed] every tool can be named, with brackets inside the pattern too', () => {
    for (const tool of ruledTools) expect(parseRule(tool)).toEqual({ text: tool, tool, pattern: null });
    expect(parseRule('Bash(f (x))')).toMatchObject({ pattern: 'f (x)' });
  });
});
