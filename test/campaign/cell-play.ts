/**
 * One cell of the table, played on a tree at rest: the victim is led to the gate before its point, its parent
 * is brought into its stance, the point is armed, the gate opened, and somebody dies. What comes after is
 * `aftermath.ts`.
 */
import { receiptsOf } from '../support/audit.ts';
import { pause } from '../support/waiting.ts';
import type { Random } from '../sim/random.ts';
import { type Cell, type Stance, isOneOf, receiverPoints, spawnPoints, turnPoints } from './cells.ts';
import type { Actor, Stage } from './stage.ts';

/** What has happened when the victim is dead. */
export interface Deaths {
  /** Dead pods that have to come back, or be replaced. */
  dead: { actor: Actor; incarnation: number }[];
  /** SIGKILLs, also those that set the stage. */
  kills: number;
  /** The victim died at its point. */
  reached: boolean;
  /** And the parent stood as the cell says. */
  met: boolean;
  /** Starts that are under way. */
  rising: Promise<void>[];
  /** Where a command of the stance waits, and the pod that is to be resumed. */
  holding: string | null;
  paused: Actor | null;
}

export interface Led {
  stage: Stage;
  cell: Cell;
  victim: Actor;
  /** Who is in the stance: the victim's parent; the root itself where that is the victim. */
  stander: Actor;
  random: Random;
  /** Number of this play: in what the pods say. */
  number: number;
  deaths: Deaths;
  /** Where the bystander waits, to report at the moment of the death. */
  beside: string | null;
}

/** How long a victim may take from its gate to its point. */
const reachMs = 8_000;

export async function playCell(
  stage: Stage,
  play: { cell: Cell; number: number; random: Random },
): Promise<Deaths> {
  const { cell } = play;
  const victim =
    cell.victim === 'parent' ? stage.root : cell.victim === 'grandchild' ? stage.leaf : stage.kid;
  const deaths: Deaths = {
    dead: [],
    kills: 0,
    reached: false,
    met: false,
    rising: [],
    holding: null,
    paused: null,
  };
  const led: Led = { stage, victim, stander: victim.parent ?? victim, deaths, beside: null, ...play };
  if (play.random.chance(0.3)) await busyBeside(led);
  if (cell.victim === 'parent') await playParent(led);
  else await playBelow(led);
  stage.disarm();
  return deaths;
}

async function busyBeside(led: Led): Promise<void> {
  const { stage } = led;
  const gate = stage.newGate();
  await stage.root.pod.run(`give ${stage.side.name} hold ${gate}`);
  await stage.until(
    'the bystander waits at its gate',
    () => stage.side.state.turn === 'inTool' && stage.root.state.turn === 'none',
  );
  led.beside = gate;
}

/** Opens the gate that leads to the point, and the bystander's with it. */
async function letGo({ stage, cell, number, beside }: Led, gate: string, word: string): Promise<void> {
  if (beside !== null) await stage.release(beside, `then say aside-${number}`);
  // Who has died at its own gate opens it no more.
  if (cell.point !== 'lease.returned') await stage.release(gate, word);
}

// The victim has a parent

async function playBelow(led: Led): Promise<void> {
  const { stage, cell, victim, stander, deaths } = led;
  const gate = await leadToGate(led);
  await takeStance(led, cell.stance);
  const incarnation = victim.state.incarnation;
  const process_ = victim.process!;
  stage.arm(victim.name, cell.point);
  await moveLease(led);
  const spawns = isOneOf(cell.point, spawnPoints);
  const word = `say ${led.number}`;
  // The last moment at which the parent is known to stand so; a short request may be over when a slow spawn
  // has come to its point.
  const stands = standsAs(stander, cell.stance);
  await letGo(led, gate, spawns ? `then grow ${stage.newName('twig')} ${word}` : `then ${word}`);
  if (cell.victim === 'both') await killBeside(led, process_);
  deaths.reached = await stage.gone(process_, reachMs);
  if (deaths.reached) deaths.kills += 1;
  else deaths.kills += Number(await stage.kill(victim));
  await stander.log.refresh();
  const stood = cell.victim === 'both' || cell.stance === 'idle' || standsAs(stander, cell.stance);
  deaths.met = deaths.reached && stands && stood;
  deaths.dead.push({ actor: victim, incarnation });
}

/**
 * Its holder returns what it holds above one request, and says so to its giver: each comes to its point, else
 * with the holder's next request.
 */
