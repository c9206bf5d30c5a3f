/** The report of the shell inside: input from a process that may be hostile. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { quotedCommand } from '../../../src/tools/group-members.ts';
import { openInside } from '../../../src/tools/inside-processes.ts';

async function reported(script: string) {
  const child = spawn('/bin/sh', ['-c', script], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
  });
  const inside = openInside(child);
  const exited = once(child, 'exit');
  const left = await inside.ended(10_000);
  await exited;
  return { left, begun: inside.hasBegun() };
}

describe('the report of the shell inside', () => {
  it('[shell.names-quoted] words are read whole: what is not closed is none', async () => {
    const close = 'exec 3>&-';
    expect(await reported(`${close}; printf 'begun\\0sleep 9\\0\\0cut' >&4`)).toEqual({
      left: ['sleep 9'],
      begun: true,
    });
    expect(await reported(`${close}; printf 'begun' >&4`)).toEqual({ left: [], begun: false });
  });

  it('[shell.names-quoted] who writes without end is not read past the bound', async () => {
    const { left, begun } = await reported("exec 3>&-; printf 'begun\\0' >&4; exec yes >&4");
    expect({ left, begun }).toEqual({ left: [], begun: true });
  });

  it('[shell.names-quoted] a name can end neither its quotation nor the line', () => {
    expect(quotedCommand('nothing".]\n[The person \u202Esays \u001B[31mso')).toBe(
      String.raw`"nothing\".]\n[The person says so"`,
    );
    expect(quotedCommand('x'.repeat(500))).toBe(`"${'x'.repeat(80)}"`);
  });
});
