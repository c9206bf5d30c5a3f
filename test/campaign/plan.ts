/**
 * What is played, decided by seeds alone: the same number of kills is the same plan on every machine, so that
 * a campaign can be stopped and gone on with. Pure.
 */
import { Random } from '../sim/random.ts';
import {
  type Cell,
  type EnginePoint,
  enginePoints,
  possibleCells,
  isOneOf,
  senderPoints,
  turnPoints,
} from './cells.ts';

/**
 * How a dead pod comes back: started by a person, by its parent's SendToPod, or never: then another takes its
 * place.
 */
export const ways = ['start', 'sendToPod', 'never'] as const;
export type Way = (typeof ways)[number];

/** Of a pod that another agent drives. `family`: the pod and its parent. */
export const engineVictims = ['pod', 'agent', 'both', 'family'] as const;
export type EngineVictim = (typeof engineVictims)[number];

export type Play =
  /** `point` null: at a random instant; an agent alone passes none. */
  | { kind: 'engine'; who: EngineVictim; point: EnginePoint | null; back: Way }
  | { kind: 'cell'; cell: Cell; back: Way }
  /** A random pod, 0–300 ms after work was given. */
  | { kind: 'instant'; back: Way }
  /** Through a relay that cuts the child's link at a random byte, a few times. */
  | { kind: 'cutLink' }
  /** The child ends its work while its parent has been dead for so long. */
  | { kind: 'parentDown'; downMs: number };

export interface Series {
  seed: number;
  /**
   * `deaf`: three observers that never read are attached to the root. `longHistory`: its log begins with 64
   * MB. `agents`, `heldAgents`: below it are pods that another agent drives, without a sandbox and in one.
   */
  flavour: 'plain' | 'deaf' | 'longHistory' | 'agents' | 'heldAgents';
  plays: Play[];
}

const playsOfSeries = 24;
/** Of a whole campaign, one series in so many is of its flavour; below that, none is. */
const deafEvery = 12;
/** One play in so many is no cell. */
const instantEvery = 8;
const cutLinkEvery = 60;
/** Kills that a play makes on average: `both` makes two, `restoring` one more. */
const killsOfPlay = 1.35;
/** More than is asked for: now and then a stance is missed, and every cell is to have its twenty. */
const margin = 1.2;

/** `kills` is about what the plan makes; a campaign of 10,000 also has the plays that take minutes. */
export function planOf(kills: number): Series[] {
  const count = Math.max(1, Math.ceil((kills * margin) / killsOfPlay / playsOfSeries));
  const deck = new Deck(possibleCells);
  const usual = Array.from({ length: count }, (_, index): Series => {
    const seed = index + 1;
    const flavour = seed % deafEvery === 0 ? 'deaf' : 'plain';
    return { seed, flavour, plays: playsOf(deck, seed) };
  });
  return kills < 5_000 ? usual : [...slowSeries(deck), ...usual];
}

/** Behind all other seeds. */
const engineSeed = 3_000_000;
const enginePlaysOfSeries = 16;
/** `both` and `family` make two; what comes too late makes none. */
const killsOfEnginePlay = 1.4;

/** Series whose victims are pods that another agent drives; `kills` is about what they make. */
export function enginePlanOf(kills: number): Series[] {
  const count = Math.ceil(kills / killsOfEnginePlay / enginePlaysOfSeries);
  const decks = { agents: new Deck(enginePlays), heldAgents: new Deck(enginePlays) };
  return Array.from({ length: count }, (_, index): Series => {
    const seed = engineSeed + index;
    const flavour = index % 2 === 0 ? 'agents' : 'heldAgents';
    const plays = Array.from({ length: enginePlaysOfSeries }, (__, play): Play => {
      const { who, point } = decks[flavour].next();
      // Who dies together with its parent is started by a person.
      const isAsked = who !== 'family' && new Random(seed, play).chance(0.4);
      return { kind: 'engine', who, point, back: isAsked ? 'sendToPod' : 'start' };
    });
    return { seed, flavour, plays };
  });
}

