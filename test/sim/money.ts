/**
 * What the models of a history are paid, as their provider counts it, and whether the trees keep to what they
 * may spend (B1, B2). Every third history has a bound; it is raised by a person in the quiet period.
 */
import type { Usage } from '../../src/protocol/pod-event.ts';
import { usedOf } from '../../src/session/facts/replay-budget.ts';
import { replay } from '../../src/session/facts/replay.ts';
import { askPod } from './persons.ts';
import type { SimPod } from './pods.ts';
import type { SimProcess } from './process.ts';
import { Random } from './random.ts';
import type { World } from './world.ts';

const tookMax = 6;
export interface Bill {
  answered(): Usage;
  /** Before a word of an answer. */
  failed(): void;
}

export class Money {
  readonly #random: Random;
  readonly #world: World;
  /** Per tree; null: nothing bounds it. */
  readonly #bounds = new Map<string, number | null>();
  readonly #billed = new Map<string, number>();

  constructor(world: World, seed: number) {
    this.#world = world;
    this.#random = new Random(seed, 5);
  }

  /** What is to stand in the settings of a new root. */
  settingsFor(root: string): { budget?: { tokens: number } } {
    const bound = this.#random.chance(0.35) ? 8 + this.#random.int(60) : null;
    this.#bounds.set(root, bound);
    return bound === null ? {} : { budget: { tokens: bound } };
  }

  /**
   * A request is sent. Until more is heard it is billed as far as it was reserved: a process that dies cannot
   * know more, and neither can a log.
   */
  sent(process: SimProcess): Bill {
    const root = process.simPod?.spec.root.instance ?? '';
    const took = 1 + this.#random.int(tookMax);
    const reserved = process.pod?.facts.budget.tokens.reserved ?? 0;
    const unheard = Math.min(took, reserved);
    const bill = (amount: number) => this.#billed.set(root, (this.#billed.get(root) ?? 0) + amount);
    bill(unheard);
    this.#check(root);
    return {
      answered: () => {
        bill(took - unheard);
        return { inputTokens: took, outputTokens: 0, cost: 0 };
      },
      failed: () => void bill(-unheard),
    };
  }

  /** B1. */
  #check(root: string): void {
    const bound = this.#bounds.get(root) ?? null;
    const pods = [...this.#world.pods.values()].filter(({ spec }) => spec.root.instance === root);
    if (bound === null || pods.some(({ isOldCopy }) => isOldCopy)) return;
    const billed = this.#billed.get(root) ?? 0;
    // An answer that a loss of power took from a log was dearer than what was reserved for it, at most.
    if (billed > bound + tookMax * pods.length * this.#world.boots)
      this.#world.watch.violation('B1', null, `${billed} tokens were asked for, ${bound} may be`);
  }

  /** Those below it can go on only while it is there to grant them more. */
  isNeeded({ spec }: SimPod): boolean {
    const isBound = (this.#bounds.get(spec.root.instance) ?? null) !== null;
    return (
      isBound && [...this.#world.pods.values()].some((pod) => pod.spec.parent?.instance === spec.instance)
    );
  }

  /** Of a tree in which somebody waits for a budget that nobody can give: one above does not run any more. */
  isStuck({ spec }: SimPod): boolean {
    const pods = [...this.#world.pods.values()].filter(
      (one) => one.spec.root.instance === spec.root.instance,
    );
    return pods.some((one) => {
      const waits = (this.#world.processOf(one)?.pod?.core.live.budget ?? null) !== null;
      return waits && !this.#isReached(one);
    });
  }

  #isReached({ spec: { parent } }: SimPod): boolean {
    if (parent === null) return true;
    const above = this.#world.pods.get(parent.instance);
    if (above === undefined) return false;
    const comesBack = above.awayUntilMs > this.#world.clock.nowMs;
    return (comesBack || this.#world.processOf(above) !== null) && this.#isReached(above);
  }

  /** A person raises the bound of whoever waits for it. */
  raise(pod: SimPod): void {
    const opened = this.#world.processOf(pod)?.pod;
    if (opened === null || opened === undefined || opened.core.live.budget === null) return;
    this.#world.hit('budget.waited');
    const { instance } = pod.spec;
    if (pod.spec.parent !== null) return;
    const bound = (this.#bounds.get(instance) ?? 0) + 40;
    this.#bounds.set(instance, bound);
    this.#world.hit('budget.raised');
    askPod(this.#world, pod, 'budget', { tokens: bound });
  }

  /** B2, at rest: both ends of a lease say the same, and of a dead child its log does. */
  checkPair(parent: SimPod, child: SimPod): void {
    const facts = this.#world.processOf(parent)?.pod?.facts;
    const lent = facts?.budget.tokens.lent.get(child.spec.instance);
    if (lent === undefined || parent.isOldCopy || child.isOldCopy) return;
    const known = facts?.children.get(child.spec.instance);
    const living = this.#world.processOf(child);
    const own = replay(this.#world.logOf(child).entries).budget.tokens;
    const out = lent.granted - lent.returned;
    if (living !== null) {
      const held = (own.lease?.granted ?? 0) - (own.lease?.returned ?? 0);
      // What it owes for a request that was larger than thought, its parent may know already.
      const owed = Math.max(held, usedOf(own));
      if (known?.state === 'linked' && held !== out && owed !== out)
        this.#world.watch.violation('B2', child, `${out} were lent, and it holds ${held}`);
    } else if (known !== undefined && known.terminal >= known.incarnation && out !== usedOf(own)) {
      this.#world.watch.violation('B2', child, `${out} are lent to it, and it has used ${usedOf(own)}`);
    }
  }
}
