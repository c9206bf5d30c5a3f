/**
 * Stories on real pods in which one system call of one of them fails or is its last. Played until the fault
 * has come and the trouble is over; then the logs must hold everything that was acknowledged, once.
 */
import { connectAndSend } from '../../src/transport/connect-and-send.ts';
import type { Entry } from '../../src/session/facts/entries.ts';
import { auditPair, leftovers, ofType, receiptsOf } from './audit.ts';
import { type FakeChild, fakeChildren } from './fake-child.ts';
import { type CallName, type Fault, type TracedPod, isFatal, startTraced } from './injection.ts';
import { TestHome, type TestPod } from './rig.ts';

/**
 * Whom the fault befalls: a parent that is sent to, a child that reports, a parent that gives work, a parent
 * that spawns.
 */
export type StoryName = 'receiver' | 'sender' | 'giver' | 'spawner';

const scenario = `rules:
  - { pod: root, last: user, matches: '^spawn (\\S+) (task .+)', call: [ { SpawnPod: { name: '{{match.1}}', task: '{{match.2}}' } } ] }
  - { pod: root, last: user, matches: '^give (\\S+) (task .+)', call: [ { SendToPod: { name: '{{match.1}}', message: '{{match.2}}' } } ] }
  - { pod: 'kid*', last: user, matches: '^task (\\d+)', call: [ { Write: { path: 'out-{{match.1}}', content: 'all of {{match.1}}' } } ] }
  - { last: notification, say: 'Noted.' }
  - { say: 'Well.' }
`;
const limits = { deathGraceMs: 100, sweepMs: 200, spawnMs: 10_000, children: 50 };

/**
 * Rounds of a run without a fault, over which its calls are counted, and the most that one with a fault may
 * take.
 */
const countedRounds = 3;
const roundsMax = 8;

export interface Played {
  /** Empty: every promise was kept. */
  problems: string[];
  /** Of a story without a fault: how often a thread of the victim made each call. */
  counts: Record<CallName, number> | null;
}

/**
 * Plays the story with the fault, or without one to count. Never rejects: what goes wrong on the way is a
 * problem.
 */
export async function playInjected(name: StoryName, fault: Fault | null): Promise<Played> {
  const home = new TestHome();
  home.expectsNoSockets = false;
  const problems: string[] = [];
  let counts: Played['counts'] = null;
  try {
    const story = await stages[name](home, fault);
    await story.play();
    problems.push(...(await story.problems()));
    if (fault === null) {
      await story.victim.end();
      await story.traced.ended;
      counts = story.traced.counts();
    }
  } catch (error) {
    problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  await home.close().catch((error: unknown) => problems.push(String(error)));
  return { problems, counts };
}

interface Stage {
  home: TestHome;
  root: TestPod;
  victim: TestPod;
  traced: TracedPod;
  fault: Fault | null;
}

const stages: Record<StoryName, (home: TestHome, fault: Fault | null) => Promise<InjectedStory>> = {
  async receiver(home, fault) {
    const root = home.makeRoot({ scenario, limits });
    const children = await fakeChildren(home, root, 2);
    const traced = await startTraced(root, fault);
    const story = new InjectedStory({ home, root, victim: root, traced, fault });
    story.round = async (number) => {
      await story.runAcknowledged(`hello ${number}`);
      for (const child of children) await story.report(child);
    };
    story.children.push(...children);
    return story;
  },
  async sender(home, fault) {
    const root = await family(home);
    const kid = home.pod('kid');
    await kid.kill();
    const traced = await startTraced(kid, fault);
    const story = new InjectedStory({ home, root, victim: kid, traced, fault });
    story.round = (number) => story.give(number);
    return story;
  },
  async giver(home, fault) {
    const root = await family(home);
    await root.kill();
    const traced = await startTraced(root, fault);
    const story = new InjectedStory({ home, root, victim: root, traced, fault });
    story.round = (number) => story.give(number);
    return story;
  },
  async spawner(home, fault) {
    const root = home.makeRoot({ scenario, limits });
    const traced = await startTraced(root, fault);
    const story = new InjectedStory({ home, root, victim: root, traced, fault });
    story.round = (number) => story.spawn(number);
    return story;
  },
};

/** A root whose one child has reported its first task; both live. */
async function family(home: TestHome): Promise<TestPod> {
  const root = await home.startRoot({ scenario, limits });
  await root.run('spawn kid task 0');
  await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'turnEnded');
  await root.untilSettled();
  await home.pod('kid').untilSettled();
  return root;
}

class InjectedStory implements Stage {
  readonly home: TestHome;
  readonly root: TestPod;
  readonly victim: TestPod;
  readonly traced: TracedPod;
  readonly fault: Fault | null;
  readonly children: FakeChild[] = [];
  round: (number: number) => Promise<void> = () => Promise.resolve();
  /** Submissions that a pod has answered for, by its name. */
  readonly #accepted: { pod: TestPod; submission: string }[] = [];
  readonly #problems: string[] = [];
  #restored = false;

  constructor({ home, root, victim, traced, fault }: Stage) {
    this.home = home;
    this.root = root;
    this.victim = victim;
    this.traced = traced;
    this.fault = fault;
  }

