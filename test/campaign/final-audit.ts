/**
 * The oracle on a stage: behind each play over what was followed, and at the end over everything, with
 * processes, sockets, locks, and `podkin verify`.
 */
import { existsSync, readdirSync } from 'node:fs';
import * as z from 'zod';
import { wakeLatencies } from '../../src/cli/chaos/wakes.ts';
import { leftovers, ofType, processesOf } from '../support/audit.ts';
import { type AuditedPod, type Finding, auditLogs } from './oracle.ts';
import type { SeriesRow } from './rows.ts';
import { scopeProblems } from './scope-audit.ts';
import type { Actor, Stage } from './stage.ts';

/** Over the logs as they stand; whoever is up must have come to rest. */
export async function auditStage(stage: Stage): Promise<Finding[]> {
  await Promise.all(stage.actors.map(({ log }) => log.refresh()));
  return auditLogs(stage.actors.map(audited));
}

function audited(actor: Actor): AuditedPod {
  return {
    name: actor.name,
    instance: actor.instance,
    parent: actor.parent?.instance ?? null,
    entries: actor.log.entries,
    up: !actor.retired && actor.alive,
  };
}

/**
 * The dead come back last, everything is told, and the tree is stopped. `inspect` is given what the oracle
 * reads while all of it still lives.
 */
export async function endStage(
  stage: Stage,
  inspect: (pods: AuditedPod[]) => void = () => undefined,
): Promise<Partial<SeriesRow>> {
  await raiseTheDead(stage);
  const problems = (await auditStage(stage)).map(({ promise, text }) => `${promise}: ${text}`);
  problems.push(...(await scopeProblems(stage)));
  const watchdogRescues = await askEach(stage, problems);
  const pods = stage.actors.map(audited);
  // Copies: these logs go on growing.
  inspect(pods.map((pod) => ({ ...pod, entries: [...pod.entries] })));
  const latencies = pods.flatMap((pod) => wakeLatencies(pod, pods));
  await stopTree(stage);
  const left = leftBehind(stage);
  problems.push(...left, ...(await verifiedByCommand(stage)));
  return {
    problems,
    watchdogRescues,
    leftovers: left.length,
    events: pods.reduce((sum, { entries }) => sum + ofType(entries, 'podEventReceived').length, 0),
    wakeFromEmittedMs: latencies.flatMap(({ sinceEmittedMs }) => sinceEmittedMs ?? []),
    wakeFromReceivedMs: latencies.map(({ sinceReceivedMs }) => sinceReceivedMs),
  };
}

/** Pods that were replaced, and whose children had something to tell them: it has to arrive after all. */
async function raiseTheDead(stage: Stage): Promise<void> {
  // Their last words came when nobody followed their logs any more.
  await Promise.all(stage.actors.map(({ log }) => log.refresh()));
  const waiting = stage.actors.filter(
    ({ parent, state }) => parent !== null && parent.retired && state.acked < state.emitted,
  );
  for (const parent of new Set(waiting.map((actor) => actor.parent!))) {
    if (!parent.retired) continue;
    parent.retired = false;
    await stage.start(parent);
  }
  const through = (actor: Actor) =>
    Math.max(
      0,
      ...ofType(actor.parent!.log.entries, 'podEventReceived')
        .filter(({ from }) => from.instance === actor.instance)
        .map(({ eventSeq }) => eventSeq ?? 0),
    );
  await stage.until('what waited for the dead is told', () =>
    waiting.every((actor) => through(actor) >= actor.state.emitted),
  );
  await stage.rest();
  await takeBack(stage);
}

/** Whoever was raised may have had work left for a child that had been stopped, and has started it again. */
async function takeBack(stage: Stage): Promise<void> {
  await Promise.all(stage.actors.map(({ log }) => log.refresh()));
  const back = stage.actors.filter((actor) => actor.retired && actor.alive);
  if (back.length === 0) return;
  for (const actor of back) actor.retired = false;
  await stage.rest();
  await takeBack(stage);
}

/**
 * Each that is up says of itself that nothing is open, and that no watchdog had to help it. Answers the
 * number of rescues.
 */
async function askEach(stage: Stage, problems: string[]): Promise<number> {
  let rescues = 0;
  for (const actor of stage.active) {
    const { settled, watchdogRescues } = await actor.pod.call('status', {});
    rescues += watchdogRescues;
    if (!settled)
      problems.push(`stranded: ${actor.name} is at rest by its log and says that it is not settled`);
  }
  return rescues;
}

async function stopTree(stage: Stage): Promise<void> {
  const running = stage.active.map(({ process }) => process!);
  await stage.root.pod.call('shutdown', {});
  for (const identity of running) {
    if (!(await stage.gone(identity, 30_000)))
      throw new Error(`process ${identity.pid} did not end with its tree`);
  }
  await Promise.all(stage.active.map(({ log }) => log.refresh()));
}

function leftBehind(stage: Stage): string[] {
  const { runtime } = stage.home.home;
  const sockets = existsSync(runtime) ? readdirSync(runtime) : [];
  // A pod that was killed and not started again leaves its file; whoever ended in order took it along.
  const known = new Set(stage.actors.filter(({ state }) => !state.stopped).map(({ pod }) => pod.socket));
  const open = sockets.filter(
    (name) => name.endsWith('.sock') && ![...known].some((path) => path.endsWith(name)),
  );
  return [
    ...processesOf(stage.home).map(({ pid, command }) => `leftover process ${pid}: ${command}`),
    ...open.map((name) => `leftover socket ${name}`),
    ...stage.halfMade.map((name) => `leftover: the half-made pod ${name}, which no log knows`),
    ...leftovers(stage.home).map((text) => `leftover: ${text}`),
  ];
}

const reportSchema = z.object({
  violations: z.array(z.object({ rule: z.string(), pod: z.string(), text: z.string() })),
});

/** The oracle that ships has to agree that nothing is broken. */
async function verifiedByCommand(stage: Stage): Promise<string[]> {
  const { code, stdout, stderr } = await stage.home.run(['verify', '--json'], { timeoutMs: 120_000 });
  const parsed = reportSchema.safeParse(parseJson(stdout));
  if (!parsed.success)
    return [`podkin verify answered ${code}: ${stdout.slice(0, 300)} ${stderr.slice(0, 300)}`];
  const violations = parsed.data.violations.map(
    ({ rule, pod, text }) => `podkin verify: ${rule} ${pod}: ${text}`,
  );
  return code === 0 || violations.length > 0 ? violations : [`podkin verify ended with ${code}`];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
