/** What SpawnPod takes as a path of a child's scope. */
import { describe, expect, it } from 'vitest';
import { spawnPodTool } from '../../../src/tools/spawn-pod.ts';
import type { Tree } from '../../../src/tools/tree.ts';

const unused = (): never => {
  throw new Error('the input alone is looked at');
};
const tree: Tree = { spawn: unused, send: unused, readOutput: unused, stop: unused, list: unused };

describe('the input of SpawnPod', () => {
  it('[profile.offered] [profile.demands] with profiles it takes the name of one, and says what each is for; without, nothing of them', () => {
    const profiles = new Map([
      ['reviewer', { description: 'Reads and judges.', write: [] }],
      ['writer', { description: '', write: ['/w/docs'] }],
      ['tester', { description: '', check: 'npm test' }],
    ]);
    const tool = spawnPodTool(tree, profiles);
    expect(tool.description).toMatch(/\nProfiles:\n- reviewer: Reads and judges\.\n- writer\n- tester$/);
    expect(tool.inputSchema()['properties']).toHaveProperty('profile');
    const needOf = (fields: object, of = tool) => {
      const parsed = of.parse({ name: 'a', task: 't', ...fields });
      if (!parsed.ok) return parsed.problem;
      return of.needs(parsed.input, undefined as never);
    };
    // In plan mode nothing is handed down to be written, by a profile neither.
    expect(needOf({ profile: 'writer' })).toEqual({ kind: 'tree', name: 'a', writes: true });
    expect(needOf({ profile: 'reviewer' })).toEqual({ kind: 'tree', name: 'a', writes: false });
    // Whoever decides about the spawn decides about the command.
    const tests = { kind: 'tree', name: 'a', writes: false };
    expect(needOf({ profile: 'tester' })).toEqual({ ...tests, check: 'npm test' });
    expect(needOf({ profile: 'tester', check: 'make' })).toEqual({ ...tests, check: 'make' });
    expect(needOf({ profile: 'odd' })).toContain('a profile is one of reviewer, writer, tester');
    const plain = spawnPodTool(tree);
    expect(plain.description).not.toContain('rofile');
    expect(plain.inputSchema()['properties']).not.toHaveProperty('profile');
    expect(needOf({ profile: 'writer' }, plain)).toContain('profile');
  });

  it('[scope.spawn-paths] a pattern, an empty path and a bad name are refused in words that say what is right', () => {
    const tool = spawnPodTool(tree);
    const complaint = (fields: object): string => {
      const parsed = tool.parse({ name: 'a', task: 't', ...fields });
      return parsed.ok ? '' : parsed.problem;
    };
    expect(complaint({ write: ['src', 'out/*'], read: ['.'] })).toBe('');
    for (const path of ['src/*.ts', 'src/**', '*/x'])
      expect(complaint({ write: [path] })).toContain(`"${path}" is a pattern`);
    expect(complaint({ read: ['a/**'] })).toContain('is a pattern');
    expect(complaint({ write: [''] })).toContain('is empty');
    expect(complaint({ name: '../x' })).toContain('a-z, 0-9 and "-"');
  });
});
