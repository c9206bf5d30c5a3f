/**
 * Engine of the crash points: plays one story (who is killed at which point, how its parent stands, who
 * brings it back) on real processes in a home of its own, and answers a row with every broken promise. What
 * it plays is small and whole; the many deaths in one home are `test/campaign`.
 */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { TestHome, type TestPod, gone } from './rig.ts';
import { isRunning } from '../../src/std/process-identity.ts';
import { auditPair, leftovers, ofType, receiptsOf, verified } from './audit.ts';

/** Points that every turn of a pod passes. */
const turnPoints = [
  'item.committed',
  'request.started',
  'response.received',
  'response.committed',
  'turn.beforeCommit',
] as const;
/** Points that a child's event passes at its sender, and at its receiver. */
const senderPoints = ['event.committed', 'event.sent', 'event.acked'] as const;
const receiverPoints = ['event.read', 'receipt.committed', 'receipt.answered'] as const;
const spawnPoints = [
  'child.reserved',
  'child.started',
  'child.linked',
  'scope.moved',
  'child.firstRun',
] as const;
export type CrashPoint =
  | (typeof turnPoints)[number]
  | (typeof senderPoints)[number]
  | (typeof receiverPoints)[number]
  | (typeof spawnPoints)[number];

export interface Story {
  victim: 'child' | 'parent';
  point: CrashPoint;
  /** The n-th time that the victim's process passes the point. */
  nth: number;
  /** How the parent stands when a child dies; of no meaning for a parent. */
  parentIs: 'idle' | 'running' | 'paused' | 'down';
  /** A dead child's way back; a parent is always started again. */
  back: 'start' | 'sendToPod' | 'never';
}

export interface Row extends Story {
  durationMs: number;
  /** Empty: every promise was kept. */
  problems: string[];
}

function child(point: CrashPoint, parentIs: Story['parentIs'], back: Story['back']): Story {
  return { victim: 'child', point, nth: 1, parentIs, back };
}
function parent(point: CrashPoint, nth: number): Story {
  return { victim: 'parent', point, nth, parentIs: 'idle', back: 'start' };
}

/** Every named point, with the states of the parent and the ways back that it can be met in. */
export const campaignStories: Record<'child' | 'parentTurn' | 'parentReceipt' | 'spawn', Story[]> = {
  child: [
    ...turnPoints.flatMap((point) => [
      child(point, 'idle', 'start'),
      child(point, 'running', 'never'),
      child(point, 'paused', 'start'),
      child(point, 'down', 'start'),
      child(point, 'down', 'never'),
      child(point, 'idle', 'sendToPod'),
    ]),
    ...senderPoints.flatMap((point) => [
      child(point, 'idle', 'start'),
      child(point, 'running', 'start'),
      child(point, 'paused', 'start'),
      child(point, 'running', 'never'),
      child(point, 'idle', 'sendToPod'),
    ]),
  ],
  // The first request spawns, the second stands behind the tool call, the third is the notification's.
  parentTurn: turnPoints.flatMap((point) => {
    const times = point === 'turn.beforeCommit' ? [1, 2] : [1, 2, 3];
    return times.map((nth) => parent(point, nth));
  }),
  parentReceipt: receiverPoints.map((point) => parent(point, 1)),
  spawn: spawnPoints.map((point) => parent(point, 1)),
};

export function titleOf({ victim, point, nth, parentIs, back }: Story): string {
  return victim === 'parent'
    ? `parent at ${point} (${nth})`
    : `child at ${point} (${nth}), parent ${parentIs}, ${back === 'never' ? 'for good' : `back by ${back}`}`;
}

/**
 * How long the child takes for its answer where the parent has to be brought into its state first, or has to
 * have ended the turn that spawned it.
 */
const childDelayMs = 250;
const parentDelayMs = 400;