async function moveLease({ stage, cell, victim }: Led): Promise<void> {
  if (cell.point === 'lease.returned') await stage.reclaimFrom(victim);
  if (cell.point !== 'lease.granted') return;
  const holders = stage.active.filter(({ parent, alive }) => parent === victim && alive);
  await Promise.all(holders.map((holder) => stage.reclaimFrom(holder)));
}

/**
 * The victim (or, where it is to die as a receiver, its child) waits in a command; everybody above is idle.
 * Answers its gate.
 */
async function leadToGate({ stage, cell, victim }: Led): Promise<string> {
  const gate = stage.newGate();
  const { root, kid, leaf } = stage;
  const way = victim === kid ? `give ${kid.name}` : `give ${kid.name} give ${leaf.name}`;
  let waiter = victim;
  const isBelow = isOneOf(cell.point, receiverPoints) || cell.point === 'lease.granted';
  if (!isBelow) await root.pod.run(`${way} hold ${gate}`);
  else if (victim === kid) {
    await root.pod.run(`${way} give ${leaf.name} hold ${gate}`);
    waiter = leaf;
  } else {
    const twig = stage.newName('twig');
    await root.pod.run(`${way} grow ${twig} hold ${gate}`);
    waiter = await stage.untilBorn(twig, victim);
  }
  const above = ancestorsOf(waiter);
  await stage.until(
    `${waiter.name} waits at its gate`,
    () => waiter.state.turn === 'inTool' && above.every(({ state }) => state.turn === 'none'),
  );
  return gate;
}

export function ancestorsOf(actor: Actor): Actor[] {
  return actor.parent === null ? [] : [actor.parent, ...ancestorsOf(actor.parent)];
}

/** Points behind the start of a process are far from the gate. */
function isSlow({ point }: Cell): boolean {
  return isOneOf(point, ['child.linked', 'scope.moved', 'child.firstRun']);
}

async function takeStance(led: Led, stance: Stance): Promise<void> {
  const { stage, cell, stander, deaths } = led;
  switch (stance) {
    case 'idle':
      return;
    case 'midRequest':
      await stander.pod.run(isSlow(cell) ? 'think long' : 'think');
      await stage.until('the parent asks its model', () => stander.state.turn === 'inRequest');
      return;
    case 'midTool': {
      const gate = stage.newGate();
      deaths.holding = gate;
      await stander.pod.run(`hold ${gate}`);
      await stage.until('the parent is in its command', () => stander.state.turn === 'inTool');
      return;
    }
    case 'paused':
      deaths.paused = stander;
      await stander.pod.call('pause', {});
      await stage.until('the parent is paused', () => stander.state.paused);
      return;
    case 'restoring':
      deaths.kills += Number(await stage.kill(stander));
      deaths.rising.push(rise(stage, stander));
  }
}

/** A start that may be ended by the play before it is done. */
function rise(stage: Stage, actor: Actor): Promise<void> {
  return stage.start(actor).catch(() => undefined);
}

function standsAs(stander: Actor, stance: Stance): boolean {
  const { turn, paused } = stander.state;
  switch (stance) {
    case 'idle':
      return turn === 'none' && !paused;
    case 'midRequest':
      return turn === 'inRequest';
    case 'midTool':
      return turn === 'inTool';
    case 'paused':
      return paused;
    case 'restoring':
      return true;
  }
}

/**
 * The parent dies too, somewhere around. Where the victim needs it to come to its point, it is started again.
 */
async function killBeside(led: Led, victim: NonNullable<Actor['process']>): Promise<void> {
  const { stage, cell, stander, random, deaths } = led;
  // One that is being started has no process to kill before it says so in its log.
  if (cell.stance === 'restoring') await stage.until('the parent is up', () => stander.alive);
  await pause(random.int(90));
  await stander.log.refresh();
  const { incarnation } = stander.state;
  if (!(await stage.kill(stander))) return;
  deaths.kills += 1;
  if (await stage.gone(victim, 250)) deaths.dead.push({ actor: stander, incarnation });
  else {
    await Promise.all(deaths.rising);
    deaths.rising.push(rise(stage, stander));
  }
}

// The victim is the root

