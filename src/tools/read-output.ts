/** ReadOutput: what a command in the background has written, from a place on. */
import { type FileHandle, open } from 'node:fs/promises';
import { constants } from 'node:fs';
import * as z from 'zod';
import { howItEnded } from '../session/facts/command-words.ts';
import { once } from '../std/once.ts';
import { within } from '../std/within.ts';
import { commandFile } from './background/command-output.ts';
import { unknownCommand } from './background/known-commands.ts';
import { defineTool } from './define-tool.ts';
import { failed } from './input-path.ts';
import type { CommandsInBackground, ToolContext } from './tool.ts';

const bytesMax = 30_000;
const characterBytesMax = 4;
const waitMsMax = 60_000;

const input = once(() =>
  z.strictObject({
    name: z.string().max(100).describe('As the call that started it said: command-1 …'),
    offset: z
      .int()
      .optional()
      .describe(
        'Bytes of its output to pass over; below 0: so many from the end. Left out: from where the last ReadOutput of it ended.',
      ),
    waitMs: z
      .int()
      .min(0)
      .max(waitMsMax)
      .default(0)
      .describe('Where nothing new is there: wait so long for more, or for its end.'),
  }),
);

export const readOutputTool = defineTool({
  name: 'ReadOutput',
  description:
    'Gives what a command in the background has written since the last ReadOutput of it, or from an offset on, and whether it still runs. Not for waiting until it ends: you get a notice then.',
  input,
  order: 'parallel',
  needs: () => ({ kind: 'none' }),
  async run({ name, offset, waitMs }, context) {
    const { commands } = context;
    const isKnown = commands?.facts.open.has(name) === true || commands?.facts.ended.has(name) === true;
    if (commands === undefined || !isKnown) return failed(unknownCommand(commands?.facts, name));
    const wanted = offset ?? commands.cursors.get(name) ?? 0;
    await untilMore(commands, { name, wanted, waitMs }, context.signal);
    const read = await readFrom(commands, { name, wanted }, context);
    if (typeof read === 'string') return failed(read);
    const { from, text, to, total } = read;
    commands.cursors.set(name, to);
    const ended = commands.facts.ended.get(name);
    const state = ended === undefined ? 'is running' : howItEnded(ended);
    // A part of a character that is passed over is no loss.
    const isGone = wanted >= 0 && from - wanted >= characterBytesMax;
    const gone = isGone ? [`[Bytes ${wanted} to ${from} are not kept any more.]`] : [];
    const more = to < total ? ` ${total - to} more: ReadOutput { "name": "${name}" }.` : '';
    return {
      text: [
        ...gone,
        text === '' ? '(nothing new)' : text.replace(/\n$/, ''),
        `["${name}" ${state}. Bytes ${from} to ${to} of ${total}.${more}]`,
      ].join('\n'),
    };
  },
});

async function untilMore(
  commands: CommandsInBackground,
  { name, wanted, waitMs }: { name: string; wanted: number; waitMs: number },
  signal: AbortSignal,
): Promise<void> {
  const running = commands.running(name);
  if (signal.aborted || running === undefined || waitMs === 0 || wanted < 0 || running.output.total > wanted)
    return;
  const aborted = new Promise<void>((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  await within(Promise.race([running.news(), aborted]), waitMs);
}

interface Part {
  readonly from: number;
  readonly to: number;
  readonly total: number;
  readonly text: string;
}

/** Of one that has ended, what its file holds: the last of all that it wrote. */
async function readFrom(
  commands: CommandsInBackground,
  { name, wanted }: { name: string; wanted: number },
  { outputDir }: ToolContext,
): Promise<Part | string> {
  const running = commands.running(name);
  if (running !== undefined) {
    const { total } = running.output;
    const { from, bytes } = await running.output.read(wanted < 0 ? total + wanted : wanted, bytesMax);
    return partOf(bytes, { from, total });
  }
  let handle: FileHandle;
  try {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    handle = await open(commandFile(outputDir, name), flags);
  } catch {
    const wrote = commands.facts.ended.get(name)?.bytes;
    return wrote === 0
      ? `"${name}" has ended and wrote nothing.`
      : `What "${name}" wrote is not kept any more.`;
  }
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) return `What "${name}" wrote is not kept any more.`;
    const total = Math.max(commands.facts.ended.get(name)?.bytes ?? stats.size, stats.size);
    const first = total - stats.size;
    const from = Math.min(Math.max(wanted < 0 ? total + wanted : wanted, first), total);
    const buffer = Buffer.alloc(Math.min(bytesMax, total - from));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, from - first);
    return partOf(buffer.subarray(0, bytesRead), { from, total });
  } finally {
    await handle.close();
  }
}

/** Whole characters, where there are some. */
function partOf(bytes: Buffer, { from, total }: { from: number; total: number }): Part {
  let start = 0;
  while (start < 3 && start < bytes.length && isInside(bytes[start])) start += 1;
  const whole = bytes.subarray(start);
  const isLast = from + bytes.length >= total;
  const end = isLast ? whole.length : whole.length - cutAtEnd(whole);
  return { from: from + start, to: from + start + end, total, text: whole.toString('utf8', 0, end) };
}

/** Of a character of several bytes, one behind its first. */
function isInside(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** Bytes of a character that is not whole. */
function cutAtEnd(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back];
    if (byte === undefined || isInside(byte)) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}
