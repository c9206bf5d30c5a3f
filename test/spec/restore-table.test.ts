/**
 * Restore's table: how an incarnation ended × open work × calls without a result → what the next incarnation
 * does, and what it reports (delivery §6).
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../src/session/facts/entries.ts';
import { type EntryOf, auditPair, ofType, receiptsOf, verified } from '../support/audit.ts';
import { TestHome, type TestPod, eventually } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

const marker = () => join(home.work, 'marker');
/** One line for each time that the command was run. */
const commandsRun = () => (existsSync(marker()) ? readFileSync(marker(), 'utf8') : '');

/**
 * An incarnation dies within the delay of its answer, or in its command, which lasts as long as the marker:
 * it outlives a pod that is killed.
 */
const scenario = () => `rules:
  - { pod: root, last: user, matches: '^spawn (.+)', call: [ { SpawnPod: { name: kid, task: '{{match.1}}' } } ] }
  - { pod: root, last: user, matches: '^give (.+)', call: [ { SendToPod: { name: kid, message: '{{match.1}}' } } ] }
  - { pod: root, say: 'Noted.' }
  - { last: user, matches: '^task (\\d+)', delayMs: 400, say: 'Answer {{match.1}}.' }
  - { last: user, matches: '^long (\\d+)', delayMs: 1200, say: 'Answer {{match.1}}.' }
  - { last: user, matches: '^bash', call: [ { Bash: { command: 'echo begun >> ${marker()}; while [ -e ${marker()} ]; do sleep 0.1; done' } } ] }
  - { last: tool, matches: 'interrupted', say: 'It was interrupted.' }
  - { say: 'Well.' }
`;

/** In the turn that spawned it, or in one of its own: the report has been read. */
const spawnIsOver = (all: readonly Entry[]) => ofType(all, 'turnEnded').at(-1)?.settled === true;

interface Cell {
  title: string;
  /** Brings the child into its state. */
  given(root: TestPod, kid: TestPod): Promise<void>;
  /** What the next incarnation does by itself: kinds of its turns. */
  turns: string[];
  /** Texts of the reports that the parent holds in the end, after the one of the spawn. */
  reports: string[];
  status?: string;
}

const person = (kid: TestPod, input: string) => kid.run(input);
const parent = (root: TestPod, input: string) => root.run(`give ${input}`);
const turnRuns = (kid: TestPod) =>
  kid.until('a turn runs', (all) => ofType(all, 'turnStarted').length > ofType(all, 'turnEnded').length);
const commandRuns = () => eventually(home.work, () => commandsRun() !== '', 'the command begins');

const cells: Cell[] = [
  { title: 'idle, no work', given: async () => {}, turns: [], reports: [] },
  {
    title: "mid-request, the parent's work",
    given: async (root, kid) => {
      await parent(root, 'task 1');
      await turnRuns(kid);
    },
    turns: ['resume'],
    reports: ['Answer 1.'],
  },
  {
    title: "mid-request, a person's work",
    given: async (_, kid) => {
      await person(kid, 'task 1');
      await turnRuns(kid);
    },
    turns: ['resume'],
    reports: [],
  },
  {
    title: "mid-tool, the parent's work",
    given: async (root) => {
      await parent(root, 'bash');
      await commandRuns();
    },
    turns: ['resume'],
    reports: ['It was interrupted.'],
  },
  {
    title: "mid-tool, a person's work",
    given: async (_, kid) => {
      await person(kid, 'bash');
      await commandRuns();
    },
    turns: ['resume'],
    reports: [],
  },
  {
    title: 'mid-request with a run of the parent in the queue',
    given: async (root, kid) => {
      await parent(root, 'long 1');
      await turnRuns(kid);
      await parent(root, 'task 2');
      await kid.untilEntry('inputReceived', ({ text }) => text === 'task 2');
    },
    turns: ['resume', 'run'],
    reports: ['Answer 1.', 'Answer 2.'],
  },
  {
    title: 'paused in the midst of work',
    given: async (root, kid) => {
      await parent(root, 'bash');
      await commandRuns();
      await kid.call('pause', {});
      await person(kid, 'task 9');
    },
    // The tool had not ended, so the pause had not come into force.
    turns: ['resume', 'run'],
    // With a run in the queue the first end is not yet the whole report.
    reports: ['It was interrupted.', 'Answer 9.'],
  },
  {
    title: 'paused while idle, with a run of the parent waiting',
    given: async (root, kid) => {
      await kid.call('pause', {});
      await parent(root, 'task 1');
      await kid.untilEntry('inputReceived', ({ text }) => text === 'task 1');
    },
    turns: [],
    reports: [],
    status: 'paused',
  },
  {
    title: 'between the end of a turn and the link',
    given: async (root, kid) => {
      await parent(root, 'task 1');
      await turnRuns(kid);
      await root.kill();
      await kid.untilEntry('podEventEmitted', ({ event }) => 'text' in event && event.text === 'Answer 1.');
    },
    turns: [],
    reports: ['Answer 1.'],
  },
  {
    title: 'stopping, its farewell on disk, the work unfinished',
    given: async (root, kid) => {
      await parent(root, 'task 1');
      await turnRuns(kid);
      await root.until('the turn that gave it ends', (all) => ofType(all, 'turnEnded').length === 3);
      await root.freeze();
      await kid.call('shutdown', {});
      await kid.untilEntry('podEventEmitted', ({ event }) => event.kind === 'shutDown');
    },
    // The farewell closed the work at the parent: doing it all the same would be work for nobody.
    turns: [],
    reports: [],
  },
];

