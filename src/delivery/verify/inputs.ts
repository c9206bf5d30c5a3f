/**
 * What was accepted: a run is begun in its turn, given up with a reason, or waits (R1); a notice is given to
 * the model or waits (R2); no turn begins for notifications without one (W1), and none while the pod waits
 * for its paths (S4).
 */
import type {
  Entry,
  InputDroppedEntry,
  InputReceivedEntry,
  TurnStartedEntry,
  UserMessageEntry,
} from '../../session/facts/entries.ts';
import { demandsOf } from '../../session/settings/demands.ts';
import { Check } from './finding.ts';
import type { Item, PodState } from './state.ts';
import { type Takers, takeBy } from './takers.ts';

export class InputCheck extends Check {
  readonly types = [
    'session',
    'scopeWait',
    'inputReceived',
    'inputDropped',
    'userMessage',
    'turnStarted',
    'turnEnded',
    'started',
    'interrupted',
    'alert',
    'stopped',
  ] as const;
  readonly #state: PodState;
  /** Every submission. */
  readonly accepted = new Set<string>();
  /** Runs of which it was said already. */
  readonly #passedOver = new Set<string>();
  /** Runs that waited at an orderly end of a pod that was free: a later incarnation may begin them yet. */
  readonly #left = new Set<string>();
  /** Since when this incarnation has had nothing to do but the runs that wait; 0 while that is not known. */
  #freeSince = 0;
  /** It is to begin nothing before its parent says that it has its paths. */
  #isToWait = false;
  #waitsForPaths = false;

  constructor(pod: string, state: PodState) {
    super(pod);
    this.#state = state;
  }

  readonly #takers: Takers = {
    inputReceived: (entry) => this.#input(entry),
    inputDropped: (entry) => this.#dropped(entry),
    userMessage: (entry) => this.#begun(entry),
    turnStarted: (entry) => this.#turn(entry),
    turnEnded: ({ outcome, seq }) => {
      this.#freeSince = outcome === 'paused' ? 0 : seq;
    },
    session: ({ parent, settings }) => {
      this.#isToWait = parent !== null && demandsOf(settings).wait;
    },
    started: () => {
      this.#freeSince = 0;
      this.#waitsForPaths = this.#isToWait;
    },
    scopeWait: ({ child, state }) => {
      if (child !== undefined) return;
      this.#waitsForPaths = state === 'waits';
      this.#freeSince = 0;
    },
    interrupted: () => {
      this.#freeSince = 0;
    },
    // A disk that was full may have refused the start of the turn.
    alert: ({ code }) => {
      if (code === 'storageRecovered') this.#freeSince = 0;
    },
    stopped: ({ seq }) => this.#stopped(seq),
  };

  take(entry: Entry): void {
    takeBy(this.#takers, entry);
  }

  /** At the log's end. What waits and was passed over by no request may wait on. */
  override end(): void {
    for (const { submission, at } of this.#state.queue) {
      if (!this.#left.has(submission) || this.#passedOver.has(submission)) continue;
      this.find('R1', `run ${submission} (entry ${at}) was accepted and never begun, and the pod was free`);
    }
    for (const item of this.#state.waiting) {
      if (item.content.kind === 'podEvent' || item.missedAt === 0 || item.isShown) continue;
      this.find(
        'R2',
        `${nameOf(item)} (entry ${item.at}) is not in the history: the model was asked without it (entry ${item.missedAt})`,
      );
    }
  }

  #waits(submission: string): boolean {
    return this.#state.queue.some((run) => run.submission === submission);
  }

  #dropped({ submission, reason, seq }: Entry<InputDroppedEntry>): void {
    if (!this.#waits(submission)) {
      this.find('R1', `entry ${seq} drops run ${submission}, which did not wait`);
    } else if (reason.trim() === '') {
      this.find('R1', `run ${submission} was dropped without a reason (entry ${seq})`);
    }
  }

  #input({ submission, kind, seq }: Entry<InputReceivedEntry>): void {
    if (this.accepted.has(submission)) {
      this.find('I2', `submission ${submission} was accepted twice (again at entry ${seq})`);
    }
    this.accepted.add(submission);
    const { turn, isPaused, resumable } = this.#state;
    if (kind === 'pause') this.#freeSince = 0;
    const isFree = turn === null && !isPaused && resumable === null && !this.#waitsForPaths;
    if (kind === 'run' && isFree) this.#freeSince ||= seq;
  }

  #turn({ kind, submissions, seq, turn }: Entry<TurnStartedEntry>): void {
    this.#freeSince = 0;
    if (this.#waitsForPaths)
      this.find('S4', `turn ${turn} (entry ${seq}) began while the pod waited for its paths`);
    const { queue, resumable } = this.#state;
    if (resumable !== null && kind !== 'resume') {
      this.find('R1', `turn ${turn} (entry ${seq}) passes over work that was interrupted and not resumed`);
    }
    const next = queue[0];
    if (kind === 'resume') return;
    if (kind === 'runForNotification') {
      if (next !== undefined) this.#passOver(next, seq);
      if (this.#state.wakeWorthy().length === 0) {
        this.find('W1', `turn ${turn} (entry ${seq}) began for notifications, and there was none`);
      }
      return;
    }
    const ahead = queue.findIndex(({ submission }) => submissions.includes(submission));
    for (const run of queue.slice(0, Math.max(0, ahead))) this.#passOver(run, seq);
  }

  #passOver({ submission, at }: { submission: string; at: number }, seq: number): void {
    if (this.#passedOver.has(submission)) return;
    this.#passedOver.add(submission);
    this.find(
      'R1',
      `run ${submission} (entry ${at}) was accepted and passed over by the turn at entry ${seq}`,
    );
  }

  #begun({ submission, text, from, seq, turn }: Entry<UserMessageEntry>): void {
    const run = this.#state.queue.find((one) => one.submission === submission);
    if (run === undefined) {
      const how = this.accepted.has(submission) ? 'a second time' : 'and was never accepted';
      this.find('R1', `run ${submission} begins at entry ${seq} ${how}`);
      return;
    }
    if (run.text !== text || run.from.kind !== from.kind) {
      this.find(
        'R1',
        `run ${submission} begins at entry ${seq} with another text or sender than it was accepted with (entry ${run.at})`,
      );
    }
    if (this.#state.turn?.turn !== turn || !this.#state.turn.submissions.includes(submission)) {
      this.find('R1', `run ${submission} begins at entry ${seq} in a turn that is not for it`);
    }
  }

  /**
   * An orderly end gives the model's items to the history first, and cuts off no pod that was free. What
   * waits for a host outside stays.
   */
  #stopped(seq: number): void {
    for (const item of this.#state.waiting) {
      if (item.isShown || this.#state.isMailbox) continue;
      item.isShown = true;
      const rule = item.content.kind === 'podEvent' ? 'I1' : 'R2';
      this.find(
        rule,
        `${nameOf(item)} (entry ${item.at}) is not in the history although the pod ended in order (entry ${seq})`,
      );
    }
    if (this.#freeSince === 0) return;
    for (const run of this.#state.queue) this.#left.add(run.submission);
  }
}

function nameOf({ content, key }: Item): string {
  if (content.kind === 'podEvent') return `${content.event.kind} of "${content.name}"`;
  if (content.kind === 'notice') return `a notice (submission ${key.replace('notice ', '')})`;
  if (content.kind === 'command') return `the end of ${content.name}`;
  return `the word that "${content.name}" never began its work`;
}
