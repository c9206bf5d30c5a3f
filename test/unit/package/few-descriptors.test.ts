import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { PodStartFailed, startPodProcess } from '../../../src/pod/process/start-process.ts';
import { folderAt } from '../../../src/session/home/home.ts';

/**
 * What Node answers where no descriptor is left: a child without a pid and without streams, and then an
 * error.
 */
vi.mock(import('node:child_process'), async (original) => ({
  ...(await original()),
  spawn: () => {
    const child = Object.assign(new EventEmitter(), { unref: () => undefined, ref: () => undefined });
    process.nextTick(() =>
      child.emit('error', Object.assign(new Error('spawn node EMFILE'), { code: 'EMFILE' })),
    );
    return child as never;
  },
}));

const path = mkdtempSync(join(tmpdir(), 'podkin-few-'));
afterEach(() => rmSync(path, { recursive: true, force: true }));

it('[package.few-descriptors] a process that cannot be started for them is told as that, with what to look at', async () => {
  const { ready, exited } = startPodProcess(folderAt(path), {});
  const error = await ready.catch((one: unknown) => one);
  expect(error).toBeInstanceOf(PodStartFailed);
  expect(String(error)).toContain(
    "the pod's process could not be started (spawn node EMFILE): look at the limits on open files and processes, then try again",
  );
  expect(await exited).toEqual({ exitCode: null, signal: null });
});
