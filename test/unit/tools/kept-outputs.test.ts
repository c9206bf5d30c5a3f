import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { outputFileName, removeOldOutputs } from '../../../src/tools/kept-outputs.ts';
import { readTool } from '../../../src/tools/read.ts';
import { call, contextIn, tempFolder } from './bench-context.ts';

describe('kept outputs', () => {
  it('[bash.outputs-bound] of a pod’s long outputs the oldest go first, the newest never, and nothing else', async () => {
    const folder = await tempFolder();
    for (const [age, name] of ['newest', 'second', 'third', 'oldest'].entries()) {
      const path = join(folder, outputFileName(name));
      await writeFile(path, 'x'.repeat(10));
      await utimes(path, 1_000_000 - age, 1_000_000 - age);
    }
    await writeFile(join(folder, 'notes.txt'), 'x'.repeat(100));
    await removeOldOutputs(join(folder, outputFileName('newest')), 25);
    expect((await readdir(folder)).toSorted()).toEqual([
      'newest.output.txt',
      'notes.txt',
      'second.output.txt',
    ]);
    await removeOldOutputs(join(folder, outputFileName('newest')), 1);
    expect((await readdir(folder)).toSorted()).toEqual(['newest.output.txt', 'notes.txt']);
  });

  it('[bash.outputs-bound] a Read of an output that is gone says so', async () => {
    const folder = await tempFolder();
    const path = join(folder, outputFileName('gone'));
    const answer = await call(readTool, { path }, contextIn(folder, { outputDir: folder }));
    expect(answer).toMatchObject({
      isError: true,
      text: expect.stringContaining('the newest 512 MiB are kept'),
    });
    const other = await call(readTool, { path: join(folder, 'gone.txt') }, contextIn(folder));
    expect(other.text).not.toContain('MiB');
  });
});
