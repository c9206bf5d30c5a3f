import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { PodStartFailed, startPodProcess } from '../../../src/pod/process/start-process.ts';
import { folderAt } from '../../../src/session/home/home.ts';

const path = mkdtempSync(join(tmpdir(), 'podkin-gone-'));
const { execPath } = process;
afterEach(() => {
  process.execPath = execPath;
  rmSync(path, { recursive: true, force: true });
});

it('[package.gone-node] a Node that is gone is told as that, with what to do', async () => {
  process.execPath = join(path, 'node');
  const { ready, exited } = startPodProcess(folderAt(path), {});
  const error = await ready.catch((one: unknown) => one);
  expect(error).toBeInstanceOf(PodStartFailed);
  expect(String(error)).toContain(
    `could not be started (spawn ${path}/node ENOENT): ${path}/node, the Node that this pod was started with, is gone: "podkin stop" and "podkin restore" start`,
  );
  expect(await exited).toEqual({ exitCode: null, signal: null });
});