function scenarioOf({ victim, parentIs }: Story): string {
  const child = victim === 'child';
  return `rules:
  - { pod: root, last: user, matches: '^spawn (\\S+) (task .+)', call: [ { SpawnPod: { name: '{{match.1}}', task: '{{match.2}}' } } ] }
  - { pod: root, last: user, matches: '^give (\\S+) (task .+)', call: [ { SendToPod: { name: '{{match.1}}', message: '{{match.2}}' } } ] }
  - { pod: root, last: tool, delayMs: ${child && parentIs === 'running' ? parentDelayMs : 0}, say: 'Waiting.' }
  - { pod: root, last: notification, say: 'Noted.' }
  - { pod: '*', last: user, matches: 'task (\\S+)', delayMs: ${!child || parentIs === 'paused' || parentIs === 'down' ? childDelayMs : 0}, say: 'Answer {{match.1}}.' }
  - { say: 'Well.' }
`;
}

/**
 * Plays the story to its end. Never rejects: what goes wrong on the way is a problem of the row. `keep`:
 * where the logs of a bad row are copied to.
 */
export async function playStory(story: Story, options: { keep?: string } = {}): Promise<Row> {
  const startedMs = performance.now();
  const problems: string[] = [];
  const home = new TestHome();
  try {
    problems.push(...(await play(home, story)));
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  if (problems.length > 0 && options.keep !== undefined) {
    const name = titleOf(story).replaceAll(/\W+/g, '-');
    cpSync(home.path, join(options.keep, `${name}-${Date.now()}`), {
      recursive: true,
      filter: (path) => !path.endsWith('.sock'),
    });
  }
  home.expectsNoSockets = false;
  await home.close().catch((error: unknown) => problems.push(String(error)));
  return { ...story, durationMs: Math.round(performance.now() - startedMs), problems };
}

async function play(home: TestHome, story: Story): Promise<string[]> {
  const root = home.makeRoot({
    scenario: scenarioOf(story),
    limits: { deathGraceMs: 100, spawnMs: 10_000 },
  });
  const kid = story.victim === 'child' ? await killChild(root, story) : await killParent(root, story);
  await root.untilSettled();
  const problems = kid === null ? [] : await kept(root, kid, story);
  const alive = await isUp(kid);
  // What was not restored has ended, and everything else lives.
  if (kid !== null && alive === (story.back === 'never' && story.victim === 'child'))
    problems.push(`${kid.name} is ${alive ? 'alive' : 'not alive'} at the end`);
  return [...problems, ...leftovers(home), ...(await verified(home))];
}

/** The child dies in the turn of task 1, at the point. */
async function killChild(root: TestPod, story: Story): Promise<TestPod> {
  const crash = { PODKIN_CRASH_AT: `kid:${story.point}:${story.nth}` };
  // Who brings it back by SendToPod gives it its own environment, so only the first incarnation may know the
  // point.
  if (story.back === 'sendToPod') await givenCrashingChild(root, crash);
  else {
    // Inherited: the child that root spawns dies, root passes by.
    await root.start(crash);
    await root.run('spawn kid task 1');
  }
  const kid = await root.home.spawned('kid');
  await kid.untilEntry('started');
  const victim = await kid.process();
  if (story.parentIs === 'paused' || story.parentIs === 'down') {
    await root.untilEntry('turnEnded');
    if (story.parentIs === 'paused') await root.call('pause', {});
    else await root.kill();
  }
  await gone(victim);
  if (story.parentIs === 'paused') {
    await untilTold(root, kid, 1);
    await root.call('resume', {});
  }
  if (story.parentIs === 'down') await root.start();
  if (story.back === 'start') await kid.start();
  if (story.back === 'sendToPod') {
    await untilTold(root, kid, 2);
    await root.untilSettled();
    await root.run('give kid task 2');
    await kid.untilEntry('started', ({ incarnation }) => incarnation === 3);
    await root.untilEntry(
      'podEventReceived',
      ({ event }) => 'text' in event && event.text.includes('Answer 2'),
    );
  }
  await untilTold(root, kid, 1);
  if (story.back !== 'never') await untilDelivered(kid);
  return kid;
}

/** A child in its second incarnation, whose process knows the point, is given task 1. */
async function givenCrashingChild(root: TestPod, crash: NodeJS.ProcessEnv): Promise<void> {
  await root.start();
  await root.run('spawn kid task 0');
  const kid = await root.home.spawned('kid');
  await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'turnEnded' && event.settled);
  await untilDelivered(kid);
  // A report that came before its turn had ended was read in that turn.
  await root.untilSettled();
  await kid.kill();
  await kid.start(crash);
  await root.untilEntry('child', ({ state, incarnation }) => state === 'linked' && incarnation === 2);
  await root.run('give kid task 1');
}

