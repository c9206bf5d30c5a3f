/** `podkin wait`: until pods and everything live below them are settled, and how it ended. */
import { monotonicMs } from '../../std/clock.ts';
import { setTimeout as pause } from 'node:timers/promises';
import { settledView } from '../../delivery/settled.ts';
import { foldLog } from '../../session/log/fold-log.ts';
import { type ReadEntry, readEntries, tailEntries } from '../../session/log/read-log.ts';
import type { StatusResult } from '../../protocol/status-result.ts';
import type { TreePlace } from '../../session/home/pod-place.ts';
import type { CommandContext } from '../invocation/context.ts';
import { exitStatus, screenOf } from '../invocation/context.ts';
import { findPods, type FoundPod, treeOf } from '../../client/find-pod.ts';
import { type LiveEvent, openPodStream, type PodStream } from '../../client/pod-stream.ts';
import { ApprovalDesk } from '../approvals/approval-desk.ts';
import { probePod } from '../../client/pod-probe.ts';
import { oneLine } from '../format/printable.ts';
import { refusedText, unsettledText } from '../format/unsettled.ts';
import { outcomeWord } from '../format/transcript.ts';
import { secondsToMs } from '../invocation/seconds.ts';
import { whyNothingGoesOn } from '../../client/stuck-tree.ts';
import { providerWaits, treeState } from '../../client/settled-tree.ts';

export interface WaitOptions {
  /** Seconds; without it there is no end. */
  readonly timeout?: string | undefined;
}

export interface WaitEnd {
  readonly status: number;
  /** What a person reads. */
  readonly text: string;
  /** It tells how the newest turn ended, and nothing else is in the way. */
  readonly isOfTurn?: true;
}

export async function waitCommand(
  context: CommandContext,
  names: readonly string[],
  options: WaitOptions,
): Promise<number> {
  const timeoutMs = options.timeout === undefined ? null : secondsToMs(options.timeout, '--timeout');
  const untilMs = timeoutMs === null ? null : monotonicMs() + timeoutMs;
  const pods = findPods(context.home, names);
  const ends = await Promise.all(
    pods.map(async (pod) => {
      const end = await waitForPod(context, pod, untilMs);
      const output = end.status === exitStatus.done ? context.stdout : context.stderr;
      // A reason may be a provider's or a child's words.
      output.write(`${oneLine(end.text, textCharsMax)}\n`);
      return end;
    }),
  );
  return worst(ends.map((end) => end.status));
}

const textCharsMax = 2_000;

/** One exit status for many: a pod that ran out of time says the least, so it comes first. */
export function worst(statuses: readonly number[]): number {
  const order = [exitStatus.timedOut, exitStatus.failed, exitStatus.limit, exitStatus.done];
  return order.find((status) => statuses.includes(status)) ?? exitStatus.done;
}

/** How long a change that no event tells of may go unnoticed. */
const recheckMs = 500;

/** `untilMs` on the monotonic clock; null for no end. */
export async function waitForPod(
  context: CommandContext,
  pod: FoundPod,
  untilMs: number | null,
): Promise<WaitEnd> {
  const desk = new ApprovalDesk({
    color: false,
    keyboard: 'none',
    texts: false,
    screen: () => screenOf(context),
  });
  const changes = changeSignalOf(pod, (event) => {
    const text = desk.take(event, monotonicMs());
    if (text !== null) context.stderr.write(`${text}\n`);
  });
  const waits = new ShownWaits(context, treeOf(pod));
  try {
    let why = 'it has not answered';
    for (;;) {
      // Before the calls, so that no change during them is missed.
      const changed = changes.next();
      const state = await treeState(treeOf(pod), pod);
      if (state.kind === 'settled') return withOrphan(await endOfLive(pod, state.status), state.status);
      if (state.kind === 'refused')
        return { status: exitStatus.failed, text: `${pod.name}: ${refusedText(state.refused)}` };
      if (state.kind === 'overBudget') {
        return {
          status: exitStatus.limit,
          text: `${pod.name}: its wake budget is used up; "podkin send ${pod.label} TEXT" wakes it`,
        };
      }
      if (state.kind === 'notThere') {
        const ended = await endedPod(pod);
        if (ended !== null) return ended;
        why = `${pod.name} runs and does not listen`;
      } else why = unsettledText(state.why);
      if (state.kind === 'working') await waits.show(state.status);
      const status = state.kind === 'working' && pod.spec.parent === null ? state.status : undefined;
      const bound = status === undefined ? null : await whyNothingGoesOn(context.home, status);
      if (bound !== null) return { status: exitStatus.limit, text: `${pod.name}: ${bound}` };
      const leftMs = untilMs === null ? recheckMs : untilMs - monotonicMs();
      if (leftMs <= 0) return { status: exitStatus.timedOut, text: `${pod.name}: timed out, ${why}` };
      const timer = new AbortController();
      await Promise.race([
        changed,
        pause(Math.min(recheckMs, leftMs), undefined, { signal: timer.signal }),
      ]).catch(() => undefined);
      timer.abort();
    }
  } finally {
    changes.close();
  }
}

