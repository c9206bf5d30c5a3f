/**
 * Long inputs of a model: none has to be waited for. No clock is asked: what each took before grew with the
 * square of its length or faster, and here would take many minutes or not end at all.
 */
import { describe, expect, it } from 'vitest';
import { holdsCommand } from '../../../src/scope/permissions/denied-command.ts';
import { gitWrites } from '../../../src/scope/permissions/git-writes.ts';
import { pathProblem } from '../../../src/scope/paths/path-problem.ts';
import { placesIn } from '../../../src/std/find-text.ts';
import { alternativesOf, readingsOf } from '../../../src/std/glob.ts';
import { bashTool } from '../../../src/tools/bash.ts';
import { applyEdit } from '../../../src/tools/edit-match.ts';
import { fileTools } from '../../../src/tools/file-tools.ts';
import { spawnPodTool } from '../../../src/tools/spawn-pod.ts';
import type { Tool } from '../../../src/tools/tool.ts';
import type { Tree } from '../../../src/tools/tree.ts';

const unused = (): never => {
  throw new Error('the input alone is looked at');
};
const tree: Tree = { spawn: unused, send: unused, readOutput: unused, stop: unused, list: unused };

function problemOf(tool: Tool, input: object): string {
  const parsed = tool.parse({ ...input });
  return parsed.ok ? '' : parsed.problem;
}

describe('a long command', () => {
  const rm = { fits: (text: string) => text.startsWith('rm '), program: 'rm' };

  it.each([
    ['scripts in options', `env ${'-Senv '.repeat(400)}`],
    ['one option of many scripts', `sh -${'c'.repeat(120_000)}`],
    ['words of scripts', `sh -c ${'"a b;" '.repeat(300)}${'"sh -csh" '.repeat(190)}`],
  ])('[input.linear] beyond what is looked through it counts as found: %s', (_, command) => {
    expect(holdsCommand(command, rm)).toBe(true);
  });

  it.each([
    ['braces that do not close', 'echo ' + '{a,'.repeat(400_000)],
    ['names of separators that do not end', 'echo ' + '${IFS'.repeat(600_000)],
  ])('[input.linear] it is read once: %s', (_, command) => {
    expect(holdsCommand(command, { ...rm, fits: () => false })).toBe(false);
  });

  it('[input.linear] braces of a word that stands for too much are too many', () => {
    expect(alternativesOf('{'.repeat(500_000))).toHaveLength(1);
    expect(alternativesOf('{,'.repeat(100_000) + '}'.repeat(100_000))).toBeNull();
    expect(alternativesOf(`{${','.repeat(1_000_000)}}`)).toBeNull();
    expect(alternativesOf('{a,{b,c}')).toEqual(['{a,b', '{a,c']);
    expect(alternativesOf('{a,{b}}{x,y}}')).toEqual(['ax}', 'ay}', '{b}x}', '{b}y}']);
    expect(readingsOf('[a]/' + 'a/'.repeat(500_000))).toHaveLength(2);
  });

  it('[input.linear] folders of git and cd that no system enters are not followed', () => {
    expect(gitWrites('git ' + '-C x '.repeat(200_000) + 'commit', '/w')).toEqual([]);
    expect(gitWrites('cd x;'.repeat(10_000) + 'git commit', '/w')[0]?.length).toBeLessThan(4_100);
    const many = Array.from({ length: 1_000 }, (_, at) => `git -C d${at} commit`).join(';');
    expect(gitWrites(many, '/w')).toHaveLength(64);
  });

  it('[bash.too-long] one that the system cannot start is refused before a rule looks at it', () => {
    expect(problemOf(bashTool, { command: 'a'.repeat(131_071) })).toBe('');
    expect(problemOf(bashTool, { command: 'a'.repeat(131_072) })).toContain(
      'more than 131071 bytes is too long to start',
    );
    expect(problemOf(bashTool, { command: 'é'.repeat(65_536) })).toContain('put it into a file with Write');
  });
});

