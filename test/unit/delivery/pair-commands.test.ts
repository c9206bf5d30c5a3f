/**
 * Stories of one child and one parent as fast-check makes and shortens them, held against the simplest model
 * there is: the list of what was said, each to be seen once, in order. `PAIR_RUNS` for more than the size of
 * the gate.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sizeOf } from '../../support/size.ts';
import { type PairMutant, PairWorld, pairMutants } from '../../sim/pair-world.ts';

/** All that is known of a right world: what was said, who lives, how many lives are over. */
interface Model {
  said: string[];
  childLives: boolean;
  parentLives: boolean;
  deaths: number;
}
type Command = fc.Command<Model, PairWorld>;

interface Deed {
  name: string;
  needs?: (model: Model) => boolean;
  expect?: (model: Model) => void;
  act: (world: PairWorld, model: Model) => void;
}

const both = ({ childLives, parentLives }: Model): boolean => childLives && parentLives;
const parent = ({ parentLives }: Model): boolean => parentLives;

const deeds: Deed[] = [
  {
    name: 'emit',
    needs: ({ childLives }) => childLives,
    expect: ({ said }) => void said.push(`word ${said.length + 1}`),
    act: (world, { said }) => world.emit(said.at(-1) ?? ''),
  },
  { name: 'cut', act: (world) => world.cut() },
  { name: 'dial', needs: ({ childLives }) => childLives, act: (world) => world.dial() },
  { name: 'deliver', needs: both, act: (world) => world.deliver() },
  { name: 'answer', needs: both, act: (world) => world.answer() },
  { name: 'deliverAndLose', needs: both, act: (world) => world.deliverAndLose() },
  {
    name: 'killChild',
    needs: ({ childLives }) => childLives,
    expect: (model) => {
      model.childLives = false;
      model.deaths += 1;
    },
    act: (world) => world.killChild(),
  },
  {
    name: 'restartChild',
    needs: ({ childLives }) => !childLives,
    expect: (model) => void (model.childLives = true),
    act: (world) => world.startChild(),
  },
  {
    name: 'killParent',
    needs: parent,
    expect: (model) => void (model.parentLives = false),
    act: (world) => world.killParent(),
  },
  {
    name: 'restartParent',
    needs: ({ parentLives }) => !parentLives,
    expect: (model) => void (model.parentLives = true),
    act: (world) => world.startParent(),
  },
  {
    name: 'restartParentSpokenTo',
    needs: ({ parentLives, childLives }) => !parentLives && childLives,
    expect: (model) => void (model.parentLives = true),
    act: (world) => world.startParent({ late: true }),
  },
  { name: 'look', needs: parent, act: (world) => world.look() },
  { name: 'timer', needs: parent, act: (world) => world.timer() },
  { name: 'drain', needs: parent, act: (world) => void world.drain() },
  { name: 'failRequest', needs: parent, act: (world) => world.failRequest() },
  { name: 'pause', needs: parent, act: (world) => world.pause() },
  { name: 'resume', needs: parent, act: (world) => world.resume() },
];

function commandOf({ name, needs, expect: foresee, act }: Deed): Command {
  return {
    check: (model) => needs?.(model) ?? true,
    run(model, world) {
      foresee?.(model);
      act(world, model);
      holds(model, world);
    },
    toString: () => name,
  };
}

/**
 * At any moment: what is shown is a beginning of what was said; nothing counts as received that is not there,
 * or as acknowledged that was not received.
 */
function holds({ said }: Model, world: PairWorld): void {
  const { shown, received, acked } = historyOf(world);
  expect(shown).toEqual(said.slice(0, shown.length));
  expect(received).toEqual(said.slice(0, received.length));
  expect(acked).toBeLessThanOrEqual(received.length);
}

/**
 * When everything has come to rest: all of it is shown and seen, every incarnation that is over has its end
 * behind its words, and nothing had to be rescued.
 */
function ends({ said, deaths }: Model, world: PairWorld): void {
  world.quiet();
  const { shown, ends, early, unseen } = historyOf(world);
  expect(shown).toEqual(said);
  expect(ends).toEqual(Array.from({ length: deaths }, (_, index) => index + 1));
  expect(early).toEqual([]);
  expect(unseen).toBe(false);
  const { facts, live } = world.parent.living();
  expect({ mode: live.mode, buffer: facts.notifyBuffer.length, unseen: facts.unseen.length }).toEqual({
    mode: 'idle',
    buffer: 0,
    unseen: 0,
  });
  expect(world.rescues()).toBe(0);
}

function historyOf(world: PairWorld) {
  const shown: string[] = [];
  const received: string[] = [];
  const ends: number[] = [];
  /** Words of an incarnation that stand behind its end. */
  const early: string[] = [];
  let shownThrough = 0;
  let seenThrough = 0;
  for (const entry of world.parent.entries) {
    if (entry.type === 'systemItem' && entry.item.kind === 'podEvent' && 'text' in entry.item.event) {
      shown.push(entry.item.event.text);
      shownThrough = entry.seq;
    }
    if (entry.type === 'stepCompleted') seenThrough = entry.seenThrough;
    if (entry.type !== 'podEventReceived') continue;
    const { event, from } = entry;
    if (event.kind === 'died') ends.push(from.incarnation);
    else if ('text' in event) {
      received.push(event.text);
      if (ends.includes(from.incarnation)) early.push(event.text);
    }
  }
  const acked = world.child.entries.reduce(
    (through, entry) => (entry.type === 'podEventAcked' ? Math.max(through, entry.through) : through),
    0,
  );
  return { shown, received, ends, early, acked, unseen: shownThrough > seenThrough };
}

function stories(mutant: PairMutant | null, parameters: fc.Parameters<[Iterable<Command>]>) {
  const commands = fc.commands(
    deeds.map((deed) => fc.constant(commandOf(deed))),
    { maxCommands: 80, size: 'max' },
  );
  const property = fc.property(commands, (story) => {
    const model: Model = { said: [], childLives: true, parentLives: true, deaths: 0 };
    const real = new PairWorld(mutant);
    fc.modelRun(() => ({ model, real }), story);
    ends(model, real);
  });
  return fc.check(property, parameters);
}

const runs = sizeOf('PAIR_RUNS', { short: 500, full: 20_000 });

describe('one child, one parent', () => {
  it('[sim.pair] whatever is cut, killed, paused and restarted, each word is seen once and in order, and each death is told behind them', () => {
    const found = stories(null, { numRuns: runs });
    if (found.failed) expect.fail(fc.defaultReportMessage(found));
    expect(found.numRuns).toBe(runs);
  });

  it.each(pairMutants)('[sim.pair-mutants] %s is found, by a story of few commands', (mutant) => {
    // A seed of its own: a mutant must not slip through by chance.
    const found = stories(mutant, { numRuns: 2_000, seed: 1 });
    expect(found.failed).toBe(true);
    expect([...(found.counterexample?.[0] ?? [])].length).toBeLessThanOrEqual(20);
  });
});
