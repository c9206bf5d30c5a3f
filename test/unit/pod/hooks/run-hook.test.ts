/** Hooks as real processes: those that do not behave are told apart, and nothing of them is left. */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runHook } from '../../../../src/pod/process/run-hook.ts';
import { endLeft } from '../../../../src/pod/process/command-groups.ts';
import { folderAt } from '../../../../src/session/home/home.ts';
import { commandMark, markedProcesses } from '../../../../src/tools/marked-processes.ts';
import { uuidv7 } from '../../../../src/std/uuid.ts';
import { rmSync } from 'node:fs';

const place = realpathSync(mkdtempSync(join(tmpdir(), 'pk-hook-')));
afterAll(() => rmSync(place, { recursive: true, force: true }));

const instance = uuidv7();
const podFolder = () => {
  mkdirSync(join(place, 'pod'), { recursive: true });
  return folderAt(join(place, 'pod'));
};

let runs = 0;
async function ran(
  command: string | readonly string[],
  {
    input = '{}\n',
    timeoutMs = 20_000,
    signal = new AbortController().signal,
    folder = place,
  }: { input?: string; timeoutMs?: number; signal?: AbortSignal; folder?: string } = {},
) {
  runs += 1;
  const run = { instance, call: `hook-${runs}`, command, folder, timeoutMs, input, signal };
  const result = await runHook(podFolder(), run);
  return result;
}
const left = () => markedProcesses(commandMark(instance, ''));

describe('a hook’s process', () => {
  it('[hook.stdin] reads what it is told, in its folder, and nothing of it is in its environment', async () => {
    const words = 'of a model: $(touch pwned) "\'`';
    const input = `${JSON.stringify({ words })}\n`;
    expect(await ran('cat > got; env > env; pwd > at', { input })).toEqual({
      kind: 'exited',
      code: 0,
      errors: '',
    });
    expect(readFileSync(join(place, 'got'), 'utf8')).toBe(input);
    expect(readFileSync(join(place, 'env'), 'utf8')).not.toContain('of a model');
    expect(readFileSync(join(place, 'at'), 'utf8')).toBe(`${place}\n`);
  });

  it('[hook.process] that does not read megabytes of input ends as any other', async () => {
    const input = `${'x'.repeat(4_000_000)}\n`;
    expect(await ran('exit 3', { input })).toMatchObject({ kind: 'exited', code: 3 });
    expect(await ran('exec <&-; sleep 0.1; exit 2', { input })).toMatchObject({ kind: 'exited', code: 2 });
  });

  it('[hook.process] says why on its error output, bounded', async () => {
    expect(await ran('echo because >&2; exit 2')).toEqual({ kind: 'exited', code: 2, errors: 'because\n' });
    const long = await ran('head -c 100000 /dev/zero | tr "\\\\0" x >&2; exit 2');
    expect(long.kind === 'exited' && long.errors.length).toBe(8_192);
  });

  it('[hook.process] that writes without an end is ended, on either output', async () => {
    expect(await ran('yes')).toMatchObject({ kind: 'flooded' });
    expect(await ran('yes >&2')).toMatchObject({ kind: 'flooded' });
    expect(await left()).toEqual([]);
  });

  it('[hook.process] [hook.ends] that hangs and refuses signals is ended at its time', async () => {
    expect(await ran('trap "" TERM; while :; do sleep 5; done', { timeoutMs: 300 })).toMatchObject({
      kind: 'timedOut',
    });
    expect(await left()).toEqual([]);
  });

  it('[hook.process] that leaves processes behind, in a session of their own too, leaves none', async () => {
    expect(await ran('setsid sleep 300 & sleep 301 & exit 0')).toMatchObject({ kind: 'exited', code: 0 });
    expect(await left()).toEqual([]);
  });

  it('[hook.process] that is missing, no program, or not executable was not started', async () => {
    writeFileSync(join(place, 'plain'), '#!/bin/sh\n', { mode: 0o600 });
    expect(await ran(['./nowhere'])).toMatchObject({
      kind: 'notStarted',
      why: expect.stringContaining('not there'),
    });
    expect(await ran(['./plain'])).toMatchObject({ kind: 'notStarted', why: './plain may not be executed' });
    expect(await ran([''])).toMatchObject({ kind: 'notStarted' });
    expect(await ran('true', { folder: join(place, 'none') })).toMatchObject({ kind: 'notStarted' });
  });

  it('[hook.process] that a signal ends says which', async () => {
    expect(await ran('kill -SEGV $$')).toMatchObject({ kind: 'signalled', signal: 'SIGSEGV' });
  });

  it('[hook.ends] ends with what aborts it', async () => {
    const abort = new AbortController();
    const running = ran('sleep 300', { signal: abort.signal });
    while ((await left()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    abort.abort();
    expect(await running).toEqual({ kind: 'aborted' });
    expect(await left()).toEqual([]);
  });

  it('[hook.ends] of a pod that was killed is ended by whoever comes next', async () => {
    const running = ran('setsid sleep 300; sleep 301');
    while ((await left()).length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await endLeft(podFolder(), instance)).toContain('Ended what its commands had left running');
    expect(await left()).toEqual([]);
    await running;
  });
});