/** What the tree waits for at its provider, each once: nobody waits for hours without knowing why. */
class ShownWaits {
  readonly #context: CommandContext;
  readonly #tree: TreePlace;
  readonly #shown = new Set<string>();

  constructor(context: CommandContext, tree: TreePlace) {
    this.#context = context;
    this.#tree = tree;
  }

  async show(status: StatusResult | undefined): Promise<void> {
    if (status === undefined) return;
    for (const { pod, reason } of await providerWaits(this.#tree, status)) {
      const text = `${pod} waits for its provider: ${oneLine(reason, textCharsMax)}`;
      if (!this.#shown.has(text)) this.#context.stderr.write(`${text}\n`);
      this.#shown.add(text);
    }
  }
}

interface ChangeSignal {
  /** Fulfils at the next such event. */
  next(): Promise<void>;
  close(): void;
}

/**
 * Notifies when the pod says that its status has changed. Without a connection, and until there is one, it
 * never does, and the re-check has to do.
 */
function changeSignalOf(pod: FoundPod, onEvent: (event: LiveEvent) => void): ChangeSignal {
  let notify: (() => void) | null = null;
  let stream: PodStream | null = null;
  const closing = new AbortController();
  const open = async (): Promise<void> => {
    const newest = await tailEntries(pod.folder.log, 1);
    const opened = await openPodStream({
      path: pod.socket,
      instance: pod.instance,
      since: newest[0]?.entry.seq ?? 0,
      deltas: false,
      signal: closing.signal,
      onEvent: (event) => {
        const mayEnd =
          event.type === 'status' || (event.type === 'entry' && event.entry.type === 'turnEnded');
        if (mayEnd) notify?.();
        onEvent(event);
      },
    });
    stream = opened;
    void opened.closed.then(() => notify?.());
  };
  // Not there, or too busy: the re-check finds out.
  open().catch(() => undefined);
  return {
    next: () =>
      new Promise((resolve) => {
        notify = resolve;
      }),
    close: () => {
      closing.abort();
      stream?.close();
    },
  };
}

async function endedPod(pod: FoundPod): Promise<WaitEnd | null> {
  const probed = await probePod(pod);
  if (probed.kind !== 'ended') return null;
  const facts = await foldLog(pod.folder.log);
  const done = settledView(facts).settled && !(await brokenOff(pod));
  if (facts.stopped && done) return endOf(pod.name, facts.lastTurn);
  const how = facts.stopped ? 'it was stopped before its work was done' : 'it died without having stopped';
  return {
    status: exitStatus.failed,
    text: `${pod.name}: ${how}; "podkin restore ${pod.label}" starts it again from its log`,
  };
}

/**
 * Of a pod that is settled. A stop has given up the turn that it broke off, also in a pod that runs again.
 */
async function endOfLive(pod: FoundPod, { lastTurn }: StatusResult): Promise<WaitEnd> {
  if (!(await brokenOff(pod))) return endOf(pod.name, lastTurn);
  const on = pod.spec.parent === null ? `run -c ${pod.label}` : `send ${pod.label} "…"`;
  return {
    status: exitStatus.failed,
    text: `${pod.name}: it was stopped before its work was done; to continue: podkin ${on}`,
    isOfTurn: true,
  };
}

const newestEntries = 200;

/** Its newest turn never ended: a stop gives such work up, so what is known of the pod no longer tells. */
async function brokenOff(pod: FoundPod): Promise<boolean> {
  const isEdge = ({ entry }: ReadEntry) => entry.type === 'turnStarted' || entry.type === 'turnEnded';
  const newest = (await tailEntries(pod.folder.log, newestEntries)).findLast(isEdge);
  if (newest !== undefined) return newest.entry.type === 'turnStarted';
  let open = false;
  for await (const { entry } of readEntries(pod.folder.log)) {
    if (entry.type === 'turnStarted') open = true;
    if (entry.type === 'turnEnded') open = false;
  }
  return open;
}

/** Nobody takes its reports any more; that is no failure of its work. */
function withOrphan(end: WaitEnd, { refusal, parent, pending }: StatusResult): WaitEnd {
  if (refusal?.code !== 'parentRemoved' || pending.outgoing === 0) return end;
  const lost = `${pending.outgoing} event(s) of it reach nobody: its parent "${parent?.name ?? ''}" was removed`;
  return { ...end, text: `${end.text} (${lost})` };
}

export function endOf(name: string, lastTurn: { outcome: string; reason: string | null } | null): WaitEnd {
  const isOfTurn = true;
  if (lastTurn === null)
    return { status: exitStatus.done, text: `${name}: settled, it has had no turn`, isOfTurn };
  const { outcome, reason } = lastTurn;
  const cause = reason === null || reason === '' ? '' : `: ${reason}`;
  const text = `${name}: ${outcomeWord(outcome)}${outcome === 'finished' ? '' : cause}`;
  if (outcome === 'finished') return { status: exitStatus.done, text, isOfTurn };
  return { status: outcome === 'limitReached' ? exitStatus.limit : exitStatus.failed, text, isOfTurn };
}
