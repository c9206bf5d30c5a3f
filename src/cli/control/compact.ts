/** `podkin compact`: a shorter history in the place of a long one, and what came of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { askPod } from '../../client/ask-pod.ts';
import { AttachedPod, type AttachmentEnd } from '../../client/attached-pod.ts';
import { findPod, type FoundPod } from '../../client/find-pod.ts';
import { nothingToCompact } from '../../session/facts/context-entries.ts';
import type { Entry } from '../../session/facts/entries.ts';
import { deferred } from '../../std/deferred.ts';
import { dollars, grouped, oneLine } from '../format/printable.ts';
import type { CommandContext } from '../invocation/context.ts';
import { exitStatus } from '../invocation/context.ts';
import { secondsToMs } from '../invocation/seconds.ts';

export interface CompactOptions {
  /** What the summary is to heed. */
  readonly instructions: string | undefined;
  /** Seconds; without it there is no end. */
  readonly timeout: string | undefined;
  readonly json: boolean;
}

/** `asked`: it is due, and comes once the pod goes on. */
interface CompactEnd {
  readonly outcome: 'done' | 'nothing' | 'failed' | 'asked' | 'timedOut';
  /** Tokens of the next request, as estimated; null where nothing was changed. */
  readonly before: number | null;
  readonly after: number | null;
  /** What the requests for it have used; null where none was made. */
  readonly usage: Extract<Entry, { type: 'compaction' }>['usage'] | null;
  readonly reason: string | null;
}

export async function compactCommand(
  context: CommandContext,
  called: string,
  options: CompactOptions,
): Promise<number> {
  const { instructions, timeout, json } = options;
  const timeoutMs = timeout === undefined ? null : secondsToMs(timeout, '--timeout');
  const pod = findPod(context.home, called);
  const { name, label } = pod;
  const { when, seq } = await askPod(pod, 'compact', instructions === undefined ? {} : { instructions });
  if (when === 'nextRequest')
    context.stderr.write(`${name} is running: this comes before its next request to the model.\n`);
  const end =
    when === 'whenResumed'
      ? putOff(label)
      : await endOf(pod, { seq, hasWords: instructions !== undefined }, timeoutMs);
  const status = statusOf(end);
  const output = json || status === exitStatus.done ? context.stdout : context.stderr;
  output.write(json ? `${JSON.stringify({ name, ...end })}\n` : `${name}: ${textOf(end)}\n`);
  return status;
}

const unchanged = { before: null, after: null, usage: null };

function putOff(name: string): CompactEnd {
  const reason = `it is paused: this comes when it goes on ("podkin resume ${name}")`;
  return { outcome: 'asked', ...unchanged, reason };
}

function statusOf({ outcome }: CompactEnd): number {
  if (outcome === 'failed') return exitStatus.failed;
  return outcome === 'timedOut' ? exitStatus.timedOut : exitStatus.done;
}

const reasonCharsMax = 500;

function textOf({ outcome, before, after, usage, reason }: CompactEnd): string {
  if (outcome === 'done') {
    const spent = usage === null ? 0 : usage.inputTokens + usage.outputTokens;
    const price = usage === null || usage.cost === null ? '' : `, ${dollars(usage.cost)}`;
    return `${grouped(before ?? 0)} → ${grouped(after ?? 0)} tokens (the summary took ${grouped(spent)} tokens${price})`;
  }
  const why = oneLine(reason ?? '', reasonCharsMax);
  return outcome === 'failed' ? `nothing is changed: ${why}` : why;
}

interface Asked {
  /** Of its entry. */
  readonly seq: number;
  readonly hasWords: boolean;
}

/** What became of what was asked for. */
async function endOf(pod: FoundPod, asked: Asked, timeoutMs: number | null): Promise<CompactEnd> {
  const ended = deferred<CompactEnd>();
  const attached = new AttachedPod(pod, {
    deltas: false,
    since: asked.seq,
    onEvent: (event) => {
      const end = event.type === 'entry' ? endBy(pod.label, event.entry, asked) : null;
      if (end !== null) ended.resolve(end);
    },
    onGreeting: nothing,
    onBack: nothing,
    onDied: nothing,
    waitsForRestore: () => false,
    onRejected: nothing,
  });
  const timer = new AbortController();
  try {
    const gone = attached.follow().then((how) => absent(pod.label, how));
    return await Promise.race([ended.promise, gone, timeUp(timeoutMs, timer.signal)]);
  } finally {
    timer.abort();
    attached.close();
  }
}

const nothing = (): void => undefined;

/** Null where the entry says nothing of it. */
function endBy(name: string, entry: Entry, { seq, hasWords }: Asked): CompactEnd | null {
  if (entry.type === 'compaction') {
    const { before, after, usage } = entry;
    // Begun before it was asked for: it heeds nothing of it.
    if (hasWords && (entry.asked ?? seq) < seq) return null;
    return { outcome: 'done', before, after, usage, reason: null };
  }
  if (entry.type === 'compactionFailed') {
    const { why, reason, usage } = entry;
    if (why !== 'asked') return null;
    const outcome = reason === nothingToCompact ? 'nothing' : 'failed';
    return { outcome, ...unchanged, usage, reason };
  }
  const isPaused =
    (entry.type === 'inputReceived' && entry.kind === 'pause') ||
    (entry.type === 'turnEnded' && entry.outcome === 'paused');
  return isPaused ? putOff(name) : null;
}

function absent(name: string, how: AttachmentEnd): CompactEnd {
  const reason =
    how === 'died'
      ? `it has died; "podkin restore ${name}" starts it again, and then this comes`
      : 'it was stopped before this was done';
  return { outcome: 'failed', ...unchanged, reason };
}

async function timeUp(timeoutMs: number | null, signal: AbortSignal): Promise<CompactEnd> {
  if (timeoutMs === null) return await new Promise<never>(() => undefined);
  await sleep(timeoutMs, undefined, { signal }).catch(nothing);
  return { outcome: 'timedOut', ...unchanged, reason: 'timed out; what was asked for is still to come' };
}
