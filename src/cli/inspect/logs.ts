/**
 * `podkin logs`: a pod's session from its file, so also a dead pod's; with `-f` what is committed from now
 * on.
 */
import { systemCode } from '../../std/system-code.ts';
import { existsSync, watch } from 'node:fs';
import { placeSince } from '../../session/log/checkpoint-start.ts';
import { readEntries, tailEntries } from '../../session/log/read-log.ts';
import type { Entry } from '../../session/facts/entries.ts';
import type { CommandContext } from '../invocation/context.ts';
import { exitStatus, jsonLine } from '../invocation/context.ts';
import { findPod, type FoundPod } from '../../client/find-pod.ts';
import { sinceMs, wholeNumber } from '../invocation/seconds.ts';
import { connectAndSend } from '../../transport/connect-and-send.ts';
import { probeDeadlineMs } from '../../client/pod-probe.ts';
import { oneLine } from '../format/printable.ts';
import { paint } from '../format/table.ts';
import { renderEntry } from '../format/transcript.ts';

export interface LogsOptions {
  readonly follow: boolean;
  readonly json: boolean;
  /** How many of the last entries. */
  readonly tail?: string | undefined;
  readonly since?: string | undefined;
}

export async function logsCommand(
  context: CommandContext,
  name: string,
  options: LogsOptions,
): Promise<number> {
  const pod = findPod(context.home, name);
  const tail = options.tail === undefined ? null : wholeNumber(options.tail, '--tail');
  const fromMs = options.since === undefined ? 0 : sinceMs(options.since, Date.now());
  let damaged = 0;
  let unwritten = 0;
  const show = async (entry: Entry): Promise<void> => {
    if (Date.parse(entry.time) < fromMs) return;
    context.stdout.styled(options.json ? jsonLine(entry) : readable(entry, context.color));
    unwritten += 1;
    if (unwritten % 200 === 0) await context.stdout.drained();
  };
  const reading = { onDamaged: () => void (damaged += 1) };
  let end = 0;
  if (tail !== null) {
    // One more tells where to go on from when none is to be shown.
    const last = await ifThere(() => tailEntries(pod.folder.log, Math.max(tail, 1)));
    end = last?.at(-1)?.end ?? 0;
    for (const { entry } of tail === 0 ? [] : (last ?? [])) await show(entry);
  } else {
    const place = await ifThere(async () => placeIn(pod, fromMs));
    damaged = place?.damagedLines ?? 0;
    end = await showFrom(pod, { from: place?.from ?? 0, ...reading }, show);
  }
  if (damaged > 0) {
    context.stderr.write(`${damaged} damaged line(s) were passed over: "podkin doctor" says more.\n`);
  }
  await sayWaiting(context, pod);
  if (options.follow) await follow(pod, end, show);
  return exitStatus.done;
}

function placeIn({ folder }: FoundPod, fromMs: number): { from: number; damagedLines: number } {
  return fromMs === 0 ? { from: 0, damagedLines: 0 } : placeSince(folder.log, fromMs);
}

/** What the log alone cannot tell: what a living pod waits for now. */
async function sayWaiting(context: CommandContext, pod: FoundPod): Promise<void> {
  if (!existsSync(pod.socket)) return;
  const answer = await connectAndSend(pod.socket, 'status', {}, { deadlineMs: probeDeadlineMs });
  if (!answer.ok || answer.result.instance !== pod.instance || answer.result.waiting === null) return;
  const { kind, since, until, reason } = answer.result.waiting;
  const next = until === null ? '' : `, until ${until}`;
  context.stderr.write(`${pod.name} waits for ${kind} since ${since}${next}: ${oneLine(reason, 400)}\n`);
}

type Show = (entry: Entry) => Promise<void>;

/** Answers where the next reading begins. A log that is not there yet has nothing in it. */
async function showFrom(
  pod: FoundPod,
  options: { from: number; onDamaged?: () => void },
  show: Show,
): Promise<number> {
  let end = options.from;
  await ifThere(async () => {
    for await (const read of readEntries(pod.folder.log, options)) {
      await show(read.entry);
      end = read.end;
    }
  });
  return end;
}

async function ifThere<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Where the file system tells of no changes, they are found at this pace. */
const recheckMs = 1_000;

/** Until the pod is removed, or this process is interrupted. */
async function follow(pod: FoundPod, from: number, show: Show): Promise<void> {
  let notify: () => void = () => undefined;
  let changed = new Promise<void>((resolve) => (notify = resolve));
  const watcher = watch(pod.folder.path, () => notify());
  watcher.on('error', () => notify());
  try {
    for (let end = from; existsSync(pod.folder.path);) {
      end = await showFrom(pod, { from: end }, show);
      const timer = setTimeout(notify, recheckMs);
      await changed;
      clearTimeout(timer);
      changed = new Promise((resolve) => (notify = resolve));
    }
  } finally {
    watcher.close();
  }
}

function readable(entry: Entry, color: boolean): string {
  const text = renderEntry(entry, { color });
  if (text === null) return '';
  const [first = '', ...rest] = text.split('\n');
  // The day is in `--json`; a reader of a conversation wants the hour.
  const time = paint(oneLine(entry.time.slice(11, 19), 8), 'dim', color);
  return [`${time}  ${first}`, ...rest.map((line) => `          ${line}`)].join('\n') + '\n';
}
