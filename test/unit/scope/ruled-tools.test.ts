/** The list of tools that rules can name is the list of tools that there are. */
import { readFileSync, readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ruledTools } from '../../../src/scope/permissions/permission-rules.ts';

it('[permission.every-tool] a rule can name each tool that there is, and no other', () => {
  const folder = new URL('../../../src/tools/', import.meta.url);
  const texts = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8'));
  const names = texts.flatMap((text) => /\bdefineTool\(\{\s*name: '(\w+)'/.exec(text)?.[1] ?? []);
  expect(names.sort()).toEqual([...ruledTools].sort());
});