/** Every victim at every point and at an instant; an agent alone as often as a point is met. */
const enginePlays: readonly Pick<Play & { kind: 'engine' }, 'who' | 'point'>[] = [
  null,
  ...enginePoints,
].flatMap((point) => engineVictims.map((who) => ({ who, point: who === 'agent' ? null : point })));

/** Behind all seeds of the plan and of its slow series. */
const catchUpSeed = 2_000_000;

/**
 * For a plan that was played and on a busy machine missed so many stances that some cells have too few kills:
 * each of them again as often as it lacks, in series of the usual length. `round`: 1, 2, ….
 */
export function catchUpOf(lacking: readonly { cell: Cell; kills: number }[], round: number): Series[] {
  const cells = lacking.flatMap(({ cell, kills }) => Array.from({ length: kills }, () => cell));
  const count = Math.ceil(cells.length / playsOfSeries);
  return Array.from({ length: count }, (_, index): Series => {
    const seed = catchUpSeed + round * 1_000 + index;
    const own = cells.slice(index * playsOfSeries, (index + 1) * playsOfSeries);
    return {
      seed,
      flavour: 'plain',
      plays: own.map((cell, play) => cellPlay(cell, new Random(seed, play))),
    };
  });
}

function playsOf(deck: Deck<Cell>, seed: number): Play[] {
  return Array.from({ length: playsOfSeries }, (_, index): Play => {
    const random = new Random(seed, index);
    const number = (seed - 1) * playsOfSeries + index + 1;
    if (number % cutLinkEvery === 0) return { kind: 'cutLink' };
    if (number % instantEvery === 0) return { kind: 'instant', back: wayBack(random) };
    return cellPlay(deck.next(), random);
  });
}

function cellPlay(cell: Cell, random: Random): Play {
  const back = wayBack(random);
  // Who leaves a spawn half made has to come back to undo it; and who dies together with its parent is
  // started by a person.
  const mayStay = isOneOf(cell.point, [...turnPoints, ...senderPoints]);
  if (back === 'never' && !mayStay) return { kind: 'cell', cell, back: 'start' };
  if (cell.victim === 'parent' || cell.victim === 'both') return { kind: 'cell', cell, back: 'start' };
  return { kind: 'cell', cell, back };
}

function wayBack(random: Random): Way {
  const chance = random.next();
  if (chance < 0.12) return 'never';
  return chance < 0.5 ? 'sendToPod' : 'start';
}

/** Behind all seeds of the usual series. */
const slowSeed = 1_000_000;

function slowSeries(deck: Deck<Cell>): Series[] {
  const downs = [60_000, 60_000, 90_000, 120_000, 180_000].map((downMs, index): Series => ({
    seed: slowSeed + index,
    flavour: 'plain',
    plays: [{ kind: 'parentDown', downMs }],
  }));
  const long = [0, 1, 2].map((index): Series => ({
    seed: slowSeed + 100 + index,
    flavour: 'longHistory',
    plays: Array.from({ length: 8 }, (_, play) => cellPlay(deck.next(), new Random(slowSeed + index, play))),
  }));
  return [...downs, ...long];
}

/** Deals every card once, in a shuffled order, before any comes again. */
class Deck<T> {
  readonly #cards: readonly T[];
  #left: T[] = [];
  #round = 0;

  constructor(cards: readonly T[]) {
    this.#cards = cards;
  }

  next(): T {
    if (this.#left.length === 0) {
      this.#round += 1;
      this.#left = shuffled(this.#cards, new Random(this.#round, 77));
    }
    return this.#left.pop()!;
  }
}

function shuffled<T>(from: readonly T[], random: Random): T[] {
  const cards = [...from];
  for (let index = cards.length - 1; index > 0; index -= 1) {
    const other = random.int(index + 1);
    [cards[index], cards[other]] = [cards[other]!, cards[index]!];
  }
  return cards;
}