describe('a restored child', () => {
  it.each(cells.map((cell) => [cell.title, cell] as const))('[restore.table] %s', async (_, cell) => {
    const root = await home.startRoot({
      scenario: scenario(),
      permissionMode: 'bypassPermissions',
      limits: { shutDownAckMs: 20_000 },
    });
    await root.run('spawn hello');
    const kid = await home.spawned('kid');
    await root.until('the spawn is over', spawnIsOver);
    await cell.given(root, kid);
    const commands = commandsRun();
    await kid.kill();
    await root.thaw();
    if ((await root.lock()) === 'free') await root.start();
    // The incarnation that died is told first, so that both tables can be read apart.
    await root.until('its end is told', (all) =>
      receiptsOf(all, kid.instance).some(({ event }) => event.kind === 'died' || event.kind === 'shutDown'),
    );
    await kid.start();
    await kid.until('the second incarnation', (all) => secondLife(all).length > 0);
    if (cell.status === undefined) await kid.untilSettled();
    await root.untilEntry('child', ({ state, incarnation }) => state === 'linked' && incarnation === 2);
    // A report after a reported death closes nothing: the parent may rest before it comes.
    const delivered = async () => {
      const { attention, pending } = await kid.call('status', {});
      return attention === null && pending.outgoing === 0;
    };
    await eventually(kid.folder.path, delivered, 'the child has nothing to deliver');
    await root.untilSettled();

    const after = secondLife(await kid.entries());
    expect(ofType(after, 'turnStarted').map(({ kind }) => kind)).toEqual(cell.turns);
    expect(interruptedWell(await kid.entries())).toEqual([]);
    // I12: no call is run again.
    expect(commandsRun()).toBe(commands);
    expect((await kid.call('status', {})).status).toBe(cell.status ?? 'idle');
    const reports = receiptsOf(await root.entries(), kid.instance).flatMap(({ event }) =>
      event.kind === 'turnEnded' && event.text !== 'Well.' ? [event.text] : [],
    );
    expect(reports).toEqual(cell.reports);
    expect(await auditPair(root, kid)).toEqual([]);
    expect(await verified(home)).toEqual([]);
  });

  it('[restore.paused-work] work that was paused waits for the resume, is done then and reported once', async () => {
    const root = await home.startRoot({ scenario: scenario(), limits: { sweepMs: 100 } });
    await root.run('spawn hello');
    const kid = await home.spawned('kid');
    await root.until('the spawn is over', spawnIsOver);
    await kid.call('pause', {});
    await root.run('give task 1');
    await kid.untilEntry('inputReceived', ({ text }) => text === 'task 1');
    await kid.kill();
    await kid.start();
    expect((await kid.call('status', {})).status).toBe('paused');
    await kid.call('resume', {});
    await root.untilEntry('podEventReceived', ({ event }) => 'text' in event && event.text === 'Answer 1.');
    await kid.untilSettled();
    await root.untilSettled();
    expect(await auditPair(root, kid)).toEqual([]);
  });

  it('[restore.not-mute] a child restored by a person takes work from its parent and reports it', async () => {
    const root = await home.startRoot({ scenario: scenario() });
    await root.run('spawn hello');
    const kid = await home.spawned('kid');
    await root.until('the spawn is over', spawnIsOver);
    await kid.stop();
    await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'shutDown');
    await root.untilSettled();
    await kid.start();
    await root.untilEntry('child', ({ state, incarnation }) => state === 'linked' && incarnation === 2);
    await root.run('give task 5');
    await root.untilEntry('podEventReceived', ({ event }) => 'text' in event && event.text === 'Answer 5.');
    await root.untilSettled();
    expect(await auditPair(root, kid)).toEqual([]);
    expect(await verified(home)).toEqual([]);
  });
});

function secondLife(entries: readonly Entry[]): Entry[] {
  const from = entries.findIndex((entry) => entry.type === 'started' && entry.incarnation === 2);
  return from < 0 ? [] : entries.slice(from);
}

/**
 * Every call has one result; a turn that was cut off says so, with its calls, before anything else is begun.
 */
function interruptedWell(entries: readonly Entry[]): string[] {
  const results = ofType(entries, 'toolResult');
  const problems = ofType(entries, 'toolCall').flatMap(({ call }) => {
    const found = results.filter((result) => result.call === call);
    return found.length === 1 ? [] : [`call ${call} has ${found.length} results`];
  });
  let open: EntryOf<'turnStarted'> | null = null;
  for (const entry of entries) {
    if (entry.type === 'turnEnded' || entry.type === 'interrupted') open = null;
    if (entry.type !== 'turnStarted') continue;
    if (open !== null) problems.push(`turn ${open.turn} was neither ended nor interrupted`);
    open = entry;
  }
  return problems;
}
