import { describe, expect, it } from 'vitest';
import { anchoredRule, parseRule, ruleFor } from '../../../src/scope/permissions/permission-rules.ts';

describe('rules as other programs write them', () => {
  const fits = (text: string, kind: 'allow' | 'deny', command: string) => {
    const rule = parseRule(text);
    if ('problem' in rule) throw new Error(rule.problem);
    return ruleFor([rule], kind, { tool: 'Bash', subject: { kind: 'command', command } }) !== undefined;
  };

  it('[permission.foreign] Bash(rm:*) means rm alone and before any arguments, and its own letters', () => {
    for (const kind of ['allow', 'deny'] as const) {
      for (const [rule, command, expected] of [
        ['Bash(rm:*)', 'rm', true],
        ['Bash(rm:*)', 'rm -rf x', true],
        ['Bash(rm:*)', 'rmdir x', false],
        ['Bash(rm :*)', 'rm x', true],
        ['Bash(git push:*)', 'git push', true],
        ['Bash(git push:*)', 'git push --force', true],
        ['Bash(git push:*)', 'git pull', false],
        ['Bash(npm run test:*)', 'npm run test', true],
        ['Bash(npm run test:*)', 'npm run test -- x', true],
        ['Bash(npm run test:*)', 'npm run test:unit', true],
        ['Bash(npm run test:*)', 'npm run tests', false],
      ] as const)
        expect([rule, kind, command, fits(rule, kind, command)]).toEqual([rule, kind, command, expected]);
    }
    for (const command of ['sudo rm x', 'a; rm x', 'bash -c "rm x"', '/bin/rm', 'true && rm'])
      expect([command, fits('Bash(rm:*)', 'deny', command)]).toEqual([command, true]);
    expect(fits('Bash(rm:*)', 'allow', 'rm x; curl y')).toBe(false);
  });

  it('[permission.blanks] blanks inside the brackets of a rule are no part of it', () => {
    for (const kind of ['allow', 'deny'] as const) {
      for (const text of ['Read( /data/x )', 'Read(\t/data/x)', 'Read( /data/** )']) {
        const rule = parseRule(text);
        if ('problem' in rule) throw new Error(rule.problem);
        const subject = { kind: 'paths', paths: ['/data/x'], cwd: '/work' } as const;
        expect([text, ruleFor([rule], kind, { tool: 'Read', subject })]).toEqual([text, rule]);
      }
      expect(fits('Bash(  ls )', kind, 'ls')).toBe(true);
      expect(fits('Bash( rm :* )', kind, 'rm x')).toBe(true);
    }
    expect(anchoredRule('Read( x )', '/work')).toBe('Read(/work/x)');
    expect(parseRule('Read( )')).toEqual({ problem: expect.stringContaining('has an empty pattern') });
    expect(parseRule('Read(x\\ )')).toEqual({
      problem: expect.stringContaining('write [ ] for a blank at the end of a name'),
    });
    const blank = parseRule('Read(x[ ])');
    if ('problem' in blank) throw new Error(blank.problem);
    const subject = { kind: 'paths', paths: ['/work/x '], cwd: '/work' } as const;
    expect(ruleFor([blank], 'deny', { tool: 'Read', subject })).toBe(blank);
  });

  it('[permission.foreign] a path with two slashes in front is an absolute one', () => {
    const rule = parseRule('Read(//data/**)');
    if ('problem' in rule) throw new Error(rule.problem);
    const subject = { kind: 'paths', paths: ['/data/x'], cwd: '/work' } as const;
    expect(ruleFor([rule], 'deny', { tool: 'Read', subject })).toBe(rule);
  });

  it('[search.brackets] a rule for a folder whose name holds brackets is about that folder too', () => {
    for (const kind of ['allow', 'deny'] as const) {
      for (const [path, expected] of [
        ['/p/app/[slug]/page.tsx', true],
        ['/p/app/s/page.tsx', true],
        ['/p/app/other/page.tsx', false],
      ] as const) {
        const rule = parseRule('Write(app/[slug]/**)');
        if ('problem' in rule) throw new Error(rule.problem);
        const subject = { kind: 'paths', paths: [path], cwd: '/p' } as const;
        expect([path, ruleFor([rule], kind, { tool: 'Write', subject }) !== undefined]).toEqual([
          path,
          expected,
        ]);
      }
    }
  });
});