  async play(): Promise<void> {
    let after = 0;
    const rounds = this.fault === null ? countedRounds : roundsMax;
    for (let number = 1; number <= rounds && after < 2; number += 1) {
      await this.#back();
      await this.round(number);
      if (await this.#hasFired()) after += 1;
    }
    await this.#back();
    if (this.fault !== null && !(await this.#hasFired())) this.#problems.push('the fault never came');
    for (const child of this.children) {
      child.emit(child.turnEnded('finished'));
      await this.report(child, 'again');
      if (child.acked < child.emitted.length) this.#problems.push(`${child.name} could not deliver`);
    }
    await this.root.untilSettled();
  }

  /** Where the pod cannot live on, its end is waited for: nothing but that is what it may do. */
  async #hasFired(): Promise<boolean> {
    if (this.traced.fired() && this.fault !== null && isFatal(this.fault)) await this.traced.ended;
    return this.traced.fired();
  }

  /**
   * The victim has died: what was acknowledged must be there before anything is sent again, and a restore
   * must bring it back.
   */
  async #back(): Promise<void> {
    if (!this.traced.over() || this.#restored) return;
    await this.#mustHold();
    // Its parent may have restored it meanwhile.
    if ((await this.victim.lock()) === 'free') {
      await this.victim.start().catch(async (error: unknown) => {
        if ((await this.victim.lock()) === 'free') throw error;
      });
    }
    this.#restored = true;
  }

  async runAcknowledged(input: string): Promise<void> {
    const sent = await connectAndSend(this.root.socket, 'run', { input }, { deadlineMs: 10_000 });
    if (sent.ok) this.#accepted.push({ pod: this.root, submission: sent.result.submission });
    else await this.#endOfRoot();
  }

  /**
   * The root takes nothing because it is dying: its tracer says so a little later, and until then it would
   * look alive and at rest.
   */
  async #endOfRoot(): Promise<void> {
    if (this.victim === this.root && this.fault !== null && isFatal(this.fault)) await this.traced.ended;
  }

  /** One more event, or what was not acknowledged; the end of the victim is no answer. */
  async report(child: FakeChild, which: 'new' | 'again' = 'new'): Promise<void> {
    const working = { settled: false, outstanding: ['below'], assignments: [] };
    if (which === 'new') child.emit(child.turnEnded('finished', working));
    try {
      const { received } = await child.link();
      if (received < child.acked)
        this.#problems.push(`a link answers ${received}, acknowledged was ${child.acked}`);
      for (let seq = received + 1; seq <= child.emitted.length; seq += 1) await child.send(seq);
    } catch (error) {
      if (this.#restored) throw error;
    }
  }

  async give(number: number): Promise<void> {
    await this.runAcknowledged(`give kid task ${number}`);
    await this.#untilQuiet();
  }

  async spawn(number: number): Promise<void> {
    await this.runAcknowledged(`spawn kid${number} task ${number}`);
    await this.#untilQuiet();
  }

  /** Until the victim is gone, or everything that was asked for is done. */
  async #untilQuiet(): Promise<void> {
    await this.root.until('the round is over', (entries) => this.#isGone() || isQuiet(entries));
  }

  #isGone(): boolean {
    return this.traced.over() && !this.#restored;
  }

  async #mustHold(): Promise<void> {
    const held = await this.root.entries();
    for (const { pod, submission } of this.#accepted) {
      const times = ofType(await pod.entries(), 'inputReceived').filter(
        (entry) => entry.submission === submission,
      ).length;
      if (times !== 1) this.#problems.push(`the run ${submission} was accepted and stands ${times} times`);
    }
    for (const child of this.children) {
      const numbers = receiptsOf(held, child.instance).flatMap(({ eventSeq }) => eventSeq ?? []);
      if (child.acked > numbers.length || numbers.some((seq, index) => seq !== index + 1)) {
        this.#problems.push(`${child.name}: acknowledged ${child.acked}, there are ${numbers.join(', ')}`);
      }
    }
  }

  async problems(): Promise<string[]> {
    await this.#mustHold();
    const entries = await this.root.entries();
    const real = ofType(entries, 'child').filter(
      ({ child, state }) => state === 'linked' && !this.children.some(({ name }) => name === child.name),
    );
    for (const name of new Set(real.map(({ child }) => child.name))) {
      const kid = this.home.pod(name);
      if (ofType(entries, 'child').some(({ child, state }) => child.name === name && state === 'undone'))
        continue;
      this.#problems.push(...(await auditPair(this.root, kid)));
    }
    return [...this.#problems, ...syntheticResults(entries), ...leftovers(this.home)];
  }
}

/** Nothing runs, and every assignment is closed. */
function isQuiet(entries: readonly Entry[]): boolean {
  const started = ofType(entries, 'turnStarted').at(-1)?.turn;
  const over = [...ofType(entries, 'turnEnded'), ...ofType(entries, 'interrupted')];
  return (
    ofType(entries, 'inputReceived').length > 0 &&
    over.some(({ turn }) => turn === started) &&
    syntheticResults(entries).length === 0
  );
}

/** Each assignment that was given has one end. */
function syntheticResults(entries: readonly Entry[]): string[] {
  return ofType(entries, 'assignment')
    .filter(({ state }) => state === 'open')
    .flatMap(({ assignment, text }) => {
      const ends =
        ofType(entries, 'podEventReceived').filter(({ closes }) => closes.includes(assignment)).length +
        ofType(entries, 'assignment').filter(
          (entry) => entry.assignment === assignment && entry.state === 'closed',
        ).length;
      return ends === 1 ? [] : [`"${text}" was given and has ${ends} ends`];
    });
}
