/** Runs that a parent gives, and their cancelling, as `src/pod/give-run.ts` and `assemble.ts` have it. */
import { assignmentsOf } from '../../src/delivery/inbox.ts';
import { onCancel } from '../../src/pod/inputs.ts';
import type { EntryBody, PodRef } from '../../src/session/entries.ts';
import type { SimProcess } from './process.ts';
import { sendOneOff } from './wire.ts';

export class Runs {
  readonly #process: SimProcess;
  readonly #underWay = new Set<string>();
  /** Answered for by the child. */
  readonly #taken = new Set<string>();

  constructor(process: SimProcess) {
    this.#process = process;
  }

  get underWay(): ReadonlySet<string> {
    return this.#underWay;
  }

  /** Assignments that no link message is asked about. */
  sure(): string[] {
    return [...this.#underWay, ...this.#taken];
  }

  /** The assignment first, then the run; a doubt is settled by the child's next link. */
  giveRun(
    gift: { child: PodRef; text: string; hops: number },
    then: (given: 'given' | 'inDoubt' | 'notGiven') => void,
  ): void {
    const { world, facts } = this.#process;
    const { child, text, hops } = gift;
    const assignment = world.newId();
    this.#underWay.add(assignment);
    const turn = facts.turn === null ? {} : { turn: facts.turn.turn };
    const end = (how: 'given' | 'inDoubt' | 'notGiven'): void => {
      this.#underWay.delete(assignment);
      then(how);
    };
    let inDoubt = false;
    const send = (triesLeft: number): void => {
      this.#process.point('run.sending');
      sendOneOff(
        this.#process,
        child.instance,
        (target, answer) => target.turns.takeRun({ assignment, text, hops, answer }),
        {
          world,
          done: (sent) => {
            inDoubt ||= !sent.ok && sent.delivered === 'unknown';
            if (!sent.ok && sent.delivered === 'unknown' && triesLeft > 1) return send(triesLeft - 1);
            if (sent.ok) {
              this.#taken.add(assignment);
              return end('given');
            }
            if (inDoubt) {
              world.hit('run.inDoubt');
              end('inDoubt');
              if (world.mutant !== 'doubtIsLeft') this.#process.children.leaveInDoubt(child.instance);
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
      this.#underWay.delete(assignment);
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