/** The parent dies with a living child at work, or while it spawns. Null where the spawn was undone. */
async function killParent(root: TestPod, story: Story): Promise<TestPod | null> {
  const crash = { PODKIN_CRASH_AT: `root:${story.point}:${story.nth}` };
  await root.start(crash);
  const victim = await root.process();
  await root.run('spawn kid task 1');
  await gone(victim);
  root.home.expectsNoSockets = false;
  await root.start();
  await root.untilSettled();
  const entries = await root.entries();
  const reserved = ofType(entries, 'child')[0];
  if (ofType(entries, 'assignment').some(({ state }) => state === 'open')) {
    const kid = await root.home.spawned('kid');
    await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'turnEnded' && event.settled);
    await untilDelivered(kid);
    return kid;
  }
  if (reserved !== undefined) await mustBeUndone(root, reserved.child.name);
  return null;
}

async function mustBeUndone(root: TestPod, name: string): Promise<void> {
  const entries = await root.entries();
  if (!ofType(entries, 'child').some(({ state }) => state === 'undone'))
    throw new Error('the spawn was not undone');
  const told = ofType(entries, 'toolResult').some(
    ({ interrupted, text }) => interrupted === true && text.includes(`"${name}"`) && text.includes('undone'),
  );
  if (!told) throw new Error('the interrupted SpawnPod does not say that the pod was undone');
}

/** Waits until the parent's log tells the end of that incarnation */
async function untilTold(root: TestPod, kid: TestPod, incarnation: number): Promise<void> {
  const { instance } = kid;
  await root.until(`the end of life ${incarnation} of ${kid.name}`, (entries) =>
    receiptsOf(entries, instance).some(
      ({ from, event }) =>
        from.incarnation === incarnation && (event.kind === 'died' || event.kind === 'shutDown'),
    ),
  );
}

async function untilDelivered(kid: TestPod): Promise<void> {
  await kid.untilSettled();
  await kid.until('every event acknowledged', (entries) => {
    const emitted = ofType(entries, 'podEventEmitted').at(-1)?.eventSeq ?? 0;
    return (ofType(entries, 'podEventAcked').at(-1)?.through ?? 0) >= emitted;
  });
}

async function kept(root: TestPod, kid: TestPod, story: Story): Promise<string[]> {
  const problems = await auditPair(root, kid);
  const reports = receiptsOf(await root.entries(), kid.instance).filter(
    ({ event }) => event.kind === 'turnEnded' && event.text.includes('Answer 1.'),
  );
  const restored = story.victim === 'parent' || story.back !== 'never';
  const wanted = restored ? [1] : [0, 1];
  if (!wanted.includes(reports.length))
    problems.push(`the answer to task 1 was told ${reports.length} times`);
  const open = ofType(await root.entries(), 'assignment').length;
  if (open === 0) problems.push('no task was ever given');
  return problems;
}

/** By its process: for a moment its parent holds the lock of a child that has died. */
async function isUp(kid: TestPod | null): Promise<boolean> {
  return kid !== null && isRunning(await kid.process());
}
