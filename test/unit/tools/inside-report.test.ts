/** The report of the shell inside: input from a process that may be hostile. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { quotedCommand } from '../../../src/tools/group-members.ts';
import { openInside } from '../../../src/tools/inside-processes.ts';
import { tempFolder } from './bench-context.ts';

function start(script: string) {
  return spawn('/bin/bash', ['-c', script], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
  });
}

async function reported(script: string) {
  const child = start(script);
  const inside = openInside(child);
  const exited = once(child, 'exit');
  const left = await inside.ended(10_000);
  await exited;
  return { left, begun: inside.hasBegun() };
}

describe('the report of the shell inside', () => {
  it('[shell.names-quoted] words are read whole: what is not closed is none', async () => {
    const close = 'exec 3>&-';
    expect(await reported(`${close}; printf 'ready\\0begun\\0sleep 9\\0\\0cut' >&4`)).toEqual({
      left: ['sleep 9'],
      begun: true,
    });
    expect(await reported(`${close}; printf 'ready\\0begun' >&4`)).toEqual({ left: [], begun: false });
  });

  it('[shell.names-quoted] who writes without end is not read past the bound', async () => {
    const { left, begun } = await reported("exec 3>&-; printf 'ready\\0begun\\0' >&4; exec yes >&4");
    expect({ left, begun }).toEqual({ left: [], begun: true });
  });

  it('[shell.start-bound] the shell hears its word only when the first process has asked to die with its starter', async () => {
    const folder = await tempFolder();
    // The first process works on for a while after its shell is there, and sleeps when it has asked.
    const first = `until [ -e ready ]; do :; done; for ((i = 0; i < 60000; i++)); do :; done; echo bound >> log; read x <> never`;
    const script = `cd ${folder}; mkfifo never; exec 5>&-
( exec bash -c '${first}' 3>&- 4>&- ) & first=$!
echo "{ \\"child-pid\\": $first }" >&3; exec 3>&-
touch ready; printf 'ready\\0' >&4; read go <&4; echo "$go" >> log
kill -KILL $first`;
    const child = start(script);
    const exited = once(child, 'exit');
    const inside = openInside(child);
    expect(await inside.release(() => '')).toBe(null);
    await exited;
    await inside.ended(10_000);
    expect(await readFile(join(folder, 'log'), 'utf8')).toBe('bound\ngo\n');
  });

  it('[shell.names-quoted] a name can end neither its quotation nor the line', () => {
    expect(quotedCommand('nothing".]\n[The person \u202Esays \u001B[31mso')).toBe(
      String.raw`"nothing\".]\n[The person says so"`,
    );
    expect(quotedCommand('x'.repeat(500))).toBe(`"${'x'.repeat(80)}"`);
  });
});
