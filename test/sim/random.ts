/** The simulation's only source of chance: the seeded generator, with what histories are drawn by. */
import { Random as Seeded } from '../../src/std/random.ts';

/** Streams of one seed are independent: taking one fault out of a history leaves the others as they were. */
export class Random extends Seeded {
  /** 0 … below - 1. */
  int(below: number): number {
    return this.between(0, below - 1);
  }

  /** Short most of the time, now and then long: what latencies are like. */
  delay(usualMs: number): number {
    return this.chance(0.05) ? usualMs * (1 + 20 * this.next()) : usualMs * this.next();
  }
}
