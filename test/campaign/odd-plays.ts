/**
 * Plays beside the table: deaths at random instants, links that are cut at a random byte, a parent that is
 * away for minutes.
 */
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { protocolVersion } from '../../src/protocol/limits.ts';
import { relayBefore } from '../../src/transport/relay.ts';
import type { Random } from '../sim/random.ts';
import { eventually, pause } from '../support/waiting.ts';
import type { Deaths } from './cell-play.ts';
import type { Actor, Stage } from './stage.ts';

export interface OddPlay {
  number: number;
  random: Random;
}

const nobody = (): Deaths => ({
  dead: [],
  kills: 0,
  reached: true,
  met: true,
  rising: [],
  holding: null,
  paused: null,
});

/** Everybody is given work; whoever it hits dies somewhere in it. */
export async function playInstant(stage: Stage, { number, random }: OddPlay): Promise<Deaths> {
  const { root, kid, leaf, side } = stage;
  const victim = random.pick([root, kid, leaf, side]);
  const { incarnation } = victim.state;
  const work = [
    `give ${kid.name} give ${leaf.name} say ${number}`,
    `give ${side.name} say aside-${number}`,
    random.chance(0.3)
      ? `grow ${stage.newName('twig')} say ${number}`
      : `give ${kid.name} say also-${number}`,
    'think',
  ];
  const told = Promise.all(work.map((text) => root.pod.run(text).catch(() => undefined)));
  await pause(random.int(300));
  const deaths = nobody();
  deaths.kills = Number(await stage.kill(victim));
  deaths.dead.push({ actor: victim, incarnation });
  await told;
  return deaths;
}

/** The child is killed, and its next incarnation finds a relay in the place of its parent's socket. */
export async function playCutLink(stage: Stage, { number, random }: OddPlay): Promise<Deaths> {
  const { root, kid, leaf } = stage;
  const deaths = nobody();
  const gate = stage.newGate();
  await root.pod.run(`give ${kid.name} give ${leaf.name} hold ${gate}`);
  await stage.until('the leaf waits at its gate', () => leaf.state.turn === 'inTool');
  deaths.kills = Number(await stage.kill(kid));
  const cuts = random.between(2, 6);
  let linkCount = 0;
  let cutCount = 0;
  const relay = await relayBefore({
    path: root.pod.socket,
    behind: join(stage.home.path, 'r'),
    // The first ones end after a random number of bytes, in either direction.
    onLink: (link) => {
      linkCount += 1;
      if (linkCount <= cuts) link.cutAfter(random.int(1_500), () => (cutCount += 1));
    },
  });
  try {
    await stage.start(kid);
    await stage.release(gate, `then say ${number}`);
    // A person's words go through the relay too, and may be what is cut.
    await root.pod.run(`give ${kid.name} say also-${number}`).catch(() => undefined);
    await stage.rest();
    deaths.reached = cutCount > 0;
  } finally {
    await relay.close();
    // Where the pod had put another socket in the place of the lost one, the relay's end took that away too,
    // until the pod finds it gone.
    const answers = () =>
      root.pod.call('hello', { protocol: protocolVersion }).then(
        () => true,
        () => false,
      );
    await eventually(root.pod.folder.path, answers, 'the root takes connections again');
  }
  // The relay took its connections with it: links have to come to stand again over the true socket.
  await stage.rest();
  return deaths;
}

/** The child ends its work, and its grandchild too, while nobody above is there. */
export async function playParentDown(stage: Stage, play: OddPlay & { downMs: number }): Promise<Deaths> {
  const { root, kid, leaf } = stage;
  const deaths = nobody();
  const gate = stage.newGate();
  await root.pod.run(`give ${kid.name} give ${leaf.name} hold ${gate}`);
  await stage.until('the leaf waits at its gate', () => waits(leaf) && root.state.turn === 'none');
  await stage.untilLent(leaf);
  const { incarnation } = root.state;
  deaths.kills = Number(await stage.kill(root));
  await stage.release(gate, `then say ${play.number}`);
  await stage.until('the kid has something to tell', () => kid.state.emitted > kid.state.acked);
  // Time itself is what is played here: back-off, sweeps and pings run on with nobody there.
  await wait(play.downMs);
  deaths.dead.push({ actor: root, incarnation });
  return deaths;
}

function waits(actor: Actor): boolean {
  return actor.state.turn === 'inTool';
}