async function playParent(led: Led): Promise<void> {
  const { stage, cell, victim: root, deaths } = led;
  if (cell.point === 'child.linked') await dieAtLink(led);
  else if (isOneOf(cell.point, spawnPoints)) await dieAtSpawn(led);
  else await dieAtReport(led);
  // A root that was started for it dies in that incarnation.
  await Promise.all(deaths.rising);
  await root.log.refresh();
  const { incarnation } = root.state;
  deaths.reached = await stage.gone(root.process!, reachMs);
  deaths.kills += deaths.reached ? 1 : Number(await stage.kill(root));
  deaths.met &&= deaths.reached;
  deaths.dead.push({ actor: root, incarnation });
}

async function dieAtReport(led: Led): Promise<void> {
  const { stage, cell, victim: root, deaths, number } = led;
  const kid = stage.kid;
  const gate = stage.newGate();
  await root.pod.run(`give ${kid.name} hold ${gate}`);
  await stage.until(
    'the kid waits at its gate',
    () => kid.state.turn === 'inTool' && root.state.turn === 'none',
  );
  const word = `then say ${number}`;
  if (cell.stance === 'restoring' && cell.point === 'lease.granted') {
    deaths.kills += Number(await stage.kill(root));
    deaths.rising.push(rise(stage, root));
    await stage.until('the kid has linked to it', () => root.alive && kid.linked && isLinkedTo(root, kid));
    stage.arm(root.name, cell.point);
    deaths.met = true;
    await moveLease(led);
    await letGo(led, gate, word);
    return;
  }
  if (cell.stance === 'restoring') {
    await stage.untilLent(kid);
    deaths.kills += Number(await stage.kill(root));
    await letGo(led, gate, word);
    await stage.until('the kid has reported', () => kid.state.emitted > kid.state.acked);
    stage.arm(root.name, cell.point);
    deaths.rising.push(rise(stage, root));
    deaths.met = true;
    return;
  }
  await takeStance(led, cell.stance);
  deaths.met = standsAs(root, cell.stance);
  const early = cell.stance === 'idle' || !isOneOf(cell.point, turnPoints);
  if (early) stage.arm(root.name, cell.point);
  const before = receiptsOf(root.log.entries, kid.instance).length;
  await moveLease(led);
  await letGo(led, gate, word);
  if (early) return;
  // It comes to the point with the report in its buffer.
  await stage.until('the report is there', () => receiptsOf(root.log.entries, kid.instance).length > before);
  deaths.met &&= standsAs(root, cell.stance);
  stage.arm(root.name, cell.point);
  if (cell.stance === 'midTool') await stage.release(deaths.holding!, 'open');
  // The answer may be cut off by the death that it leads to.
  if (cell.stance === 'paused') await root.pod.call('resume', {}).catch(() => undefined);
}

/** In the root's newest incarnation. */
function isLinkedTo({ log }: Actor, { instance }: Actor): boolean {
  const since = log.entries.findLastIndex(({ type }) => type === 'started');
  return log.entries
    .slice(since)
    .some((entry) => entry.type === 'child' && entry.state === 'linked' && entry.child.instance === instance);
}

/** A child links: the root's own start brings it about, or the child's. */
async function dieAtLink(led: Led): Promise<void> {
  const { stage, cell, victim: root, deaths } = led;
  if (cell.stance === 'restoring') {
    deaths.kills += Number(await stage.kill(root));
    stage.arm(root.name, cell.point);
    deaths.rising.push(rise(stage, root));
    deaths.met = true;
    return;
  }
  await takeStance(led, cell.stance);
  const { kid } = stage;
  deaths.kills += Number(await stage.kill(kid));
  await root.log.refresh();
  deaths.met = standsAs(root, cell.stance);
  stage.arm(root.name, cell.point);
  const standing = root.process!;
  await rise(stage, kid);
  await stage.gone(standing, reachMs);
}

async function dieAtSpawn(led: Led): Promise<void> {
  const { stage, cell, victim: root, deaths, number } = led;
  const twig = stage.newName('twig');
  if (cell.stance === 'midTool') {
    stage.arm(root.name, cell.point);
    await root.pod.run(`grow ${twig} say ${number}`);
    deaths.met = true;
    return;
  }
  await root.pod.run(`muse ${twig} say ${number}`);
  await stage.until('the root asks its model', () => root.state.turn === 'inRequest');
  deaths.kills += Number(await stage.kill(root));
  stage.arm(root.name, cell.point);
  deaths.rising.push(rise(stage, root));
  deaths.met = true;
}