describe('a long path', () => {
  const long = 'd/'.repeat(100_000);

  it('[path.too-long] of a file tool is refused at the door, and shown in short', () => {
    const inputs: Readonly<Record<string, object>> = {
      Read: {},
      Write: { content: '' },
      Edit: { old: 'a', new: 'b' },
      Grep: { pattern: 'x' },
    };
    expect(fileTools.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(inputs)));
    for (const tool of fileTools.filter(({ name }) => Object.hasOwn(inputs, name))) {
      const given = inputs[tool.name];
      const problem = problemOf(tool, { ...given, path: long });
      expect(problem, tool.name).toContain('is longer than 4095 bytes');
      expect(problem.length, tool.name).toBeLessThan(600);
      expect(problemOf(tool, { ...given, path: 'd'.repeat(256) }), tool.name).toContain(
        'a name of more than 255 characters',
      );
    }
    const glob = fileTools.find(({ name }) => name === 'Glob');
    expect(problemOf(glob ?? bashTool, { pattern: `{${'a,'.repeat(200)}b}` })).toBe('');
    expect(problemOf(glob ?? bashTool, { pattern: long })).toContain('is longer than 4095 bytes');
  });

  it('[path.too-long] of a scope is refused to a model and a person alike', () => {
    const spawn = spawnPodTool(tree);
    for (const right of ['read', 'write']) {
      const problem = problemOf(spawn, { name: 'a', task: 't', [right]: [long] });
      expect(problem).toContain('is longer than 4095 bytes');
      expect(problem.length).toBeLessThan(600);
    }
    expect(pathProblem('d/'.repeat(2_047) + 'd')).toBeNull();
    expect(pathProblem('d/'.repeat(2_048))).toContain('is longer than 4095 bytes');
    expect(pathProblem('é/'.repeat(1_400))).toContain('is longer than 4095 bytes');
  });
});

describe('a long text to change', () => {
  const many = 'a'.repeat(4_000_000);
  const nearly = `${'a'.repeat(1_000_000)}b${'a'.repeat(1_000_000)}`;

  it('[input.linear] it is looked for in one pass', () => {
    expect(placesIn(many, nearly)).toEqual([]);
    expect(placesIn(many + nearly + nearly, nearly)).toEqual([4_000_000, 6_000_001]);
    const periodic = 'ab'.repeat(50);
    expect(placesIn(`x${periodic}${periodic}ab`, periodic)).toEqual([1, 101]);
    expect(placesIn('aaaa', 'aa')).toEqual([0, 2]);
  });

  it('[input.linear] one that is not there is told so, however alike the lines are', () => {
    const text = 'a\n'.repeat(400_000);
    const request = { old: `${'a\n'.repeat(200_000)}b`, new: 'x', all: false };
    expect(applyEdit(text, request)).toMatchObject({ ok: false });
    const mixed = applyEdit(`q\r\n${text}`, request);
    expect(mixed).toMatchObject({ ok: false });
  });

  it('[input.linear] many places of one line in a file of mixed ends', () => {
    const text = `q\r\nr\n${'a'.repeat(500_000)}`;
    const outcome = applyEdit(text, { old: 'a', new: 'b\nc', all: true });
    expect(outcome.ok && outcome.text).toBe(`q\r\nr\n${'b\nc'.repeat(500_000)}`);
  });

  it('[input.linear] a break in the text stands for a whole one of any kind', () => {
    const text = 'a\r\nb\nc\rd\r\n\r\ne';
    const at = (old: string) => {
      const outcome = applyEdit(text, { old, new: 'X', all: false });
      return outcome.ok ? outcome.text : null;
    };
    expect(at('a\nb\nc\nd')).toBe('X\r\n\r\ne');
    expect(at('\nb')).toBe('aX\nc\rd\r\n\r\ne');
    expect(at('d\n\n')).toBe('a\r\nb\nc\rXe');
    expect(at('\n\ne')).toBe('a\r\nb\nc\rdX');
  });
});
