/**
 * After the deaths of a play: who died comes back its way or is replaced, what was held goes on, spawned
 * twigs are stopped, and the tree comes to rest.
 */
import { PodStartFailed } from '../../src/pod/process/start-process.ts';
import type { Random } from '../sim/random.ts';
import { type Deaths, ancestorsOf } from './cell-play.ts';
import { wayTo } from './engine-play.ts';
import type { Way } from './plan.ts';
import type { Actor, Stage } from './stage.ts';

export async function recover(
  stage: Stage,
  deaths: Deaths,
  { back, random, number }: { back: Way; random: Random; number: number },
): Promise<void> {
  await Promise.all(deaths.rising);
  // Parents first or last, or all at once: each order is met.
  const dead = random.chance(0.5) ? deaths.dead : deaths.dead.toReversed();
  const goesOnFirst = random.chance(0.5) || back !== 'start';
  const late = random.chance(0.5);
  if (goesOnFirst) await goOn(stage, deaths, { told: random.chance(0.5) });
  if (dead.length > 1 && random.chance(0.4))
    await Promise.all(dead.map(({ actor }) => startAgain(stage, actor)));
  else for (const one of dead) await bringBack(stage, one, { back, late, number });
  if (!goesOnFirst) await goOn(stage, deaths, { told: true });
  await stage.releaseAll();
  await stage.rest();
  await endTwigs(stage);
}

/** What the parent's stance held is let go, before or behind the news. */
async function goOn(stage: Stage, deaths: Deaths, { told }: { told: boolean }): Promise<void> {
  const [only] = deaths.dead;
  if (told && only !== undefined && deaths.dead.length === 1 && only.actor.parent?.alive === true)
    await stage.untilTold(only.actor, only.incarnation);
  if (deaths.holding !== null) {
    // A command that has only just been called opens its gate in a while; where its pod died nobody will.
    const waits = stage.root.alive && stage.root.state.turn === 'inTool';
    await stage.release(deaths.holding, 'open', waits ? 10_000 : 50);
  }
  deaths.holding = null;
  const { paused } = deaths;
  if (paused === null) return;
  // Where it died it is resumed when it is back.
  if (!paused.alive) await startAgain(stage, paused);
  await paused.log.refresh();
  if (paused.state.paused) await paused.pod.call('resume', {});
  deaths.paused = null;
}

async function startAgain(stage: Stage, actor: Actor): Promise<void> {
  await actor.log.refresh();
  if (actor.alive) return;
  try {
    await stage.start(actor);
  } catch (error) {
    // Its parent was quicker, with work that had waited for it.
    if (!(error instanceof PodStartFailed && error.code === 'alreadyRunning')) throw error;
    await stage.until(`${actor.name} runs`, () => actor.alive);
  }
}

async function bringBack(
  stage: Stage,
  { actor, incarnation }: { actor: Actor; incarnation: number },
  { back, late, number }: { back: Way; late: boolean; number: number },
): Promise<void> {
  const { parent } = actor;
  if (parent === null || back === 'start') {
    if (late && parent?.alive === true) await stage.untilTold(actor, incarnation);
    await startAgain(stage, actor);
    return;
  }
  await stage.untilTold(actor, incarnation);
  await untilAsked(stage, parent);
  // Work that had waited for it may have brought it back.
  if (actor.alive) return;
  if (back === 'never') {
    await replace(stage, actor);
    return;
  }
  const way = wayTo(actor);
  await stage.root.pod.run(`${way} say again-${number}`);
  await stage.until(
    `${actor.name} is brought back by its parent`,
    () => actor.state.incarnation > incarnation,
  );
}

/**
 * A scripted model that is given a notice and a task in one request answers the notice alone: who is to be
 * asked has nothing else to read.
 */
async function untilAsked(stage: Stage, parent: Actor): Promise<void> {
  const above = [parent, ...ancestorsOf(parent)];
  await stage.until('everybody above is at rest', () =>
    above.every(({ alive, state }) => alive && state.open.length === 0 && !state.paused),
  );
}

/** Another takes the part; who was below the dead one has nobody to report to, and is stopped. */
async function replace(stage: Stage, actor: Actor): Promise<void> {
  const { root, kid, leaf, side } = stage;
  const parent = actor.parent!;
  if (actor === kid) {
    stage.retire(kid);
    await stop(stage, leaf);
    stage.retire(leaf);
    const newKid = stage.newName('kid');
    await root.pod.run(`grow ${newKid} say born`);
    const born = await stage.untilBorn(newKid, root);
    await stage.rest();
    const newLeaf = stage.newName('leaf');
    await root.pod.run(`give ${newKid} grow ${newLeaf} say born`);
    await stage.untilBorn(newLeaf, born);
    return;
  }
  stage.retire(actor);
  const part = actor === side ? 'side' : 'leaf';
  const name = stage.newName(part);
  await root.pod.run(parent === root ? `grow ${name} say born` : `give ${parent.name} grow ${name} say born`);
  await stage.untilBorn(name, parent);
}

async function stop(stage: Stage, actor: Actor): Promise<void> {
  await actor.log.refresh();
  const process_ = actor.process;
  if (!actor.alive || process_ === null) return;
  await actor.pod.call('shutdown', {});
  if (!(await stage.gone(process_, 20_000)))
    throw new Error(`${actor.name} did not end when it was asked to`);
}

/** What was spawned in this play has done its work: it is stopped by a person, and its parent is told. */
async function endTwigs(stage: Stage): Promise<void> {
  for (const parent of stage.active) stage.takeInNew(parent);
  const twigs = stage.active.filter(({ name }) => name.startsWith('twig'));
  if (twigs.length === 0) return;
  // Their own last words come after everything that they still had to say.
  await stage.rest();
  await Promise.all(
    twigs.map(async (twig) => {
      await stop(stage, twig);
      await stage.untilTold(twig, twig.state.incarnation);
      stage.retire(twig);
    }),
  );
  await stage.rest();
}
