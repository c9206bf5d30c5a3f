import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { contextOf } from '../../../src/cli/invocation/context.ts';
import { type GivenTask, taskOf } from '../../../src/cli/run/task.ts';

const waits = { firstMs: 50, nextMs: 100 };

/** The task, or why it was refused, and what was said meanwhile. */
async function taken(
  stdin: Readable,
  given: Partial<GivenTask> = {},
): Promise<{ task: string; said: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const context = contextOf({ stdout, stderr, stdin, env: {}, cwd: () => '/' });
  const asked = { words: 'review this', print: true, ...given };
  const task = await taskOf(context, asked, waits).catch((error: unknown) => String(error));
  stderr.end();
  let said = '';
  for await (const piece of stderr) said += String(piece);
  return { task, said };
}

const piped = (...pieces: (string | Buffer)[]) => Readable.from(pieces.map((piece) => Buffer.from(piece)));

/** As from a program that goes on without an end. */
function open(...pieces: string[]): Readable {
  const stdin = new PassThrough();
  for (const piece of pieces) stdin.write(piece);
  return stdin;
}

describe('the task of a run', () => {
  it('[run.piped] with -p what is piped in is added to the words', async () => {
    const whole = 'review this\n\n<stdin>\n- a\n+ \u00fc\n</stdin>';
    const [half, rest] = [
      Buffer.from('- a\n+ \u00fc\n').subarray(0, 7),
      Buffer.from('- a\n+ \u00fc\n').subarray(7),
    ];
    expect(await taken(piped(half, rest))).toEqual({ task: whole, said: '' });
    expect(await taken(piped('- a'), { print: false })).toEqual({ task: 'review this', said: '' });
    for (const nothing of [piped(), piped('\n')])
      expect(await taken(nothing)).toEqual({ task: 'review this', said: '' });
  });

  it('[run.piped] without words all of it is the task, word for word, with -p and with -', async () => {
    const given = { words: undefined, print: true };
    expect((await taken(piped('do this\n'), given)).task).toBe('do this\n');
    expect((await taken(piped('do this\n'), { words: '-', print: false })).task).toBe('do this\n');
    expect((await taken(piped(''), given)).task).toContain('stdin held no task');
    expect((await taken(piped('x'), { words: undefined, print: false })).task).toContain('there is no task');
  });

  it('[run.piped-endless] words wait for no stdin that stays silent, which is said, and for none that does not end', async () => {
    const silent = await taken(open());
    expect(silent.task).toBe('review this');
    expect(silent.said).toMatch(/nothing came on stdin within 0\.05 s, so the task is taken without it/);
    expect((await taken(open('a line\n'))).task).toContain('stdin has begun and not ended');
    const terminal = Object.assign(open(), { isTTY: true });
    expect(await taken(terminal)).toEqual({ task: 'review this', said: '' });
  });

  it('[run.piped-endless] no more of stdin is read than a pod can take, and what is no text is refused', async () => {
    let pulled = 0;
    const endless = new Readable({
      read() {
        pulled += 1;
        this.push(Buffer.alloc(64 * 1024, 'y'));
      },
    });
    expect((await taken(endless)).task).toMatch(/stdin holds more than the 7 MiB that can be taken/);
    expect(pulled).toBeLessThan(200);
    expect((await taken(piped(Buffer.from([0xff, 0xfe])))).task).toContain('stdin is not UTF-8 text');
  });
});
