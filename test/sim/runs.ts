/** Runs that a parent gives, and their cancelling, as `src/pod/children/send-run.ts` and `assemble.ts` have it. */
import { assignmentsOf } from '../../src/delivery/inbox.ts';
import { onCancel } from '../../src/pod/machine/inputs.ts';
import type { EntryBody, PodRef } from '../../src/session/facts/entries.ts';
import type { SimProcess } from './process.ts';
import { sendOneOff } from './wire.ts';

export class Runs {
  readonly #process: SimProcess;
  readonly #inFlight = new Set<string>();
  /** Answered for by the child. */
  readonly #taken = new Set<string>();

  /** Of each child's newest link; higher than any of an earlier life of this pod, also before the first. */
  readonly #numbers = new Map<string, number>();
  readonly #numbersBegin: number;

  constructor(process: SimProcess) {
    this.#process = process;
    this.#numbersBegin = process.world.links;
  }

  numberOf(instance: string): number {
    return this.#numbers.get(instance) ?? this.#numbersBegin;
  }

  linkStands(instance: string): void {
    this.#process.world.links += 1;
    this.#numbers.set(instance, this.#process.world.links);
  }

  get inFlight(): ReadonlySet<string> {
    return this.#inFlight;
  }

  /** Assignments that no link message is asked about. */
  sure(): string[] {
    return [...this.#inFlight, ...this.#taken];
  }

  /** The assignment first, then the run; a doubt is settled by the child's next link. */
  sendRun(
    gift: { child: PodRef; text: string; hops: number },
    then: (given: 'given' | 'inDoubt' | 'notGiven') => void,
  ): void {
    const { world, facts } = this.#process;
    const { child, text, hops } = gift;
    const assignment = world.newId();
    this.#inFlight.add(assignment);
    const turn = facts.turn === null ? {} : { turn: facts.turn.turn };
    const end = (how: 'given' | 'inDoubt' | 'notGiven'): void => {
      this.#inFlight.delete(assignment);
      then(how);
    };
    let inDoubt = false;
    const send = (triesLeft: number): void => {
      this.#process.point('run.sending');
      const link = this.numberOf(child.instance);
      sendOneOff(
        this.#process,
        child.instance,
        (target, answer) => target.turns.takeRun({ assignment, text, hops, link, answer }),
        {
          world,
          done: (sent) => {
            inDoubt ||= !sent.ok && sent.delivered === 'unknown';
            const overtaken = !sent.ok && sent.code === 'regressed';
            if (!sent.ok && (overtaken || sent.delivered === 'unknown') && triesLeft > 1)
              return send(triesLeft - 1);
            if (sent.ok) {
              this.#taken.add(assignment);
              return end('given');
            }
            if (inDoubt) {
              world.hit('run.inDoubt');
              end('inDoubt');
              if (world.mutant !== 'doubtIsLeft') this.#process.children.markUncertain(child.instance);
              return;
            }
            if (!facts.assignments.has(assignment)) return end('notGiven');
            const outcome = 'notStarted';
            this.#process.tryCommit([
              { type: 'assignment', assignment, child, state: 'closed', text, outcome },
            ]);
            end('notGiven');
          },
        },
      );
    };
    try {
      const open: EntryBody = { type: 'assignment', assignment, child, state: 'open', text, ...turn };
      this.#process.commitDurably([open], () => send(3));
    } catch (error) {
      this.#inFlight.delete(assignment);
      throw error;
    }
  }

  cancel(assignments: string[]): void {
    const { facts, world } = this.#process;
    const children = new Set(assignments.map((id) => facts.assignments.get(id)?.child.instance));
    for (const instance of children) {
      if (instance === undefined) continue;
      const mine = assignmentsOf(facts, instance).filter((id) => assignments.includes(id));
      sendOneOff(
        this.#process,
        instance,
        (target, answer) => {
          target.turns.control((core) => onCancel(core, 'parent', mine), answer);
        },
        { world, done: () => {} },
      );
    }
  }
}
