/** What is ended at the end of chaos, by its command line. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { endAllBelow } from '../../../../src/cli/chaos/end-all.ts';
import { tempFolder } from '../home-rig.ts';

/** Waits for ever, under that name and with that word on its command line. */
async function waiting(program: string, word: string): Promise<ChildProcess> {
  const code = "process.stdout.write('up'); setInterval(() => {}, 1_000)";
  const stdio = ['ignore', 'pipe', 'ignore'] as const;
  const child = spawn(process.execPath, ['-e', code, word], { argv0: program, stdio: [...stdio] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

it('[chaos.sandbox-left] bubblewrap below the folder is ended, others are not', async () => {
  const folder = tempFolder();
  const inside = join(folder, '1', 'u');
  const left = await waiting('/usr/bin/bwrap', inside);
  const exited = once(left, 'exit');
  const others = [await waiting('/usr/bin/bwrap', `${folder}-other/u`), await waiting('less', inside)];
  expect(await endAllBelow(folder)).toEqual([]);
  expect(await exited).toEqual([null, 'SIGKILL']);
  expect(others.map(({ exitCode, signalCode }) => exitCode ?? signalCode)).toEqual([null, null]);
});
