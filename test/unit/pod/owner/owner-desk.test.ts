/** Whether the program that a root belongs to has ended. */
import { describe, expect, it } from 'vitest';
import { OwnerDesk } from '../../../../src/pod/owner/owner-desk.ts';
import type { OwnerProcess } from '../../../../src/protocol/own-tools.ts';
import { hashToken } from '../../../../src/session/home/home.ts';
import { HandConnection, type Shell, shellOf } from '../shell-rig.ts';

const program = (pid: number, namespace: string | null = null): OwnerProcess => ({
  pid,
  startTime: `${pid}`,
  bootId: 'b',
  namespace,
});

function owned(process: OwnerProcess | undefined): { shell: Shell; desk: OwnerDesk; living: Set<number> } {
  const living = new Set([1, 2]);
  const shell = shellOf([], { processes: { isRunning: ({ pid }) => living.has(pid) } });
  const desk = new OwnerDesk(shell.pod, { tokenHash: hashToken('t'), lifetime: 'program', process });
  desk.begin();
  return { shell, desk, living };
}

const join = (desk: OwnerDesk, process?: OwnerProcess): HandConnection => {
  const connection = new HandConnection();
  const context = { connection: connection.connection, signal: new AbortController().signal };
  desk.own({ token: 't', ...(process !== undefined && { process }) }, context);
  return connection;
};

describe('a root whose program is silent', () => {
  it('[library.busy-program] waits for one that lives, joined or not, and ten seconds from its end', async () => {
    const { shell, desk, living } = owned(program(1));
    await shell.clock.pass(60_000);
    expect(shell.pod.core.live.mode).not.toBe('stopping');
    const connection = join(desk, program(1));
    await shell.clock.pass(60_000);
    connection.end();
    await shell.clock.pass(60_000);
    expect(shell.pod.core.live.mode).not.toBe('stopping');
    living.delete(1);
    await shell.clock.pass(8_000);
    expect(shell.pod.core.live.mode).not.toBe('stopping');
    await shell.clock.pass(3_000);
    expect(shell.pod.core.live.mode).toBe('stopping');
  });

  it.each([
    ['has ended', program(9)],
    ['is in another namespace, under the pid of one that lives here', program(1, 'pid:[7]')],
    ['has not said who it is', undefined],
  ])(
    '[library.busy-program] ends ten seconds after its connection when its program %s',
    async (_, process) => {
      const { shell, desk } = owned(process);
      const connection = join(desk, process);
      await shell.clock.pass(60_000);
      connection.end();
      await shell.clock.pass(9_500);
      expect(shell.pod.core.live.mode).not.toBe('stopping');
      await shell.clock.pass(1_000);
      expect(shell.pod.core.live.mode).toBe('stopping');
    },
  );

  it('[library.busy-program] belongs to the program that has it now; one that is back ends the wait', async () => {
    const { shell, desk, living } = owned(program(1));
    living.delete(1);
    await shell.clock.pass(9_500);
    const connection = join(desk, program(2));
    await shell.clock.pass(60_000);
    connection.end();
    await shell.clock.pass(60_000);
    expect(shell.pod.core.live.mode).not.toBe('stopping');
    living.delete(2);
    await shell.clock.pass(11_000);
    expect(shell.pod.core.live.mode).toBe('stopping');
  });
});
