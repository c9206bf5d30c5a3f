/**
 * The tree of a round and the scenario that its pods play, by the seed. Almost every answer calls several
 * tools at once, so that whoever dies leaves calls open; who is called back has more to do, and a death that
 * is reported brings new work for the dead one. Pure.
 */
import type { JsonObject } from '../../std/json.ts';
import { Random } from '../../std/random.ts';
import { variantCount } from './plan.ts';

export interface TreeShape {
  readonly kids: readonly { readonly name: string; readonly leaves: readonly string[] }[];
}

const streams = { shape: 11, answers: 12 } as const;

/** What the root is given first. */
export const growTask = 'grow';

export function taskText(number: number, variant: number): string {
  return `round ${number} v${variant}`;
}

/** Two or three below the root, each with one or two below it; seven pods at most. */
export function shapeOf(seed: number): TreeShape {
  const random = new Random(seed, streams.shape);
  const count = random.between(2, 3);
  const kids = Array.from({ length: count }, (_, index) => {
    const leaves = count === 2 ? random.between(1, 2) : 1;
    const number = index + 1;
    return {
      name: `kid-${number}`,
      leaves: Array.from({ length: leaves }, (__, leaf) => `leaf-${number}-${leaf + 1}`),
    };
  });
  return { kids };
}

type Call = Readonly<Record<string, JsonObject>>;

/** As text for a scenario file: JSON is YAML too. */
export function scenarioText(seed: number): string {
  return JSON.stringify({ rules: rulesOf(shapeOf(seed), new Random(seed, streams.answers)) }, null, 1);
}

function rulesOf(shape: TreeShape, random: Random): JsonObject[] {
  return [
    ...failing(random),
    ...growing(shape),
    ...variants('root', '^round (\\d+)', () => rootCalls(shape, random), random),
    ...shape.kids.flatMap(({ name, leaves }) =>
      variants(name, '^(?:round|work) (\\d+)', () => kidCalls(name, leaves, random), random),
    ),
    ...shape.kids.flatMap(({ name, leaves }) =>
      leaves.flatMap((leaf) =>
        variants(leaf, '^work (\\d+)', () => [...leafCalls(random), write(`${name}/${leaf}`)], random),
      ),
    ),
    ...variants('twig-*', '^work (\\d+)', () => leafCalls(random), random),
    ...callbacks(random),
    {
      pod: '*',
      last: 'tool',
      matches: 'again-(\\d+)',
      delayMs: random.between(5, 60),
      call: secondCalls(random),
    },
    { pod: '*', last: 'tool', delayMs: random.between(5, 120), say: 'I wait for what is still at work.' },
    { pod: '*', last: 'notification', delayMs: random.between(5, 120), say: 'Noted.' },
    { pod: '*', say: 'Well.' },
  ];
}

/** A provider that fails now and then: a few times a pod, and the request is made again. */
function failing(random: Random): JsonObject[] {
  return [
    {
      pod: '*',
      last: 'tool',
      matches: `${random.between(1, 9)}\\b`,
      times: 2,
      fail: { kind: 'overloaded', retryAfterMs: 40 },
    },
    {
      pod: '*',
      last: 'user',
      matches: `work \\d*${random.between(0, 9)}\\b`,
      times: 2,
      say: 'It is cut here.',
      fail: { kind: 'cutStream', afterTokens: 2 },
    },
  ];
}

function growing({ kids }: TreeShape): JsonObject[] {
  const spawn = (name: string, task: string, write: string): Call => ({
    SpawnPod: { name, task, write: [write] },
  });
  return [
    {
      pod: 'root',
      last: 'user',
      matches: `^${growTask}$`,
      say: 'A child for each part.',
      call: kids.map(({ name }) => spawn(name, growTask, `own/${name}`)),
    },
    ...kids.map(({ name, leaves }) => ({
      pod: name,
      last: 'user',
      matches: `^${growTask}$`,
      call: leaves.map((leaf) => spawn(leaf, 'work 0 v0', `own/${name}/${leaf}`)),
    })),
  ];
}

/** One rule for each variant of a task. */
function variants(pod: string, matches: string, calls: () => Call[], random: Random): JsonObject[] {
  return Array.from({ length: variantCount }, (_, variant) => ({
    pod,
    last: 'user',
    matches: `${matches} v${variant}$`,
    delayMs: random.chance(0.5) ? 0 : random.between(5, 150),
    say: `Part ${variant} of it.`,
    call: calls(),
  }));
}

function rootCalls({ kids }: TreeShape, random: Random): Call[] {
  const names = kids.map(({ name }) => name);
  const calls = [
    ...some(names, random).map((name) => send(name, random)),
    shell(random),
    list(random, names),
  ];
  if (random.chance(0.35)) {
    const variant = random.between(0, variantCount - 1);
    calls.push({ SpawnPod: { name: 'twig-{{match.1}}', task: `work {{match.1}} v${variant}` } });
  }
  return shuffled(calls, random);
}

function kidCalls(name: string, leaves: readonly string[], random: Random): Call[] {
  const work = random.chance(0.8) ? some(leaves, random).map((leaf) => send(leaf, random)) : [];
  return shuffled([...work, shell(random), write(name), list(random, leaves)], random);
}

function leafCalls(random: Random): Call[] {
  return shuffled([shell(random), shell(random), { ListPods: {} }], random);
}

function secondCalls(random: Random): Call[] {
  return [{ ListPods: {} }, shell(random, { again: false }), { Glob: { pattern: '**/*.txt' } }];
}

/** Whoever was asked and died is asked again, or not; what was made for one task is ended when it is done. */
function callbacks(random: Random): JsonObject[] {
  const variant = () => random.between(0, variantCount - 1);
  const died = random.chance(0.7)
    ? [
        {
          pod: '*',
          last: 'notification',
          matches: 'Pod "((?:kid|leaf)-[\\d-]+)" died',
          delayMs: random.between(5, 100),
          call: [
            { SendToPod: { name: '{{match.1}}', message: `work 1 v${variant()}` } },
            { ListPods: {} },
            { ReadPodOutput: { name: '{{match.1}}' } },
          ],
        },
      ]
    : [];
  return [
    ...died,
    {
      pod: 'root',
      last: 'notification',
      matches: 'Pod "(twig-\\d+)" finished',
      call: [{ StopPod: { name: '{{match.1}}' } }, { ListPods: {} }],
    },
  ];
}

function send(name: string, random: Random): Call {
  const message = `work {{match.1}} v${random.between(0, variantCount - 1)}`;
  return { SendToPod: { name, message } };
}

/** Short, so that nothing of it outlives its pod for long. */
function shell(random: Random, { again }: { again: boolean } = { again: random.chance(0.3) }): Call {
  const seconds = (random.between(0, 40) / 100).toFixed(2);
  return { Bash: { command: `sleep ${seconds}; echo ${again ? 'again-1' : 'done'}` } };
}

function write(folder: string): Call {
  return { Write: { path: `own/${folder}/{{match.1}}.txt`, content: 'written by {{pod}}\n' } };
}

function list(random: Random, names: readonly string[]): Call {
  return random.chance(0.5) ? { ListPods: {} } : { ReadPodOutput: { name: random.pick(names) } };
}

/** One of them at least. */
function some<T>(from: readonly T[], random: Random): T[] {
  const chosen = from.filter(() => random.chance(0.6));
  return chosen.length > 0 ? chosen : [random.pick(from)];
}

function shuffled<T>(from: readonly T[], random: Random): T[] {
  const left = [...from];
  const found: T[] = [];
  while (left.length > 0) found.push(...left.splice(random.between(0, left.length - 1), 1));
  return found;
}
