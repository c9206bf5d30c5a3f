/**
 * However a sender leaves, and however long the history and however busy the receiver is: what it wrote in
 * order is delivered, and what it cannot know it is not told.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectAndSend } from '../../src/transport/connect-and-send.ts';
import { LogTail, kilobyte, megabyte, noticesIn, writeHistory } from '../support/big-history.ts';
import { rawWire, requestLine } from '../support/raw-wire.ts';
import { TestHome, type TestPod } from '../support/rig.ts';

const histories = [
  ['no history', 0],
  ['2 KB', 2 * kilobyte],
  ['300 KB', 300 * kilobyte],
  ['5 MB', 5 * megabyte],
  ['50 MB', 50 * megabyte],
] as const;

function notice(submission: string): string {
  return requestLine(submission, 'notify', { message: `from ${submission}`, wake: false, submission });
}

/** Writes the line of a notice its own way. None reads more than its own answer, most read nothing. */
type Sender = (socket: string, submission: string) => Promise<void>;

/** Left in order: whatever the sender never read, the line is delivered. */
const orderly: [string, Sender][] = [
  [
    'write, then end',
    async (socket, submission) => {
      const wire = await rawWire(socket);
      wire.write(notice(submission));
      wire.socket.end();
      wire.listen();
      await wire.closed;
    },
  ],
  [
    'end with the line, deaf',
    async (socket, submission) => {
      const wire = await rawWire(socket);
      wire.socket.end(notice(submission));
      await once(wire.socket, 'finish');
      wire.socket.destroy();
    },
  ],
  [
    'write, end after a round trip of another client',
    async (socket, submission) => {
      const wire = await rawWire(socket);
      wire.write(notice(submission));
      const other = (await rawWire(socket)).listen();
      await other.call('status');
      other.socket.destroy();
      wire.socket.end();
      await once(wire.socket, 'finish');
      wire.socket.destroy();
    },
  ],
  [
    'write, and never read its answer',
    async (socket, submission) => {
      const wire = await rawWire(socket);
      wire.socket.pause();
      await new Promise<void>((resolve) => {
        wire.socket.write(notice(submission), () => resolve());
      });
      const other = (await rawWire(socket)).listen();
      await other.call('status');
      other.socket.destroy();
      wire.socket.destroy();
    },
  ],
  [
    'write, then destroy once the system has taken the bytes',
    async (socket, submission) => {
      const wire = await rawWire(socket);
      await new Promise<void>((resolve) => {
        wire.socket.write(notice(submission), () => {
          wire.socket.destroy();
          resolve();
        });
      });
    },
  ],
  [
    'a process that writes and exits',
    async (socket, submission) => {
      const program = `const s = require('net').connect(process.argv[1]);
        s.write(process.argv[2], () => process.exit(0));`;
      const child = spawn(process.execPath, ['-e', program, socket, notice(submission)], { stdio: 'ignore' });
      await once(child, 'exit');
    },
  ],
];

