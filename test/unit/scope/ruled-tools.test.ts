/** The list of tools that rules can name is the list of podkin's own tools. */
import { expect, it } from 'vitest';
import { ruledTools } from '../../../src/scope/permissions/permission-rules.ts';
import { fileTools } from '../../../src/tools/file-tools.ts';
import { skillTool } from '../../../src/tools/skill.ts';
import { treeTools } from '../../../src/tools/tree-tools.ts';

it("[permission.every-tool] a rule can name each of podkin's own tools, and no other", () => {
  const own = [
    ...fileTools,
    ...treeTools({} as never),
    skillTool(() => Promise.reject(new Error('unused'))),
  ].map(({ name }) => name);
  expect(own.sort()).toEqual([...ruledTools].sort());
});
