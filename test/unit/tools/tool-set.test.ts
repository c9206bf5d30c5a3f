/** The seam at which tools from outside come in, and the set that a model is offered. */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/std/json.ts';
import { fileTools } from '../../../src/tools/file-tools.ts';
import { outputLimits } from '../../../src/tools/output-cap.ts';
import { BadTool, toolSet } from '../../../src/tools/tool-set.ts';
import type { CallContext, Tool, ToolAnswer } from '../../../src/tools/tool.ts';
import { treeTools } from '../../../src/tools/tree-tools.ts';
import type { Tree } from '../../../src/tools/tree.ts';
import { call, contextIn, tempFolder } from './bench-context.ts';

const unused = (): never => {
  throw new Error('nothing is run here');
};
const tree: Tree = { spawn: unused, send: unused, readOutput: unused, stop: unused, list: unused };
const own = [...fileTools, ...treeTools(tree)];

function weather(fields: Partial<Tool<CallContext>> = {}): Tool<CallContext> {
  return {
    name: 'weather',
    description: 'says how the weather is',
    inputSchema: () => ({ type: 'object', properties: { place: { type: 'string' } } }),
    parse: (input: JsonValue) =>
      typeof input === 'object' ? { ok: true, input } : { ok: false, problem: 'no object' },
    order: 'parallel',
    needs: () => ({ kind: 'unknown' }),
    run: () => Promise.resolve({ text: 'rain' }),
    ...fields,
  };
}

/** As it stands in a set. */
function offered(fields: Partial<Tool<CallContext>> = {}): Tool {
  const tool = toolSet(own, [weather(fields)]).at(-1);
  if (tool === undefined) throw new Error('it is not in the set');
  return tool;
}

describe('a set of tools', () => {
  it('[tools.seam-names] is podkin’s own alone where none come from outside', () => {
    expect(toolSet(own)).toEqual(own);
  });

  it('[tools.seam-names] keeps its order, our own first', () => {
    const names = toolSet(own, [weather(), weather({ name: 'mcp__github__search' })]).map(({ name }) => name);
    expect(names).toEqual([...own.map(({ name }) => name), 'weather', 'mcp__github__search']);
  });

  it.each<[string, readonly Tool[], string[], string]>([
    ['no name', own, [''], 'needs a name of 1 to 64 letters'],
    ['a blank in it', own, ['a b'], 'needs a name'],
    ['a digit first', own, ['1a'], 'needs a name'],
    ['65 signs', own, ['a'.repeat(65)], 'needs a name'],
    ['81 signs, of which 80 are shown', own, ['a'.repeat(81)], `"${'a'.repeat(80)}" needs a name`],
    ['one name twice', own, ['a', 'a'], 'the tool "a" is there twice'],
    ['a name of ours', own, ['Bash'], 'the tool "Bash" has the name of one of podkin\'s own'],
    ['a name of ours that this pod has not', fileTools, ['SpawnPod'], "one of podkin's own"],
    ['one of ours twice', [...own, ...fileTools], [], 'the tool "Read" is there twice'],
  ])('[tools.seam-names] refuses %s', (_, ours, names, problem) => {
    const make = () =>
      toolSet(
        ours,
        names.map((name) => weather({ name })),
      );
    expect(make).toThrow(BadTool);
    expect(make).toThrow(problem);
    expect(make).toThrow(expect.objectContaining({ name: 'BadTool' }));
  });

  it('[tools.seam-context] hands a tool from outside its call and nothing of the pod', async () => {
    const given: CallContext[] = [];
    const shown: string[] = [];
    const tool = offered({
      needs: (_, context) => {
        given.push(context);
        return { kind: 'unknown' };
      },
      run: (_, context) => {
        given.push(context);
        context.progress('looking');
        return Promise.resolve({ text: 'rain' });
      },
    });
    const context = contextIn('/w', { progress: (text) => void shown.push(text) });
    expect(tool.needs({}, context)).toEqual({ kind: 'unknown' });
    expect(await call(tool, { place: 'here' }, context)).toEqual({ text: 'rain' });
    const { cwd, scope, signal, outputDir } = context;
    const only = { call: 'call_1', cwd, scope, signal, outputDir, progress: expect.any(Function) };
    expect(given).toEqual([only, only]);
    expect(shown).toEqual(['looking']);
  });

  it('[tools.seam-context] tells the input of such a tool as the tool does', () => {
    expect(offered().inputSchema()).toEqual(weather().inputSchema());
  });

  it('[tools.seam-context] shows 2,000 characters of what such a tool says of itself', () => {
    expect(offered({ description: 'x'.repeat(2_001) }).description).toBe('x'.repeat(2_000));
  });

  it('[tools.seam-bounded] a long answer is cut in the middle, and the whole is in a file', async () => {
    const folder = await tempFolder();
    const text = `begin${'x'.repeat(outputLimits.answerCharsMax)}end`;
    const context = contextIn(folder);
    const answer = await call(offered({ run: () => Promise.resolve({ text, isError: true }) }), {}, context);
    expect(answer.isError).toBe(true);
    expect(answer.text.length).toBeLessThan(outputLimits.answerCharsMax + 500);
    expect(answer.text).toMatch(
      /^beginx+\n\[8 characters left out here\. The whole output is in .*\]\nx+end$/,
    );
    const [file = ''] = readdirSync(context.outputDir);
    expect(readFileSync(join(context.outputDir, file), 'utf8')).toBe(text);
  });

  it.each([
    [true, { text: 'rain', isError: true }],
    [false, { text: 'rain' }],
  ])('[tools.seam-bounded] an error is one only where the tool says so: %j', async (isError, expected) => {
    const run = () => Promise.resolve({ text: 'rain', isError });
    expect(await call(offered({ run }), {}, contextIn('/w'))).toEqual(expected);
  });

  it('[tools.seam-bounded] it stops no child, reads none and denies nothing', async () => {
    const answer: ToolAnswer = {
      text: 'done',
      denied: true,
      stopped: { instance: 'i', incarnation: 1 },
      readOutput: { instance: 'i', cursor: 'c', coversTurn: null },
    };
    expect(await call(offered({ run: () => Promise.resolve(answer) }), {}, contextIn('/w'))).toEqual({
      text: 'done',
    });
  });
});

/** `GOLDEN=write npx vitest run --project unit test/unit/tools/tool-set.test.ts` writes them anew. */
it.each(own.map((tool) => [tool.name, tool] as const))('[tools.golden] %s', (name, tool) => {
  const folder = fileURLToPath(new URL('../../golden/tools', import.meta.url));
  const file = join(folder, `${name}.txt`);
  const shown = `${JSON.stringify({ description: tool.description, inputSchema: tool.inputSchema() }, null, 2)}\n`;
  if (process.env['GOLDEN'] === 'write') {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, shown);
  }
  expect(shown, 'GOLDEN=write writes them anew').toBe(readFileSync(file, 'utf8'));
});
