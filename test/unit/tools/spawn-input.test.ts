/** What SpawnPod takes as a path of a child's scope. */
import { describe, expect, it } from 'vitest';
import { spawnPodTool } from '../../../src/tools/spawn-pod.ts';
import type { Tree } from '../../../src/tools/tree.ts';

const unused = (): never => {
  throw new Error('the input alone is looked at');
};
const tree: Tree = { spawn: unused, send: unused, readOutput: unused, stop: unused, list: unused };

describe('the input of SpawnPod', () => {
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