describe.each(histories)('%s behind the receiver', (_, bytes) => {
  describe.each(['idle', 'busy'] as const)('that is %s', (receiver) => {
    let home: TestHome;
    let pod: TestPod;
    let tail: LogTail;

    beforeAll(async () => {
      home = new TestHome();
      pod = home.makeRoot({ scenario: 'rules:\n  - { delayMs: 600000, say: never }\n' });
      await writeHistory(pod, bytes);
      await pod.start();
      tail = new LogTail(pod);
      if (receiver === 'idle') return;
      await pod.run('work');
      await tail.until('the turn began', (all) => all.some((entry) => entry.type === 'turnStarted'));
    });
    afterAll(() => home.close());

    it.each(orderly)('[sender.orderly] %s: delivered, once', async (way, send) => {
      const submission = way.replaceAll(/[^a-z]/g, '-');
      await send(pod.socket, submission);
      const entries = await tail.until('the notice', (all) => noticesIn(all).includes(submission));
      expect(noticesIn(entries).filter((id) => id === submission)).toHaveLength(1);
    });

    it('[sender.abrupt] destroyed at once after writing: delivered or not, never twice, and the sender has no answer that could mislead it', async () => {
      const sent = Array.from({ length: 20 }, (_, index) => `abrupt-${index}`);
      for (const submission of sent) {
        const wire = (await rawWire(pod.socket)).listen();
        wire.write(notice(submission));
        wire.socket.destroy();
        await wire.closed;
        expect(wire.messages).toEqual([]);
      }
      expect(await connectAndSend(pod.socket, 'notify', params('after-abrupt'))).toMatchObject({ ok: true });
      const arrived = (await tail.notices()).filter((id) => id.startsWith('abrupt-'));
      expect(new Set(arrived).size).toBe(arrived.length);
      for (const submission of arrived) expect(sent).toContain(submission);
    });

    it('[sender.half-a-line] half a line is no message, whichever way its sender leaves', async () => {
      for (const leave of ['end', 'destroy'] as const) {
        const wire = await rawWire(pod.socket);
        const line = notice(`half-${leave}`);
        await new Promise<void>((resolve) => {
          wire.socket.write(line.slice(0, -1), () => resolve());
        });
        wire.socket[leave]();
      }
      expect(await connectAndSend(pod.socket, 'notify', params('after-half'))).toMatchObject({ ok: true });
      expect((await tail.notices()).filter((id) => id.startsWith('half-'))).toEqual([]);
    });

    it('[sender.awaited] connectAndSend: delivered and said so, and the receiver is still up', async () => {
      const sent = await connectAndSend(pod.socket, 'notify', params('awaited'));
      expect(sent).toEqual({ ok: true, result: { submission: 'awaited' } });
      expect(await tail.notices()).toContain('awaited');
      const status = receiver === 'idle' ? 'idle' : 'running';
      expect(await pod.call('status', {})).toMatchObject({ status, incarnation: 2, attention: null });
    });
  });
});

function params(submission: string): { message: string; wake: boolean; submission: string } {
  return { message: `from ${submission}`, wake: false, submission };
}

describe('a server that writes before it reads', () => {
  it.each([2 * kilobyte, 300 * kilobyte, 5 * megabyte])(
    '[sender.snapshot-first] connectAndSend reads past a snapshot of %i bytes to its own answer',
    async (bytes) => {
      const home = new TestHome();
      const path = join(home.path, 's.sock');
      const seen: string[] = [];
      const server = createServer((socket) => {
        socket.on('error', () => socket.destroy());
        const snapshot = {
          jsonrpc: '2.0',
          method: 'event',
          params: { type: 'snapshot', all: 'x'.repeat(bytes) },
        };
        // Nothing is read before the whole snapshot has been taken.
        socket.write(`${JSON.stringify(snapshot)}\n`, () => {
          socket.on('data', (chunk) => {
            const { id, params: asked } = JSON.parse(String(chunk));
            seen.push(asked.submission);
            socket.write(
              `${JSON.stringify({ jsonrpc: '2.0', id, result: { submission: asked.submission } })}\n`,
            );
          });
        });
      });
      server.listen(path);
      await once(server, 'listening');
      const sent = await connectAndSend(path, 'notify', params('one'));
      expect(sent).toEqual({ ok: true, result: { submission: 'one' } });
      expect(seen).toEqual(['one']);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      await home.close();
    },
  );

  it('[sender.no-answer] connectAndSend: a receiver that closes, freezes or is not there is told as what it is', async () => {
    const home = new TestHome();
    const pod = await home.startRoot();
    await pod.freeze();
    const frozen = await connectAndSend(pod.socket, 'notify', params('frozen'), { deadlineMs: 200 });
    expect(frozen).toMatchObject({ ok: false, failure: 'timedOut', delivered: 'unknown' });
    await pod.thaw();
    // It had arrived: "unknown" was the truth.
    await pod.untilEntry('inputReceived', (entry) => entry.submission === 'frozen');
    const dying = connectAndSend(pod.socket, 'notify', params('dying'));
    await pod.kill();
    const told = await dying;
    const there = (await pod.entriesOf('inputReceived')).some((entry) => entry.submission === 'dying');
    if (told.ok) expect(there).toBe(true);
    else expect(['no', 'unknown']).toContain(told.delivered);
    if (there) expect(told).not.toMatchObject({ delivered: 'no' });
    // Only the whole exit closes the listener.
    await pod.exit();
    const refused = await connectAndSend(pod.socket, 'notify', params('gone'));
    expect(refused).toMatchObject({ ok: false, failure: 'refusedConnection', delivered: 'no' });
    const nowhere = await connectAndSend(`${pod.socket}x`, 'notify', params('nowhere'));
    expect(nowhere).toMatchObject({ ok: false, failure: 'notThere', delivered: 'no' });
    await home.close();
  });
});
