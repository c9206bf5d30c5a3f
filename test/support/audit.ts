/**
 * What a test checks by hand after deaths, beside `verify`: every event of a child stands once at its parent
 * and has been read, every incarnation has one end, and no process or half-made pod is left. Shares no code
 * with delivery or with `verify`.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { verifyHome } from '../../src/delivery/verify/verify.ts';
import { type EntryOf, ofType, seenThrough } from '../../src/cli/chaos/entry-lists.ts';
import type { Entry } from '../../src/session/facts/entries.ts';
import { isRunning } from '../../src/std/process-identity.ts';
import { ofRealPods } from './home-verified.ts';
import type { TestHome, TestPod } from './rig.ts';

export { type EntryOf, ofType, seenThrough };

/** Receipts of what that pod sent or what was written about it, in order. */
export function receiptsOf(entries: readonly Entry[], instance: string): EntryOf<'podEventReceived'>[] {
  return ofType(entries, 'podEventReceived').filter((entry) => entry.from.instance === instance);
}

/** Notices in the history about that pod, in order. */
export function noticesOf(entries: readonly Entry[], instance: string): EntryOf<'systemItem'>[] {
  return ofType(entries, 'systemItem').filter(
    ({ item }) => item.kind === 'podEvent' && item.from.instance === instance,
  );
}

/** The processes of this home that run now: their command lines name the pod's folder. */
export function processesOf(home: TestHome): { pid: number; command: string }[] {
  const listed = execFileSync('ps', ['-axww', '-o', 'pid=,stat=,command='], { encoding: 'utf8' });
  return listed.split('\n').flatMap((line) => {
    const [, pid, state, command] = /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined || state === undefined || command === undefined) return [];
    const ours = command.includes(`${home.path}/`) && !state.startsWith('Z');
    return ours ? [{ pid: Number(pid), command }] : [];
  });
}

/**
 * Every broken promise between the two, as sentences; empty when all is well. Both must be settled, and the
 * child's newest incarnation may still run.
 */
export async function auditPair(parent: TestPod, child: TestPod): Promise<string[]> {
  const sent = await child.entries();
  const held = await parent.entries();
  const receipts = receiptsOf(held, child.instance);
  const notices = noticesOf(held, child.instance);
  const seen = seenThrough(held);
  const problems: string[] = [];
  for (const { eventSeq, event } of ofType(sent, 'podEventEmitted')) {
    const what = `event ${eventSeq} (${event.kind}) of ${child.name}`;
    const found = receipts.filter((receipt) => receipt.eventSeq === eventSeq);
    if (found.length !== 1) problems.push(`${what} was received ${found.length} times`);
    const shown = notices.filter(({ item }) => item.kind === 'podEvent' && item.seq === eventSeq);
    const wanted = found[0]?.reads === true ? 1 : 0;
    if (shown.length !== wanted) problems.push(`${what} stands ${shown.length} times in the history`);
  }
  for (const notice of notices) {
    if (notice.seq > seen) problems.push(`the notice at entry ${notice.seq} was in no completed request`);
  }
  problems.push(...endsOf(sent, receipts, child), ...orderOf(receipts, child));
  return problems;
}

/** One end for each incarnation that is over: its own shutDown where it committed one, else one `died`. */
function endsOf(sent: readonly Entry[], receipts: EntryOf<'podEventReceived'>[], child: TestPod): string[] {
  const lives = ofType(sent, 'started');
  const farewells = ofType(sent, 'podEventEmitted').filter(({ event }) => event.kind === 'shutDown');
  return lives.flatMap((life, index) => {
    const { incarnation } = life;
    const ends = receipts.filter(
      ({ from, event }) =>
        from.incarnation === incarnation && (event.kind === 'died' || event.kind === 'shutDown'),
    );
    const over = index < lives.length - 1 || !isRunning(life);
    if (!over)
      return ends.length === 0 ? [] : [`the running life ${incarnation} of ${child.name} is told as ended`];
    const farewell = farewells.some((entry) => entry.incarnation === incarnation);
    const kind = farewell ? 'shutDown' : 'died';
    if (ends.length === 1 && ends[0]?.event.kind === kind) return [];
    const kinds = ends.map(({ event }) => event.kind).join(', ');
    return [`life ${incarnation} of ${child.name} should have one end (${kind}), has: ${kinds || 'none'}`];
  });
}

function orderOf(receipts: EntryOf<'podEventReceived'>[], child: TestPod): string[] {
  const numbers = receipts.flatMap(({ eventSeq }) => (eventSeq === null ? [] : [eventSeq]));
  const rising = numbers.every((number, index) => number === index + 1);
  return rising ? [] : [`events of ${child.name} were received as ${numbers.join(', ')}`];
}

/** Drafts of pods that a death left behind, and processes whose pod's folder is gone. */
export function leftovers(home: TestHome): string[] {
  const pods = join(home.home.state, 'pods');
  const drafts = existsSync(pods) ? readdirSync(pods).filter((name) => name.startsWith('.')) : [];
  const homeless = processesOf(home).filter(({ command }) => {
    const folder = command.split(' ').at(-1) ?? '';
    return !existsSync(join(folder, 'pod.json'));
  });
  return [
    ...drafts.map((name) => `a half-made folder ${name}`),
    ...homeless.map(({ pid, command }) => `a process without a pod: ${pid} ${command}`),
  ];
}

/**
 * What `verify` finds, each as a line. Does not wait for deaths that a parent may still be finding out about:
 * a test waits for those itself.
 */
export async function verified(home: TestHome): Promise<string[]> {
  const { violations } = await verifyHome(home.home, { untilSecondReading: () => Promise.resolve() });
  return ofRealPods(violations, home.fakes).map(({ rule, pod, text }) => `${rule} ${pod}: ${text}`);
}
