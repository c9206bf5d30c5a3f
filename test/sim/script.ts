/**
 * What the models of a history say: bounded work, drawn from the seed. In the quiet period they only answer.
 */
import type { JsonObject } from '../../src/std/json.ts';
import { Random } from './random.ts';
import { Demands } from './demands.ts';
import type { SimProcess } from './process.ts';

export interface ScriptedCall {
  call: string;
  tool: string;
  input: JsonObject;
}

export type ScriptedAnswer =
  | { kind: 'failed'; passing: boolean }
  | { kind: 'answered'; calls: ScriptedCall[]; finish: 'stop' | 'length' | 'toolCalls' };

const requestsMax = 60;

export class Script {
  readonly random: Random;
  #requests = 0;
  #sends = 6;
  #stops = 2;
  #spawnsLeft: Map<string, string[]>;
  readonly demands: Demands;
  /** Tools answer with images. */
  readonly hasImages: boolean;
  quiet = false;

  constructor(random: Random, seed: number) {
    this.random = random;
    this.demands = new Demands(seed);
    this.hasImages = new Random(seed, 15).chance(0.1);
    this.#spawnsLeft = new Map([
      ['root', ['a', 'b', 'c']],
      ['other', ['d', random.chance(0.5) ? 'b' : 'e']],
      ['a', random.chance(0.6) ? ['g'] : []],
      ['g', random.chance(0.5) ? ['h'] : []],
    ]);
  }

  /** A name is free again. */
  wantAgain(name: string, parent: string): void {
    const list = this.#spawnsLeft.get(parent) ?? [];
    list.push(name);
    this.#spawnsLeft.set(parent, list);
  }

  requestMs(): number {
    return this.random.delay(60);
  }

  answer(process: SimProcess): ScriptedAnswer {
    this.#requests += 1;
    const { random } = this;
    if (this.quiet || this.#requests > requestsMax) return { kind: 'answered', calls: [], finish: 'stop' };
    if (random.chance(0.06)) return { kind: 'failed', passing: random.chance(0.7) };
    const calls = this.#calls(process);
    if (calls.length > 0) return { kind: 'answered', calls, finish: 'toolCalls' };
    return { kind: 'answered', calls: [], finish: random.chance(0.03) ? 'length' : 'stop' };
  }

  #calls(process: SimProcess): ScriptedCall[] {
    const { random } = this;
    const calls: ScriptedCall[] = [];
    const { world, simPod, pod } = process;
    const add = (tool: string, input: JsonObject): void => {
      calls.push({ call: world.newId(), tool, input });
    };
    const unspawned = this.#spawnsLeft.get(simPod?.spec.name ?? '') ?? [];
    while (unspawned.length > 0 && calls.length < 3 && random.chance(0.7)) {
      const wanted = { name: unspawned.shift() ?? '', task: 'work', write: this.#write(process) };
      add('SpawnPod', { ...wanted, ...this.demands.ofSpawn() });
    }
    const children = [...(pod?.facts.children.values() ?? [])];
    if (children.length > 0 && random.chance(0.3)) {
      const { name } = random.pick(children);
      const what = random.next();
      if (what < 0.6 && this.#sends > 0) {
        this.#sends -= 1;
        add('SendToPod', { name, message: 'more' });
      } else if (what < 0.75 && this.#stops > 0) {
        this.#stops -= 1;
        add('StopPod', { name });
      } else if (what < 0.85) add('ListPods', {});
      else add('ReadPodOutput', { name });
    }
    while (calls.length < 3 && random.chance(0.25))
      add('Bash', { command: random.chance(0.3) ? 'ask' : 'work' });
    return calls;
  }

  /** A part of the pod's own, or nothing; siblings may meet in one. */
  #write({ simPod }: SimProcess): string[] {
    const [own] = simPod?.spec.scope.write ?? [];
    return own === undefined || this.random.chance(0.3) ? [] : [`${own}/${this.random.int(3)}`];
  }
}
